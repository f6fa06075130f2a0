/* The connection of a sqlite_store, with the settings that make the file fit for the library, and the words for what failed. */

#ifndef SQLITE_CONNECTION_H
#define SQLITE_CONNECTION_H

#include <conclave.h>
#include <sqlite3.h>

/* Prepared once. */
enum statement { VALUE, SCAN, PUT, DELETE, DELETE_RANGE, BEGIN_READ, BEGIN_WRITE, COMMIT, ROLLBACK, STATEMENTS };

/* Zeroed, it is closed. */
struct connection {
    sqlite3 *database;
    sqlite3_stmt *statements[STATEMENTS];
    /* How long SQLite waits for a writer in another process, in milliseconds. */
    uint32_t busy_timeout;
    /* Whether a write does not wait until it is on the disk. */
    bool not_durable;
    /* Whether the log may hold what was deleted. */
    bool log_is_full;
    /* Whether the last thing that failed did so because another connection held a lock. */
    bool busy;
    /* What failed last; NULL if nothing has, or memory is out. */
    char *error;
};

/* Opens the file: `busy_timeout` and `not_durable` are set before. To be closed, also if it failed. */
conclave_status connection_open(struct connection *connection, const char *path);
void connection_close(struct connection *connection);

/* Moves the log into the file and cuts it to nothing, if it may hold what was deleted. Best effort: as long as another process
   reads from the log it cannot be done, and is tried again after the next write. `patience` is in milliseconds. */
void connection_empty_log(struct connection *connection, uint32_t patience);

/* Binds bytes that live until the statement is reset. NULL would bind no bytes at all, which is something else than empty ones. */
bool connection_bind(sqlite3_stmt *statement, int place, conclave_bytes bytes);

/* The bytes in a row, which live until the next step or reset. Says false if memory is out. */
bool connection_column(sqlite3_stmt *statement, int place, conclave_bytes *bytes);

/* Makes a statement ready for its next use. */
void connection_reset(sqlite3_stmt *statement);

/* Looks for a key: SQLITE_ROW with its value, which lives until VALUE is reset; SQLITE_DONE without one; or an error. */
int connection_find(struct connection *connection, conclave_bytes key, conclave_bytes *value);

/* Runs a statement that takes nothing and has no rows. */
bool connection_run(struct connection *connection, enum statement which);

/* CONCLAVE_STORAGE_FAILED, with words of our own or with what SQLite says, for the library and for sqlite_store_error. */
conclave_status connection_refuse(struct connection *connection, const char *words);
conclave_status connection_failed(struct connection *connection, const char *doing);

/* Whether what failed can be tried again: another connection held a lock, and there is time left. Waits a little if so. */
bool connection_again(const struct connection *connection, int64_t deadline);

/* When `milliseconds` from now will be. */
int64_t connection_deadline(uint32_t milliseconds);

#endif
