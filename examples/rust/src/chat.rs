//! The chat: a line is a message, a line that begins with a slash is a command.

use std::io::{self, BufRead, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use conclave::error_info;

use crate::Outcome;
use crate::device::Device;
use crate::process::END;

/// The commands, as `/help` tells them.
pub const COMMANDS: &str = "\
Anything that does not begin with a slash is sent to the group. Commands:
  /create          make a group with you alone in it
  /add NAME...     add people; they must have been here once, and may be away now
  /remove NAME     remove someone, who can then read nothing that is said afterwards
  /members         tell who is in the group
  /epoch           tell the epoch and its authenticator: equal for all members, and for nobody else
  /refresh         take fresh keys, which shuts out whoever may have stolen the old ones
  /help            show this
  /quit            leave the program; the group stays";

/// How often the delivery service is asked for news.
const LOOK: Duration = Duration::from_millis(100);

/// Whether the chat goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Go,
    Quit,
}

/// A chat on the terminal, until `/quit` or the end of the input. What others say appears as it comes.
///
/// # Errors
/// What makes it impossible to go on.
pub fn on_terminal(device: &mut Device) -> Outcome<()> {
    let mut out = io::stdout();
    writeln!(out, "* you are {}; /help tells what you can do", device.name())?;
    device.sync()?;
    if device.find_group()?.is_none() {
        writeln!(out, "* you are in no group yet: /create one, or wait until someone adds you")?;
    }
    let lines = typed();
    loop {
        let typed = lines.recv_timeout(LOOK);
        let next = match &typed {
            Ok(line) => obey(device, line.trim(), &mut out)?,
            Err(RecvTimeoutError::Timeout) => obey(device, "", &mut out)?,
            Err(RecvTimeoutError::Disconnected) => Next::Quit,
        };
        out.flush()?;
        if next == Next::Quit {
            return Ok(());
        }
    }
}

/// A chat with a program: a line with a dot says that it is ready, and each command is answered by some lines and a dot.
///
/// # Errors
/// What makes it impossible to go on.
pub fn by_script(device: &mut Device, input: &mut dyn BufRead, out: &mut dyn Write) -> Outcome<()> {
    let mut lines = input.lines();
    loop {
        writeln!(out, "{END}")?;
        out.flush()?;
        match lines.next().transpose()? {
            Some(line) if obey(device, line.trim(), out)? == Next::Go => {}
            _ => return Ok(()),
        }
    }
}

/// Reads the terminal on a thread of its own, since nothing else can be done while waiting for it.
fn typed() -> Receiver<String> {
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        let mut typed = io::stdin().lines().map_while(Result::ok);
        typed.try_for_each(|line| sender.send(line))
    });
    lines
}

/// Does what the line says, and tells the news. A command that fails is told of, and ends nothing.
fn obey(device: &mut Device, line: &str, out: &mut dyn Write) -> Outcome<Next> {
    if line == "/quit" {
        return Ok(Next::Quit);
    }
    if let Err(error) = act(device, line, out) {
        writeln!(out, "! {}", plain(&*error))?;
    }
    for news in device.news()? {
        writeln!(out, "{news}")?;
    }
    Ok(Next::Go)
}

fn act(device: &mut Device, line: &str, out: &mut dyn Write) -> Outcome<()> {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words.as_slice() {
        [] => device.sync(),
        ["/create"] => device.create_group(),
        ["/add", names @ ..] if !names.is_empty() => device.add(names),
        ["/remove", name] => device.remove(name),
        ["/members"] => members(device, out),
        ["/epoch"] => epoch(device, out),
        ["/refresh"] => device.refresh(),
        ["/help"] => Ok(writeln!(out, "{COMMANDS}")?),
        [command, ..] if command.starts_with('/') => {
            Err(format!("{command} is not understood; /help tells more").into())
        }
        _ => device.say(line),
    }
}

fn members(device: &mut Device, out: &mut dyn Write) -> Outcome<()> {
    device.sync()?;
    let members = device.group()?.members(None, 1000)?;
    let names = members.iter().map(|member| String::from_utf8_lossy(&member.name.client_id).into_owned());
    Ok(writeln!(out, "members: {}", names.collect::<Vec<_>>().join(", "))?)
}

fn epoch(device: &mut Device, out: &mut dyn Write) -> Outcome<()> {
    device.sync()?;
    let group = device.group()?;
    let authenticator = hex::encode(group.epoch_authenticator()?);
    Ok(writeln!(out, "epoch {}: {authenticator}", group.status()?.epoch)?)
}

/// An error of the library in the words of its table, with what to do about it; any other as it is.
fn plain(error: &(dyn std::error::Error + Send + Sync + 'static)) -> String {
    let known = error.downcast_ref::<conclave::Error>().and_then(|error| error_info(error.code()));
    match known {
        Some(info) => format!("{} ({}): {}", info.summary, info.code, info.remedy),
        None => error.to_string(),
    }
}
