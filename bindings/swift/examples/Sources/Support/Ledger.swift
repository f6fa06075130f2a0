import Conclave
import ConclaveSQLite
import Foundation

private let tables = """
    CREATE TABLE IF NOT EXISTS app_cursor (group_id BLOB PRIMARY KEY, number INTEGER NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS app_inbox (
        id INTEGER PRIMARY KEY, group_id BLOB NOT NULL, number INTEGER NOT NULL, line TEXT NOT NULL,
        shown INTEGER NOT NULL DEFAULT 0, UNIQUE (group_id, number)) STRICT;
    CREATE TABLE IF NOT EXISTS app_outbox (
        id INTEGER PRIMARY KEY, group_id BLOB NOT NULL, tag TEXT NOT NULL, recipient TEXT, bytes BLOB NOT NULL,
        after INTEGER NOT NULL, sent INTEGER NOT NULL DEFAULT 0) STRICT;
    """

/// Something to send.
public struct Letter {
    /// Its place in the outbox.
    let id: Int64
    /// The group it belongs to.
    let groupId: Data
    /// What the call was about; for a Welcome, the number of the commit that added the recipient.
    let tag: Tag
    /// Who alone gets it; nothing for the whole group.
    let recipient: String?
    /// The last message that this device had handled when it was made.
    let after: UInt64
    /// The bytes: sent as they are, as often as it takes, and never made again.
    public let bytes: Data
}

/// The app's own tables, in the same file as the library's records: what was received, how far, and what is to be sent.
///
/// They are filled by ``record(_:_:)``, which runs inside the transaction in which the library moves its keys. So a message is in
/// the inbox exactly if its key is used up, the cursor stands behind exactly what has been handled, and nothing was ever encrypted
/// that is not in the outbox. That is all it takes to survive a crash at any line.
public final class Ledger {
    private let connection: SQLiteConnection

    /// Opens the tables in a file that a `SQLiteStorage` has opened.
    public init(path: String) throws {
        connection = try SQLiteConnection(path: path)
        try connection.script(tables)
    }

    /// The number of the last message that was handled.
    func cursor(_ groupId: Data) throws -> UInt64 {
        let rows = try connection.rows("SELECT number FROM app_cursor WHERE group_id = ?1", .blob(groupId))
        return UInt64(bitPattern: rows.first?.first?.integer ?? 0)
    }

    /// Steps over a message that changed nothing in the library, and so had no effect to write the cursor with; `line` is what the
    /// user should know of it. Does nothing if another process of this device did that or received the message.
    func skip(_ groupId: Data, _ number: UInt64, _ line: String?) throws {
        let number = SQLiteValue.integer(Int64(bitPattern: number))
        try connection.transaction {
            let step = "UPDATE app_cursor SET number = ?2 WHERE group_id = ?1 AND number = ?2 - 1"
            if try connection.run(step, .blob(groupId), number) == 1, let line {
                try connection.run(inbox, .blob(groupId), number, .text(line))
            }
        }
    }

    /// The lines that no process has shown yet, in order. Each is handed out once.
    public func news() throws -> [String] {
        let claimed = try connection.rows("UPDATE app_inbox SET shown = 1 WHERE shown = 0 RETURNING id, line")
        let inOrder = claimed.sorted { ($0[0].integer ?? 0) < ($1[0].integer ?? 0) }
        return inOrder.compactMap { $0[1].text }
    }

    /// Everything received, shown or not, in the order in which it came.
    public func inboxLines() throws -> [String] {
        try connection.rows("SELECT line FROM app_inbox ORDER BY id").compactMap { $0[0].text }
    }

    /// What has not been sent, oldest first.
    public func unsent() throws -> [Letter] {
        let query = "SELECT id, group_id, tag, recipient, bytes, after FROM app_outbox WHERE sent = 0 ORDER BY id"
        return try connection.rows(query).map { row in
            Letter(
                id: row[0].integer ?? 0, groupId: row[1].blob ?? Data(), tag: try Tag(row[2].text ?? ""),
                recipient: row[3].text, after: UInt64(bitPattern: row[5].integer ?? 0), bytes: row[4].blob ?? Data())
        }
    }

    /// Notes that the delivery service has it.
    func markSent(_ letter: Letter) throws {
        try connection.run("UPDATE app_outbox SET sent = 1 WHERE id = ?1", .integer(letter.id))
    }
}
