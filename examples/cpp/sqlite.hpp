// SQLite with destructors and exceptions: as much of it as the examples need.

#ifndef EXAMPLES_SQLITE_HPP
#define EXAMPLES_SQLITE_HPP

#include <conclave.hpp>
#include <sqlite3.h>

#include <memory>
#include <stdexcept>
#include <string>

namespace sqlite {

// What SQLite said, and while doing what.
class Error : public std::runtime_error {
public:
    Error(sqlite3 *database, const std::string &doing)
        : std::runtime_error(doing + ": " + sqlite3_errmsg(database) + " (SQLite code "
                             + std::to_string(sqlite3_extended_errcode(database)) + ")"),
          code_(sqlite3_extended_errcode(database) & 0xff) {}

    // Whether another connection held a lock for too long.
    bool busy() const { return code_ == SQLITE_BUSY || code_ == SQLITE_LOCKED; }

private:
    int code_;
};

// A prepared statement. It is run from its start each time that run() or bind() is called first.
class Statement {
public:
    Statement() = default;
    Statement(sqlite3 *database, const char *sql) : database_(database) {
        sqlite3_stmt *made = nullptr;
        if (sqlite3_prepare_v3(database, sql, -1, SQLITE_PREPARE_PERSISTENT, &made, nullptr) != SQLITE_OK) {
            throw Error(database, "preparing a statement");
        }
        statement_.reset(made);
    }

    // Binds all arguments; what is lent must live until reset() or the next bind().
    template <class... Arguments>
    Statement &bind(const Arguments &...arguments) {
        reset();
        int place = 0;
        (bind_one(++place, arguments), ...);
        return *this;
    }

    // Whether there is a row, or another one.
    bool step() {
        switch (sqlite3_step(statement_.get())) {
        case SQLITE_ROW:
            return true;
        case SQLITE_DONE:
            return false;
        default:
            throw Error(database_, "running a statement");
        }
    }

    // Runs a statement that gives no rows.
    void run() {
        step();
        reset();
    }

    void reset() {
        sqlite3_reset(statement_.get());
        sqlite3_clear_bindings(statement_.get());
    }

    // Columns of the row; bytes live until the next step.
    conclave::Bytes bytes(int column) {
        const void *data = sqlite3_column_blob(statement_.get(), column);
        // SQLite has no pointer for empty bytes either.
        if (data == nullptr && sqlite3_errcode(database_) == SQLITE_NOMEM) {
            throw Error(database_, "reading");
        }
        return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
    }
    std::string text(int column) { return std::string(bytes(column).text()); }
    std::int64_t number(int column) { return sqlite3_column_int64(statement_.get(), column); }
    bool null(int column) { return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL; }

private:
    struct Finalizer {
        void operator()(sqlite3_stmt *statement) const { sqlite3_finalize(statement); }
    };

    void bind_one(int place, conclave::Bytes bytes) {
        must(sqlite3_bind_blob64(statement_.get(), place, bytes.absent() ? "" : static_cast<const void *>(bytes.data()),
                                 bytes.size(), SQLITE_STATIC));
    }
    void bind_one(int place, const std::string &text) {
        must(sqlite3_bind_text64(statement_.get(), place, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8));
    }
    void bind_one(int place, std::int64_t number) { must(sqlite3_bind_int64(statement_.get(), place, number)); }
    void bind_one(int place, std::nullptr_t) { must(sqlite3_bind_null(statement_.get(), place)); }

    void must(int code) {
        if (code != SQLITE_OK) {
            throw Error(database_, "binding an argument");
        }
    }

    sqlite3 *database_ = nullptr;
    std::unique_ptr<sqlite3_stmt, Finalizer> statement_;
};

// A connection.
class Database {
public:
    Database(const std::string &path, int flags, int busy_timeout) {
        sqlite3 *opened = nullptr;
        int code = sqlite3_open_v2(path.c_str(), &opened, flags, nullptr);
        database_.reset(opened);
        if (code != SQLITE_OK) {
            throw Error(opened, "opening");
        }
        sqlite3_busy_timeout(opened, busy_timeout);
    }

    sqlite3 *c() const { return database_.get(); }

    void run(const char *sql) const {
        if (sqlite3_exec(c(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
            throw Error(c(), "running a statement");
        }
    }

    bool in_transaction() const { return sqlite3_get_autocommit(c()) == 0; }

    // Takes back what is open. After some errors SQLite has done so itself.
    void roll_back() const noexcept {
        if (in_transaction()) {
            sqlite3_exec(c(), "ROLLBACK", nullptr, nullptr, nullptr);
        }
    }

    // Resets every statement that is still running, whoever has prepared it.
    void settle() const noexcept {
        sqlite3_stmt *statement = nullptr;
        while ((statement = sqlite3_next_stmt(c(), statement)) != nullptr) {
            if (sqlite3_stmt_busy(statement) != 0) {
                sqlite3_reset(statement);
            }
        }
    }

private:
    // What is still prepared keeps the file open until it is finalised.
    struct Closer {
        void operator()(sqlite3 *database) const { sqlite3_close_v2(database); }
    };

    std::unique_ptr<sqlite3, Closer> database_;
};

// A transaction that is taken back unless it is committed. Where that fails it stays open, and can be taken back later.
class Transaction {
public:
    Transaction(const Database &database, const char *begin) : database_(database) { database_.run(begin); }
    Transaction(const Transaction &) = delete;
    ~Transaction() { database_.roll_back(); }
    void commit() { database_.run("COMMIT"); }

private:
    const Database &database_;
};

} // namespace sqlite

#endif
