//! The app's own tables, in the same file as the library's records: what was received, how far, and what is to be sent.
//!
//! They are filled by [`record`], which runs inside the transaction in which the library moves its keys. So a message is in
//! the inbox exactly if its key is used up, the cursor stands behind exactly what has been handled, and nothing was ever
//! encrypted that is not in the outbox. That is all it takes to survive a crash at any line.

use std::path::Path;
use std::time::Duration;

use conclave::{Effect, EpochChange, Event, MemberName, ProposalSummary};
use conclave_sqlite::rusqlite::{self, Connection, OptionalExtension, Row, Transaction, TransactionBehavior};

use crate::Outcome;
use crate::tag::Tag;

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS app_cursor (group_id BLOB PRIMARY KEY, number INTEGER NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS app_inbox (
        id INTEGER PRIMARY KEY, group_id BLOB NOT NULL, number INTEGER NOT NULL, line TEXT NOT NULL,
        shown INTEGER NOT NULL DEFAULT 0, UNIQUE (group_id, number)) STRICT;
    CREATE TABLE IF NOT EXISTS app_outbox (
        id INTEGER PRIMARY KEY, group_id BLOB NOT NULL, tag TEXT NOT NULL, recipient TEXT, bytes BLOB NOT NULL,
        after INTEGER NOT NULL, sent INTEGER NOT NULL DEFAULT 0) STRICT;";

/// A letter keeps the cursor of the moment at which it was made: whatever is posted of it comes behind that.
const OUTBOX: &str = "INSERT INTO app_outbox (group_id, tag, recipient, bytes, after) VALUES (?1, ?2, ?3, ?4, \
    coalesce((SELECT number FROM app_cursor WHERE group_id = ?1), 0))";

/// A number that is there already is refused: no message is received twice.
const INBOX: &str = "INSERT INTO app_inbox (group_id, number, line) VALUES (?1, ?2, ?3)";

/// Something to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Its place in the outbox.
    pub id: i64,
    /// The group it belongs to.
    pub group_id: Vec<u8>,
    /// What the call was about; for a Welcome, the number of the commit that added the recipient.
    pub tag: Tag,
    /// Who alone gets it; nothing for the whole group.
    pub recipient: Option<String>,
    /// The last message that this device had handled when it was made.
    pub after: u64,
    /// The bytes: sent as they are, as often as it takes, and never made again.
    pub bytes: Vec<u8>,
}

/// The app's own connection to the file.
pub struct Ledger(Connection);

impl Ledger {
    /// Opens the tables in a file that a `SqliteStorage` has opened.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn open(path: &Path) -> Outcome<Ledger> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.execute_batch(TABLES)?;
        Ok(Ledger(connection))
    }

    /// The number of the last message that was handled.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn cursor(&self, group_id: &[u8]) -> Outcome<u64> {
        let query = "SELECT number FROM app_cursor WHERE group_id = ?1";
        let number: Option<i64> = self.0.query_row(query, [group_id], |row| row.get(0)).optional()?;
        Ok(number.unwrap_or_default().cast_unsigned())
    }

    /// Steps over a message that changed nothing in the library, and so had no effect to write the cursor with; `line` is
    /// what the user should know of it. Does nothing if another process of this device did that or received the message.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn skip(&mut self, group_id: &[u8], number: u64, line: Option<&str>) -> Outcome<()> {
        let number = number.cast_signed();
        let transaction = self.0.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let step = "UPDATE app_cursor SET number = ?2 WHERE group_id = ?1 AND number = ?2 - 1";
        let stepped = transaction.execute(step, (group_id, number))? == 1;
        if let (true, Some(line)) = (stepped, line) {
            transaction.execute(INBOX, (group_id, number, line))?;
        }
        Ok(transaction.commit()?)
    }

    /// The lines that no process has shown yet, in order. Each is handed out once.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn news(&mut self) -> Outcome<Vec<String>> {
        let claim = "UPDATE app_inbox SET shown = 1 WHERE shown = 0 RETURNING id, line";
        let mut lines: Vec<(i64, String)> = self
            .0
            .prepare_cached(claim)?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        lines.sort();
        Ok(lines.into_iter().map(|(_, line)| line).collect())
    }

    /// Everything received, shown or not, in the order in which it came.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn inbox(&self) -> Outcome<Vec<String>> {
        let mut query = self.0.prepare_cached("SELECT line FROM app_inbox ORDER BY id")?;
        Ok(query.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
    }

    /// What has not been sent, oldest first.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn unsent(&self) -> Outcome<Vec<Letter>> {
        let query = "SELECT id, group_id, tag, recipient, bytes, after FROM app_outbox WHERE sent = 0 ORDER BY id";
        Ok(self.0.prepare_cached(query)?.query_map([], letter)?.collect::<Result<_, _>>()?)
    }

    /// Notes that the delivery service has it.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn mark_sent(&self, letter: &Letter) -> Outcome<()> {
        self.0.execute("UPDATE app_outbox SET sent = 1 WHERE id = ?1", [letter.id])?;
        Ok(())
    }
}

fn letter(row: &Row<'_>) -> rusqlite::Result<Letter> {
    let tag: String = row.get(2)?;
    let tag = Tag::parse(tag.as_bytes())?;
    let after = row.get::<_, i64>(5)?.cast_unsigned();
    Ok(Letter { id: row.get(0)?, group_id: row.get(1)?, tag, recipient: row.get(3)?, bytes: row.get(4)?, after })
}

/// Writes what a call of the library produced, in the transaction of that call: the store's `on_effect`.
///
/// # Errors
/// What SQLite says; then the library's own changes are taken back as well.
pub fn record(transaction: &Transaction<'_>, effect: &Effect) -> rusqlite::Result<()> {
    match effect {
        Effect::Received { group_id, tag, event } => arrived(transaction, (group_id, tag), &words(event)),
        Effect::Confirmed { group_id, tag, event, welcome } => {
            arrived(transaction, (group_id, tag), &words(event))?;
            let (Event::EpochChanged { change }, Some(welcome)) = (event, welcome) else { return Ok(()) };
            let mut added = change.added.iter();
            added.try_for_each(|member| send(transaction, (group_id, tag), Some(&name(member)), welcome))
        }
        Effect::Outbound { group_id, tag, message } => send(transaction, (group_id, tag), None, message),
        Effect::Joined { group_id, tag, epoch: 0 } => arrived(transaction, (group_id, tag), "* you made the group"),
        Effect::Joined { group_id, tag, .. } => arrived(transaction, (group_id, tag), "* you joined the group"),
        // The library lists unused key packages itself, so they need no row to be published from; and this app has no archives.
        Effect::KeyPackages { .. } | Effect::Imported { .. } => Ok(()),
    }
}

fn arrived(transaction: &Transaction<'_>, (group_id, tag): (&[u8], &[u8]), line: &str) -> rusqlite::Result<()> {
    let Tag::Cursor(number) = Tag::parse(tag)? else { return Ok(()) };
    // SQLite's numbers have a sign.
    let number = number.cast_signed();
    transaction.execute(INBOX, (group_id, number, line))?;
    let cursor = "INSERT OR REPLACE INTO app_cursor (group_id, number) VALUES (?1, ?2)";
    transaction.execute(cursor, (group_id, number)).map(drop)
}

fn send(
    transaction: &Transaction<'_>,
    (group_id, tag): (&[u8], &[u8]),
    recipient: Option<&str>,
    bytes: &[u8],
) -> rusqlite::Result<()> {
    transaction.execute(OUTBOX, (group_id, Tag::parse(tag)?.to_string(), recipient, bytes)).map(drop)
}

/// What the user reads.
fn words(event: &Event) -> String {
    match event {
        Event::Message { sender, plaintext, .. } => format!("{}: {}", name(sender), String::from_utf8_lossy(plaintext)),
        Event::EpochChanged { change } => changed(change),
        Event::Removed { .. } => "* you were removed from the group".to_owned(),
        Event::Reinit { .. } => "* the group was closed".to_owned(),
        Event::Proposal { .. } => "* a change was proposed".to_owned(),
        Event::OwnEcho | Event::Duplicate | Event::Deferred { .. } => "*".to_owned(),
    }
}

fn changed(change: &EpochChange) -> String {
    let names = |members: &[MemberName]| members.iter().map(name).collect::<Vec<_>>().join(" and ");
    let done = match (change.added.as_slice(), change.removed.as_slice()) {
        ([], []) => "refreshed the keys".to_owned(),
        (added, []) => format!("added {}", names(added)),
        ([], removed) => format!("removed {}", names(removed)),
        (added, removed) => format!("added {} and removed {}", names(added), names(removed)),
    };
    let lost = match change.lost_commit.as_deref() {
        Some([] | [ProposalSummary::Update]) | None => "",
        Some(_) => " (your own change came too late: make it again)",
    };
    format!("* {} {done}{lost}", name(&change.committer))
}

fn name(member: &MemberName) -> String {
    String::from_utf8_lossy(&member.client_id).into_owned()
}
