/* The store over SQLite of examples/c, when the app or SQLite does what it should not. */
#include "fixture.h"

#include "sqlite_store.h"

#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

static const char row[] = "INSERT INTO app (number) VALUES (7) RETURNING number";

/* What the app does with an effect, and what it has seen. */
struct app {
    sqlite3 *connection;
    sqlite3_stmt *kept;
    /* What it leaves at its first row. */
    const char *sql;
    conclave_status status;
    const char *words;
    sqlite_store *called;
    bool deny, refused, ends;
    int calls;
};

/* A store in a folder of its own, with somebody who is alone in a group. */
struct world {
    char folder[64], path[96], log[128];
    struct app app;
    sqlite_store *store;
    conclave_client *client;
    conclave_group *group;
};

static void run(sqlite3 *database, const char *sql);

static int no_rollback(void *context, int action, const char *operation, const char *a, const char *b, const char *c)
{
    (void)context;
    (void)a;
    (void)b;
    (void)c;
    return action == SQLITE_TRANSACTION && strcmp(operation, "ROLLBACK") == 0 ? SQLITE_DENY : SQLITE_OK;
}

static conclave_status on_effect(void *context, sqlite3 *transaction, const conclave_effect *effect)
{
    struct app *app = context;

    (void)effect;
    app->calls++;
    app->connection = transaction;
    if (app->sql != NULL && app->kept == NULL) {
        CHECK(sqlite3_prepare_v2(transaction, app->sql, -1, &app->kept, NULL) == SQLITE_OK);
    }
    if (app->kept != NULL) {
        CHECK(sqlite3_step(app->kept) == SQLITE_ROW);
    }
    if (app->deny) {
        sqlite3_set_authorizer(transaction, no_rollback, NULL);
    }
    if (app->ends) {
        run(transaction, "ROLLBACK");
        run(transaction, "BEGIN IMMEDIATE");
    }
    if (app->called != NULL) {
        app->refused = !sqlite_store_scrub(app->called);
    }
    return app->words == NULL ? app->status : conclave_host_error(app->status, app->words);
}

static sqlite3 *open_beside(const struct world *world)
{
    sqlite3 *database;

    CHECK(sqlite3_open(world->path, &database) == SQLITE_OK);
    sqlite3_busy_timeout(database, 5000);
    return database;
}

static void run(sqlite3 *database, const char *sql)
{
    CHECK(sqlite3_exec(database, sql, NULL, NULL, NULL) == SQLITE_OK);
}

/* How many rows the app has. */
static int rows(const struct world *world)
{
    sqlite3 *database = open_beside(world);
    sqlite3_stmt *query;
    int count;

    CHECK(sqlite3_prepare_v2(database, "SELECT count(*) FROM app", -1, &query, NULL) == SQLITE_OK);
    CHECK(sqlite3_step(query) == SQLITE_ROW);
    count = sqlite3_column_int(query, 0);
    sqlite3_finalize(query);
    sqlite3_close(database);
    return count;
}

/* The length of the write-ahead log; -1 if there is none. */
static long log_length(const struct world *world)
{
    struct stat status;

    return stat(world->log, &status) == 0 ? (long)status.st_size : -1;
}

static conclave_host host_over(const conclave_storage *storage)
{
    conclave_host host = CONCLAVE_INIT(conclave_host);

    host.storage = storage;
    host.validator = conclave_accept_all();
    return host;
}

static void make_store(struct world *world, uint32_t busy_timeout)
{
    sqlite_store_options options = {on_effect, NULL, true, 0};
    sqlite3 *database;

    memset(world, 0, sizeof *world);
    strcpy(world->folder, "/tmp/conclave-sqlite-XXXXXX");
    CHECK(mkdtemp(world->folder) != NULL);
    sprintf(world->path, "%s/store.db", world->folder);
    sprintf(world->log, "%s-wal", world->path);
    options.context = &world->app;
    options.busy_timeout = busy_timeout;
    CHECK(sqlite_store_open(world->path, &options, &world->store));
    database = open_beside(world);
    run(database, "CREATE TABLE app (number INTEGER)");
    sqlite3_close(database);
}

static void begin(struct world *world, uint32_t busy_timeout)
{
    conclave_storage storage;
    conclave_host host;

    make_store(world, busy_timeout);
    storage = sqlite_store_storage(world->store);
    host = host_over(&storage);
    world->client = client_of("alice", &host);
    MUST(conclave_client_create_group(world->client, NULL, &world->group));
    world->app.calls = 0;
}

static void let_go(struct world *world)
{
    leave(world->client, world->group);
    sqlite_store_free(world->store);
}

/* No connection is left: the last one would have removed the log. */
static void end(struct world *world)
{
    CHECK(log_length(world) == -1);
    unlink(world->path);
    CHECK(rmdir(world->folder) == 0);
}

static conclave_status encrypt(const struct world *world)
{
    conclave_buf *message = NULL;
    conclave_status status =
        conclave_group_encrypt(world->group, conclave_text("hello"), conclave_absent(), conclave_absent(), &message);

    conclave_buf_free(message);
    return status;
}

/* Begins an epoch, and so forgets the one before. */
static void forget_an_epoch(const struct world *world)
{
    conclave_commit *commit;
    conclave_commit_result *result;
    conclave_event *event;

    MUST(conclave_group_new_commit(world->group, &commit));
    MUST(conclave_commit_build(commit, &result));
    MUST(conclave_group_confirm_commit(world->group, result->commit, conclave_absent(), &event));
    conclave_event_free(event);
    conclave_commit_result_free(result);
    conclave_commit_free(commit);
    MUST(conclave_group_prune(world->group, 0));
}

/* What is left running keeps neither the log from being emptied nor the file from being scrubbed. */
static void reading_goes_on(void)
{
    struct world world;

    begin(&world, 0);
    world.app.sql = "SELECT key FROM conclave_records";
    CHECK(encrypt(&world) == CONCLAVE_OK && world.app.calls == 1);
    CHECK(log_length(&world) > 0);
    forget_an_epoch(&world);
    CHECK(log_length(&world) == 0);
    CHECK(encrypt(&world) == CONCLAVE_OK && sqlite_store_scrub(world.store));
    CHECK(log_length(&world) == 0);
    CHECK(sqlite3_finalize(world.app.kept) == SQLITE_OK);
    let_go(&world);
    end(&world);
}

/* What is left writing does not keep the transaction from being committed, and is in it. */
static void writing_goes_on(void)
{
    struct world world;

    begin(&world, 1);
    world.app.sql = row;
    CHECK(encrypt(&world) == CONCLAVE_OK && world.app.calls == 1 && rows(&world) == 1);
    world.app.status = CONCLAVE_STORAGE_FAILED;
    FAILS(CONCLAVE_STORAGE_FAILED, encrypt(&world));
    CHECK(world.app.calls == 2 && rows(&world) == 1);
    CHECK(sqlite3_finalize(world.app.kept) == SQLITE_OK);
    let_go(&world);
    end(&world);
}

/* A statement that outlives the store keeps the file open, and nothing in the log. */
static void kept_for_too_long(void)
{
    struct world world;

    begin(&world, 0);
    world.app.sql = "SELECT key FROM conclave_records";
    CHECK(encrypt(&world) == CONCLAVE_OK);
    CHECK(log_length(&world) > 0);
    let_go(&world);
    CHECK(log_length(&world) == 0);
    CHECK(sqlite3_finalize(world.app.kept) == SQLITE_OK);
    end(&world);
}

/* Whatever the app fails with is a failure of the storage, in its own words, and is not tried again. */
static void app_fails(void)
{
    conclave_status ways[] = {CONCLAVE_STORAGE_FAILED, CONCLAVE_CONFLICT, CONCLAVE_STORAGE_LOCKED, 12345, -1};
    struct world world;
    int i;

    begin(&world, 0);
    world.app.words = "the inbox is full";
    for (i = 0; i < 5; i++) {
        world.app.status = ways[i];
        FAILS(CONCLAVE_STORAGE_FAILED, encrypt(&world));
        CHECK(strcmp(detail(), "the inbox is full") == 0 && world.app.calls == i + 1);
    }
    world.app.words = NULL;
    world.app.status = CONCLAVE_OK;
    CHECK(encrypt(&world) == CONCLAVE_OK);
    let_go(&world);
    end(&world);
}

/* A transaction that the app ended is not taken for written, also where it began another one. */
static void app_ends_it(void)
{
    struct world world;

    begin(&world, 0);
    world.app.ends = true;
    FAILS(CONCLAVE_STORAGE_FAILED, encrypt(&world));
    CHECK(strstr(detail(), "no such savepoint") != NULL);
    world.app.ends = false;
    CHECK(encrypt(&world) == CONCLAVE_OK);
    let_go(&world);
    end(&world);
}

/* A store that is called from inside its own transaction refuses, and the app's words are not lost over that. */
static void called_from_inside(void)
{
    struct world world;

    begin(&world, 0);
    world.app.called = world.store;
    world.app.status = CONCLAVE_STORAGE_FAILED;
    world.app.words = "no scrubbing here";
    FAILS(CONCLAVE_STORAGE_FAILED, encrypt(&world));
    CHECK(world.app.refused && strcmp(detail(), "no scrubbing here") == 0);
    world.app.status = CONCLAVE_OK;
    world.app.words = NULL;
    world.app.refused = false;
    CHECK(encrypt(&world) == CONCLAVE_OK && world.app.refused);
    world.app.called = NULL;
    CHECK(sqlite_store_scrub(world.store));
    let_go(&world);
    end(&world);
}

/* As long as a transaction cannot be taken back everything is refused; then the store goes on, without it. */
static void no_way_back(void)
{
    struct world world;
    int i;

    begin(&world, 0);
    world.app.sql = row;
    world.app.deny = true;
    world.app.status = CONCLAVE_STORAGE_FAILED;
    FAILS(CONCLAVE_STORAGE_FAILED, encrypt(&world));
    CHECK(world.app.calls == 1 && sqlite3_get_autocommit(world.app.connection) == 0);
    world.app.status = CONCLAVE_OK;
    for (i = 0; i < 2; i++) {
        FAILS(CONCLAVE_STORAGE_FAILED, encrypt(&world));
        CHECK(strstr(detail(), "taking back") != NULL && world.app.calls == 1);
        CHECK(!sqlite_store_scrub(world.store) && strstr(sqlite_store_error(world.store), "taking back") != NULL);
    }
    world.app.deny = false;
    CHECK(sqlite3_set_authorizer(world.app.connection, NULL, NULL) == SQLITE_OK && rows(&world) == 0);
    CHECK(encrypt(&world) == CONCLAVE_OK && world.app.calls == 2 && rows(&world) == 1);
    CHECK(sqlite3_finalize(world.app.kept) == SQLITE_OK);
    let_go(&world);
    end(&world);
}

/* A client that was never made lets go of nothing: the caller does. */
static void another_header(void)
{
    conclave_client_config config;
    conclave_client *client;
    conclave_storage storage;
    conclave_host host;
    struct world world;

    make_store(&world, 0);
    storage = sqlite_store_storage(world.store);
    host = host_over(&storage);
    MUST(conclave_client_config_init(&config, sizeof config, conclave_text("alice")));
    FAILS(CONCLAVE_HEADER_MISMATCH, conclave_client_new(CONCLAVE_VERSION_NUMBER + 1, &config, &host, &client));
    sqlite_store_free(world.store);
    CHECK(log_length(&world) >= 0);
    storage.release(storage.context);
    end(&world);
}

/* Reads for a while. */
static void *read_and_leave(void *argument)
{
    struct timespec while_reading = {0, 100 * 1000000L};

    nanosleep(&while_reading, NULL);
    run(argument, "COMMIT");
    return NULL;
}

/* The longest patience is patience, too. */
static void endless_patience(void)
{
    struct world world;
    sqlite3 *reader;
    pthread_t thread;

    begin(&world, UINT32_MAX);
    reader = open_beside(&world);
    run(reader, "BEGIN; SELECT count(*) FROM app");
    CHECK(pthread_create(&thread, NULL, read_and_leave, reader) == 0);
    CHECK(sqlite_store_scrub(world.store));
    pthread_join(thread, NULL);
    sqlite3_close(reader);
    let_go(&world);
    end(&world);
}

int main(void)
{
    reading_goes_on();
    writing_goes_on();
    kept_for_too_long();
    app_fails();
    app_ends_it();
    called_from_inside();
    no_way_back();
    another_header();
    endless_patience();
    return report();
}
