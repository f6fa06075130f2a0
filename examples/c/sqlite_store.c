#include "sqlite_store.h"

#include "sqlite_connection.h"

#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* How long to wait for a writer in another process, unless the options say, in milliseconds. */
    BUSY_TIMEOUT = 5000,
    /* How long a write that deleted secrets waits for readers, so as to empty the log, in milliseconds. */
    READERS_LEAVE = 100,
    /* Operations pulled from a batch at a time. */
    CHUNK = 1024
};

struct sqlite_store {
    struct sqlite_connection connection;
    sqlite_store_on_effect *on_effect;
    void *context;
    /* Held while the connection is used. Recursive, so that a call from inside on_effect finds its own open transaction
       and is refused, not stuck. */
    pthread_mutex_t mutex;
    /* How many hold the store: its owner, and each storage that was given to the library. */
    size_t holders;
};

static void release(void *context);
static conclave_status on_read(void *context, const conclave_bytes *keys, size_t count, conclave_values *found);
static conclave_status on_scan(void *context, conclave_bytes prefix, conclave_bytes after, uint32_t limit,
                               conclave_records *found);
static conclave_status on_write(void *context, const conclave_batch *batch);
static bool make_mutex(pthread_mutex_t *mutex);
static uint32_t patience(uint32_t asked);

/* ---- the store as a whole ---- */

bool sqlite_store_open(const char *path, const sqlite_store_options *options, sqlite_store **store) {
    sqlite_store *opened = *store = calloc(1, sizeof *opened);
    if (opened == NULL || !make_mutex(&opened->mutex)) {
        free(opened);
        *store = NULL;
        return false;
    }
    opened->holders = 1;
    opened->connection.busy_timeout = BUSY_TIMEOUT;
    if (options != NULL) {
        opened->on_effect = options->on_effect;
        opened->context = options->context;
        opened->connection.not_durable = options->not_durable;
        opened->connection.busy_timeout = patience(options->busy_timeout);
    }
    return sqlite_connection_open(&opened->connection, path) == CONCLAVE_OK;
}

const char *sqlite_store_error(const sqlite_store *store) {
    return store == NULL || store->connection.error == NULL ? "out of memory" : store->connection.error;
}

conclave_storage sqlite_store_storage(sqlite_store *store) {
    pthread_mutex_lock(&store->mutex);
    store->holders++;
    pthread_mutex_unlock(&store->mutex);
    conclave_storage storage = CONCLAVE_INIT(conclave_storage);
    storage.context = store;
    storage.release = release;
    storage.read = on_read;
    storage.scan = on_scan;
    storage.write = on_write;
    return storage;
}

void sqlite_store_free(sqlite_store *store) {
    if (store != NULL) {
        release(store);
    }
}

static void release(void *context) {
    sqlite_store *store = context;
    pthread_mutex_lock(&store->mutex);
    bool last = --store->holders == 0;
    pthread_mutex_unlock(&store->mutex);
    if (last) {
        sqlite_connection_close(&store->connection);
        pthread_mutex_destroy(&store->mutex);
        free(store);
    }
}

static bool make_mutex(pthread_mutex_t *mutex) {
    pthread_mutexattr_t recursive;
    if (pthread_mutexattr_init(&recursive) != 0) {
        return false;
    }
    bool made = pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE) == 0
        && pthread_mutex_init(mutex, &recursive) == 0;
    pthread_mutexattr_destroy(&recursive);
    return made;
}

static uint32_t patience(uint32_t asked) {
    uint32_t wanted = asked == 0 ? BUSY_TIMEOUT : asked;
    return wanted > INT_MAX ? INT_MAX : wanted;
}

/* Begins a callback or the like: the connection is this thread's until it leaves. */
static struct sqlite_connection *enter(sqlite_store *store) {
    pthread_mutex_lock(&store->mutex);
    sqlite_connection_forget(&store->connection);
    return &store->connection;
}

/* Ends a callback: what went wrong here goes to the library in words. (on_effect has passed on its own.) */
static conclave_status leave(sqlite_store *store, conclave_status status) {
    if (status == CONCLAVE_STORAGE_FAILED && store->connection.error != NULL) {
        conclave_host_error(status, store->connection.error);
    }
    pthread_mutex_unlock(&store->mutex);
    return status;
}

/* ---- reading: a call sees one state only ---- */

static conclave_status read_value(struct sqlite_connection *connection, conclave_bytes key, size_t index,
                                  conclave_values *found) {
    conclave_bytes value;
    int step = sqlite_connection_find(connection, key, &value);
    conclave_status status = CONCLAVE_OK;
    if (step == SQLITE_ROW) {
        status = conclave_values_put(found, index, value);
    } else if (step != SQLITE_DONE) {
        status = sqlite_connection_failed(connection, "reading");
    }
    sqlite_connection_reset(connection->statements[SQL_VALUE]);
    return status;
}

static conclave_status read_values(struct sqlite_connection *connection, const conclave_bytes *keys, size_t count,
                                   conclave_values *found) {
    conclave_status status = sqlite_connection_begin(connection, SQL_BEGIN_READ, "reading");
    if (status != CONCLAVE_OK) {
        return status;
    }
    for (size_t i = 0; i < count && status == CONCLAVE_OK; i++) {
        status = read_value(connection, keys[i], i, found);
    }
    if (status == CONCLAVE_OK && !sqlite_connection_run(connection, SQL_COMMIT)) {
        status = sqlite_connection_failed(connection, "reading");
    }
    sqlite_connection_roll_back(connection);
    return status;
}

static conclave_status on_read(void *context, const conclave_bytes *keys, size_t count, conclave_values *found) {
    sqlite_store *store = context;
    return leave(store, read_values(enter(store), keys, count, found));
}

/* ---- scanning ---- */

static bool begins_with(conclave_bytes key, conclave_bytes prefix) {
    return key.len >= prefix.len && (prefix.len == 0 || memcmp(key.data, prefix.data, prefix.len) == 0);
}

/* One statement, so one state. The first key that does not begin with the prefix ends it. */
static conclave_status scan(struct sqlite_connection *connection, conclave_bytes prefix, conclave_records *found) {
    sqlite3_stmt *query = connection->statements[SQL_SCAN];
    for (;;) {
        int step = sqlite3_step(query);
        if (step == SQLITE_DONE) {
            return CONCLAVE_OK;
        }
        conclave_bytes key, value;
        if (step != SQLITE_ROW || !sqlite_connection_column(query, 0, &key)
            || !sqlite_connection_column(query, 1, &value)) {
            return sqlite_connection_failed(connection, "reading");
        }
        if (!begins_with(key, prefix)) {
            return CONCLAVE_OK;
        }
        conclave_status status = conclave_records_put(found, key, value);
        if (status != CONCLAVE_OK) {
            return status;
        }
    }
}

static conclave_status on_scan(void *context, conclave_bytes prefix, conclave_bytes after, uint32_t limit,
                               conclave_records *found) {
    sqlite_store *store = context;
    struct sqlite_connection *connection = enter(store);
    conclave_status status = sqlite_connection_ready(connection);
    if (status == CONCLAVE_OK) {
        sqlite3_stmt *query = connection->statements[SQL_SCAN];
        bool bound = sqlite_connection_bind(query, 1, prefix) && sqlite_connection_bind(query, 2, after)
            && sqlite3_bind_int64(query, 3, limit) == SQLITE_OK;
        status = bound ? scan(connection, prefix, found) : sqlite_connection_failed(connection, "reading");
        sqlite_connection_reset(query);
    }
    return leave(store, status);
}

/* ---- writing: one transaction for the guards, the operations and the app's rows ---- */

/* A record that should be absent must not be there, and any other must have the very value. */
static conclave_status check_guard(struct sqlite_connection *connection, const conclave_guard *guard) {
    conclave_bytes value;
    int step = sqlite_connection_find(connection, guard->key, &value);
    conclave_status status = CONCLAVE_CONFLICT;
    if (step != SQLITE_ROW && step != SQLITE_DONE) {
        status = sqlite_connection_failed(connection, "writing");
    } else if (step == SQLITE_DONE) {
        status = guard->expected.data == NULL ? CONCLAVE_OK : CONCLAVE_CONFLICT;
    } else if (guard->expected.data != NULL && guard->expected.len == value.len
               && begins_with(value, guard->expected)) {
        status = CONCLAVE_OK;
    }
    sqlite_connection_reset(connection->statements[SQL_VALUE]);
    return status;
}

static conclave_status check_guards(struct sqlite_connection *connection, const conclave_batch *batch) {
    const conclave_guard *guards;
    size_t count;
    conclave_status status = conclave_batch_guards(batch, &guards, &count);
    for (size_t i = 0; status == CONCLAVE_OK && i < count; i++) {
        status = check_guard(connection, &guards[i]);
    }
    return status;
}

static conclave_status apply(struct sqlite_connection *connection, const conclave_write_op *op) {
    bool two = op->kind != CONCLAVE_WRITE_DELETE;
    enum sqlite_statement which = op->kind == CONCLAVE_WRITE_PUT ? SQL_PUT : two ? SQL_DELETE_RANGE : SQL_DELETE;
    sqlite3_stmt *change = connection->statements[which];
    conclave_bytes second = op->kind == CONCLAVE_WRITE_PUT ? op->value : op->to;
    bool applied = sqlite_connection_bind(change, 1, op->key) && (!two || sqlite_connection_bind(change, 2, second))
        && sqlite3_step(change) == SQLITE_DONE;
    conclave_status status = applied ? CONCLAVE_OK : sqlite_connection_failed(connection, "writing");
    sqlite_connection_reset(change);
    return status;
}

/* Applies the operations in their order, a chunk at a time: a batch may hold a whole large group. */
static conclave_status apply_all(struct sqlite_connection *connection, const conclave_batch *batch, bool *cleared) {
    const conclave_write_op *ops;
    size_t count;
    conclave_status status;
    while ((status = conclave_batch_next(batch, CHUNK, &ops, &count)) == CONCLAVE_OK && count > 0) {
        for (size_t i = 0; i < count; i++) {
            if ((status = apply(connection, &ops[i])) != CONCLAVE_OK) {
                return status;
            }
            *cleared = *cleared || ops[i].kind == CONCLAVE_WRITE_DELETE_RANGE;
        }
    }
    return status;
}

/* Lets the app store the effect. Whatever its failure is, it is one of the storage: a conflict would be taken for that
   of a guard, and tried again. */
static conclave_status tell_app(sqlite_store *store, const conclave_batch *batch) {
    struct sqlite_connection *connection = &store->connection;
    const conclave_effect *effect = NULL;
    conclave_status status = conclave_batch_effect(batch, &effect);
    if (status != CONCLAVE_OK || effect == NULL || store->on_effect == NULL) {
        return status;
    }
    /* Released only in the transaction that it was set in: one that the app has ended is not taken for ours. */
    if (sqlite3_exec(connection->database, "SAVEPOINT conclave_effect", NULL, NULL, NULL) != SQLITE_OK) {
        return sqlite_connection_failed(connection, "writing");
    }
    connection->lent = true;
    status = store->on_effect(store->context, connection->database, effect);
    connection->lent = false;
    sqlite_connection_settle(connection);
    /* The words are the app's. */
    sqlite_connection_forget(connection);
    if (status != CONCLAVE_OK) {
        return CONCLAVE_STORAGE_FAILED;
    }
    if (sqlite3_exec(connection->database, "RELEASE conclave_effect", NULL, NULL, NULL) != SQLITE_OK) {
        return sqlite_connection_failed(connection, "after on_effect");
    }
    return CONCLAVE_OK;
}

/* The whole transaction. Tells whether a range was cleared. */
static conclave_status attempt(sqlite_store *store, const conclave_batch *batch, bool *cleared) {
    struct sqlite_connection *connection = &store->connection;
    sqlite_connection_forget(connection);
    conclave_status status = sqlite_connection_begin(connection, SQL_BEGIN_WRITE, "writing");
    if (status != CONCLAVE_OK) {
        return status;
    }
    status = check_guards(connection, batch);
    status = status == CONCLAVE_OK ? apply_all(connection, batch, cleared) : status;
    status = status == CONCLAVE_OK ? tell_app(store, batch) : status;
    if (status == CONCLAVE_OK && !sqlite_connection_run(connection, SQL_COMMIT)) {
        status = sqlite_connection_failed(connection, "writing");
    }
    sqlite_connection_roll_back(connection);
    return status;
}

/* Writes a batch, again from its start while the database is busy and time is left. */
static conclave_status on_write(void *context, const conclave_batch *batch) {
    sqlite_store *store = context;
    struct sqlite_connection *connection = enter(store);
    int64_t deadline = sqlite_connection_deadline(connection->busy_timeout);
    bool cleared = false;
    conclave_status status = attempt(store, batch, &cleared);
    while (status != CONCLAVE_OK && sqlite_connection_again(connection, deadline)) {
        status = conclave_batch_rewind(batch);
        status = status == CONCLAVE_OK ? attempt(store, batch, &cleared) : status;
    }
    if (status == CONCLAVE_OK) {
        connection->log_is_full = connection->log_is_full || cleared;
        sqlite_connection_empty_log(connection, cleared ? READERS_LEAVE : 0);
    }
    return leave(store, status);
}

/* ---- scrubbing ---- */

static conclave_status scrub(struct sqlite_connection *connection) {
    conclave_status status = sqlite_connection_ready(connection);
    if (status != CONCLAVE_OK) {
        return status;
    }
    if (sqlite3_exec(connection->database, "VACUUM", NULL, NULL, NULL) != SQLITE_OK) {
        return sqlite_connection_failed(connection, "scrubbing");
    }
    connection->log_is_full = true;
    sqlite_connection_empty_log(connection, connection->busy_timeout);
    if (connection->log_is_full) {
        const char *words = "scrubbing: another process is reading, and the log could not be emptied";
        return sqlite_connection_refuse(connection, words);
    }
    return CONCLAVE_OK;
}

bool sqlite_store_scrub(sqlite_store *store) {
    conclave_status status = scrub(enter(store));
    pthread_mutex_unlock(&store->mutex);
    return status == CONCLAVE_OK;
}
