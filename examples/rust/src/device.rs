//! One user's device: a client of the library, the app's ledger in the same file, and the delivery service.
//!
//! It is in one group at most, which is all the examples need. Every act is built so that it can be cut off anywhere: first
//! goes out what lies in the outbox, then comes in what the delivery service has, and only then something new is made.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use conclave::{
    AcceptAll, Client, ClientConfig, CommitBuilder, Group, GroupOptions, Host, JoinOptions, KeyPackageOptions, Member,
};
use conclave_sqlite::{Options, SqliteStorage};

use crate::Outcome;
use crate::delivery::{Entry, Invitation, Kind, Posted, Spool};
use crate::ledger::{self, Ledger, Letter};
use crate::process::Point;
use crate::tag::Tag;

/// Key packages kept in stock at the delivery service.
const STOCK: usize = 5;

/// How often a change is built again because someone else's came first.
const ATTEMPTS: u32 = 10;

/// Where a device lives, and how.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// A directory that everyone shares: the delivery service is in `spool`, each device's file in a directory of its name.
    pub directory: PathBuf,
    /// 32 bytes under which the library seals what it stores; nothing to store it as it is.
    pub storage_key: Option<Vec<u8>>,
    /// Where to stop and wait to be killed, for demonstrations.
    pub stop_at: Option<Point>,
}

/// A device that is running.
pub struct Device {
    name: String,
    client: Arc<Client>,
    ledger: Ledger,
    spool: Spool,
    stop_at: Option<Point>,
}

impl Device {
    /// Opens the device, makes it if it is new, and keeps key packages in stock, so that others can add it while it is off.
    ///
    /// # Errors
    /// A name that is none, and what the library, SQLite and the file system say.
    pub fn open(name: &str, place: &Place) -> Outcome<Device> {
        check_name(name)?;
        let home = place.directory.join(name);
        std::fs::create_dir_all(&home)?;
        let spool = Spool::open(place.directory.join("spool"))?;
        let (client, ledger) = open_store(name, &home.join("store.db"), place)?;
        let device = Device { name: name.to_owned(), client, ledger, spool, stop_at: place.stop_at };
        device.publish()?;
        Ok(device)
    }

    /// What the device is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The group, if the device is or was in one.
    ///
    /// # Errors
    /// What the library says.
    pub fn find_group(&self) -> Outcome<Option<Arc<Group>>> {
        let page = self.client.groups(None, 1)?;
        Ok(page.groups.into_iter().next().map(|found| self.client.open_group(found.group_id)).transpose()?)
    }

    /// The group.
    ///
    /// # Errors
    /// That there is none, and what the library says.
    pub fn group(&self) -> Outcome<Arc<Group>> {
        self.find_group()?.ok_or_else(|| "you are in no group yet".into())
    }

    /// Makes a group with this device alone in it.
    ///
    /// # Errors
    /// That there is one, and what the library says.
    pub fn create_group(&self) -> Outcome<()> {
        if self.find_group()?.is_some() {
            return Err("you are in a group already".into());
        }
        self.client.create_group(GroupOptions { tag: Tag::Cursor(0).bytes(), ..GroupOptions::default() })?;
        Ok(())
    }

    /// Adds others by name, whether they are running or not.
    ///
    /// # Errors
    /// That someone has no key package, and what the library says.
    pub fn add(&mut self, names: &[&str]) -> Outcome<()> {
        let group = self.group()?;
        for name in names {
            check_name(name)?;
            if group.find_member(name.as_bytes().to_vec())?.is_some() {
                return Err(format!("{name} is in the group already").into());
            }
        }
        let found = names.iter().map(|name| self.key_package(name));
        let key_packages: Vec<Vec<u8>> = found.collect::<Outcome<_>>()?;
        self.commit(&|builder| {
            // The tree grows with the group: once beside the Welcomes is less than once inside each of them.
            let builder = builder.tree_beside_welcome()?;
            Ok(key_packages.iter().try_fold(builder, |builder, key_package| builder.add(key_package.clone()))?)
        })
    }

    /// Removes a member.
    ///
    /// # Errors
    /// That there is no such member, and what the library says.
    pub fn remove(&mut self, name: &str) -> Outcome<()> {
        self.sync()?;
        let group = self.group()?;
        self.commit(&|builder| {
            let member = group.find_member(name.as_bytes().to_vec())?;
            let member: Member = member.ok_or_else(|| format!("{name} is not in the group"))?;
            Ok(builder.remove(member.name.leaf)?)
        })
    }

    /// Gives this device fresh keys, which shuts out whoever may have stolen the old ones.
    ///
    /// # Errors
    /// What the library says.
    pub fn refresh(&mut self) -> Outcome<()> {
        self.commit(&|builder| Ok(builder))
    }

    /// Writes to the group: as it is now, not as it was when this device last looked.
    ///
    /// # Errors
    /// What the library says.
    pub fn say(&mut self, text: &str) -> Outcome<()> {
        self.sync()?;
        self.group()?.encrypt(text.as_bytes().to_vec(), Vec::new(), Tag::Message.bytes())?;
        // Nothing has left the device yet, but the bytes are in the outbox: from here on a crash loses nothing.
        self.flush()
    }

    /// Sends what is in the outbox and receives what the delivery service has.
    ///
    /// # Errors
    /// What the library, SQLite and the file system say.
    pub fn sync(&mut self) -> Outcome<()> {
        self.flush()?;
        self.answer_invitations()?;
        let Some(group) = self.find_group()? else { return Ok(()) };
        while self.receive_next(&group)? {
            self.flush()?;
        }
        Ok(())
    }

    /// What has happened since anyone looked.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn news(&mut self) -> Outcome<Vec<String>> {
        self.ledger.news()
    }

    /// The app's tables.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The delivery service.
    pub fn spool(&self) -> &Spool {
        &self.spool
    }

    /// Keeps key packages at the delivery service. What is there already is not put there again.
    fn publish(&self) -> Outcome<()> {
        let mut known = self.client.key_packages(None, STOCK as u32 + 1)?;
        if !known.iter().any(|package| package.last_resort) {
            let options = KeyPackageOptions { last_resort: true, ..KeyPackageOptions::default() };
            known.extend(self.client.create_key_packages(1, options)?);
        }
        if let missing @ 1.. = (STOCK + 1).saturating_sub(known.len()) {
            known.extend(self.client.create_key_packages(missing as u32, KeyPackageOptions::default())?);
        }
        for package in known {
            match package.last_resort {
                true => self.spool.publish_last_resort(&self.name, &package.message)?,
                false => self.spool.publish(&self.name, &package.reference, &package.message)?,
            }
        }
        Ok(())
    }

    fn key_package(&self, name: &str) -> Outcome<Vec<u8>> {
        let found = self.spool.take_key_package(name)?;
        found.ok_or_else(|| format!("{name} has published no key package: has {name} ever been here?").into())
    }

    /// Builds a commit, posts it, and waits for it to come back: only then has it taken effect. If someone else's came
    /// first, that one is received instead, and ours is built anew on top of it.
    fn commit(&mut self, change: &dyn Fn(Arc<CommitBuilder>) -> Outcome<Arc<CommitBuilder>>) -> Outcome<()> {
        for _ in 0..ATTEMPTS {
            self.sync()?;
            let group = self.group()?;
            let epoch = group.status()?.epoch;
            let builder = group.clone().new_commit().tag(Tag::Commit(epoch).bytes())?;
            let built = change(builder)?.build()?;
            self.sync()?;
            if self.came_back(&group, &built.commit)? {
                return Ok(());
            }
        }
        Err("others change the group all the time; try again later".into())
    }

    /// Whether a commit of ours is among the messages of the group.
    fn came_back(&self, group: &Group, commit: &[u8]) -> Outcome<bool> {
        let last = self.ledger.cursor(&group.id())?;
        for number in (1..=last).rev() {
            match self.spool.fetch(&group.id(), number)? {
                Some(entry) if entry.message == commit => return Ok(true),
                _ => {}
            }
        }
        Ok(false)
    }

    /// Sends what is in the outbox, oldest first: bytes that exist, never new ones.
    fn flush(&self) -> Outcome<()> {
        for letter in self.ledger.unsent()? {
            self.stop(Point::BeforeSending);
            self.send(&letter)?;
            self.stop(Point::AfterSending);
            self.ledger.mark_sent(&letter)?;
        }
        Ok(())
    }

    fn send(&self, letter: &Letter) -> Outcome<()> {
        let kind = match letter.tag {
            Tag::Cursor(number) => return self.welcome(letter, number),
            Tag::Message => Kind::Message,
            Tag::Commit(epoch) => Kind::Commit(epoch),
        };
        let entry = Entry { kind, message: letter.bytes.clone() };
        // Another process of this device may have sent it already, and handled it since: so from where it was when it was made.
        match self.spool.post(&letter.group_id, letter.after, &entry)? {
            Posted::Accepted(_) => Ok(()),
            // The commit that was quicker comes in with the next messages, and takes the place of ours.
            Posted::TooLate => Ok(()),
        }
    }

    /// Sends a Welcome, and the tree that it goes with: nothing is received before, so the group is still in that epoch. (If
    /// a second process of the device has moved on meanwhile, the tree does not fit, and the member has to be added again.)
    fn welcome(&self, letter: &Letter, number: u64) -> Outcome<()> {
        let Some(recipient) = &letter.recipient else { return Err("a Welcome for nobody".into()) };
        let tree = self.client.open_group(letter.group_id.clone())?.export_tree()?;
        self.spool.put_tree(&letter.group_id, number, &tree)?;
        let invitation = Invitation { group_id: letter.group_id.clone(), number, welcome: letter.bytes.clone() };
        Ok(self.spool.invite(recipient, &invitation)?)
    }

    /// Joins the group that a Welcome leads into.
    fn answer_invitations(&self) -> Outcome<()> {
        for invitation in self.spool.invitations(&self.name)? {
            let options = JoinOptions {
                tree: Some(self.spool.tree(&invitation)?),
                tag: Tag::Cursor(invitation.number).bytes(),
                ..JoinOptions::default()
            };
            match self.client.join(invitation.welcome.clone(), options) {
                Ok(_) => self.publish()?,
                // Answered before, by this device or by another process of it.
                Err(error) if matches!(error.code(), 408 | 507) => {}
                Err(error) => return Err(error.into()),
            }
            self.spool.forget(&self.name, &invitation)?;
        }
        Ok(())
    }

    /// Receives the message after the cursor. The cursor goes along in the tag, and moves in the transaction of the call.
    fn receive_next(&mut self, group: &Group) -> Outcome<bool> {
        let number = self.ledger.cursor(&group.id())? + 1;
        let Some(entry) = self.spool.fetch(&group.id(), number)? else { return Ok(false) };
        let received = group.receive(entry.message, Tag::Cursor(number).bytes());
        self.stop(Point::AfterReceiving);
        let line = match received {
            Ok(_) => None,
            // The bytes are of no use here and never will be: hostile, or for the members of a group that we are no longer
            // in. (Or another process of ours has read them; then the cursor has moved, and nothing is written here.)
            Err(error) if matches!(error.code() / 100, 2..=4) => {
                Some(format!("! a message that cannot be read here (error {})", error.code()))
            }
            Err(error) => return Err(error.into()),
        };
        self.ledger.skip(&group.id(), number, line.as_deref())?;
        Ok(true)
    }

    fn stop(&self, point: Point) {
        if self.stop_at == Some(point) {
            point.stop();
        }
    }
}

fn open_store(name: &str, path: &Path, place: &Place) -> Outcome<(Arc<Client>, Ledger)> {
    let stop_at = place.stop_at;
    let on_effect: conclave_sqlite::OnEffect = Box::new(move |transaction, effect| {
        if matches!(effect, conclave::Effect::Received { .. }) && stop_at == Some(Point::InsideReceiving) {
            Point::InsideReceiving.stop();
        }
        ledger::record(transaction, effect)
    });
    let storage = SqliteStorage::open_with(path, Options { on_effect: Some(on_effect), ..Options::default() })?;
    let ledger = Ledger::open(path)?;
    let config = ClientConfig { storage_key: place.storage_key.clone(), ..ClientConfig::basic(name) };
    Ok((Client::new(config, Host::new(storage, Arc::new(AcceptAll)))?, ledger))
}

/// A name becomes a part of paths.
fn check_name(name: &str) -> Outcome<()> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    match name.bytes().all(plain) && (1..=32).contains(&name.len()) {
        true => Ok(()),
        false => Err(format!("not a name: {name:?}; take 1 to 32 small letters, digits and hyphens").into()),
    }
}
