#include "fixture.h"

int passed, failed;

void check(int holds, const char *what, const char *file, int line)
{
    if (holds) {
        passed++;
        return;
    }
    failed++;
    printf("%s:%d: not so: %s (last error: %s)\n", file, line, what, detail());
}

void must(conclave_status status, const char *what, const char *file, int line)
{
    check(status == CONCLAVE_OK, what, file, line);
    if (status != CONCLAVE_OK) {
        printf("status %d: cannot go on\n", (int)status);
        exit(1);
    }
}

int report(void)
{
    printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}

int equal(conclave_bytes bytes, const char *text)
{
    return same(bytes, conclave_text(text));
}

int same(conclave_bytes one, conclave_bytes other)
{
    return one.data != NULL && other.data != NULL && one.len == other.len && memcmp(one.data, other.data, one.len) == 0;
}

const char *detail(void)
{
    static conclave_error error;
    error.struct_size = sizeof error;
    conclave_last_error(&error);
    return error.detail;
}

conclave_client *person(const char *name)
{
    conclave_host host = CONCLAVE_INIT(conclave_host);
    conclave_memory_storage *storage;
    conclave_client *client;

    MUST(conclave_memory_storage_new(&storage));
    host.memory_storage = storage;
    host.validator = conclave_accept_all();
    client = client_of(name, &host);
    conclave_memory_storage_free(storage);
    return client;
}

conclave_client *client_of(const char *name, const conclave_host *host)
{
    conclave_client_config config;
    conclave_client *client;

    MUST(conclave_client_config_init(&config, sizeof config, conclave_text(name)));
    MUST(conclave_client_new(CONCLAVE_VERSION_NUMBER, &config, host, &client));
    return client;
}

conclave_group *add(const conclave_group *group, const conclave_client *other)
{
    conclave_key_packages *key_packages;
    conclave_commit *commit;
    conclave_commit_result *result;
    conclave_event *event;
    conclave_group *joined;

    MUST(conclave_client_create_key_packages(other, 1, NULL, &key_packages));
    MUST(conclave_group_new_commit(group, &commit));
    MUST(conclave_commit_add(commit, key_packages->items[0]->message));
    MUST(conclave_commit_build(commit, &result));
    MUST(conclave_group_confirm_commit(group, result->commit, conclave_absent(), &event));
    MUST(conclave_client_join(other, result->welcome, NULL, &joined));
    conclave_key_packages_free(key_packages);
    conclave_commit_free(commit);
    conclave_commit_result_free(result);
    conclave_event_free(event);
    return joined;
}

conclave_event *receive(const conclave_group *group, const conclave_buf *message)
{
    conclave_event *event;

    MUST(conclave_group_receive(group, conclave_buf_bytes(message), conclave_absent(), &event));
    return event;
}

void leave(conclave_client *client, conclave_group *group)
{
    conclave_client_free(client);
    conclave_group_free(group);
}
