/*
 * Two people, one group, one message each way: the smallest program.
 *
 *     cc hello.c $(pkg-config --cflags --libs conclave) -o hello
 *
 * Both people are in this one process, so what would travel over a network is passed from one call to the next.
 */

#include <conclave.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static conclave_client *person(const char *name);
static conclave_commit_result *add(conclave_group *group, const conclave_key_package *newcomer);
static void say(conclave_group *from, conclave_group *to, const char *reader, const char *text);
static void check(conclave_status status);

int main(void) {
    conclave_client *alice = person("alice");
    conclave_client *bob = person("bob");

    /* With a key package, bob can be added to groups while he is away. A server would keep it for him. */
    conclave_key_packages *published;
    check(conclave_client_create_key_packages(bob, 1, NULL, &published));
    printf("bob published a key package\n");

    conclave_group *group;
    check(conclave_client_create_group(alice, NULL, &group));
    conclave_commit_result *added = add(group, published->items[0]);
    printf("alice created a group and added bob\n");

    /* The Welcome lets bob in. */
    conclave_group *joined;
    check(conclave_client_join(bob, added->welcome, NULL, &joined));
    conclave_group_standing standing = CONCLAVE_INIT(conclave_group_standing);
    check(conclave_group_status(joined, &standing));
    printf("bob joined: %" PRIu32 " members, epoch %" PRIu64 "\n", standing.members, standing.epoch);

    say(group, joined, "bob", "hello bob");
    say(joined, group, "alice", "hello alice");

    /* What a function gave is freed by the function that its documentation names, in any order. */
    conclave_key_packages_free(published);
    conclave_commit_result_free(added);
    conclave_group_free(group);
    conclave_group_free(joined);
    conclave_client_free(alice);
    conclave_client_free(bob);
    return EXIT_SUCCESS;
}

/* For a demonstration: a client whose storage is gone with the program, and who believes everyone to be who they
   say. */
static conclave_client *person(const char *name) {
    conclave_memory_storage *storage;
    check(conclave_memory_storage_new(&storage));
    conclave_client_config config;
    check(conclave_client_config_init(&config, sizeof config, conclave_text(name)));
    conclave_host host = CONCLAVE_INIT(conclave_host);
    host.memory_storage = storage;
    host.validator = conclave_accept_all();
    conclave_client *client;
    check(conclave_client_new(CONCLAVE_VERSION_NUMBER, &config, &host, &client));
    conclave_memory_storage_free(storage); /* The client keeps it alive. */
    return client;
}

/* A group changes by commits: say what is to change, build, and confirm. */
static conclave_commit_result *add(conclave_group *group, const conclave_key_package *newcomer) {
    conclave_commit *commit;
    check(conclave_group_new_commit(group, &commit));
    check(conclave_commit_add(commit, newcomer->message));
    conclave_commit_result *result;
    check(conclave_commit_build(commit, &result));

    /* Nothing has changed yet: a server decides whose commit comes first, and the others receive it. Here are none. */
    conclave_event *change;
    check(conclave_group_confirm_commit(group, conclave_absent(), conclave_absent(), &change));
    conclave_event_free(change);
    conclave_commit_free(commit);
    return result;
}

/* One member encrypts, and another one reads. */
static void say(conclave_group *from, conclave_group *to, const char *reader, const char *text) {
    conclave_buf *sent;
    check(conclave_group_encrypt(from, conclave_text(text), conclave_absent(), conclave_absent(), &sent));
    conclave_event *event;
    check(conclave_group_receive(to, conclave_buf_bytes(sent), conclave_absent(), &event));
    if (event->kind == CONCLAVE_EVENT_MESSAGE) {
        conclave_bytes plaintext = event->message->plaintext;
        printf("%s reads: %.*s\n", reader, (int)plaintext.len, (const char *)plaintext.data);
    }
    conclave_event_free(event);
    conclave_buf_free(sent);
}

/* A demonstration ends at the first error, and says what happened and what to do about it. */
static void check(conclave_status status) {
    if (status == CONCLAVE_OK) {
        return;
    }
    conclave_error error = CONCLAVE_INIT(conclave_error);
    conclave_error_description description = CONCLAVE_INIT(conclave_error_description);
    if (conclave_last_error(&error) == CONCLAVE_OK && conclave_error_info(status, &description) == CONCLAVE_OK) {
        fprintf(stderr, "%s (%d): %s\n", description.name, (int)status, error.detail);
        fprintf(stderr, "what to do: %s\n", description.remedy);
    }
    exit(EXIT_FAILURE);
}
