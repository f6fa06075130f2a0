#include "sqlite_connection.h"

#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Without a row id, a record is found in one search of one tree. */
static const char schema[] = "CREATE TABLE IF NOT EXISTS conclave_records "
                             "(key BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID";

/* Only Apple's systems know the difference of fullfsync: there a plain fsync does not reach the disk. */
static const char durable[] = "PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON";
static const char not_durable[] = "PRAGMA synchronous = OFF";

static const char *const sql[SQL_STATEMENTS] = {
    [SQL_VALUE] = "SELECT value FROM conclave_records WHERE key = ?1",
    /* The keys from ?1 on that come after ?2; written so that it is one search in the tree. */
    [SQL_SCAN] = "SELECT key, value FROM conclave_records WHERE key >= max(?1, ?2) AND key <> ?2 ORDER BY key LIMIT ?3",
    [SQL_PUT] = "INSERT OR REPLACE INTO conclave_records (key, value) VALUES (?1, ?2)",
    [SQL_DELETE] = "DELETE FROM conclave_records WHERE key = ?1",
    [SQL_DELETE_RANGE] = "DELETE FROM conclave_records WHERE key >= ?1 AND key < ?2",
    [SQL_BEGIN_READ] = "BEGIN",
    [SQL_BEGIN_WRITE] = "BEGIN IMMEDIATE",
    [SQL_COMMIT] = "COMMIT",
    [SQL_ROLLBACK] = "ROLLBACK",
};

/* Milliseconds between two attempts. SQLite's own waiting asks ever more rarely, up to ten times a second: beside a process
   that writes one message after the other, it hardly ever comes to its turn. */
enum { RETRY = 1 };

static int wait_for_others(void *context, int times);
static void create_private(const char *path);
static bool prepare_file(struct sqlite_connection *connection);
static bool has_a_log(struct sqlite_connection *connection);
static bool prepare_statements(struct sqlite_connection *connection);

conclave_status sqlite_connection_open(struct sqlite_connection *connection, const char *path) {
    if (path[0] == '\0' || strcmp(path, ":memory:") == 0) {
        return sqlite_connection_refuse(connection, "opening: the store needs a file on a local disk");
    }
    create_private(path);
    /* No mutex of SQLite's: the store has one. */
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(path, &connection->database, flags, NULL) != SQLITE_OK) {
        return sqlite_connection_failed(connection, "opening");
    }
    sqlite3_busy_handler(connection->database, wait_for_others, connection);
    int64_t deadline = sqlite_connection_deadline(connection->busy_timeout);
    while (!prepare_file(connection)) {
        conclave_status status = sqlite_connection_failed(connection, "preparing the file");
        if (!sqlite_connection_again(connection, deadline)) {
            return status;
        }
    }
    if (!has_a_log(connection)) {
        return sqlite_connection_refuse(connection,
                                        "opening: the place cannot have a write-ahead log; the store needs "
                                        "a file on a local disk");
    }
    if (!prepare_statements(connection)) {
        return sqlite_connection_failed(connection, "opening");
    }
    /* An earlier run may have left something in it. */
    connection->log_is_full = true;
    sqlite_connection_empty_log(connection, 0);
    return CONCLAVE_OK;
}

void sqlite_connection_close(struct sqlite_connection *connection) {
    if (connection->database != NULL) {
        sqlite_connection_settle(connection);
        sqlite_connection_roll_back(connection);
    }
    for (int i = 0; i < SQL_STATEMENTS; i++) {
        sqlite3_finalize(connection->statements[i]);
    }
    /* The last connection of all empties and removes the write-ahead log, but not before the app has finalised what it
       prepared: empty is the least that it shall be until then. */
    if (connection->database != NULL && sqlite3_next_stmt(connection->database, NULL) != NULL) {
        connection->log_is_full = true;
        sqlite_connection_empty_log(connection, 0);
    }
    sqlite3_close_v2(connection->database);
    sqlite3_free(connection->error);
}

void sqlite_connection_empty_log(struct sqlite_connection *connection, uint32_t patience) {
    if (connection->log_is_full) {
        sqlite3_busy_timeout(connection->database, (int)patience);
        int code = sqlite3_wal_checkpoint_v2(connection->database, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
        sqlite3_busy_handler(connection->database, wait_for_others, connection);
        connection->log_is_full = code != SQLITE_OK;
    }
}

bool sqlite_connection_bind(sqlite3_stmt *statement, int place, conclave_bytes bytes) {
    const void *data = bytes.data == NULL ? (const void *)"" : bytes.data;
    return sqlite3_bind_blob64(statement, place, data, bytes.len, SQLITE_STATIC) == SQLITE_OK;
}

bool sqlite_connection_column(sqlite3_stmt *statement, int place, conclave_bytes *bytes) {
    const void *data = sqlite3_column_blob(statement, place);
    size_t len = (size_t)sqlite3_column_bytes(statement, place);
    *bytes = data == NULL ? (conclave_bytes){(const uint8_t *)"", 0} : (conclave_bytes){data, len};
    return data != NULL || sqlite3_errcode(sqlite3_db_handle(statement)) != SQLITE_NOMEM;
}

void sqlite_connection_reset(sqlite3_stmt *statement) {
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
}

int sqlite_connection_find(struct sqlite_connection *connection, conclave_bytes key, conclave_bytes *value) {
    sqlite3_stmt *query = connection->statements[SQL_VALUE];
    int step = sqlite_connection_bind(query, 1, key) ? sqlite3_step(query) : SQLITE_NOMEM;
    return step == SQLITE_ROW && !sqlite_connection_column(query, 0, value) ? SQLITE_NOMEM : step;
}

bool sqlite_connection_run(struct sqlite_connection *connection, enum sqlite_statement which) {
    bool ran = sqlite3_step(connection->statements[which]) == SQLITE_DONE;
    return sqlite3_reset(connection->statements[which]) == SQLITE_OK && ran;
}

void sqlite_connection_settle(struct sqlite_connection *connection) {
    sqlite3_stmt *statement = NULL;
    while ((statement = sqlite3_next_stmt(connection->database, statement)) != NULL) {
        if (sqlite3_stmt_busy(statement)) {
            sqlite3_reset(statement);
        }
    }
}

conclave_status sqlite_connection_ready(struct sqlite_connection *connection) {
    if (connection->lent) {
        return sqlite_connection_refuse(connection,
                                        "a transaction is open: the store was called from inside on_effect");
    }
    sqlite_connection_roll_back(connection);
    if (sqlite3_get_autocommit(connection->database) == 0) {
        return sqlite_connection_failed(connection, "taking back a transaction that failed before");
    }
    return CONCLAVE_OK;
}

conclave_status sqlite_connection_begin(struct sqlite_connection *connection, enum sqlite_statement how,
                                        const char *doing) {
    conclave_status status = sqlite_connection_ready(connection);
    if (status == CONCLAVE_OK && !sqlite_connection_run(connection, how)) {
        status = sqlite_connection_failed(connection, doing);
    }
    return status;
}

void sqlite_connection_roll_back(struct sqlite_connection *connection) {
    /* After some errors SQLite has done so itself. */
    if (sqlite3_get_autocommit(connection->database) == 0) {
        sqlite_connection_run(connection, SQL_ROLLBACK);
    }
}

void sqlite_connection_forget(struct sqlite_connection *connection) {
    connection->busy = false;
    sqlite3_free(connection->error);
    connection->error = NULL;
}

conclave_status sqlite_connection_refuse(struct sqlite_connection *connection, const char *words) {
    sqlite_connection_forget(connection);
    connection->error = sqlite3_mprintf("%s", words);
    return CONCLAVE_STORAGE_FAILED;
}

conclave_status sqlite_connection_failed(struct sqlite_connection *connection, const char *doing) {
    int code = sqlite3_extended_errcode(connection->database);
    connection->busy = (code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED;
    sqlite3_free(connection->error);
    connection->error = sqlite3_mprintf("%s: %s (SQLite code %d)", doing, sqlite3_errmsg(connection->database), code);
    return CONCLAVE_STORAGE_FAILED;
}

static void pause_a_little(void) {
    struct timespec time = {0, RETRY * 1000000L};
    nanosleep(&time, NULL);
}

/* SQLite asks, for the time numbered `times`, whether to try again. */
static int wait_for_others(void *context, int times) {
    const struct sqlite_connection *connection = context;
    if ((uint32_t)times >= connection->busy_timeout / RETRY) {
        return 0;
    }
    pause_a_little();
    return 1;
}

bool sqlite_connection_again(const struct sqlite_connection *connection, int64_t deadline) {
    if (!connection->busy || sqlite_connection_deadline(0) >= deadline) {
        return false;
    }
    pause_a_little();
    return true;
}

int64_t sqlite_connection_deadline(uint32_t milliseconds) {
    struct timespec now = {0, 0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + milliseconds;
}

/* Creates the file for its owner alone; SQLite gives the files beside it the same permissions. A file that is there is
   never opened here: to close it again would drop the locks that SQLite holds on it in this process. */
static void create_private(const char *path) {
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (file >= 0) {
        close(file);
    }
    /* Where this fails, SQLite's own attempt says why. */
}

/* Settings that outlive no connection, except for the journal mode, and the table. */
static bool prepare_file(struct sqlite_connection *connection) {
    sqlite3 *database = connection->database;
    const char *durability = connection->not_durable ? not_durable : durable;
    return sqlite3_exec(database, "PRAGMA secure_delete = ON", NULL, NULL, NULL) == SQLITE_OK
        && sqlite3_exec(database, durability, NULL, NULL, NULL) == SQLITE_OK
        && sqlite3_exec(database, "PRAGMA journal_mode = WAL", NULL, NULL, NULL) == SQLITE_OK
        && sqlite3_exec(database, schema, NULL, NULL, NULL) == SQLITE_OK;
}

/* SQLite does not fail where it cannot have one, but stays in another mode. */
static bool has_a_log(struct sqlite_connection *connection) {
    sqlite3_stmt *mode = NULL;
    bool is = sqlite3_prepare_v2(connection->database, "PRAGMA journal_mode", -1, &mode, NULL) == SQLITE_OK
        && sqlite3_step(mode) == SQLITE_ROW && strcasecmp((const char *)sqlite3_column_text(mode, 0), "wal") == 0;
    sqlite3_finalize(mode);
    return is;
}

static bool prepare_statements(struct sqlite_connection *connection) {
    for (int i = 0; i < SQL_STATEMENTS; i++) {
        sqlite3_stmt **statement = &connection->statements[i];
        unsigned keep = SQLITE_PREPARE_PERSISTENT;
        if (sqlite3_prepare_v3(connection->database, sql[i], -1, keep, statement, NULL) != SQLITE_OK) {
            return false;
        }
    }
    return true;
}
