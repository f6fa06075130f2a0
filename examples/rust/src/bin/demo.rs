//! `make demo`: the whole story with four processes, told to someone who has never seen MLS, and checked on the way.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use conclave_examples::Outcome;
use conclave_examples::process::{Actor, Point, played_a_role};

fn main() -> Outcome<ExitCode> {
    if played_a_role()? {
        return Ok(ExitCode::SUCCESS);
    }
    let directory = tempfile::tempdir()?;
    let mut demo = Demo {
        directory: directory.path().to_path_buf(),
        cast: CAST.map(|(name, language, variable)| (name, language, std::env::var_os(variable).map(PathBuf::from))),
        running: BTreeMap::new(),
        passed: 0,
        failed: 0,
        step: 0,
    };
    demo.play()?;
    print("");
    print(&format!("{} passed, {} failed", demo.passed, demo.failed));
    Ok(if demo.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Who takes part, the language of their program, and the variable that names it.
const CAST: [(&str, &str, &str); 4] = [
    ("alice", "Python", "CONCLAVE_DEMO_PYTHON"),
    ("bob", "C", "CONCLAVE_DEMO_C"),
    ("carol", "Swift", "CONCLAVE_DEMO_SWIFT"),
    ("dave", "Kotlin", "CONCLAVE_DEMO_KOTLIN"),
];

struct Demo {
    directory: PathBuf,
    /// Who takes part, in what language, and by what program, if it could be built; else it is this one.
    cast: [(&'static str, &'static str, Option<PathBuf>); 4],
    running: BTreeMap<&'static str, Actor>,
    passed: u32,
    failed: u32,
    step: u32,
}

impl Demo {
    fn play(&mut self) -> Outcome<()> {
        print(
            "Conclave is a library for end-to-end encrypted groups, as RFC 9420 (MLS) describes them. In this demo alice,",
        );
        print(
            "bob, carol and dave are processes on your computer, each with a SQLite file of its own. They exchange bytes in",
        );
        print(
            "a directory in the place of a server, which puts messages in order and keeps them, and cannot read them.",
        );
        for (name, language, program) in &self.cast {
            print(&format!("{name} runs a program in {}.", if program.is_some() { language } else { "Rust" }));
        }
        self.group_of_two()?;
        self.crash_while_receiving()?;
        self.crash_while_sending()?;
        self.added_while_away()?;
        self.catching_up()?;
        self.a_fourth()?;
        self.crash_while_changing()?;
        self.removal()?;
        std::mem::take(&mut self.running).into_values().try_for_each(Actor::end)
    }

    fn group_of_two(&mut self) -> Outcome<()> {
        self.heading("A group of two");
        for name in ["dave", "carol", "bob", "alice"] {
            self.start(name)?;
        }
        for name in ["carol", "dave"] {
            self.ask(name, "")?;
            self.stop(name)?;
        }
        print(
            "Everyone has left some key packages with the server: with one of them, others can add its owner at any time.",
        );
        print("Carol and dave have switched their computers off again.");
        self.ask("alice", "/create")?;
        print("alice made a group. The state of a group between two changes is called an epoch; this one is epoch 0.");
        self.ask("alice", "/add bob")?;
        print(
            "alice added bob. The group is in epoch 1, and bob gets a Welcome, which holds what he needs to take part.",
        );
        self.sees("bob", "* you joined the group")?;
        self.agree()?;
        self.says("alice", "hello bob")?;
        self.sees("bob", "alice: hello bob")?;
        self.says("bob", "hello alice")?;
        self.sees("alice", "bob: hello alice")
    }

    fn crash_while_receiving(&mut self) -> Outcome<()> {
        self.heading("A crash while receiving");
        self.says("alice", "are you there?")?;
        self.kill("bob", Point::InsideReceiving, "")?;
        print("bob was killed (SIGKILL) in the transaction that receives this message.");
        self.start("bob")?;
        print("bob runs again. His file is as it was before, so the message is received once more, and once in all.");
        self.sees("bob", "alice: are you there?")?;
        self.sees_nothing("bob")
    }

    fn crash_while_sending(&mut self) -> Outcome<()> {
        self.heading("A crash while sending");
        self.kill("bob", Point::BeforeSending, "yes, I am")?;
        print("bob encrypted \"yes, I am\" and was killed before it left his computer.");
        self.sees_nothing("alice")?;
        self.start("bob")?;
        self.ask("bob", "")?;
        print(
            "bob runs again. The encrypted bytes are in his outbox, written by the transaction that used their key up, and",
        );
        print("go out as they are: to encrypt something else under the same key would give both away.");
        self.sees("alice", "bob: yes, I am")?;
        self.sees_nothing("alice")?;
        self.agree()
    }

    fn added_while_away(&mut self) -> Outcome<()> {
        self.heading("Someone is added while away");
        self.ask("alice", "/add carol")?;
        print("alice added carol, whose computer is off. Her Welcome waits at the server.");
        self.sees("bob", "* alice added carol")?;
        self.agree()?;
        self.says("alice", "carol will read this later")?;
        self.sees("bob", "alice: carol will read this later")?;
        self.ask("bob", "/refresh")?;
        print("bob took fresh keys. Whoever may have stolen his old ones is shut out from here on.");
        self.sees("alice", "* bob refreshed the keys")?;
        self.agree()
    }

    fn catching_up(&mut self) -> Outcome<()> {
        self.heading("Catching up");
        self.start("carol")?;
        let seen = self.ask("carol", "")?;
        print("carol is back. Her Welcome takes her to the moment when she was added, and on from there:");
        let expected = ["* you joined the group", "alice: carol will read this later", "* bob refreshed the keys"];
        for (n, line) in expected.iter().enumerate() {
            let right = seen.get(n).is_some_and(|found| found == line);
            self.check(&format!("carol sees: {line}"), right);
        }
        self.check("carol sees nothing of what was said before she was added", seen.len() == expected.len());
        self.agree()?;
        self.says("carol", "hello, both of you")?;
        self.sees("alice", "carol: hello, both of you")?;
        self.sees("bob", "carol: hello, both of you")
    }

    fn a_fourth(&mut self) -> Outcome<()> {
        self.heading("A fourth member");
        self.start("dave")?;
        self.ask("bob", "/add dave")?;
        print("bob added dave: any member may, unless the app has rules of its own.");
        self.sees("alice", "* bob added dave")?;
        self.sees("carol", "* bob added dave")?;
        self.sees("dave", "* you joined the group")?;
        self.agree()?;
        self.says("dave", "hello, all of you")?;
        for name in ["alice", "bob", "carol"] {
            self.sees(name, "dave: hello, all of you")?;
        }
        Ok(())
    }

    fn crash_while_changing(&mut self) -> Outcome<()> {
        self.heading("A crash while changing the group");
        self.kill("carol", Point::BeforeSending, "/refresh")?;
        print("carol prepared fresh keys for herself and was killed before she told anyone.");
        self.says("alice", "carol?")?;
        self.start("carol")?;
        self.sees_all("carol", &["alice: carol?", "* carol refreshed the keys"])?;
        print("carol runs again, and her change took effect, as she had prepared it.");
        self.sees("alice", "* carol refreshed the keys")?;
        for name in ["bob", "dave"] {
            self.sees_all(name, &["alice: carol?", "* carol refreshed the keys"])?;
        }
        self.agree()
    }

    fn removal(&mut self) -> Outcome<()> {
        self.heading("Someone is removed");
        self.ask("alice", "/remove bob")?;
        print("alice removed bob. The others go on with keys that he cannot compute.");
        for name in ["carol", "dave"] {
            self.sees(name, "* alice removed bob")?;
        }
        self.says("alice", "bob cannot read this")?;
        for name in ["carol", "dave"] {
            self.sees(name, "alice: bob cannot read this")?;
        }
        self.sees_all(
            "bob",
            &["* you were removed from the group", "! a message that cannot be read here (error 409)"],
        )?;
        let answer = self.ask("bob", "can you hear me?")?;
        self.check("bob cannot write either", answer.iter().any(|line| line.contains("(409)")));
        let bob = self.running.remove("bob");
        self.sees_nothing("carol")?;
        self.agree()?;
        bob.map_or(Ok(()), Actor::end)
    }

    fn start(&mut self, name: &'static str) -> Outcome<()> {
        let actor = Actor::launch(&self.program_of(name)?, (name, &self.directory), None)?;
        self.running.insert(name, actor);
        Ok(())
    }

    fn stop(&mut self, name: &'static str) -> Outcome<()> {
        self.running.remove(name).map_or(Ok(()), Actor::end)
    }

    /// Has someone begin something, and kills the process in the middle of it.
    fn kill(&mut self, name: &'static str, point: Point, command: &str) -> Outcome<()> {
        self.stop(name)?;
        Actor::launch(&self.program_of(name)?, (name, &self.directory), Some(point))?.kill_at(point, command)
    }

    /// Whose computer runs what.
    fn program_of(&self, name: &str) -> Outcome<PathBuf> {
        let program = self.cast.iter().find(|(who, ..)| *who == name).and_then(|(.., program)| program.clone());
        program.map_or_else(|| Ok(std::env::current_exe()?), Ok)
    }

    fn ask(&mut self, name: &str, command: &str) -> Outcome<Vec<String>> {
        let answer = self.running.get_mut(name).ok_or_else(|| format!("{name} is not running"))?.ask(command)?;
        // What a change brings its maker is told by the demo itself.
        Ok(answer.into_iter().filter(|line| command.is_empty() || !line.starts_with('*')).collect())
    }

    fn says(&mut self, name: &str, text: &str) -> Outcome<()> {
        let answer = self.ask(name, text)?;
        print(&format!("{name} says: {text}"));
        if !answer.is_empty() {
            self.check(&format!("{name} is heard"), false);
        }
        Ok(())
    }

    fn sees(&mut self, name: &str, line: &str) -> Outcome<()> {
        self.sees_all(name, &[line])
    }

    fn sees_all(&mut self, name: &str, lines: &[&str]) -> Outcome<()> {
        let seen = self.ask(name, "")?;
        self.check(&format!("{name} sees: {}", lines.join(", then: ")), seen == lines);
        Ok(())
    }

    fn sees_nothing(&mut self, name: &str) -> Outcome<()> {
        let seen = self.ask(name, "")?;
        self.check(&format!("{name} sees nothing more"), seen.is_empty());
        Ok(())
    }

    /// Compares the epoch authenticators of all that are running.
    fn agree(&mut self) -> Outcome<()> {
        let names: Vec<&str> = self.running.keys().copied().collect();
        let told: Vec<Vec<String>> = names.iter().map(|name| self.ask(name, "/epoch")).collect::<Outcome<_>>()?;
        let first = told.first().and_then(|lines| lines.first()).cloned().unwrap_or_default();
        let (epoch, authenticator) = first.split_once(": ").unwrap_or_default();
        let equal = authenticator.len() >= 32 && told.iter().all(|lines| *lines == [first.as_str()]);
        let verdict = if equal { "equal" } else { "DIFFERENT" };
        let short: String = authenticator.chars().take(12).collect();
        self.check(&format!("{epoch}: authenticator {short} is {verdict} for {}", names.join(", ")), equal);
        Ok(())
    }

    fn check(&mut self, what: &str, holds: bool) {
        match holds {
            true => self.passed += 1,
            false => self.failed += 1,
        }
        print(&format!("  {} {what}", if holds { "ok  " } else { "FAIL" }));
    }

    fn heading(&mut self, title: &str) {
        self.step += 1;
        print(&format!("\n{}. {title}", self.step));
    }
}

#[expect(clippy::print_stdout, reason = "the transcript is the result")]
fn print(line: &str) {
    println!("{line}");
}
