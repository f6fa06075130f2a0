//! The delivery service: a directory that several processes share. It orders the messages of a group, keeps what offline
//! members have not fetched, and hands out key packages. It is trusted with nothing: it holds only ciphertext and public keys.
//!
//! ```text
//! groups/<group>/<number>     messages and commits, numbered without gaps; a file that exists never changes
//! trees/<group>/<number>      the public tree after the commit of that number, for those whom it added
//! welcomes/<name>/…           what lets a new member in
//! keys/<name>/fresh, used     key packages; moving one from the first to the second hands it out, to one taker only
//! keys/<name>/last-resort     handed out when no fresh one is left, as often as needed
//! ```
//!
//! A draft becomes a message by a hard link to the next free number, which succeeds for one writer only; and nothing is
//! locked, so a process that is killed leaves nothing locked behind. A real service would also look at who is asking.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// What the delivery service may know of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An application message.
    Message,
    /// A commit, which ends this epoch: one only is accepted for each.
    Commit(u64),
}

/// A message as it lies in the group's directory: its kind, and the bytes from the library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is.
    pub kind: Kind,
    /// What the library made.
    pub message: Vec<u8>,
}

/// What became of a message that was posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Posted {
    /// It has this number, now or from an earlier attempt.
    Accepted(u64),
    /// It is a commit, and another one has ended the epoch before.
    TooLate,
}

/// What lets a new member in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// The group.
    pub group_id: Vec<u8>,
    /// The number of the commit that added the member, who reads on from there.
    pub number: u64,
    /// The Welcome.
    pub welcome: Vec<u8>,
}

/// A place where processes meet.
#[derive(Clone, Debug)]
pub struct Spool {
    root: PathBuf,
}

impl Spool {
    /// Opens the directory, or makes it.
    ///
    /// # Errors
    /// What the file system says.
    pub fn open(root: impl AsRef<Path>) -> io::Result<Spool> {
        let spool = Spool { root: root.as_ref().to_path_buf() };
        fs::create_dir_all(spool.root.join("drafts"))?;
        Ok(spool)
    }

    /// Posts a message to a group, behind all that are there. The sender has read everything up to `after`, so a commit is
    /// compared with what came since: if the epoch it wants to end has been ended, it is too late. Bytes that are there
    /// already are not added again, so a sender in doubt simply posts once more.
    ///
    /// # Errors
    /// What the file system says.
    pub fn post(&self, group_id: &[u8], after: u64, entry: &Entry) -> io::Result<Posted> {
        let draft = self.draft(&entry.encode())?;
        let posted = self.append(group_id, after, (entry, &draft));
        fs::remove_file(draft)?;
        posted
    }

    fn append(&self, group_id: &[u8], after: u64, (entry, draft): (&Entry, &Path)) -> io::Result<Posted> {
        let mut number = after;
        loop {
            number += 1;
            let place = self.numbered("groups", group_id, number)?;
            match fs::hard_link(draft, place) {
                Ok(()) => return Ok(Posted::Accepted(number)),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
            match self.fetch(group_id, number)? {
                Some(there) if there == *entry => return Ok(Posted::Accepted(number)),
                Some(there) if there.kind == entry.kind && entry.kind != Kind::Message => return Ok(Posted::TooLate),
                _ => {}
            }
        }
    }

    /// The message of this number, if it is there yet.
    ///
    /// # Errors
    /// What the file system says.
    pub fn fetch(&self, group_id: &[u8], number: u64) -> io::Result<Option<Entry>> {
        let bytes = if_there(fs::read(self.numbered("groups", group_id, number)?))?;
        bytes.map(|bytes| Entry::decode(&bytes)).transpose()
    }

    /// The groups that anyone has posted to.
    ///
    /// # Errors
    /// What the file system says.
    pub fn groups(&self) -> io::Result<Vec<Vec<u8>>> {
        let decode = |name: String| hex::decode(name).map_err(|_| ErrorKind::InvalidData.into());
        names(&self.directory(&["groups"])?)?.into_iter().map(decode).collect()
    }

    /// Publishes the tree that goes with the invitations of this number.
    ///
    /// # Errors
    /// What the file system says.
    pub fn put_tree(&self, group_id: &[u8], number: u64, tree: &[u8]) -> io::Result<()> {
        self.put(tree, &self.numbered("trees", group_id, number)?)
    }

    /// The tree that goes with an invitation.
    ///
    /// # Errors
    /// What the file system says.
    pub fn tree(&self, invitation: &Invitation) -> io::Result<Vec<u8>> {
        fs::read(self.numbered("trees", &invitation.group_id, invitation.number)?)
    }

    /// Leaves an invitation for someone, online or not.
    ///
    /// # Errors
    /// What the file system says.
    pub fn invite(&self, name: &str, invitation: &Invitation) -> io::Result<()> {
        let place = self.directory(&["welcomes", name])?.join(invitation.file_name());
        self.put(&invitation.welcome, &place)
    }

    /// The invitations for someone, oldest first.
    ///
    /// # Errors
    /// What the file system says.
    pub fn invitations(&self, name: &str) -> io::Result<Vec<Invitation>> {
        let directory = self.directory(&["welcomes", name])?;
        let read = |file: String| Invitation::read(&directory, &file).transpose();
        let mut found: Vec<Invitation> = names(&directory)?.into_iter().filter_map(read).collect::<io::Result<_>>()?;
        found.sort_by_key(|invitation| invitation.number);
        Ok(found)
    }

    /// Takes an invitation away once it has been dealt with.
    ///
    /// # Errors
    /// What the file system says.
    pub fn forget(&self, name: &str, invitation: &Invitation) -> io::Result<()> {
        let place = self.directory(&["welcomes", name])?.join(invitation.file_name());
        if_there(fs::remove_file(place)).map(drop)
    }

    /// Publishes a key package under its reference, unless it has been published before.
    ///
    /// # Errors
    /// What the file system says.
    pub fn publish(&self, name: &str, reference: &[u8], key_package: &[u8]) -> io::Result<()> {
        let file = hex::encode(reference);
        let [fresh, used] = [self.directory(&["keys", name, "fresh"])?, self.directory(&["keys", name, "used"])?];
        match fresh.join(&file).exists() || used.join(&file).exists() {
            true => Ok(()),
            false => self.put(key_package, &fresh.join(file)),
        }
    }

    /// Publishes the key package that is handed out when no other is left.
    ///
    /// # Errors
    /// What the file system says.
    pub fn publish_last_resort(&self, name: &str, key_package: &[u8]) -> io::Result<()> {
        self.put(key_package, &self.directory(&["keys", name])?.join("last-resort"))
    }

    /// Hands out a key package of someone: a fresh one, which nobody else gets, or the one of last resort.
    ///
    /// # Errors
    /// What the file system says.
    pub fn take_key_package(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        let [fresh, used] = [self.directory(&["keys", name, "fresh"])?, self.directory(&["keys", name, "used"])?];
        for file in names(&fresh)? {
            // Of several takers, one finds the file to move.
            if if_there(fs::rename(fresh.join(&file), used.join(&file)))?.is_some() {
                return fs::read(used.join(file)).map(Some);
            }
        }
        if_there(fs::read(self.root.join("keys").join(name).join("last-resort")))
    }

    fn numbered(&self, kind: &str, group_id: &[u8], number: u64) -> io::Result<PathBuf> {
        Ok(self.directory(&[kind, &hex::encode(group_id)])?.join(format!("{number:08}")))
    }

    fn directory(&self, parts: &[&str]) -> io::Result<PathBuf> {
        let directory = parts.iter().fold(self.root.clone(), |path, part| path.join(part));
        fs::create_dir_all(&directory)?;
        Ok(directory)
    }

    /// Puts a whole file in place at once: a reader sees all of it or nothing.
    fn put(&self, bytes: &[u8], place: &Path) -> io::Result<()> {
        fs::rename(self.draft(bytes)?, place)
    }

    /// A file of our own. A name is never used twice: what a killed process left may be linked to a message.
    fn draft(&self, bytes: &[u8]) -> io::Result<PathBuf> {
        for attempt in 0u64.. {
            let path = self.root.join("drafts").join(format!("{}-{attempt}", std::process::id()));
            match fs::File::create_new(&path) {
                Ok(mut file) => return file.write_all(bytes).map(|()| path),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(ErrorKind::AlreadyExists.into())
    }
}

impl Entry {
    /// One line that tells the kind, then the bytes.
    fn encode(&self) -> Vec<u8> {
        let line = match self.kind {
            Kind::Message => "message\n".to_owned(),
            Kind::Commit(epoch) => format!("commit {epoch}\n"),
        };
        [line.as_bytes(), &self.message].concat()
    }

    fn decode(bytes: &[u8]) -> io::Result<Entry> {
        let mut parts = bytes.splitn(2, |byte| *byte == b'\n');
        let line = parts.next().and_then(|line| std::str::from_utf8(line).ok()).unwrap_or_default();
        let message = parts.next().unwrap_or_default().to_vec();
        let kind = match line.split_once(' ') {
            None if line == "message" => Kind::Message,
            Some(("commit", epoch)) => Kind::Commit(epoch.parse().map_err(|_| ErrorKind::InvalidData)?),
            _ => return Err(ErrorKind::InvalidData.into()),
        };
        Ok(Entry { kind, message })
    }
}

impl Invitation {
    fn file_name(&self) -> String {
        format!("{}-{}", hex::encode(&self.group_id), self.number)
    }

    /// Nothing if it has been taken away meanwhile.
    fn read(directory: &Path, file: &str) -> io::Result<Option<Invitation>> {
        let (group, number) = file.split_once('-').ok_or(ErrorKind::InvalidData)?;
        let group_id = hex::decode(group).map_err(|_| ErrorKind::InvalidData)?;
        let number = number.parse().map_err(|_| ErrorKind::InvalidData)?;
        let welcome = if_there(fs::read(directory.join(file)))?;
        Ok(welcome.map(|welcome| Invitation { group_id, number, welcome }))
    }
}

/// Absence is an answer.
fn if_there<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The files in a directory, in order.
fn names(directory: &Path) -> io::Result<Vec<String>> {
    let entries = fs::read_dir(directory)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let mut names: Vec<String> = entries.collect::<io::Result<_>>()?;
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn commit(epoch: u64, message: &[u8]) -> Entry {
        Entry { kind: Kind::Commit(epoch), message: message.to_vec() }
    }

    #[test]
    fn the_first_commit_of_an_epoch_wins_and_a_repetition_is_no_second() {
        let directory = tempfile::tempdir().unwrap();
        let spool = Spool::open(directory.path()).unwrap();
        let hello = Entry { kind: Kind::Message, message: b"a\nb".to_vec() };
        assert_eq!(spool.post(b"g", 0, &hello).unwrap(), Posted::Accepted(1));
        assert_eq!(spool.post(b"g", 0, &commit(0, b"first")).unwrap(), Posted::Accepted(2));
        assert_eq!(spool.post(b"g", 0, &commit(0, b"second")).unwrap(), Posted::TooLate);
        assert_eq!(spool.post(b"g", 1, &commit(0, b"first")).unwrap(), Posted::Accepted(2));
        assert_eq!(spool.post(b"g", 2, &commit(1, b"next")).unwrap(), Posted::Accepted(3));
        assert_eq!(spool.fetch(b"g", 1).unwrap(), Some(hello));
        assert_eq!(spool.fetch(b"g", 4).unwrap(), None);
    }

    #[test]
    fn many_writers_get_a_number_each() {
        let directory = tempfile::tempdir().unwrap();
        let spool = Spool::open(directory.path()).unwrap();
        std::thread::scope(|scope| {
            for writer in 0..4u8 {
                // A draft is named after the process, so the writers here race for drafts as well.
                let spool = &spool;
                scope.spawn(move || {
                    for n in 0..10u8 {
                        spool.post(b"g", 0, &Entry { kind: Kind::Message, message: vec![writer, n] }).unwrap();
                    }
                });
            }
        });
        let mut all: Vec<Vec<u8>> = (1..=40).map(|n| spool.fetch(b"g", n).unwrap().unwrap().message).collect();
        all.sort();
        all.dedup();
        assert_eq!((all.len(), spool.fetch(b"g", 41).unwrap()), (40, None));
    }

    #[test]
    fn a_key_package_is_handed_out_once_and_the_last_resort_for_ever() {
        let directory = tempfile::tempdir().unwrap();
        let spool = Spool::open(directory.path()).unwrap();
        assert_eq!(spool.take_key_package("bob").unwrap(), None);
        spool.publish("bob", b"1", b"one").unwrap();
        spool.publish_last_resort("bob", b"last").unwrap();
        assert_eq!(spool.take_key_package("bob").unwrap(), Some(b"one".to_vec()));
        spool.publish("bob", b"1", b"one").unwrap();
        assert_eq!(spool.take_key_package("bob").unwrap(), Some(b"last".to_vec()));
        assert_eq!(spool.take_key_package("bob").unwrap(), Some(b"last".to_vec()));
    }
}
