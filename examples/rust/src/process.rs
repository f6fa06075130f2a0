//! Whole processes for the demonstrations: a program starts itself again in the role of someone, talks to that process line
//! by line, and kills it where it likes.

use std::fmt;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::str::FromStr;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use crate::device::{Device, Place};
use crate::{Outcome, chat};

/// Ends the answer to one command.
pub const END: &str = ".";

/// Longest wait for a line, or for a kill.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where a process can be made to stop and wait for its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// A message is encrypted, and its key used up; nothing has been sent.
    BeforeSending,
    /// A message is sent; nothing says so.
    AfterSending,
    /// In the transaction of a message received: all is written, nothing is committed.
    InsideReceiving,
    /// The transaction is committed; nobody has seen the message.
    AfterReceiving,
}

const POINTS: [(Point, &str); 4] = [
    (Point::BeforeSending, "before-sending"),
    (Point::AfterSending, "after-sending"),
    (Point::InsideReceiving, "inside-receiving"),
    (Point::AfterReceiving, "after-receiving"),
];

impl Point {
    /// Says that the point is reached, and waits to be killed.
    pub fn stop(self) -> ! {
        let mut out = io::stdout().lock();
        // If nobody listens any more, nobody will kill us either, and the wait below ends by itself.
        let _said = writeln!(out, "{}", stopped(self)).and_then(|()| out.flush());
        drop(out);
        std::thread::sleep(PATIENCE);
        std::process::exit(1);
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        POINTS.iter().filter(|(point, _)| point == self).try_for_each(|(_, name)| f.write_str(name))
    }
}

impl FromStr for Point {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = POINTS.iter().find(|(_, name)| *name == text);
        found.map(|(point, _)| *point).ok_or_else(|| format!("no such point: {text}"))
    }
}

fn stopped(point: Point) -> String {
    format!("stopped {point}")
}

/// A process in the role of someone.
pub struct Actor {
    child: Child,
    input: ChildStdin,
    lines: Receiver<String>,
}

impl Actor {
    /// Starts this program again as the device of `name`, and waits until it is ready.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn start(name: &str, directory: &Path) -> Outcome<Actor> {
        Self::launch(&std::env::current_exe()?, (name, directory), None)
    }

    /// The same, but the process will stop at a point.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn start_until(name: &str, directory: &Path, point: Point) -> Outcome<Actor> {
        Self::launch(&std::env::current_exe()?, (name, directory), Some(point))
    }

    /// Starts any program that plays roles as this one does: those of the other languages do.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn launch(program: &Path, (name, directory): (&str, &Path), stop_at: Option<Point>) -> Outcome<Actor> {
        let mut command = Command::new(program);
        command.args(["--as", name, "--dir"]).arg(directory);
        if let Some(point) = stop_at {
            command.args(["--stop", &point.to_string()]);
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let input = child.stdin.take().ok_or("no way to talk to the process")?;
        let output = child.stdout.take().ok_or("no way to hear the process")?;
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            let mut heard = BufReader::new(output).lines().map_while(Result::ok);
            heard.try_for_each(|line| sender.send(line))
        });
        let mut actor = Actor { child, input, lines };
        actor.answer()?;
        Ok(actor)
    }

    /// Gives a command, and waits for the whole answer.
    ///
    /// # Errors
    /// A process that has ended, or does not answer.
    pub fn ask(&mut self, command: &str) -> Outcome<Vec<String>> {
        self.tell(command)?;
        self.answer()
    }

    /// Gives a command, and does not wait.
    ///
    /// # Errors
    /// A process that has ended.
    pub fn tell(&mut self, command: &str) -> Outcome<()> {
        writeln!(self.input, "{command}")?;
        Ok(self.input.flush()?)
    }

    /// Waits for the answer to a command.
    ///
    /// # Errors
    /// A process that has ended, or does not answer.
    pub fn answer(&mut self) -> Outcome<Vec<String>> {
        let mut answer = Vec::new();
        loop {
            match self.line()? {
                line if line == END => return Ok(answer),
                line => answer.push(line),
            }
        }
    }

    /// Gives a command, waits until the process stops at the point in the middle of it, and kills it there: SIGKILL, which a
    /// process does not notice and cannot delay.
    ///
    /// # Errors
    /// A process that does not get there.
    pub fn kill_at(mut self, point: Point, command: &str) -> Outcome<()> {
        self.tell(command)?;
        let line = self.line()?;
        if line != stopped(point) {
            return Err(format!("the process said {line:?} and did not stop {point}").into());
        }
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Lets the process end by itself.
    ///
    /// # Errors
    /// That it failed.
    pub fn end(mut self) -> Outcome<()> {
        self.tell("/quit")?;
        match self.child.wait()?.success() {
            true => Ok(()),
            false => Err("a process failed".into()),
        }
    }

    fn line(&mut self) -> Outcome<String> {
        Ok(self.lines.recv_timeout(PATIENCE).map_err(|_| "a process has ended, or does not answer")?)
    }
}

impl Drop for Actor {
    /// No process outlives the program that started it. One that has ended already cannot be killed, which is as well.
    fn drop(&mut self) {
        let _ended = self.child.kill().and_then(|()| self.child.wait());
    }
}

/// If the program was started by [`Actor::start`], plays that role, and tells so when done.
///
/// # Errors
/// What went wrong in the role.
pub fn played_a_role() -> Outcome<bool> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (name, directory, stop_at) = match arguments.as_slice() {
        ["--as", name, "--dir", directory] => (name, directory, None),
        ["--as", name, "--dir", directory, "--stop", point] => (name, directory, Some(point.parse()?)),
        _ => return Ok(false),
    };
    let place = Place { directory: directory.into(), storage_key: None, stop_at };
    chat::by_script(&mut Device::open(name, &place)?, &mut io::stdin().lock(), &mut io::stdout())?;
    Ok(true)
}
