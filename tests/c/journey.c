/* A long way through the library, past every function that the other tests do not come to. */
#include "fixture.h"

static conclave_client *alice, *bob;
static conclave_group *of_alice, *of_bob;
static const uint8_t key_bytes[32] = {7};
static conclave_bytes key;

/* Has alice build what was put together and confirm it, and bob receive it. */
static void carry_out(conclave_commit *commit)
{
    conclave_commit_result *result;
    conclave_pending_commit *waiting;
    conclave_event *event;

    MUST(conclave_commit_build(commit, &result));
    MUST(conclave_group_pending_commit(of_alice, &waiting));
    CHECK(waiting->commit.len == result->commit.len);
    MUST(conclave_group_receive(of_bob, result->commit, text("tag"), &event));
    conclave_event_free(event);
    MUST(conclave_group_confirm_commit(of_alice, waiting->commit, none, &event));
    CHECK(event->change != NULL && event->change->own);
    conclave_event_free(event);
    conclave_pending_commit_free(waiting);
    conclave_commit_result_free(result);
    conclave_commit_free(commit);
}

static conclave_commit *begin(void)
{
    conclave_commit *commit;

    MUST(conclave_group_new_commit(of_alice, &commit));
    return commit;
}

static void meet(void)
{
    conclave_group_options options = CONCLAVE_INIT(conclave_group_options);
    conclave_own_identity *identity;
    conclave_group *again;

    alice = person("alice");
    bob = person("bob");
    options.group_id = text("the group");
    MUST(conclave_client_create_group(alice, &options, &of_alice));
    FAILS(CONCLAVE_ALREADY_MEMBER, conclave_client_create_group(alice, &options, &again));
    of_bob = add(of_alice, bob);
    MUST(conclave_client_open_group(bob, text("the group"), &again));
    conclave_group_free(again);
    FAILS(CONCLAVE_NO_SUCH_GROUP, conclave_client_open_group(bob, text("another"), &again));
    MUST(conclave_client_identity(alice, &identity));
    CHECK(equal(identity->identity.content, "alice"));
    conclave_own_identity_free(identity);
}

static void agree(void)
{
    conclave_buf *of_a, *of_b;
    uint8_t a[48], b[48];

    MUST(conclave_group_epoch_authenticator(of_alice, &of_a));
    MUST(conclave_group_epoch_authenticator(of_bob, &of_b));
    CHECK(of_a->len == 32 && memcmp(of_a->data, of_b->data, 32) == 0);
    MUST(conclave_group_export_secret(of_alice, "label", text("context"), a, sizeof a));
    MUST(conclave_group_export_secret(of_bob, "label", text("context"), b, sizeof b));
    CHECK(memcmp(a, b, sizeof a) == 0);
    conclave_buf_free(of_a);
    conclave_buf_free(of_b);
}

static void look_at_messages(void)
{
    conclave_message_peek *peek;
    conclave_event *event;
    conclave_buf *message, *words;

    MUST(conclave_group_encrypt(of_alice, text("hello"), text("aad"), none, &message));
    MUST(conclave_client_peek(bob, in_buf(message), &peek));
    CHECK(peek->kind == CONCLAVE_KIND_APPLICATION && peek->standing == CONCLAVE_STANDING_CURRENT);
    CHECK(peek->has_epoch && peek->epoch == 1 && equal(peek->group_id, "the group") && peek->encrypted);
    conclave_message_peek_free(peek);
    MUST(conclave_group_preview(of_bob, in_buf(message), &event));
    CHECK(equal(event->message->plaintext, "hello"));
    conclave_event_free(event);
    event = receive(of_bob, message);
    CHECK(event->kind == CONCLAVE_EVENT_MESSAGE && equal(event->message->aad, "aad"));
    CHECK(equal(event->message->sender.client_id, "alice"));
    conclave_event_free(event);
    FAILS(CONCLAVE_KEY_GONE, conclave_group_receive(of_bob, in_buf(message), none, &event));
    event = receive(of_alice, message);
    CHECK(event->kind == CONCLAVE_EVENT_OWN_ECHO);
    conclave_event_free(event);
    MUST(conclave_inspect(in_buf(message), &words));
    CHECK(strstr((const char *)words->data, "PrivateMessage") != NULL && strlen((const char *)words->data) == words->len);
    conclave_buf_free(words);
    conclave_buf_free(message);
}

static void look_at_trees(void)
{
    conclave_buf *tree, *words;

    MUST(conclave_group_export_tree(of_alice, &tree));
    MUST(conclave_inspect_as(CONCLAVE_OBJECT_RATCHET_TREE, in_buf(tree), &words));
    conclave_buf_free(words);
    MUST(conclave_inspect_tree(in_buf(tree), &words));
    conclave_buf_free(words);
    conclave_buf_free(tree);
}

static void look_at_members(void)
{
    conclave_members *members;

    MUST(conclave_group_members(of_bob, CONCLAVE_NO_LEAF, 10, &members));
    CHECK(members->count == 2 && members->items[1]->name.leaf == 1 && members->items[0]->version_count == 1);
    conclave_members_free(members);
    MUST(conclave_group_members(of_bob, 0, 10, &members));
    CHECK(members->count == 1);
    conclave_members_free(members);
    MUST(conclave_group_find_member(of_bob, text("alice"), &members));
    CHECK(members->count == 1 && members->items[0]->signature_key.len == 32);
    conclave_members_free(members);
    MUST(conclave_group_find_member(of_bob, text("nobody"), &members));
    CHECK(members == NULL);
    MUST(conclave_group_find_members(of_bob, text("alice"), CONCLAVE_NO_LEAF, 10, &members));
    CHECK(members->count == 1);
    conclave_members_free(members);
}

static void look_at_invitations(void)
{
    conclave_client *carol = person("carol");
    conclave_key_package_options options = CONCLAVE_INIT(conclave_key_package_options);
    conclave_key_package_status status;
    conclave_key_packages *made, *found;
    conclave_welcome_preview *preview;
    conclave_commit_result *result;
    conclave_commit *commit = begin();

    options.last_resort = 1;
    MUST(conclave_client_create_key_packages(carol, 2, &options, &made));
    MUST(conclave_client_key_packages(carol, none, 10, &found));
    CHECK(found->count == 2 && found->items[0]->last_resort);
    status.struct_size = sizeof status;
    MUST(conclave_client_key_package_status(carol, made->items[0]->reference, &status));
    CHECK(status.standing == CONCLAVE_KEY_PACKAGE_AVAILABLE && status.last_resort && status.not_after > 0);
    MUST(conclave_commit_add(commit, made->items[0]->message));
    MUST(conclave_commit_build(commit, &result));
    MUST(conclave_client_preview_welcome(carol, result->welcome, none, &preview));
    CHECK(preview->members == 3 && equal(preview->inviter->client_id, "alice"));
    MUST(conclave_group_discard_commit(of_alice, result->commit));
    MUST(conclave_client_delete_key_packages(carol, &made->items[0]->reference, 1));
    MUST(conclave_client_key_package_status(carol, made->items[0]->reference, &status));
    CHECK(status.standing == CONCLAVE_KEY_PACKAGE_UNKNOWN);
    conclave_welcome_preview_free(preview);
    conclave_commit_result_free(result);
    conclave_commit_free(commit);
    conclave_key_packages_free(made);
    conclave_key_packages_free(found);
    conclave_client_free(carol);
}

/* Each message goes from bob to alice. */
static void proposed(conclave_buf *message)
{
    conclave_event *event = receive(of_alice, message);

    CHECK(event->kind == CONCLAVE_EVENT_PROPOSAL && event->proposal->author.kind == CONCLAVE_AUTHOR_MEMBER);
    CHECK(event->proposal->author.member->leaf == 1 && event->proposal->summary->kind > 0);
    conclave_event_free(event);
    conclave_buf_free(message);
}

static void propose_all(void)
{
    conclave_resumption_psk epoch = {{NULL, 0}, 0};
    conclave_reinit_options reinit = CONCLAVE_INIT(conclave_reinit_options);
    conclave_pending_proposals *waiting;
    conclave_key_packages *made;
    conclave_client *carol = person("carol");
    conclave_buf *message;

    epoch.group_id = text("the group");
    MUST(conclave_client_create_key_packages(carol, 1, NULL, &made));
    MUST(conclave_group_propose_add(of_bob, made->items[0]->message, none, &message));
    proposed(message);
    MUST(conclave_group_propose_remove(of_bob, 0, none, &message));
    proposed(message);
    MUST(conclave_group_propose_leave(of_bob, none, &message));
    proposed(message);
    MUST(conclave_group_propose_update(of_bob, none, &message));
    proposed(message);
    MUST(conclave_group_propose_psk(of_bob, text("psk"), none, &message));
    proposed(message);
    MUST(conclave_group_propose_resumption_psk(of_bob, epoch, none, &message));
    proposed(message);
    FAILS(CONCLAVE_BAD_ARGUMENT, conclave_group_propose_extensions(of_bob, none, none, &message));
    FAILS(CONCLAVE_BAD_ARGUMENT, conclave_group_propose_custom(of_bob, 1, text("content"), none, &message));
    MUST(conclave_group_propose_reinit(of_bob, &reinit, none, &message));
    proposed(message);
    MUST(conclave_group_pending_proposals(of_alice, &waiting));
    CHECK(waiting->count == 7 && equal(waiting->items[0]->summary->client_id, "carol"));
    conclave_pending_proposals_free(waiting);
    MUST(conclave_group_clear_proposals(of_alice));
    MUST(conclave_group_clear_proposals(of_bob));
    conclave_key_packages_free(made);
    conclave_client_free(carol);
}

static void commit_all(void)
{
    conclave_resumption_psk epoch = {{NULL, 0}, 1};
    conclave_commit *commit = begin();

    epoch.group_id = text("the group");
    MUST(conclave_client_put_psk(alice, text("psk"), text("shared")));
    MUST(conclave_client_put_psk(bob, text("psk"), text("shared")));
    MUST(conclave_commit_psk(commit, text("psk")));
    MUST(conclave_commit_resumption_psk(commit, epoch));
    MUST(conclave_commit_aad(commit, text("aad")));
    MUST(conclave_commit_tag(commit, text("tag")));
    MUST(conclave_commit_without_pending(commit));
    MUST(conclave_commit_without_path(commit));
    MUST(conclave_commit_tree_beside_welcome(commit));
    MUST(conclave_commit_tree_later(commit));
    FAILS(CONCLAVE_BAD_ARGUMENT, conclave_commit_custom(commit, 1, none));
    carry_out(commit);
    MUST(conclave_client_delete_psk(alice, text("psk")));
    agree();
}

/* Lets bob propose from outside, and everybody join by themselves. */
static void open_the_group(void)
{
    conclave_extension extension = {0};
    conclave_external_sender *sender;
    conclave_extensions *found;
    conclave_commit *commit = begin();
    conclave_buf *encoded;

    MUST(conclave_client_external_sender(bob, 0, &sender));
    extension.extension_type = CONCLAVE_EXTENSION_EXTERNAL_SENDERS;
    extension.senders = &sender->sender;
    extension.sender_count = 1;
    MUST(conclave_encode_extensions(&extension, 1, &encoded));
    MUST(conclave_decode_extensions(in_buf(encoded), &found));
    CHECK(found->count == 1 && found->items[0].sender_count == 1);
    CHECK(equal(found->items[0].senders[0].identity.content, "bob"));
    conclave_extensions_free(found);
    MUST(conclave_commit_extensions(commit, in_buf(encoded)));
    carry_out(commit);
    MUST(conclave_group_extensions(of_bob, &found));
    CHECK(found->count == 1);
    conclave_extensions_free(found);
    conclave_external_sender_free(sender);
    conclave_buf_free(encoded);
}

static void from_outside(const conclave_external_proposer *proposer)
{
    conclave_key_packages *made;
    conclave_client *carol = person("carol");
    conclave_buf *message;

    MUST(conclave_client_create_key_packages(carol, 1, NULL, &made));
    MUST(conclave_external_proposer_propose_add(proposer, made->items[0]->message, &message));
    conclave_event_free(receive(of_alice, message));
    conclave_buf_free(message);
    MUST(conclave_external_proposer_propose_remove(proposer, 1, &message));
    conclave_buf_free(message);
    MUST(conclave_external_proposer_propose_psk(proposer, text("psk"), &message));
    conclave_buf_free(message);
    FAILS(CONCLAVE_BAD_ARGUMENT, conclave_external_proposer_propose_extensions(proposer, none, &message));
    FAILS(CONCLAVE_BAD_ARGUMENT, conclave_external_proposer_propose_reinit(proposer, text("next"), 1, none, &message));
    MUST(conclave_group_clear_proposals(of_alice));
    conclave_key_packages_free(made);
    conclave_client_free(carol);
}

static void propose_from_outside(void)
{
    conclave_external_proposer *proposer, *later;
    conclave_external_place *place;
    conclave_buf *group_info;

    MUST(conclave_group_info(of_alice, 1, &group_info));
    MUST(conclave_external_proposer_new(bob, in_buf(group_info), none, &proposer));
    MUST(conclave_external_proposer_place(proposer, &place));
    CHECK(equal(place->group_id, "the group") && place->sender_index == 0);
    from_outside(proposer);
    MUST(conclave_external_proposer_at_epoch(proposer, place->epoch + 1, &later));
    conclave_external_place_free(place);
    MUST(conclave_external_proposer_place(later, &place));
    CHECK(place->epoch > 0);
    conclave_external_place_free(place);
    conclave_external_proposer_free(later);
    conclave_external_proposer_free(proposer);
    conclave_buf_free(group_info);
}

/* Dave asks to be added, then joins by himself, and leaves again. */
static void join_alone(void)
{
    conclave_client *dave = person("dave");
    conclave_join_proposal *asked;
    conclave_external_join *join, *waiting;
    conclave_event *event;
    conclave_group *joined;
    conclave_buf *group_info;

    MUST(conclave_group_info(of_alice, 1, &group_info));
    MUST(conclave_client_propose_join(dave, in_buf(group_info), none, none, &asked));
    CHECK(equal(asked->group_id, "the group") && asked->message.len > 100);
    MUST(conclave_client_join_external(dave, in_buf(group_info), NULL, &join));
    MUST(conclave_client_discard_join(dave, join->group_id, join->commit));
    MUST(conclave_client_pending_join(dave, text("the group"), &waiting));
    CHECK(waiting == NULL);
    conclave_external_join_free(join);
    MUST(conclave_client_join_external(dave, in_buf(group_info), NULL, &join));
    MUST(conclave_client_pending_join(dave, text("the group"), &waiting));
    CHECK(waiting->commit.len == join->commit.len);
    MUST(conclave_client_confirm_join(dave, join->group_id, join->commit, none, &joined));
    MUST(conclave_group_receive(of_alice, join->commit, none, &event));
    CHECK(event->change->added_count == 1 && equal(event->change->added[0].client_id, "dave"));
    conclave_event_free(event);
    MUST(conclave_group_receive(of_bob, join->commit, none, &event));
    conclave_event_free(event);
    MUST(conclave_group_delete(joined));
    leave(dave, joined);
    conclave_external_join_free(join);
    conclave_external_join_free(waiting);
    conclave_join_proposal_free(asked);
    conclave_buf_free(group_info);
}

static void remove_dave(void)
{
    conclave_commit *commit = begin();
    conclave_members *members;

    MUST(conclave_group_find_member(of_alice, text("dave"), &members));
    MUST(conclave_commit_remove(commit, members->items[0]->name.leaf));
    conclave_members_free(members);
    carry_out(commit);
}

static void archives(void)
{
    conclave_client *device = person("bob");
    conclave_imported *imported;
    conclave_buf *archive;

    MUST(conclave_group_export_archive(of_bob, key, &archive));
    MUST(conclave_client_import_archive(device, in_buf(archive), key, 0, &imported));
    CHECK(imported->group_count == 1 && equal(imported->group_ids[0], "the group") && !imported->signing_keys);
    conclave_imported_free(imported);
    conclave_buf_free(archive);
    MUST(conclave_client_export_archive(bob, key, &archive));
    FAILS(CONCLAVE_ALREADY_MEMBER, conclave_client_import_archive(device, in_buf(archive), key, 0, &imported));
    MUST(conclave_client_import_archive(device, in_buf(archive), key, 1, &imported));
    CHECK(imported->group_count == 1 && imported->signing_keys);
    conclave_imported_free(imported);
    conclave_buf_free(archive);
    conclave_client_free(device);
}

static void branch(void)
{
    conclave_successor_options options = CONCLAVE_INIT(conclave_successor_options);
    conclave_commit_result *result;
    conclave_key_packages *made;
    conclave_group *branched, *joined;

    MUST(conclave_client_create_key_packages(bob, 1, NULL, &made));
    options.key_packages = &made->items[0]->message;
    options.key_package_count = 1;
    options.group_id = text("a branch");
    MUST(conclave_group_branch(of_alice, &options, &branched, &result));
    CHECK(result->commit.data == NULL);
    MUST(conclave_client_join(bob, result->welcome, NULL, &joined));
    conclave_commit_result_free(result);
    conclave_key_packages_free(made);
    conclave_group_free(branched);
    conclave_group_free(joined);
}

static void close_and_follow(void)
{
    conclave_reinit_options reinit = CONCLAVE_INIT(conclave_reinit_options);
    conclave_successor_options options = CONCLAVE_INIT(conclave_successor_options);
    conclave_group_standing standing;
    conclave_commit_result *result;
    conclave_commit *commit = begin();
    conclave_key_packages *made;
    conclave_group *next;

    reinit.group_id = text("the next group");
    MUST(conclave_commit_reinit(commit, &reinit));
    carry_out(commit);
    standing.struct_size = sizeof standing;
    MUST(conclave_group_status(of_bob, &standing));
    CHECK(standing.frozen && !standing.active && standing.members == 2);
    MUST(conclave_client_create_key_packages(bob, 1, NULL, &made));
    options.key_packages = &made->items[0]->message;
    options.key_package_count = 1;
    MUST(conclave_group_create_successor(of_alice, &options, &next, &result));
    CHECK(result->welcome.len > 0);
    conclave_commit_result_free(result);
    conclave_key_packages_free(made);
    conclave_group_free(next);
}

static void tidy_up(void)
{
    conclave_event *event;
    conclave_groups *groups;

    MUST(conclave_group_next_deferred(of_alice, none, &event));
    CHECK(event == NULL);
    MUST(conclave_group_clear_deferred(of_alice));
    MUST(conclave_group_prune(of_alice, 0));
    MUST(conclave_group_prune(of_bob, CONCLAVE_KEEP_CONFIGURED));
    MUST(conclave_client_prune(alice));
    MUST(conclave_client_groups(alice, none, 2, &groups));
    CHECK(groups->count == 2 && groups->next.data != NULL);
    conclave_groups_free(groups);
}

/* Effects that wait for an app whose data are elsewhere, and the end of a client. */
static void journal_and_end(void)
{
    conclave_memory_storage *storage;
    conclave_host host = CONCLAVE_INIT(conclave_host);
    conclave_client_config config;
    conclave_pending_effects *effects;
    conclave_client *client;
    conclave_group *group;
    conclave_buf *message;

    MUST(conclave_memory_storage_new(&storage));
    host.memory_storage = storage;
    host.validator = conclave_accept_all();
    MUST(conclave_client_config_init(&config, sizeof config, text("erin")));
    config.journal = 1;
    MUST(conclave_client_new(CONCLAVE_VERSION_NUMBER, &config, &host, &client));
    MUST(conclave_client_create_group(client, NULL, &group));
    MUST(conclave_group_encrypt(group, text("hello"), none, text("tag"), &message));
    MUST(conclave_client_pending_effects(client, 0, 10, &effects));
    CHECK(effects->count == 2 && effects->items[0]->effect->kind == CONCLAVE_EFFECT_JOINED);
    CHECK(effects->items[1]->effect->message.len == message->len && equal(effects->items[1]->effect->tag, "tag"));
    MUST(conclave_client_acknowledge(client, effects->items[0]->id));
    conclave_pending_effects_free(effects);
    MUST(conclave_client_pending_effects(client, 0, 10, &effects));
    CHECK(effects->count == 1);
    conclave_pending_effects_free(effects);
    MUST(conclave_client_wipe(client));
    FAILS(CONCLAVE_CONSUMED, conclave_client_wipe(client));
    conclave_buf_free(message);
    FAILS(CONCLAVE_NO_SUCH_GROUP, conclave_group_encrypt(group, text("hello"), none, none, &message));
    leave(client, group);
    conclave_memory_storage_free(storage);
}

static void versions(void)
{
    conclave_version_info version;
    conclave_error_description description;

    version.struct_size = sizeof version;
    MUST(conclave_version(&version));
    CHECK(version.number == CONCLAVE_VERSION_NUMBER && strchr(version.release, '.') != NULL);
    CHECK(strstr(version.protocol, "9420") != NULL);
    description.struct_size = sizeof description;
    MUST(conclave_error_info(CONCLAVE_BAD_SIGNATURE, &description));
    CHECK(strcmp(description.name, "BadSignature") == 0 && strlen(description.remedy) > 0);
}

int main(void)
{
    key.data = key_bytes;
    key.len = sizeof key_bytes;
    versions();
    meet();
    agree();
    look_at_messages();
    look_at_trees();
    look_at_members();
    look_at_invitations();
    propose_all();
    commit_all();
    open_the_group();
    propose_from_outside();
    join_alone();
    remove_dave();
    archives();
    branch();
    close_and_follow();
    tidy_up();
    journal_and_end();
    leave(alice, of_alice);
    leave(bob, of_bob);
    return report();
}
