/* Three people: one adds, another removes, and everyone agrees on who is there. */

#include "problem.h"
#include "text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static conclave_client *person(const char *name);
static conclave_group *add(conclave_group *group, conclave_group *other, const conclave_client *newcomer);
static void receive(conclave_group *group, conclave_bytes message);
static void change(conclave_group *group, const conclave_commit *commit, conclave_group *const others[2]);
static void say(const char *what, conclave_group *const groups[], size_t count);
static void talk(conclave_group *alice, conclave_group *bob, conclave_group *carol);

int main(void) {
    conclave_client *alice = person("alice"), *bob = person("bob"), *carol = person("carol");
    conclave_group *a;
    must(conclave_client_create_group(alice, NULL, &a));
    conclave_group *b = add(a, NULL, bob);
    say("alice added bob", (conclave_group *[]){a, b}, 2);
    conclave_group *c = add(a, b, carol);
    say("alice added carol", (conclave_group *[]){a, b, c}, 3);

    /* A commit that says nothing gives its maker fresh keys. */
    conclave_commit *refresh;
    must(conclave_group_new_commit(c, &refresh));
    change(c, refresh, (conclave_group *[]){a, b});
    say("carol refreshed her keys", (conclave_group *[]){a, b, c}, 3);

    conclave_members *found;
    must(conclave_group_find_member(c, conclave_text("bob"), &found));
    conclave_commit *removal;
    must(conclave_group_new_commit(c, &removal));
    must(conclave_commit_remove(removal, found->items[0]->name.leaf));
    change(c, removal, (conclave_group *[]){a, b});
    say("carol removed bob", (conclave_group *[]){a, c}, 2);
    talk(a, b, c);

    conclave_members_free(found);
    conclave_commit_free(refresh);
    conclave_commit_free(removal);
    conclave_group_free(a);
    conclave_group_free(b);
    conclave_group_free(c);
    conclave_client_free(alice);
    conclave_client_free(bob);
    conclave_client_free(carol);
    return EXIT_SUCCESS;
}

static conclave_client *person(const char *name) {
    conclave_memory_storage *storage;
    must(conclave_memory_storage_new(&storage));
    conclave_client_config config;
    must(conclave_client_config_init(&config, sizeof config, conclave_text(name)));
    conclave_host host = CONCLAVE_INIT(conclave_host);
    host.memory_storage = storage;
    host.validator = conclave_accept_all();
    conclave_client *client;
    must(conclave_client_new(CONCLAVE_VERSION_NUMBER, &config, &host, &client));
    conclave_memory_storage_free(storage);
    return client;
}

/* Adds someone, and takes the commit to the other member, if there is one. */
static conclave_group *add(conclave_group *group, conclave_group *other, const conclave_client *newcomer) {
    conclave_key_packages *published;
    must(conclave_client_create_key_packages(newcomer, 1, NULL, &published));
    conclave_commit *commit;
    must(conclave_group_new_commit(group, &commit));
    must(conclave_commit_add(commit, published->items[0]->message));
    conclave_commit_result *added;
    must(conclave_commit_build(commit, &added));
    conclave_event *event;
    must(conclave_group_confirm_commit(group, conclave_absent(), conclave_absent(), &event));
    if (other != NULL) {
        receive(other, added->commit);
    }
    conclave_group *joined;
    must(conclave_client_join(newcomer, added->welcome, NULL, &joined));
    conclave_event_free(event);
    conclave_commit_result_free(added);
    conclave_commit_free(commit);
    conclave_key_packages_free(published);
    return joined;
}

static void receive(conclave_group *group, conclave_bytes message) {
    conclave_event *event;
    must(conclave_group_receive(group, message, conclave_absent(), &event));
    conclave_event_free(event);
}

/* Makes a commit take effect, and takes it to the two others. */
static void change(conclave_group *group, const conclave_commit *commit, conclave_group *const others[2]) {
    conclave_commit_result *built;
    must(conclave_commit_build(commit, &built));
    conclave_event *event;
    must(conclave_group_confirm_commit(group, conclave_absent(), conclave_absent(), &event));
    receive(others[0], built->commit);
    receive(others[1], built->commit);
    conclave_event_free(event);
    conclave_commit_result_free(built);
}

/* Tells how everyone sees the group; the epoch authenticator is equal only if all of it is. */
static void say(const char *what, conclave_group *const groups[], size_t count) {
    conclave_group_standing standing = CONCLAVE_INIT(conclave_group_standing);
    must(conclave_group_status(groups[0], &standing));
    conclave_buf *first;
    must(conclave_group_epoch_authenticator(groups[0], &first));
    bool agreed = true;
    for (size_t i = 1; i < count; i++) {
        conclave_buf *other;
        must(conclave_group_epoch_authenticator(groups[i], &other));
        agreed = agreed && equal(conclave_buf_bytes(first), conclave_buf_bytes(other));
        conclave_buf_free(other);
    }
    conclave_buf_free(first);
    printf("%s: epoch %" PRIu64 ", %" PRIu32 " members, %s\n", what, standing.epoch, standing.members,
           agreed ? "everyone agrees" : "they disagree");
}

/* Who was removed can neither read nor write. */
static void talk(conclave_group *alice, conclave_group *bob, conclave_group *carol) {
    conclave_buf *message;
    must(conclave_group_encrypt(alice, conclave_text("bob is gone"), conclave_absent(), conclave_absent(), &message));
    conclave_event *event;
    must(conclave_group_receive(carol, conclave_buf_bytes(message), conclave_absent(), &event));
    char *text = event->kind == CONCLAVE_EVENT_MESSAGE ? text_of(event->message->plaintext) : format("no message");
    printf("carol reads: %s\n", text);
    free(text);
    conclave_event_free(event);

    conclave_event *nothing = NULL;
    conclave_status refused = conclave_group_receive(bob, conclave_buf_bytes(message), conclave_absent(), &nothing);
    printf("bob cannot read it: error %d\n", (int)refused);
    conclave_event_free(nothing);
    conclave_buf_free(message);
    message = NULL;
    refused = conclave_group_encrypt(bob, conclave_text("hello?"), conclave_absent(), conclave_absent(), &message);
    printf("bob cannot write: error %d\n", (int)refused);
    conclave_buf_free(message);
}
