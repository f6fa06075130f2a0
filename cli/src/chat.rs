//! `conclave chat`: people in terminals, end-to-end encrypted, over a directory that they share.

use conclave_examples::chat;
use conclave_examples::device::{Device, Place};

use crate::Outcome;
use crate::arguments::Arguments;

pub(crate) const SUMMARY: &str = "Chat with others over a directory that all of you can reach.";

pub(crate) const USAGE: &str = "\
conclave chat --name NAME --dir DIR [--storage-key HEX]

  --name NAME        who you are: 1 to 32 small letters, digits and hyphens
  --dir DIR          a directory that everyone in the chat shares; it is made if it is not there. The messages in it can be
                     read by members only; each member's keys are in a directory of the member's name
  --storage-key HEX  64 hex digits (32 random bytes) that seal your keys on the disk; the same ones every time. Other
                     users of this machine can see the arguments of programs: this is for trying it out

Try it with two terminals, and `/help` inside:
  conclave chat --name bob --dir /tmp/room
  conclave chat --name alice --dir /tmp/room";

pub(crate) fn run(mut arguments: Arguments) -> Outcome {
    let name = arguments.required("--name")?;
    let directory = arguments.required("--dir")?.into();
    let storage_key = arguments.option("--storage-key")?.map(|digits| storage_key(&digits)).transpose()?;
    arguments.finish()?;
    let mut device = Device::open(&name, &Place { directory, storage_key, stop_at: None })?;
    chat::on_terminal(&mut device)
}

fn storage_key(digits: &str) -> Result<Vec<u8>, String> {
    let key =
        hex::decode(digits).map_err(|_| "--storage-key takes hex digits only, an even number of them".to_owned())?;
    match key.len() {
        32 => Ok(key),
        length => Err(format!("--storage-key takes 64 hex digits (32 bytes), and these are {length} bytes")),
    }
}
