/* Wrong arguments of every kind, to every function: each is refused with a code, and nothing is touched. */
#include "arguments.h"
#include "store.h"

conclave_client *alice;
conclave_group *group;
conclave_commit *commit;
conclave_external_proposer *proposer;
conclave_client_config config;
conclave_host host;
conclave_extension extension;
conclave_storage lent;
conclave_bytes some, huge, nowhere;
conclave_resumption_psk psk, bad_psk;
conclave_successor_options successor = CONCLAVE_INIT(conclave_successor_options);
uint8_t secret[32];

static struct store store;

int refused(conclave_status status, conclave_status expected, const char *name)
{
    conclave_error error = CONCLAVE_INIT(conclave_error);

    return status == expected && conclave_last_error(&error) == CONCLAVE_OK && error.status == expected
        && strstr(error.detail, name) != NULL;
}

void *sized(uint32_t struct_size)
{
    static uint64_t zeros[1024];

    memset(zeros, 0, sizeof zeros);
    memcpy(zeros, &struct_size, sizeof struct_size);
    return zeros;
}

static void set_up(conclave_memory_storage *storage)
{
    store_init(&store);
    lent = store_storage(&store);
    some = conclave_text("some");
    huge.data = some.data;
    huge.len = SIZE_MAX;
    nowhere.len = 1;
    psk.group_id = some;
    bad_psk.group_id = huge;
    extension.extension_type = 0xff00;
    MUST(conclave_client_config_init(&config, sizeof config, some));
    host.struct_size = sizeof host;
    host.memory_storage = storage;
    host.validator = conclave_accept_all();
    alice = person("alice");
    MUST(conclave_client_create_group(alice, NULL, &group));
    MUST(conclave_group_new_commit(group, &commit));
    MUST(conclave_external_proposer_at_place(alice, some, 0, 1, 0, &proposer));
}

/* To free NULL does nothing. */
static void free_nothing(void)
{
    conclave_buf_free(NULL);
    conclave_event_free(NULL);
    conclave_memory_storage_free(NULL);
    conclave_client_free(NULL);
    conclave_own_identity_free(NULL);
    conclave_groups_free(NULL);
    conclave_key_packages_free(NULL);
    conclave_message_peek_free(NULL);
    conclave_welcome_preview_free(NULL);
    conclave_external_join_free(NULL);
    conclave_group_free(NULL);
    conclave_members_free(NULL);
    conclave_commit_free(NULL);
    conclave_commit_result_free(NULL);
    conclave_pending_commit_free(NULL);
    conclave_pending_effects_free(NULL);
    conclave_pending_proposals_free(NULL);
    conclave_imported_free(NULL);
    conclave_extensions_free(NULL);
    conclave_external_sender_free(NULL);
    conclave_join_proposal_free(NULL);
    conclave_external_proposer_free(NULL);
    conclave_external_place_free(NULL);
    conclave_findings_free(NULL);
    CHECK(1);
}

/* A host that lacks something, or has too much. */
static void hosts(conclave_memory_storage *storage)
{
    conclave_storage empty = CONCLAVE_INIT(conclave_storage);
    conclave_host partial = CONCLAVE_INIT(conclave_host);

    partial.validator = conclave_accept_all();
    BAD("memory_storage", conclave_client_new(CONCLAVE_VERSION_NUMBER, &config, &partial, OUT(conclave_client)));
    partial.memory_storage = storage;
    partial.storage = &lent;
    BAD("memory_storage", conclave_client_new(CONCLAVE_VERSION_NUMBER, &config, &partial, OUT(conclave_client)));
    partial.memory_storage = NULL;
    partial.storage = &empty;
    BAD("storage.read", conclave_client_new(CONCLAVE_VERSION_NUMBER, &config, &partial, OUT(conclave_client)));
    partial.storage = NULL;
    partial.memory_storage = storage;
    partial.validator = NULL;
    BAD("validator", conclave_client_new(CONCLAVE_VERSION_NUMBER, &config, &partial, OUT(conclave_client)));
}

/* A header of another release. */
static void releases(void)
{
    uint32_t others[] = {0, CONCLAVE_VERSION_NUMBER + 1, CONCLAVE_VERSION_NUMBER + 100, CONCLAVE_VERSION_NUMBER + 10000};
    conclave_client *client;
    size_t i;

    for (i = 0; i < sizeof others / sizeof *others; i++) {
        FAILS(CONCLAVE_HEADER_MISMATCH, conclave_client_new(others[i], &config, &host, &client));
    }
}

/* Fields that a later release may have are refused if they are used. */
static void later_fields(void)
{
    uint8_t later[sizeof(conclave_join_options) + 8] = {0};
    uint32_t size = sizeof later;
    conclave_group *joined;

    memcpy(later, &size, sizeof size);
    FAILS(CONCLAVE_UNSUPPORTED_VERSION, conclave_client_join(alice, some, (const void *)later, &joined));
    later[sizeof(conclave_join_options)] = 1;
    FAILS(CONCLAVE_BAD_ARGUMENT, conclave_client_join(alice, some, (const void *)later, &joined));
}

static void log_line(void *context, conclave_log_level level, const char *target, const char *message)
{
    (void)context;
    (void)level;
    (void)target;
    (void)message;
    CHECK(!"nobody logs");
}

/* Numbers that stand for nothing, and what else is out of its range. */
static void ranges(void)
{
    conclave_logger logger = CONCLAVE_INIT(conclave_logger);

    BAD("kind", conclave_inspect_as(0, some, OUT(conclave_buf)));
    BAD("kind", conclave_inspect_as(99, some, OUT(conclave_buf)));
    BAD("logger.log", conclave_set_logger(&logger, CONCLAVE_LOG_ERROR));
    logger.log = log_line;
    BAD("level", conclave_set_logger(&logger, 0));
    BAD("level", conclave_set_logger(&logger, CONCLAVE_LOG_ERROR + 1));
    BAD("status", conclave_error_info(12345, SIZED(conclave_error_description)));
    BAD("label", conclave_group_export_secret(group, "\xff", some, secret, sizeof secret));
    BAD("length", conclave_group_export_secret(group, "label", some, secret, SIZE_MAX));
    BAD("proposal type", conclave_group_propose_custom(group, 1, some, some, OUT(conclave_buf)));
    BAD("proposal type", conclave_commit_custom(commit, 1, some));
    CHECK(conclave_host_error(CONCLAVE_STORAGE_FAILED, NULL) == CONCLAVE_STORAGE_FAILED);
}

int main(void)
{
    conclave_memory_storage *storage;

    MUST(conclave_memory_storage_new(&storage));
    set_up(storage);
    client_arguments();
    group_arguments();
    other_arguments();
    free_nothing();
    hosts(storage);
    releases();
    later_fields();
    ranges();
    conclave_external_proposer_free(proposer);
    conclave_commit_free(commit);
    conclave_group_free(group);
    conclave_client_free(alice);
    conclave_memory_storage_free(storage);
    return report();
}
