/* The connection of a sqlite_store, with the settings that make the file fit for the library, and the words for what
   failed. */

#ifndef SQLITE_CONNECTION_H
#define SQLITE_CONNECTION_H

#include <conclave.h>
#include <sqlite3.h>

/* Prepared once. */
enum sqlite_statement {
    SQL_VALUE,
    SQL_SCAN,
    SQL_PUT,
    SQL_DELETE,
    SQL_DELETE_RANGE,
    SQL_BEGIN_READ,
    SQL_BEGIN_WRITE,
    SQL_COMMIT,
    SQL_ROLLBACK,
    SQL_STATEMENTS
};

/* Zeroed, it is closed. */
struct sqlite_connection {
    sqlite3 *database;
    sqlite3_stmt *statements[SQL_STATEMENTS];
    /* How long SQLite waits for a writer in another process, in milliseconds; at most INT_MAX, as SQLite takes it. */
    uint32_t busy_timeout;
    /* Whether a write does not wait until it is on the disk. */
    bool not_durable;
    /* Whether the log may hold what was deleted. */
    bool log_is_full;
    /* Whether the app has the connection: its on_effect runs, inside a transaction. */
    bool lent;
    /* Whether the last thing that failed did so because another connection held a lock. */
    bool busy;
    /* What failed last; NULL if nothing has, or memory is out. */
    char *error;
};

/* Opens the file: `busy_timeout` and `not_durable` are set before. To be closed, also if it failed. */
conclave_status sqlite_connection_open(struct sqlite_connection *connection, const char *path);

/* Closes the file, or has the last statement do so that the app has not finalised yet. */
void sqlite_connection_close(struct sqlite_connection *connection);

/* Moves the log into the file and cuts it to nothing, if it may hold what was deleted. Best effort: as long as another
   process reads from the log it cannot be done, and is tried again after the next write. `patience` is in
   milliseconds. */
void sqlite_connection_empty_log(struct sqlite_connection *connection, uint32_t patience);

/* Binds bytes that live until the statement is reset. NULL would bind no bytes at all, which is something else than
   empty ones. */
bool sqlite_connection_bind(sqlite3_stmt *statement, int place, conclave_bytes bytes);

/* The bytes in a row, which live until the next step or reset. Says false if memory is out. */
bool sqlite_connection_column(sqlite3_stmt *statement, int place, conclave_bytes *bytes);

/* Makes a statement ready for its next use. */
void sqlite_connection_reset(sqlite3_stmt *statement);

/* Looks for a key: SQLITE_ROW with its value, which lives until SQL_VALUE is reset; SQLITE_DONE without one; or an
   error. */
int sqlite_connection_find(struct sqlite_connection *connection, conclave_bytes key, conclave_bytes *value);

/* Runs a statement that takes nothing and has no rows. */
bool sqlite_connection_run(struct sqlite_connection *connection, enum sqlite_statement which);

/* Resets every statement that is still running, also those of the app: it would keep the transaction from being
   committed, or the log from being emptied. */
void sqlite_connection_settle(struct sqlite_connection *connection);

/* Whether there is no transaction. One that an earlier call could not take back is taken back now, and until that
   succeeds everything is refused. One that the app is inside of is left alone, and refused as well. */
conclave_status sqlite_connection_ready(struct sqlite_connection *connection);

/* Begins a transaction by one of SQL_BEGIN_*. `doing` is for the words if that fails. */
conclave_status sqlite_connection_begin(struct sqlite_connection *connection, enum sqlite_statement how,
                                        const char *doing);

/* Takes back what a transaction did that failed, if it is still open. What failed has left its words before. */
void sqlite_connection_roll_back(struct sqlite_connection *connection);

/* CONCLAVE_STORAGE_FAILED, with words of our own or with what SQLite says, in `error`. */
conclave_status sqlite_connection_refuse(struct sqlite_connection *connection, const char *words);
conclave_status sqlite_connection_failed(struct sqlite_connection *connection, const char *doing);

/* Begins anew, with no error. */
void sqlite_connection_forget(struct sqlite_connection *connection);

/* Whether what failed can be tried again: another connection held a lock, and there is time left. Waits a little if
   so. */
bool sqlite_connection_again(const struct sqlite_connection *connection, int64_t deadline);

/* When `milliseconds` from now will be. */
int64_t sqlite_connection_deadline(uint32_t milliseconds);

#endif
