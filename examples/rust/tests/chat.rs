//! Two people at two terminals: the chat driven through its standard input.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

struct Terminal {
    child: Child,
    keyboard: ChildStdin,
    screen: Receiver<String>,
}

impl Terminal {
    fn open(name: &str, directory: &Path) -> Terminal {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chat"));
        command.arg(name).arg(directory).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let keyboard = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, screen) = channel();
        std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Terminal { child, keyboard, screen }
    }

    fn type_line(&mut self, line: &str) {
        writeln!(self.keyboard, "{line}").unwrap();
    }

    /// The next lines are exactly these.
    fn shows(&self, lines: &[&str]) {
        for line in lines {
            assert_eq!(self.screen.recv_timeout(Duration::from_secs(30)).as_deref(), Ok(*line));
        }
    }

    fn close(mut self) {
        self.type_line("/quit");
        assert!(self.child.wait().unwrap().success());
        assert!(self.screen.recv().is_err(), "something is left on the screen");
    }
}

const NO_GROUP: &str = "* you are in no group yet: /create one, or wait until someone adds you";

#[test]
fn two_people_chat_and_one_comes_back() {
    let directory = tempfile::tempdir().unwrap();
    let [mut alice, mut bob] = ["alice", "bob"].map(|name| Terminal::open(name, directory.path()));
    alice.shows(&["* you are alice; /help tells what you can do", NO_GROUP]);
    bob.shows(&["* you are bob; /help tells what you can do", NO_GROUP]);
    bob.type_line("anyone?");
    bob.shows(&["! you are in no group yet"]);

    alice.type_line("/create");
    alice.type_line("/add bob");
    alice.shows(&["* you made the group", "* alice added bob"]);
    bob.shows(&["* you joined the group"]);
    alice.type_line("hello bob");
    bob.shows(&["alice: hello bob"]);
    bob.type_line("hello alice");
    alice.shows(&["bob: hello alice"]);
    alice.type_line("/members");
    alice.shows(&["members: alice, bob"]);
    bob.close();

    alice.type_line("are you gone?");
    alice.type_line("/add nobody");
    alice.shows(&["! nobody has published no key package: has nobody ever been here?"]);
    let mut bob = Terminal::open("bob", directory.path());
    bob.shows(&["* you are bob; /help tells what you can do"]);
    bob.shows(&["alice: are you gone?"]);
    alice.type_line("/remove bob");
    alice.shows(&["* alice removed bob"]);
    bob.shows(&["* you were removed from the group"]);
    bob.type_line("hello?");
    bob.shows(&["! this client is no longer a member of the group (409): ask to be added again"]);
    bob.close();
    alice.close();
}
