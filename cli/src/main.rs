//! The `conclave` command.

mod arguments;
mod chat;
mod inspect;

use std::io::{self, Write};
use std::process::ExitCode;

use arguments::Arguments;

/// What a command gives back: words for the user if it failed.
type Outcome = Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// One thing the program can do.
struct Command {
    name: &'static str,
    /// One line for the overview.
    summary: &'static str,
    /// How it is called, and what its options mean.
    usage: &'static str,
    run: fn(Arguments) -> Outcome,
}

const COMMANDS: &[Command] = &[
    Command { name: "chat", summary: chat::SUMMARY, usage: chat::USAGE, run: chat::run },
    Command { name: "inspect", summary: inspect::SUMMARY, usage: inspect::USAGE, run: inspect::run },
    Command { name: "help", summary: "Tell about the commands, or about one of them.", usage: HELP_USAGE, run: help },
];

const HELP_USAGE: &str = "conclave help [COMMAND]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // With standard error gone there is nobody to tell.
            let _told = writeln!(io::stderr(), "conclave: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Vec<String>) -> Outcome {
    let mut arguments = arguments.into_iter();
    let name = match arguments.next().as_deref() {
        None | Some("--help" | "-h") => "help".to_owned(),
        Some(name) => name.to_owned(),
    };
    let command = find(&name)?;
    let rest: Vec<String> = arguments.collect();
    match rest.iter().any(|argument| argument == "--help") {
        true => tell(command.usage),
        false => (command.run)(Arguments::new(rest)),
    }
}

fn find(name: &str) -> Result<&'static Command, String> {
    let found = COMMANDS.iter().find(|command| command.name == name);
    found.ok_or_else(|| format!("there is no command {name:?}; `conclave help` tells which there are"))
}

fn help(mut arguments: Arguments) -> Outcome {
    let about = arguments.word();
    arguments.finish()?;
    match about {
        Some(name) => tell(find(&name)?.usage),
        None => tell(&overview()),
    }
}

fn overview() -> String {
    let lines = COMMANDS.iter().map(|command| format!("  {:<8} {}\n", command.name, command.summary));
    format!(
        "conclave {}: end-to-end encryption for groups (MLS, RFC 9420)\n\n{}\n`conclave help COMMAND` tells more.",
        env!("CARGO_PKG_VERSION"),
        lines.collect::<String>()
    )
}

fn tell(text: &str) -> Outcome {
    Ok(writeln!(io::stdout(), "{text}")?)
}
