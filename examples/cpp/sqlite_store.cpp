#include "sqlite_store.hpp"

#include <chrono>
#include <fcntl.h>
#include <thread>
#include <unistd.h>

using namespace conclave;

namespace {

using Clock = std::chrono::steady_clock;

// How long to wait for a writer in another process, and between two attempts. SQLite's own waiting asks ever more rarely, up to ten
// times a second: beside a process that writes one message after the other, it hardly ever comes to its turn.
constexpr auto busy_timeout = std::chrono::milliseconds(5000);
constexpr auto retry = std::chrono::milliseconds(1);
// How long a write that deleted secrets waits for readers, so as to empty the log, in milliseconds.
constexpr int readers_leave = 100;

// Creates the file for its owner alone. A file that is there is never opened here: to close it again would drop the locks that
// SQLite holds on it in this process.
std::string created_private(const std::string &path) {
    if (path.empty() || path == ":memory:") {
        throw std::runtime_error("opening: the store needs a file on a local disk");
    }
    int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (file >= 0) {
        close(file);
    }
    return path;
}

// SQLite asks, for the time numbered `times`, whether to try again.
int wait_for_others(void *, int times) {
    if (times >= busy_timeout / retry) {
        return 0;
    }
    std::this_thread::sleep_for(retry);
    return 1;
}

// Runs an act, again while another connection is in the way and time is left.
template <class Act>
auto patiently(Act act) {
    auto deadline = Clock::now() + busy_timeout;
    for (;;) {
        try {
            return act();
        } catch (const sqlite::Error &error) {
            if (!error.busy() || Clock::now() >= deadline) {
                throw;
            }
            std::this_thread::sleep_for(retry);
        }
    }
}

} // namespace

SqliteStore::SqliteStore(const std::string &path, OnEffect on_effect)
    : on_effect_(std::move(on_effect)),
      // No mutex of SQLite's: the store has one.
      database_(created_private(path), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, 0) {
    sqlite3_busy_handler(database_.c(), wait_for_others, nullptr);
    patiently([&] { prepare_file(); });
    value_ = {database_.c(), "SELECT value FROM conclave_records WHERE key = ?1"};
    // The keys from ?1 on that come after ?2; written so that it is one search in the tree.
    scan_ = {database_.c(),
             "SELECT key, value FROM conclave_records WHERE key >= max(?1, ?2) AND key <> ?2 ORDER BY key LIMIT ?3"};
    put_ = {database_.c(), "INSERT OR REPLACE INTO conclave_records (key, value) VALUES (?1, ?2)"};
    delete_ = {database_.c(), "DELETE FROM conclave_records WHERE key = ?1"};
    delete_range_ = {database_.c(), "DELETE FROM conclave_records WHERE key >= ?1 AND key < ?2"};
    empty_log(0);
}

// Settings that outlive no connection, except for the journal mode, and the table.
void SqliteStore::prepare_file() {
    database_.run("PRAGMA secure_delete = ON; PRAGMA synchronous = FULL");
    // Only Apple's systems know the difference: there a plain fsync does not reach the disk.
    database_.run("PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON");
    sqlite::Statement mode(database_.c(), "PRAGMA journal_mode = WAL");
    if (!mode.step() || mode.text(0) != "wal") {
        throw std::runtime_error("opening: the place cannot have a write-ahead log; the store needs a file on a local disk");
    }
    mode.reset();
    // Without a row id, a record is found in one search of one tree.
    database_.run("CREATE TABLE IF NOT EXISTS conclave_records "
                  "(key BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID");
}

// The last connection of all empties and removes the log, but not before the app has finalised what it prepared: empty is the
// least that it shall be until then.
SqliteStore::~SqliteStore() {
    database_.settle();
    database_.roll_back();
    log_is_full_ = true;
    empty_log(0);
}

// A transaction that could not be taken back earlier is taken back now, and until that succeeds everything is refused. One that
// the app is inside of is left alone, and refused as well.
void SqliteStore::make_ready() const {
    if (lent_) {
        throw std::runtime_error("a transaction is open: the store was called from inside on_effect");
    }
    database_.roll_back();
    if (database_.in_transaction()) {
        throw sqlite::Error(database_.c(), "taking back a transaction that failed before");
    }
}

// A call sees one state only.
Answer SqliteStore::read(List<conclave_bytes> keys, Values found) {
    std::lock_guard lock(mutex_);
    make_ready();
    sqlite::Transaction transaction(database_, "BEGIN");
    for (std::size_t index = 0; index < keys.size(); ++index) {
        if (value_.bind(Bytes(keys[index])).step()) {
            found.put(index, value_.bytes(0));
        }
        value_.reset();
    }
    transaction.commit();
    return {};
}

// One statement, so one state. The first key that does not begin with the prefix ends it.
Answer SqliteStore::scan(Bytes prefix, Bytes after, std::uint32_t limit, Records found) {
    std::lock_guard lock(mutex_);
    make_ready();
    scan_.bind(prefix, after, std::int64_t{limit});
    while (scan_.step()) {
        Bytes key = scan_.bytes(0);
        if (key.text().substr(0, prefix.size()) != prefix.text()) {
            break;
        }
        found.put(key, scan_.bytes(1));
    }
    scan_.reset();
    return {};
}

Answer SqliteStore::write(WriteBatch batch) {
    std::lock_guard lock(mutex_);
    make_ready();
    bool cleared = false;
    bool written = patiently([&] {
        batch.rewind();
        return attempt(batch, cleared);
    });
    if (!written) {
        return Answer::conflict();
    }
    log_is_full_ = log_is_full_ || cleared;
    empty_log(cleared ? readers_leave : 0);
    return {};
}

// One transaction for the guards, the operations and the app's rows. False if a guard did not match.
bool SqliteStore::attempt(WriteBatch &batch, bool &cleared) {
    sqlite::Transaction transaction(database_, "BEGIN IMMEDIATE");
    for (const conclave_guard &guard : batch.guards()) {
        if (!holds(guard)) {
            return false;
        }
    }
    // A chunk at a time: a batch may hold a whole large group.
    for (auto ops = batch.next(); !ops.empty(); ops = batch.next()) {
        for (const conclave_write_op &op : ops) {
            apply(op);
            cleared = cleared || op.kind == CONCLAVE_WRITE_DELETE_RANGE;
        }
    }
    const conclave_effect *effect = batch.effect();
    if (on_effect_ && effect != nullptr) {
        tell_app(*effect);
    }
    transaction.commit();
    return true;
}

// What the app leaves running would keep the transaction from being committed, or the log from being emptied.
void SqliteStore::tell_app(const conclave_effect &effect) {
    // Released only in the transaction that it was set in: one that the app has ended is not taken for ours.
    database_.run("SAVEPOINT conclave_effect");
    {
        struct Loan {
            explicit Loan(SqliteStore &store) : store_(store) { store_.lent_ = true; }
            ~Loan() {
                store_.lent_ = false;
                store_.database_.settle();
            }
            SqliteStore &store_;
        } loan(*this);
        on_effect_(database_.c(), effect);
    }
    database_.run("RELEASE conclave_effect");
}

// A record that should be absent must not be there, and any other must have the very value.
bool SqliteStore::holds(const conclave_guard &guard) {
    Bytes expected = guard.expected;
    bool there = value_.bind(Bytes(guard.key)).step();
    bool holds = there ? !expected.absent() && value_.bytes(0) == expected : expected.absent();
    value_.reset();
    return holds;
}

void SqliteStore::apply(const conclave_write_op &op) {
    switch (op.kind) {
    case CONCLAVE_WRITE_PUT:
        put_.bind(Bytes(op.key), Bytes(op.value)).run();
        break;
    case CONCLAVE_WRITE_DELETE:
        delete_.bind(Bytes(op.key)).run();
        break;
    default:
        delete_range_.bind(Bytes(op.key), Bytes(op.to)).run();
    }
}

// Moves the log into the file and cuts it to nothing: it holds older pages, and with them what was deleted. As long as another
// process reads from it that cannot be done, and is tried again after the next write.
void SqliteStore::empty_log(int patience) {
    if (log_is_full_) {
        sqlite3_busy_timeout(database_.c(), patience);
        log_is_full_ = sqlite3_wal_checkpoint_v2(database_.c(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr)
            != SQLITE_OK;
        sqlite3_busy_handler(database_.c(), wait_for_others, nullptr);
    }
}
