/* Invitations, proposals of members, and what a commit can hold. */
#include "journey.h"

/* A commit of alice's that adds the client of this key package, and will not take effect. */
static conclave_commit_result *invite(conclave_bytes key_package, conclave_status (*how)(const conclave_commit *))
{
    conclave_commit *commit = begin();
    conclave_commit_result *result;

    MUST(conclave_commit_add(commit, key_package));
    if (how != NULL) {
        MUST(how(commit));
    }
    MUST(conclave_commit_build(commit, &result));
    conclave_commit_free(commit);
    MUST(conclave_group_discard_commit(of_alice, result->commit));
    CHECK(!standing(of_alice).pending_commit && result->welcome.len > 100);
    return result;
}

/* The tree is in the Welcome, beside it, or comes later. */
static void places_of_the_tree(const conclave_client *carol, conclave_bytes key_package)
{
    conclave_commit_result *inside = invite(key_package, NULL);
    conclave_commit_result *beside = invite(key_package, conclave_commit_tree_beside_welcome);
    conclave_commit_result *later = invite(key_package, conclave_commit_tree_later);
    conclave_welcome_preview *preview;

    CHECK(inside->tree.data == NULL && beside->tree.len > 100 && later->tree.data == NULL);
    MUST(conclave_client_preview_welcome(carol, inside->welcome, conclave_absent(), &preview));
    CHECK(preview->members == 3 && equal(preview->inviter->client_id, "alice") && !preview->tree_missing);
    CHECK(equal(preview->group_id, "the group") && preview->epoch == standing(of_alice).epoch + 1);
    conclave_welcome_preview_free(preview);
    MUST(conclave_client_preview_welcome(carol, beside->welcome, conclave_absent(), &preview));
    CHECK(preview->tree_missing && preview->members == 0);
    conclave_welcome_preview_free(preview);
    MUST(conclave_client_preview_welcome(carol, beside->welcome, beside->tree, &preview));
    CHECK(!preview->tree_missing && preview->members == 3);
    conclave_welcome_preview_free(preview);
    MUST(conclave_client_preview_welcome(carol, later->welcome, conclave_absent(), &preview));
    CHECK(preview->tree_missing && preview->members == 0);
    conclave_welcome_preview_free(preview);
    conclave_commit_result_free(inside);
    conclave_commit_result_free(beside);
    conclave_commit_result_free(later);
}

void look_at_invitations(void)
{
    conclave_client *carol = traveller("carol");
    conclave_key_package_options options = CONCLAVE_INIT(conclave_key_package_options);
    conclave_key_package_status status = CONCLAVE_INIT(conclave_key_package_status);
    conclave_key_packages *made, *found;

    options.last_resort = 1;
    MUST(conclave_client_create_key_packages(carol, 2, &options, &made));
    CHECK(made->count == 2 && !same(made->items[0]->reference, made->items[1]->reference));
    MUST(conclave_client_key_packages(carol, conclave_absent(), 10, &found));
    CHECK(found->count == 2 && found->items[0]->last_resort);
    MUST(conclave_client_key_package_status(carol, made->items[0]->reference, &status));
    CHECK(status.standing == CONCLAVE_KEY_PACKAGE_AVAILABLE && status.last_resort && status.not_after > 0);
    places_of_the_tree(carol, made->items[0]->message);
    MUST(conclave_client_delete_key_packages(carol, &made->items[0]->reference, 1));
    MUST(conclave_client_key_package_status(carol, made->items[0]->reference, &status));
    CHECK(status.standing == CONCLAVE_KEY_PACKAGE_UNKNOWN);
    MUST(conclave_client_key_package_status(carol, made->items[1]->reference, &status));
    CHECK(status.standing == CONCLAVE_KEY_PACKAGE_AVAILABLE);
    conclave_key_packages_free(made);
    conclave_key_packages_free(found);
    conclave_client_free(carol);
}

conclave_event *proposed(conclave_buf *message)
{
    conclave_event *event = receive(of_alice, message);

    CHECK(event->kind == CONCLAVE_EVENT_PROPOSAL && event->proposal->reference.len == 32);
    conclave_buf_free(message);
    return event;
}

/* Whether bob has proposed something of this kind; `event` is freed. */
static int by_bob(conclave_event *event, conclave_proposal_kind kind)
{
    const conclave_author *author = &event->proposal->author;
    int is = author->kind == CONCLAVE_AUTHOR_MEMBER && author->member->leaf == 1
        && equal(author->member->client_id, "bob") && event->proposal->summary->kind == kind;

    conclave_event_free(event);
    return is;
}

static void propose_members(void)
{
    conclave_client *carol = traveller("carol");
    conclave_key_packages *made;
    conclave_event *event;
    conclave_buf *message;

    MUST(conclave_client_create_key_packages(carol, 1, NULL, &made));
    MUST(conclave_group_propose_add(of_bob, made->items[0]->message, conclave_absent(), &message));
    event = proposed(message);
    CHECK(equal(event->proposal->summary->client_id, "carol") && by_bob(event, CONCLAVE_PROPOSAL_ADD));
    MUST(conclave_group_propose_remove(of_bob, 0, conclave_absent(), &message));
    event = proposed(message);
    CHECK(event->proposal->summary->member->leaf == 0 && by_bob(event, CONCLAVE_PROPOSAL_REMOVE));
    MUST(conclave_group_propose_leave(of_bob, conclave_absent(), &message));
    event = proposed(message);
    CHECK(event->proposal->summary->member->leaf == 1 && by_bob(event, CONCLAVE_PROPOSAL_REMOVE));
    MUST(conclave_group_propose_update(of_bob, conclave_absent(), &message));
    CHECK(by_bob(proposed(message), CONCLAVE_PROPOSAL_UPDATE));
    conclave_key_packages_free(made);
    conclave_client_free(carol);
}

static void propose_keys(void)
{
    conclave_resumption_psk psk = {{NULL, 0}, 0};
    conclave_event *event;
    conclave_buf *message;

    psk.group_id = conclave_text("the group");
    MUST(conclave_group_propose_psk(of_bob, conclave_text("psk"), conclave_absent(), &message));
    event = proposed(message);
    CHECK(equal(event->proposal->summary->psk_id, "psk") && by_bob(event, CONCLAVE_PROPOSAL_PSK));
    MUST(conclave_group_propose_resumption_psk(of_bob, psk, conclave_absent(), &message));
    event = proposed(message);
    CHECK(equal(event->proposal->summary->resumption_psk.group_id, "the group"));
    CHECK(event->proposal->summary->resumption_psk.epoch == 0 && by_bob(event, CONCLAVE_PROPOSAL_RESUMPTION_PSK));
}

/* What a group asks of its members. */
static conclave_buf *requirement(void)
{
    static const uint16_t types[] = {OF_THE_APP};
    conclave_extension extension = {0};
    conclave_buf *encoded;

    extension.extension_type = CONCLAVE_EXTENSION_REQUIRED_CAPABILITIES;
    extension.required_proposals = types;
    extension.required_proposal_count = 1;
    MUST(conclave_encode_extensions(&extension, 1, &encoded));
    return encoded;
}

static void propose_the_rest(void)
{
    conclave_reinit_options reinit = CONCLAVE_INIT(conclave_reinit_options);
    conclave_buf *message, *encoded = requirement();
    const conclave_proposal_summary *summary;
    conclave_event *event;

    MUST(conclave_group_propose_extensions(of_bob, conclave_buf_bytes(encoded), conclave_absent(), &message));
    event = proposed(message);
    summary = event->proposal->summary;
    CHECK(summary->type_count == 1 && summary->types[0] == CONCLAVE_EXTENSION_REQUIRED_CAPABILITIES);
    CHECK(by_bob(event, CONCLAVE_PROPOSAL_EXTENSIONS));
    MUST(conclave_group_propose_custom(of_bob, OF_THE_APP, conclave_text("content"), conclave_absent(), &message));
    event = proposed(message);
    summary = event->proposal->summary;
    CHECK(summary->proposal_type == OF_THE_APP && equal(summary->content, "content"));
    CHECK(by_bob(event, CONCLAVE_PROPOSAL_CUSTOM));
    MUST(conclave_group_propose_reinit(of_bob, &reinit, conclave_absent(), &message));
    CHECK(by_bob(proposed(message), CONCLAVE_PROPOSAL_REINIT));
    conclave_buf_free(encoded);
}

void propose_all(void)
{
    conclave_pending_proposals *waiting;
    conclave_buf *message;

    propose_members();
    propose_keys();
    propose_the_rest();
    MUST(conclave_group_pending_proposals(of_alice, &waiting));
    CHECK(waiting->count == 9 && standing(of_alice).pending_proposals == 9);
    CHECK(equal(waiting->items[0]->summary->client_id, "carol") && waiting->items[0]->author.member->leaf == 1);
    CHECK(waiting->items[8]->summary->kind == CONCLAVE_PROPOSAL_REINIT);
    conclave_pending_proposals_free(waiting);
    FAILS(CONCLAVE_PENDING_PROPOSALS,
        conclave_group_encrypt(of_alice, conclave_text("hello"), conclave_absent(), conclave_absent(), &message));
    MUST(conclave_group_clear_proposals(of_alice));
    MUST(conclave_group_clear_proposals(of_bob));
    MUST(conclave_group_pending_proposals(of_alice, &waiting));
    CHECK(waiting->count == 0 && standing(of_bob).pending_proposals == 0);
    conclave_pending_proposals_free(waiting);
}

/* Whether a tree of alice's is still the one it was; the new one is the old one then. */
static int is_still(conclave_buf **tree)
{
    conclave_buf *now;
    int is;

    MUST(conclave_group_export_tree(of_alice, &now));
    is = same(conclave_buf_bytes(*tree), conclave_buf_bytes(now));
    conclave_buf_free(*tree);
    *tree = now;
    return is;
}

/* Two keys, no path, and nothing of what bob has proposed. */
static void commit_keys(void)
{
    conclave_resumption_psk psk = {{NULL, 0}, 1};
    conclave_commit *commit = begin();
    conclave_commit_result *result;
    conclave_event *event;
    conclave_buf *message, *tree;

    psk.group_id = conclave_text("the group");
    MUST(conclave_client_put_psk(alice, conclave_text("psk"), conclave_text("shared")));
    MUST(conclave_client_put_psk(bob, conclave_text("psk"), conclave_text("shared")));
    MUST(conclave_group_propose_custom(of_bob, OF_THE_APP, conclave_text("in vain"), conclave_absent(), &message));
    CHECK(by_bob(proposed(message), CONCLAVE_PROPOSAL_CUSTOM));
    MUST(conclave_group_export_tree(of_alice, &tree));
    MUST(conclave_commit_psk(commit, conclave_text("psk")));
    MUST(conclave_commit_resumption_psk(commit, psk));
    MUST(conclave_commit_without_pending(commit));
    MUST(conclave_commit_without_path(commit));
    event = carry_out(commit);
    CHECK(event->change->psk_count == 1 && equal(event->change->psks[0], "psk"));
    CHECK(event->change->resumption_psk_count == 1 && event->change->resumption_psks[0].epoch == 1);
    CHECK(equal(event->change->resumption_psks[0].group_id, "the group") && event->change->custom_count == 0);
    conclave_event_free(event);
    CHECK(standing(of_alice).pending_proposals == 0 && standing(of_bob).pending_proposals == 0);
    CHECK(is_still(&tree) && together(of_alice, of_bob));
    conclave_event_free(carry_out(begin()));
    CHECK(!is_still(&tree));
    conclave_buf_free(tree);

    MUST(conclave_client_delete_psk(alice, conclave_text("psk")));
    commit = begin();
    MUST(conclave_commit_psk(commit, conclave_text("psk")));
    FAILS(CONCLAVE_UNKNOWN_PSK, conclave_commit_build(commit, &result));
    conclave_commit_free(commit);
}

/* A change that the app defines: one that bob has proposed, and one of the commit's own. */
static void commit_custom(void)
{
    conclave_commit *commit = begin();
    const conclave_proposal_summary *const *custom;
    conclave_event *event;
    conclave_buf *message;
    size_t own;

    MUST(conclave_group_propose_custom(of_bob, OF_THE_APP, conclave_text("by bob"), conclave_absent(), &message));
    CHECK(by_bob(proposed(message), CONCLAVE_PROPOSAL_CUSTOM));
    MUST(conclave_commit_custom(commit, OF_THE_APP, conclave_text("by alice")));
    event = carry_out(commit);
    custom = event->change->custom;
    CHECK(event->change->custom_count == 2);
    own = equal(custom[0]->content, "by alice") ? 0 : 1;
    CHECK(equal(custom[own]->content, "by alice") && equal(custom[1 - own]->content, "by bob"));
    CHECK(custom[0]->proposal_type == OF_THE_APP && custom[1]->proposal_type == OF_THE_APP);
    CHECK(custom[0]->kind == CONCLAVE_PROPOSAL_CUSTOM && custom[1]->kind == CONCLAVE_PROPOSAL_CUSTOM);
    conclave_event_free(event);
    CHECK(together(of_alice, of_bob));
}

/* Extensions that bob has proposed. */
static void commit_extensions(void)
{
    conclave_buf *message, *encoded = requirement();
    conclave_extensions *found;
    conclave_event *event;

    MUST(conclave_group_propose_extensions(of_bob, conclave_buf_bytes(encoded), conclave_absent(), &message));
    CHECK(by_bob(proposed(message), CONCLAVE_PROPOSAL_EXTENSIONS));
    event = carry_out(begin());
    CHECK(event->kind == CONCLAVE_EVENT_EPOCH_CHANGED && event->change->extensions_changed);
    conclave_event_free(event);
    MUST(conclave_group_extensions(of_bob, &found));
    CHECK(found->count == 1 && found->items[0].extension_type == CONCLAVE_EXTENSION_REQUIRED_CAPABILITIES);
    CHECK(found->items[0].required_proposal_count == 1 && found->items[0].required_proposals[0] == OF_THE_APP);
    conclave_extensions_free(found);
    conclave_buf_free(encoded);
}

/* What stands beside a commit. */
static void commit_words(void)
{
    conclave_commit *commit = begin();
    conclave_commit_result *result;
    conclave_buf *words;

    MUST(conclave_commit_aad(commit, conclave_text("beside the commit")));
    MUST(conclave_commit_tag(commit, conclave_text("of the commit")));
    MUST(conclave_commit_build(commit, &result));
    CHECK(effect_was(CONCLAVE_EFFECT_OUTBOUND, "of the commit"));
    MUST(conclave_inspect(result->commit, &words));
    CHECK(strstr((const char *)words->data, "authenticated_data: \"beside the commit\"") != NULL);
    conclave_buf_free(words);
    MUST(conclave_group_discard_commit(of_alice, result->commit));
    conclave_commit_result_free(result);
    conclave_commit_free(commit);
}

void commit_all(void)
{
    commit_keys();
    commit_custom();
    commit_extensions();
    commit_words();
}
