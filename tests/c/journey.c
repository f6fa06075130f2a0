/* A long way through the library, past every function that the other tests do not come to: each is asked what came of it. */
#include "journey.h"

conclave_client *alice, *bob;
conclave_group *of_alice, *of_bob;

static conclave_client *open_client(const char *name, int journal, uint32_t max_deferred)
{
    static const uint16_t proposals[] = {OF_THE_APP};
    conclave_host host = CONCLAVE_INIT(conclave_host);
    conclave_memory_storage *storage;
    conclave_client_config config;
    conclave_client *client;

    MUST(conclave_memory_storage_new(&storage));
    host.memory_storage = storage;
    host.validator = conclave_accept_all();
    MUST(conclave_client_config_init(&config, sizeof config, conclave_text(name)));
    config.proposals = proposals;
    config.proposal_count = 1;
    config.journal = journal != 0;
    config.max_deferred = max_deferred;
    MUST(conclave_client_new(CONCLAVE_VERSION_NUMBER, &config, &host, &client));
    conclave_memory_storage_free(storage);
    return client;
}

conclave_client *traveller(const char *name)
{
    return open_client(name, 0, 0);
}

conclave_group_standing standing(const conclave_group *group)
{
    conclave_group_standing standing = CONCLAVE_INIT(conclave_group_standing);

    MUST(conclave_group_status(group, &standing));
    return standing;
}

int together(const conclave_group *one, const conclave_group *other)
{
    conclave_buf *ids[2], *authenticators[2];
    int are;

    MUST(conclave_group_id(one, &ids[0]));
    MUST(conclave_group_id(other, &ids[1]));
    MUST(conclave_group_epoch_authenticator(one, &authenticators[0]));
    MUST(conclave_group_epoch_authenticator(other, &authenticators[1]));
    are = same(conclave_buf_bytes(ids[0]), conclave_buf_bytes(ids[1])) && authenticators[0]->len == 32
        && same(conclave_buf_bytes(authenticators[0]), conclave_buf_bytes(authenticators[1]))
        && standing(one).epoch == standing(other).epoch;
    conclave_buf_free(ids[0]);
    conclave_buf_free(ids[1]);
    conclave_buf_free(authenticators[0]);
    conclave_buf_free(authenticators[1]);
    return are;
}

conclave_commit *begin(void)
{
    conclave_commit *commit;

    MUST(conclave_group_new_commit(of_alice, &commit));
    return commit;
}

conclave_event *carry_out(conclave_commit *commit)
{
    uint64_t epoch = standing(of_alice).epoch;
    conclave_commit_result *result;
    conclave_pending_commit *waiting;
    conclave_event *to_bob, *to_alice;

    MUST(conclave_commit_build(commit, &result));
    MUST(conclave_group_pending_commit(of_alice, &waiting));
    CHECK(same(waiting->commit, result->commit) && waiting->epoch == epoch && standing(of_alice).pending_commit);
    MUST(conclave_group_receive(of_bob, result->commit, conclave_absent(), &to_bob));
    CHECK(to_bob->change->epoch == epoch + 1 && equal(to_bob->change->committer.client_id, "alice"));
    CHECK(!to_bob->change->own);
    MUST(conclave_group_confirm_commit(of_alice, waiting->commit, conclave_text("confirmed"), &to_alice));
    CHECK(to_alice->kind == to_bob->kind && to_alice->change->own && to_alice->change->epoch == epoch + 1);
    CHECK(effect_was(CONCLAVE_EFFECT_CONFIRMED, "confirmed"));
    conclave_event_free(to_alice);
    conclave_pending_commit_free(waiting);
    conclave_commit_result_free(result);
    conclave_commit_free(commit);
    return to_bob;
}

int effect_was(conclave_effect_kind kind, const char *tag)
{
    conclave_pending_effects *effects;
    size_t i;
    int was = 0;

    MUST(conclave_client_pending_effects(alice, 0, 100, &effects));
    for (i = 0; i < effects->count; i++) {
        const conclave_effect *effect = effects->items[i]->effect;

        was = effect->kind == kind && equal(effect->tag, tag);
        MUST(conclave_client_acknowledge(alice, effects->items[i]->id));
    }
    conclave_pending_effects_free(effects);
    return was;
}

static void meet(void)
{
    conclave_group_options options = CONCLAVE_INIT(conclave_group_options);
    conclave_own_identity *identity;
    conclave_group *again;

    alice = open_client("alice", 1, 0);
    bob = open_client("bob", 0, 4);
    options.group_id = conclave_text("the group");
    options.tag = conclave_text("made");
    MUST(conclave_client_create_group(alice, &options, &of_alice));
    CHECK(effect_was(CONCLAVE_EFFECT_JOINED, "made") && standing(of_alice).members == 1);
    FAILS(CONCLAVE_ALREADY_MEMBER, conclave_client_create_group(alice, &options, &again));
    of_bob = add(of_alice, bob);
    CHECK(standing(of_bob).members == 2 && standing(of_bob).own_leaf == 1 && together(of_alice, of_bob));
    MUST(conclave_client_open_group(bob, conclave_text("the group"), &again));
    CHECK(together(again, of_alice));
    conclave_group_free(again);
    FAILS(CONCLAVE_NO_SUCH_GROUP, conclave_client_open_group(bob, conclave_text("another"), &again));
    MUST(conclave_client_identity(alice, &identity));
    CHECK(equal(identity->identity.content, "alice"));
    CHECK(identity->identity.credential_type == CONCLAVE_CREDENTIAL_BASIC);
    conclave_own_identity_free(identity);
}

static void export_secrets(void)
{
    uint8_t a[48], b[48], other[48] = {0};

    MUST(conclave_group_export_secret(of_alice, "label", conclave_text("context"), a, sizeof a));
    MUST(conclave_group_export_secret(of_bob, "label", conclave_text("context"), b, sizeof b));
    MUST(conclave_group_export_secret(of_bob, "label", conclave_text("another"), other, sizeof other));
    CHECK(memcmp(a, b, sizeof a) == 0 && memcmp(a, other, sizeof a) != 0);
}

static void look_at_messages(void)
{
    conclave_message_peek *peek;
    conclave_event *event;
    conclave_buf *message, *words;

    MUST(conclave_group_encrypt(of_alice, conclave_text("hello"), conclave_text("aad"), conclave_text("tag"), &message));
    CHECK(effect_was(CONCLAVE_EFFECT_OUTBOUND, "tag"));
    MUST(conclave_client_peek(bob, conclave_buf_bytes(message), &peek));
    CHECK(peek->kind == CONCLAVE_KIND_APPLICATION && peek->standing == CONCLAVE_STANDING_CURRENT);
    CHECK(peek->has_epoch && peek->epoch == 1 && equal(peek->group_id, "the group") && peek->encrypted);
    conclave_message_peek_free(peek);
    MUST(conclave_group_preview(of_bob, conclave_buf_bytes(message), &event));
    CHECK(event->kind == CONCLAVE_EVENT_MESSAGE && equal(event->message->plaintext, "hello"));
    conclave_event_free(event);
    event = receive(of_bob, message);
    CHECK(event->kind == CONCLAVE_EVENT_MESSAGE && equal(event->message->aad, "aad"));
    CHECK(equal(event->message->plaintext, "hello") && equal(event->message->sender.client_id, "alice"));
    conclave_event_free(event);
    FAILS(CONCLAVE_KEY_GONE, conclave_group_receive(of_bob, conclave_buf_bytes(message), conclave_absent(), &event));
    event = receive(of_alice, message);
    CHECK(event->kind == CONCLAVE_EVENT_OWN_ECHO);
    conclave_event_free(event);
    MUST(conclave_inspect(conclave_buf_bytes(message), &words));
    CHECK(strstr((const char *)words->data, "PrivateMessage") != NULL && strlen((const char *)words->data) == words->len);
    conclave_buf_free(words);
    conclave_buf_free(message);
}

static void look_at_trees(void)
{
    conclave_buf *tree, *words;

    MUST(conclave_group_export_tree(of_alice, &tree));
    MUST(conclave_inspect_as(CONCLAVE_OBJECT_RATCHET_TREE, conclave_buf_bytes(tree), &words));
    CHECK(strstr((const char *)words->data, "RatchetTree (") == (const char *)words->data);
    CHECK(strstr((const char *)words->data, "identity: \"bob\"") != NULL);
    conclave_buf_free(words);
    MUST(conclave_inspect_tree(conclave_buf_bytes(tree), &words));
    CHECK(strstr((const char *)words->data, "leaf 0: \"alice\"") != NULL);
    CHECK(strstr((const char *)words->data, "leaf 1: \"bob\"") != NULL);
    conclave_buf_free(words);
    conclave_buf_free(tree);
}

static void look_at_members(void)
{
    conclave_members *members;

    MUST(conclave_group_members(of_bob, CONCLAVE_NO_LEAF, 10, &members));
    CHECK(members->count == 2 && members->items[1]->name.leaf == 1 && members->items[0]->version_count == 1);
    CHECK(equal(members->items[0]->name.client_id, "alice") && equal(members->items[1]->name.client_id, "bob"));
    conclave_members_free(members);
    MUST(conclave_group_members(of_bob, 0, 10, &members));
    CHECK(members->count == 1 && equal(members->items[0]->name.client_id, "bob"));
    conclave_members_free(members);
    MUST(conclave_group_find_member(of_bob, conclave_text("alice"), &members));
    CHECK(members->count == 1 && members->items[0]->signature_key.len == 32 && members->items[0]->name.leaf == 0);
    conclave_members_free(members);
    MUST(conclave_group_find_member(of_bob, conclave_text("nobody"), &members));
    CHECK(members == NULL);
    MUST(conclave_group_find_members(of_bob, conclave_text("alice"), CONCLAVE_NO_LEAF, 10, &members));
    CHECK(members->count == 1 && members->items[0]->name.leaf == 0);
    conclave_members_free(members);
}

/* What is too old goes; what is not stays. */
static void tidy_up(void)
{
    conclave_group_standing before = standing(of_alice), after;

    CHECK(before.oldest_epoch < before.epoch);
    MUST(conclave_group_prune(of_alice, CONCLAVE_KEEP_CONFIGURED));
    MUST(conclave_client_prune(alice));
    CHECK(standing(of_alice).oldest_epoch == before.oldest_epoch);
    MUST(conclave_group_prune(of_alice, 0));
    after = standing(of_alice);
    CHECK(after.epoch == before.epoch && after.oldest_epoch == after.epoch);
}

/* One page after the other. */
static void list_groups(void)
{
    conclave_groups *first, *second;

    MUST(conclave_client_groups(alice, conclave_absent(), 2, &first));
    CHECK(first->count == 2 && first->next.data != NULL);
    MUST(conclave_client_groups(alice, first->next, 2, &second));
    CHECK(second->count == 1 && second->next.data == NULL);
    CHECK(!same(second->items[0]->group_id, first->items[0]->group_id));
    CHECK(!same(second->items[0]->group_id, first->items[1]->group_id));
    conclave_groups_free(first);
    conclave_groups_free(second);
}

/* Effects that wait for an app whose data are elsewhere, and the end of a client. */
static void journal_and_end(void)
{
    conclave_client *erin = open_client("erin", 1, 0);
    conclave_pending_effects *effects;
    conclave_groups *groups;
    conclave_group *group;
    conclave_buf *message;

    MUST(conclave_client_create_group(erin, NULL, &group));
    MUST(conclave_group_encrypt(group, conclave_text("hello"), conclave_absent(), conclave_text("tag"), &message));
    MUST(conclave_client_pending_effects(erin, 0, 10, &effects));
    CHECK(effects->count == 2 && effects->items[0]->effect->kind == CONCLAVE_EFFECT_JOINED);
    CHECK(same(effects->items[1]->effect->message, conclave_buf_bytes(message)));
    CHECK(equal(effects->items[1]->effect->tag, "tag"));
    MUST(conclave_client_acknowledge(erin, effects->items[0]->id));
    conclave_pending_effects_free(effects);
    MUST(conclave_client_pending_effects(erin, 0, 10, &effects));
    CHECK(effects->count == 1 && effects->items[0]->effect->kind == CONCLAVE_EFFECT_OUTBOUND);
    conclave_pending_effects_free(effects);
    MUST(conclave_client_wipe(erin));
    FAILS(CONCLAVE_CONSUMED, conclave_client_wipe(erin));
    conclave_buf_free(message);
    FAILS(CONCLAVE_NO_SUCH_GROUP,
        conclave_group_encrypt(group, conclave_text("hello"), conclave_absent(), conclave_absent(), &message));
    MUST(conclave_client_groups(erin, conclave_absent(), 10, &groups));
    CHECK(groups->count == 0 && groups->next.data == NULL);
    conclave_groups_free(groups);
    leave(erin, group);
}

static void versions(void)
{
    conclave_version_info version = CONCLAVE_INIT(conclave_version_info);
    conclave_error_description description = CONCLAVE_INIT(conclave_error_description);

    MUST(conclave_version(&version));
    CHECK(version.number == CONCLAVE_VERSION_NUMBER && strchr(version.release, '.') != NULL);
    CHECK(strstr(version.protocol, "9420") != NULL);
    MUST(conclave_error_info(CONCLAVE_BAD_SIGNATURE, &description));
    CHECK(description.status == CONCLAVE_BAD_SIGNATURE && strcmp(description.name, "BadSignature") == 0);
    CHECK(strlen(description.summary) > 0 && strlen(description.remedy) > 0);
}

int main(void)
{
    versions();
    meet();
    export_secrets();
    look_at_messages();
    look_at_trees();
    look_at_members();
    look_at_invitations();
    propose_all();
    commit_all();
    open_the_group();
    propose_from_outside();
    join_alone();
    wait_for_an_epoch();
    archives();
    branch();
    tidy_up();
    close_and_follow();
    list_groups();
    journal_and_end();
    leave(alice, of_alice);
    leave(bob, of_bob);
    return report();
}
