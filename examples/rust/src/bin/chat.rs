//! The chat as a scenario: `chat NAME DIRECTORY`. The `conclave chat` command is the same with more arguments.

use conclave_examples::device::{Device, Place};
use conclave_examples::{Outcome, chat};

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, directory] = arguments.as_slice() else { return Err("usage: chat NAME DIRECTORY".into()) };
    let place = Place { directory: directory.into(), ..Place::default() };
    chat::on_terminal(&mut Device::open(name, &place)?)
}
