/* Wrong arguments of every kind, to every function: each is refused with a code, and nothing is touched. */
#include "arguments.h"

conclave_client *alice;
conclave_group *group;
conclave_commit *commit;
conclave_external_proposer *proposer;
conclave_client_config config;
conclave_host host;
conclave_extension extension;
conclave_bytes some, huge, nowhere;
conclave_resumption_psk psk, bad_psk;
uint8_t secret[32];

int refused(conclave_status status)
{
    return status == CONCLAVE_BAD_ARGUMENT || status == CONCLAVE_TOO_LONG;
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
    some = text("some");
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
    conclave_client *client;

    FAILS(CONCLAVE_BAD_ARGUMENT, conclave_client_new(CONCLAVE_VERSION_NUMBER, &config, &partial, &client));
    partial.memory_storage = storage;
    FAILS(CONCLAVE_BAD_ARGUMENT, conclave_client_new(CONCLAVE_VERSION_NUMBER, &config, &partial, &client));
    partial.validator = conclave_accept_all();
    partial.storage = &empty;
    FAILS(CONCLAVE_BAD_ARGUMENT, conclave_client_new(CONCLAVE_VERSION_NUMBER, &config, &partial, &client));
    partial.memory_storage = NULL;
    FAILS(CONCLAVE_BAD_ARGUMENT, conclave_client_new(CONCLAVE_VERSION_NUMBER, &config, &partial, &client));
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

/* Numbers that stand for nothing. */
static void numbers(void)
{
    conclave_logger logger = CONCLAVE_INIT(conclave_logger);
    conclave_buf *buf;

    BAD(conclave_inspect_as(0, some, &buf));
    BAD(conclave_inspect_as(99, some, &buf));
    BAD(conclave_set_logger(&logger, CONCLAVE_LOG_DEBUG));
    BAD(conclave_error_info(12345, SIZED(conclave_error_description)));
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
    numbers();
    conclave_external_proposer_free(proposer);
    conclave_commit_free(commit);
    conclave_group_free(group);
    conclave_client_free(alice);
    conclave_memory_storage_free(storage);
    return report();
}
