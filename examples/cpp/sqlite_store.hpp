// The store over SQLite in C++: the same file as the stores in C and Rust have it. examples/c/sqlite_store.h says what to know
// before it is used in an app: above all, KEEP THE FILE OUT OF EVERY BACKUP.

#ifndef EXAMPLES_SQLITE_STORE_HPP
#define EXAMPLES_SQLITE_STORE_HPP

#include "sqlite.hpp"

#include <functional>
#include <mutex>

// One file in WAL mode, one table of keys and values. Several processes may use the file; the threads of one process take turns.
class SqliteStore final : public conclave::Storage {
public:
    // Stores what a call produced, in the transaction that makes it so. An exception takes the whole write back, and is a failure
    // of the storage in its what(). It must not end the transaction, nor call the library or the store, and may run again if the
    // database was busy. What it has prepared it may keep for its next run: statements that are still running are reset. Those
    // that it has not finalised when the store goes keep the file open until they are.
    using OnEffect = std::function<void(sqlite3 *transaction, const conclave_effect &effect)>;

    // Opens the file, or creates it, readable by its owner only.
    explicit SqliteStore(const std::string &path, OnEffect on_effect = nullptr);
    ~SqliteStore() override;

    conclave::Answer read(conclave::List<conclave_bytes> keys, conclave::Values found) override;
    conclave::Answer scan(conclave::Bytes prefix, conclave::Bytes after, std::uint32_t limit,
                          conclave::Records found) override;
    conclave::Answer write(conclave::WriteBatch batch) override;

private:
    void prepare_file();
    void make_ready() const;
    void tell_app(const conclave_effect &effect);
    bool attempt(conclave::WriteBatch &batch, bool &cleared);
    bool holds(const conclave_guard &guard);
    void apply(const conclave_write_op &op);
    void empty_log(int patience);

    OnEffect on_effect_;
    // Held while the connection is used. Recursive, so that a call from inside on_effect finds its own open transaction and is
    // refused, not stuck.
    std::recursive_mutex mutex_;
    sqlite::Database database_;
    sqlite::Statement value_, scan_, put_, delete_, delete_range_;
    // Whether the app has the connection: its on_effect runs.
    bool lent_ = false;
    // Whether the write-ahead log may hold what was deleted.
    bool log_is_full_ = true;
};

#endif
