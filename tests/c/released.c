/* What is lent is let go, whatever becomes of the call; and what a callback may do wrong on the way. */
#include "fixture.h"

#include <pthread.h>

static int released;

static void release(void *context)
{
    (void)context;
    released++;
}

static conclave_status answered = CONCLAVE_OK;

/* Puts what cannot be read for each key, and returns that all is well. */
static conclave_status read_badly(void *context, const conclave_bytes *keys, size_t count, conclave_values *found)
{
    conclave_bytes nowhere = {NULL, 1};
    size_t i;

    (void)context;
    (void)keys;
    for (i = 0; i < count && answered == CONCLAVE_OK; i++) {
        FAILS(CONCLAVE_BAD_ARGUMENT, conclave_values_put(found, i, nowhere));
        FAILS(CONCLAVE_BAD_ARGUMENT, conclave_values_put(found, count, conclave_text("value")));
    }
    return answered;
}

static conclave_status scan_nothing(void *context, conclave_bytes prefix, conclave_bytes after, uint32_t limit,
    conclave_records *found)
{
    (void)context;
    (void)prefix;
    (void)after;
    (void)limit;
    (void)found;
    return CONCLAVE_OK;
}

static conclave_status write_nothing(void *context, const conclave_batch *batch)
{
    (void)context;
    (void)batch;
    return CONCLAVE_OK;
}

static conclave_storage storage(void)
{
    conclave_storage storage = CONCLAVE_INIT(conclave_storage);

    storage.release = release;
    storage.read = read_badly;
    storage.scan = scan_nothing;
    storage.write = write_nothing;
    return storage;
}

static void storages(void)
{
    conclave_storage lent = storage();
    conclave_host host = CONCLAVE_INIT(conclave_host);
    conclave_memory_storage *memory;
    conclave_client_config config;
    conclave_findings *findings;
    conclave_client *client;

    MUST(conclave_client_config_init(&config, sizeof config, conclave_text("alice")));
    host.storage = &lent;
    host.validator = conclave_accept_all();
    released = 0;
    FAILS(CONCLAVE_BAD_ARGUMENT, conclave_client_new(CONCLAVE_VERSION_NUMBER, &config, &host, NULL));
    CHECK(released == 1);
    FAILS(CONCLAVE_BAD_ARGUMENT, conclave_client_new(CONCLAVE_VERSION_NUMBER, NULL, &host, &client));
    CHECK(released == 2);
    FAILS(CONCLAVE_BAD_ARGUMENT, conclave_check_storage(&lent, NULL));
    CHECK(released == 3);
    MUST(conclave_memory_storage_new(&memory));
    host.memory_storage = memory;
    FAILS(CONCLAVE_BAD_ARGUMENT, conclave_client_new(CONCLAVE_VERSION_NUMBER, &config, &host, &client));
    CHECK(released == 4);
    conclave_memory_storage_free(memory);
    /* A value that was put and could not be taken is not an absent one, and a read has no conflicts. */
    host.memory_storage = NULL;
    FAILS(CONCLAVE_STORAGE_FAILED, conclave_client_new(CONCLAVE_VERSION_NUMBER, &config, &host, &client));
    CHECK(strstr(detail(), "value") != NULL || strstr(detail(), "index") != NULL);
    answered = CONCLAVE_CONFLICT;
    FAILS(CONCLAVE_STORAGE_NONSENSE, conclave_client_new(CONCLAVE_VERSION_NUMBER, &config, &host, &client));
    FAILS(CONCLAVE_STORAGE_NONSENSE, conclave_check_storage(&lent, &findings));
    CHECK(released == 7);
}

static conclave_logger quiet;

/* Lets a logger go by giving its place to another. */
static void release_and_set(void *context)
{
    (void)context;
    released++;
    CHECK(conclave_set_logger(&quiet, CONCLAVE_LOG_ERROR) == CONCLAVE_OK);
}

static void log_nothing(void *context, conclave_log_level level, const char *target, const char *message)
{
    (void)context;
    (void)level;
    (void)target;
    (void)message;
}

static void loggers(void)
{
    conclave_logger logger = CONCLAVE_INIT(conclave_logger);

    logger.log = log_nothing;
    quiet = logger;
    quiet.release = release;
    logger.release = release_and_set;
    released = 0;
    MUST(conclave_set_logger(&logger, CONCLAVE_LOG_DEBUG));
    MUST(conclave_set_logger(NULL, CONCLAVE_LOG_DEBUG));
    CHECK(released == 1);
    MUST(conclave_set_logger(NULL, CONCLAVE_LOG_DEBUG));
    CHECK(released == 2);
}

/* A validator is a struct like any other: it may be copied, and what is in it called. */
static void validators(void)
{
    conclave_memory_storage *memory;
    conclave_validator copy = *conclave_accept_all();
    conclave_candidate candidate = {{CONCLAVE_CREDENTIAL_BASIC, {NULL, 0}, NULL, 0}, {NULL, 0}, 1};
    conclave_candidate other = candidate;
    conclave_host host = CONCLAVE_INIT(conclave_host);
    conclave_client *client;
    conclave_group *group;
    bool yes = false;

    copy.release = release;
    released = 0;
    MUST(conclave_memory_storage_new(&memory));
    host.memory_storage = memory;
    host.validator = &copy;
    client = client_of("alice", &host);
    MUST(conclave_client_create_group(client, NULL, &group));
    leave(client, group);
    CHECK(released == 1);
    conclave_memory_storage_free(memory);
    MUST(copy.is_successor(NULL, &candidate, &other, &yes));
    CHECK(yes);
    other.identity.content = conclave_text("another");
    MUST(copy.is_successor(NULL, &candidate, &other, &yes));
    CHECK(!yes);
    FAILS(CONCLAVE_BAD_ARGUMENT, copy.is_successor(NULL, &candidate, NULL, &yes));
    FAILS(CONCLAVE_BAD_ARGUMENT, copy.validate(NULL, &candidate, 1, NULL));
}

static pthread_key_t key;

/* Runs when the thread ends, after what the library kept for it may be gone. */
static void at_the_end(void *client)
{
    conclave_group *group;
    static int rounds;

    FAILS(CONCLAVE_NO_SUCH_GROUP, conclave_client_open_group(client, conclave_text("nowhere"), &group));
    CHECK(conclave_host_error(CONCLAVE_STORAGE_FAILED, "too late") == CONCLAVE_STORAGE_FAILED);
    /* Once more, behind all other destructors. */
    if (++rounds < 3) {
        pthread_setspecific(key, client);
    }
}

static void *use(void *client)
{
    at_the_end(client);
    return NULL;
}

static void threads(void)
{
    conclave_client *client = person("alice");
    pthread_t thread;

    CHECK(pthread_key_create(&key, at_the_end) == 0);
    CHECK(pthread_create(&thread, NULL, use, client) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    conclave_client_free(client);
}

int main(void)
{
    storages();
    loggers();
    validators();
    threads();
    return report();
}
