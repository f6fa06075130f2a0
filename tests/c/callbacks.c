/* What the host's callbacks return reaches the caller, with the host's own words, and nothing has changed. */
#include "fixture.h"
#include "store.h"

#include <pthread.h>

static struct store store;

/* A host of which each part can be replaced. */
static conclave_host host_of(const conclave_storage *storage)
{
    conclave_host host = CONCLAVE_INIT(conclave_host);

    host.storage = storage;
    host.validator = conclave_accept_all();
    return host;
}

static conclave_status encrypt(const conclave_group *group)
{
    conclave_buf *message;
    conclave_status status =
        conclave_group_encrypt(group, conclave_text("hello"), conclave_absent(), conclave_absent(), &message);

    if (status == CONCLAVE_OK) {
        conclave_buf_free(message);
    }
    return status;
}

/* The storage fails at its next call, in each way that it can. */
static void storage_fails(const conclave_group *group)
{
    struct {
        conclave_status returned, seen;
        const char *words;
    } ways[] = {
        {CONCLAVE_STORAGE_FAILED, CONCLAVE_STORAGE_FAILED, "the disk is full"},
        {CONCLAVE_STORAGE_LOCKED, CONCLAVE_STORAGE_LOCKED, "not unlocked since the restart"},
        {CONCLAVE_STORAGE_FAILED, CONCLAVE_STORAGE_FAILED, NULL},
        {12345, CONCLAVE_STORAGE_FAILED, NULL},
        {-1, CONCLAVE_STORAGE_FAILED, "nonsense"},
    };
    size_t i;
    int call;

    for (i = 0; i < sizeof ways / sizeof *ways; i++) {
        for (call = 0; call < 2; call++) {
            store.fail_after = call;
            store.status = ways[i].returned;
            store.words = ways[i].words;
            FAILS(ways[i].seen, encrypt(group));
            CHECK(ways[i].words == NULL || strstr(detail(), ways[i].words) != NULL);
            CHECK(store.fail_after == -1);
        }
    }
    CHECK(encrypt(group) == CONCLAVE_OK);
}

static int lines;

static void log_line(void *context, conclave_log_level level, const char *target, const char *message)
{
    (void)context;
    CHECK(level == CONCLAVE_LOG_DEBUG && strcmp(target, "conclave::call") == 0 && strstr(message, "anew") != NULL);
    lines++;
}

/* A conflict is tried again, and told to the log. */
static void storage_conflicts(const conclave_group *group)
{
    conclave_logger logger = CONCLAVE_INIT(conclave_logger);
    int writes = store.writes;

    logger.log = log_line;
    MUST(conclave_set_logger(&logger, CONCLAVE_LOG_DEBUG));
    store.fail_after = 1;
    store.status = CONCLAVE_CONFLICT;
    store.words = NULL;
    CHECK(encrypt(group) == CONCLAVE_OK);
    CHECK(store.writes == writes + 2 && lines == 1);
}

/* A batch gives nothing without a place to put it, and loses nothing by that: the write goes on. */
static void nowhere_to_give(const conclave_batch *batch)
{
    const conclave_guard *guards;
    const conclave_write_op *ops;
    uint64_t number;
    size_t count;

    FAILS(CONCLAVE_BAD_ARGUMENT, conclave_batch_guards(batch, NULL, &count));
    FAILS(CONCLAVE_BAD_ARGUMENT, conclave_batch_guards(batch, &guards, NULL));
    FAILS(CONCLAVE_BAD_ARGUMENT, conclave_batch_next(batch, 1, NULL, &count));
    FAILS(CONCLAVE_BAD_ARGUMENT, conclave_batch_next(batch, 1, &ops, NULL));
    FAILS(CONCLAVE_BAD_ARGUMENT, conclave_batch_effect(batch, NULL));
    FAILS(CONCLAVE_BAD_ARGUMENT, conclave_batch_size(batch, NULL, &number));
    FAILS(CONCLAVE_BAD_ARGUMENT, conclave_batch_size(batch, &number, NULL));
}

static void call_back(void *argument, const conclave_batch *batch)
{
    const conclave_effect *effect;
    uint64_t ops, bytes;
    conclave_buf *id;

    FAILS(CONCLAVE_REENTRANT, encrypt(argument));
    CHECK(conclave_group_id(argument, &id) == CONCLAVE_OK);
    conclave_buf_free(id);
    MUST(conclave_batch_size(batch, &ops, &bytes));
    CHECK(ops >= 1 && bytes > ops);
    MUST(conclave_batch_effect(batch, &effect));
    CHECK(effect->kind == CONCLAVE_EFFECT_OUTBOUND && equal(effect->tag, "tag") && effect->message.len > 100);
    nowhere_to_give(batch);
}

/* From inside a callback, the library is told to be left alone, and the call that is under way goes on. */
static void reentry(conclave_group *group)
{
    conclave_buf *message;

    store.inside = call_back;
    store.argument = group;
    MUST(conclave_group_encrypt(group, conclave_text("hello"), conclave_absent(), conclave_text("tag"), &message));
    CHECK(store.inside == NULL);
    conclave_buf_free(message);
}

static void *call_beside(void *group)
{
    return encrypt(group) == CONCLAVE_BUSY ? group : NULL;
}

static void call_from_beside(void *argument, const conclave_batch *batch)
{
    pthread_t thread;
    void *busy;

    (void)batch;
    pthread_create(&thread, NULL, call_beside, argument);
    pthread_join(thread, &busy);
    CHECK(busy == argument);
}

/* Another thread that does not wait is told that the group is taken. */
static void impatience(const conclave_host *host)
{
    conclave_client_config config;
    conclave_client *client;
    conclave_group *group;

    MUST(conclave_client_config_init(&config, sizeof config, conclave_text("hasty")));
    config.lease_timeout = 0;
    MUST(conclave_client_new(CONCLAVE_VERSION_NUMBER, &config, host, &client));
    MUST(conclave_client_create_group(client, NULL, &group));
    store.inside = call_from_beside;
    store.argument = group;
    CHECK(encrypt(group) == CONCLAVE_OK && store.inside == NULL);
    leave(client, group);
}

static void take_twice(void *argument, const conclave_batch *batch)
{
    const conclave_write_op *ops;
    size_t count, first = 0, again = 0;

    (void)argument;
    while (conclave_batch_next(batch, 2, &ops, &count) == CONCLAVE_OK && count > 0) {
        first += count;
    }
    MUST(conclave_batch_rewind(batch));
    while (conclave_batch_next(batch, UINT32_MAX, &ops, &count) == CONCLAVE_OK && count > 0) {
        again += count;
    }
    CHECK(first > 0 && first == again);
    MUST(conclave_batch_rewind(batch));
}

/* A transaction that runs again sees the same batch. */
static void rewinding(const conclave_group *group)
{
    store.inside = take_twice;
    CHECK(encrypt(group) == CONCLAVE_OK);
}

static void storages(void)
{
    conclave_storage storage = store_storage(&store);
    conclave_host host = host_of(&storage);
    conclave_client *client = client_of("alice", &host);
    conclave_findings *findings;
    conclave_group *group;

    MUST(conclave_client_create_group(client, NULL, &group));
    storage_fails(group);
    storage_conflicts(group);
    reentry(group);
    rewinding(group);
    impatience(&host);
    CHECK(store.released == 1);
    conclave_client_free(client);
    CHECK(store.released == 1);
    conclave_group_free(group);
    CHECK(store.released == 2);
    MUST(conclave_check_storage(&storage, &findings));
    CHECK(findings->count == 0 && store.released == 3);
    conclave_findings_free(findings);
}

/* Each context is let go once, also by a call that fails. */
static void releases(void)
{
    conclave_storage storage = store_storage(&store);
    conclave_host host = host_of(&storage);
    conclave_client_config config;
    conclave_client *client;
    int released = store.released;

    MUST(conclave_client_config_init(&config, sizeof config, conclave_text("alice")));
    config.cipher_suite_count = 0;
    FAILS(CONCLAVE_BAD_ARGUMENT, conclave_client_new(CONCLAVE_VERSION_NUMBER, &config, &host, &client));
    CHECK(store.released == released + 1);
    host.validator = NULL;
    FAILS(CONCLAVE_BAD_ARGUMENT, conclave_client_new(CONCLAVE_VERSION_NUMBER, &config, &host, &client));
    CHECK(store.released == released + 2);
}

/* What conclave_values_put and its kin take. */
static conclave_status strange_read(void *context, const conclave_bytes *keys, size_t count, conclave_values *found)
{
    (void)context;
    (void)keys;
    FAILS(CONCLAVE_BAD_ARGUMENT, conclave_values_put(found, count, conclave_absent()));
    return conclave_host_error(CONCLAVE_STORAGE_FAILED, "strange");
}

static void sinks(void)
{
    conclave_storage storage = store_storage(&store);
    conclave_host host = host_of(&storage);
    conclave_client_config config;
    conclave_client *client;

    storage.read = strange_read;
    MUST(conclave_client_config_init(&config, sizeof config, conclave_text("bob")));
    FAILS(CONCLAVE_STORAGE_FAILED, conclave_client_new(CONCLAVE_VERSION_NUMBER, &config, &host, &client));
    CHECK(strstr(detail(), "strange") != NULL);
}

int main(void)
{
    store_init(&store);
    storages();
    releases();
    sinks();
    store_clear(&store);
    return report();
}
