/* What comes too early, what moves to another device, and groups that follow from others. */
#include "journey.h"

static const uint8_t key_bytes[32] = {7};

static conclave_bytes key(void)
{
    conclave_bytes key = {key_bytes, sizeof key_bytes};

    return key;
}

/* Alice begins an epoch and says something in it, which bob gets first; gives the commit. */
static conclave_commit_result *say_early(conclave_buf **message)
{
    conclave_commit *commit = begin();
    conclave_commit_result *result;
    conclave_event *event;

    MUST(conclave_commit_build(commit, &result));
    conclave_commit_free(commit);
    MUST(conclave_group_confirm_commit(of_alice, conclave_absent(), conclave_absent(), &event));
    conclave_event_free(event);
    MUST(conclave_group_encrypt(of_alice, conclave_text("early"), conclave_absent(), conclave_absent(), message));
    event = receive(of_bob, *message);
    CHECK(event->kind == CONCLAVE_EVENT_DEFERRED && event->deferred_epoch == standing(of_alice).epoch);
    CHECK(standing(of_bob).deferred == 1);
    conclave_event_free(event);
    MUST(conclave_group_next_deferred(of_bob, conclave_absent(), &event));
    CHECK(event == NULL);
    return result;
}

/* Bob takes in the commit that was missing. */
static void catch_up(conclave_commit_result *result)
{
    conclave_event *event;

    MUST(conclave_group_receive(of_bob, result->commit, conclave_absent(), &event));
    CHECK(event->kind == CONCLAVE_EVENT_EPOCH_CHANGED && together(of_alice, of_bob));
    conclave_event_free(event);
    conclave_commit_result_free(result);
}

/* A message of an epoch that has not come waits for it; one that was cleared away has to come again. */
void wait_for_an_epoch(void)
{
    conclave_commit_result *missing;
    conclave_event *event;
    conclave_buf *message;

    catch_up(say_early(&message));
    MUST(conclave_group_next_deferred(of_bob, conclave_absent(), &event));
    CHECK(event->kind == CONCLAVE_EVENT_MESSAGE && equal(event->message->plaintext, "early"));
    CHECK(standing(of_bob).deferred == 0);
    conclave_event_free(event);
    conclave_buf_free(message);

    missing = say_early(&message);
    MUST(conclave_group_clear_deferred(of_bob));
    CHECK(standing(of_bob).deferred == 0);
    catch_up(missing);
    MUST(conclave_group_next_deferred(of_bob, conclave_absent(), &event));
    CHECK(event == NULL);
    event = receive(of_bob, message);
    CHECK(event->kind == CONCLAVE_EVENT_MESSAGE && equal(event->message->plaintext, "early"));
    conclave_event_free(event);
    conclave_buf_free(message);
}

/* What the device has of the group: it can read, and says nothing. */
static void look_at_device(const conclave_client *device)
{
    conclave_group *group;
    conclave_buf *message;

    MUST(conclave_client_open_group(device, conclave_text("the group"), &group));
    CHECK(standing(group).imported && !standing(group).active && together(group, of_alice));
    FAILS(CONCLAVE_NOT_HEALED,
        conclave_group_encrypt(group, conclave_text("hello"), conclave_absent(), conclave_absent(), &message));
    conclave_group_free(group);
}

void archives(void)
{
    conclave_client *device = traveller("bob");
    conclave_imported *imported;
    conclave_buf *archive;

    MUST(conclave_group_export_archive(of_bob, key(), &archive));
    MUST(conclave_client_import_archive(device, conclave_buf_bytes(archive), key(), 0, &imported));
    CHECK(imported->group_count == 1 && equal(imported->group_ids[0], "the group") && !imported->signing_keys);
    look_at_device(device);
    conclave_imported_free(imported);
    conclave_buf_free(archive);
    MUST(conclave_client_export_archive(bob, key(), &archive));
    FAILS(CONCLAVE_ALREADY_MEMBER,
        conclave_client_import_archive(device, conclave_buf_bytes(archive), key(), 0, &imported));
    MUST(conclave_client_import_archive(device, conclave_buf_bytes(archive), key(), 1, &imported));
    CHECK(imported->group_count == 1 && imported->signing_keys);
    look_at_device(device);
    conclave_imported_free(imported);
    conclave_buf_free(archive);
    conclave_client_free(device);
}

/* Bob comes along into a new group. */
static void come_along(const conclave_commit_result *result, const conclave_group *made, const char *id)
{
    conclave_group *joined;
    conclave_buf *name;

    CHECK(result->commit.data == NULL && result->welcome.len > 100);
    MUST(conclave_client_join(bob, result->welcome, NULL, &joined));
    MUST(conclave_group_id(joined, &name));
    CHECK(equal(conclave_buf_bytes(name), id) && together(joined, made));
    CHECK(standing(joined).members == 2 && standing(joined).epoch == 1);
    conclave_buf_free(name);
    conclave_group_free(joined);
}

void branch(void)
{
    conclave_successor_options options = CONCLAVE_INIT(conclave_successor_options);
    conclave_commit_result *result;
    conclave_key_packages *made;
    conclave_group *branched;

    MUST(conclave_client_create_key_packages(bob, 1, NULL, &made));
    options.key_packages = &made->items[0]->message;
    options.key_package_count = 1;
    options.group_id = conclave_text("a branch");
    options.tag = conclave_text("branched");
    MUST(conclave_group_branch(of_alice, &options, &branched, &result));
    CHECK(effect_was(CONCLAVE_EFFECT_CONFIRMED, "branched"));
    come_along(result, branched, "a branch");
    CHECK(standing(of_alice).active);
    conclave_commit_result_free(result);
    conclave_key_packages_free(made);
    conclave_group_free(branched);
}

void close_and_follow(void)
{
    conclave_reinit_options reinit = CONCLAVE_INIT(conclave_reinit_options);
    conclave_successor_options options = CONCLAVE_INIT(conclave_successor_options);
    conclave_commit_result *result;
    conclave_commit *commit = begin();
    conclave_key_packages *made;
    conclave_event *event;
    conclave_group *next;

    FAILS(CONCLAVE_NOT_CLOSED, conclave_group_create_successor(of_alice, &options, &next, &result));
    reinit.group_id = conclave_text("the next group");
    MUST(conclave_commit_reinit(commit, &reinit));
    event = carry_out(commit);
    CHECK(event->kind == CONCLAVE_EVENT_REINIT && equal(event->reinit->group_id, "the next group"));
    CHECK(event->reinit->cipher_suite == 1);
    conclave_event_free(event);
    CHECK(standing(of_bob).frozen && !standing(of_bob).active && standing(of_bob).members == 2);
    MUST(conclave_client_create_key_packages(bob, 1, NULL, &made));
    options.key_packages = &made->items[0]->message;
    options.key_package_count = 1;
    MUST(conclave_group_create_successor(of_alice, &options, &next, &result));
    come_along(result, next, "the next group");
    conclave_commit_result_free(result);
    conclave_key_packages_free(made);
    conclave_group_free(next);
}
