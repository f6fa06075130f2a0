/* Those who are not members: bob as a sender from outside, though he is inside as well, and dave, who comes in by himself. */
#include "journey.h"

static conclave_buf *group_info(void)
{
    conclave_buf *group_info;

    MUST(conclave_group_info(of_alice, 1, &group_info));
    return group_info;
}

/* Lets bob propose from outside. */
void open_the_group(void)
{
    conclave_extension extension = {0};
    conclave_external_sender *sender;
    conclave_extensions *found;
    conclave_commit *commit = begin();
    conclave_event *event;
    conclave_buf *encoded;

    MUST(conclave_client_external_sender(bob, 0, &sender));
    CHECK(sender->sender.signature_key.len == 32 && equal(sender->sender.identity.content, "bob"));
    extension.extension_type = CONCLAVE_EXTENSION_EXTERNAL_SENDERS;
    extension.senders = &sender->sender;
    extension.sender_count = 1;
    MUST(conclave_encode_extensions(&extension, 1, &encoded));
    MUST(conclave_decode_extensions(conclave_buf_bytes(encoded), &found));
    CHECK(found->count == 1 && found->items[0].sender_count == 1);
    CHECK(equal(found->items[0].senders[0].identity.content, "bob"));
    conclave_extensions_free(found);
    MUST(conclave_commit_extensions(commit, conclave_buf_bytes(encoded)));
    event = carry_out(commit);
    CHECK(event->change->extensions_changed);
    conclave_event_free(event);
    MUST(conclave_group_extensions(of_bob, &found));
    CHECK(found->count == 1 && found->items[0].extension_type == CONCLAVE_EXTENSION_EXTERNAL_SENDERS);
    CHECK(same(found->items[0].senders[0].signature_key, sender->sender.signature_key));
    conclave_extensions_free(found);
    conclave_external_sender_free(sender);
    conclave_buf_free(encoded);
}

/* Whether something of this kind was proposed from outside; `event` is freed. */
static int from_outside(conclave_event *event, conclave_proposal_kind kind)
{
    const conclave_author *author = &event->proposal->author;
    int is = author->kind == CONCLAVE_AUTHOR_EXTERNAL && author->index == 0 && author->member == NULL
        && event->proposal->summary->kind == kind;

    conclave_event_free(event);
    return is;
}

static void propose_members(const conclave_external_proposer *proposer)
{
    conclave_client *carol = traveller("carol");
    conclave_key_packages *made;
    conclave_event *event;
    conclave_buf *message;

    MUST(conclave_client_create_key_packages(carol, 1, NULL, &made));
    MUST(conclave_external_proposer_propose_add(proposer, made->items[0]->message, &message));
    event = proposed(message);
    CHECK(equal(event->proposal->summary->client_id, "carol") && from_outside(event, CONCLAVE_PROPOSAL_ADD));
    MUST(conclave_external_proposer_propose_remove(proposer, 1, &message));
    event = proposed(message);
    CHECK(event->proposal->summary->member->leaf == 1 && from_outside(event, CONCLAVE_PROPOSAL_REMOVE));
    MUST(conclave_external_proposer_propose_psk(proposer, conclave_text("psk"), &message));
    event = proposed(message);
    CHECK(equal(event->proposal->summary->psk_id, "psk") && from_outside(event, CONCLAVE_PROPOSAL_PSK));
    conclave_key_packages_free(made);
    conclave_client_free(carol);
}

static void propose_the_rest(const conclave_external_proposer *proposer)
{
    conclave_extension extension = {0};
    conclave_event *event;
    conclave_buf *message, *encoded;

    extension.extension_type = CONCLAVE_EXTENSION_REQUIRED_CAPABILITIES;
    MUST(conclave_encode_extensions(&extension, 1, &encoded));
    MUST(conclave_external_proposer_propose_extensions(proposer, conclave_buf_bytes(encoded), &message));
    event = proposed(message);
    CHECK(event->proposal->summary->type_count == 1);
    CHECK(event->proposal->summary->types[0] == CONCLAVE_EXTENSION_REQUIRED_CAPABILITIES);
    CHECK(from_outside(event, CONCLAVE_PROPOSAL_EXTENSIONS));
    FAILS(CONCLAVE_BAD_ARGUMENT, conclave_external_proposer_propose_extensions(proposer, conclave_absent(), &message));
    MUST(conclave_external_proposer_propose_reinit(proposer, conclave_text("next"), 1, conclave_buf_bytes(encoded), &message));
    CHECK(from_outside(proposed(message), CONCLAVE_PROPOSAL_REINIT));
    FAILS(CONCLAVE_BAD_ARGUMENT,
        conclave_external_proposer_propose_reinit(proposer, conclave_text("next"), 1, conclave_absent(), &message));
    conclave_buf_free(encoded);
}

/* An epoch later, proposals have to be of that one. */
static void propose_later(const conclave_external_proposer *proposer, uint64_t epoch)
{
    conclave_external_proposer *later;
    conclave_external_place *place;
    conclave_buf *message;
    conclave_event *event;

    conclave_event_free(carry_out(begin()));
    MUST(conclave_external_proposer_propose_remove(proposer, 1, &message));
    FAILS(CONCLAVE_PAST_EPOCH,
        conclave_group_receive(of_alice, conclave_buf_bytes(message), conclave_absent(), &event));
    conclave_buf_free(message);
    MUST(conclave_external_proposer_at_epoch(proposer, epoch + 1, &later));
    MUST(conclave_external_proposer_place(later, &place));
    CHECK(place->epoch == epoch + 1 && equal(place->group_id, "the group") && place->sender_index == 0);
    MUST(conclave_external_proposer_propose_remove(later, 1, &message));
    CHECK(from_outside(proposed(message), CONCLAVE_PROPOSAL_REMOVE));
    MUST(conclave_group_clear_proposals(of_alice));
    conclave_external_place_free(place);
    conclave_external_proposer_free(later);
}

void propose_from_outside(void)
{
    conclave_external_proposer *proposer, *told;
    conclave_external_place *place;
    conclave_buf *info = group_info(), *message;

    MUST(conclave_external_proposer_new(bob, conclave_buf_bytes(info), conclave_absent(), &proposer));
    MUST(conclave_external_proposer_place(proposer, &place));
    CHECK(equal(place->group_id, "the group") && place->sender_index == 0 && place->cipher_suite == 1);
    CHECK(place->epoch == standing(of_alice).epoch);
    propose_members(proposer);
    propose_the_rest(proposer);
    MUST(conclave_external_proposer_at_place(bob, place->group_id, place->epoch, 1, 0, &told));
    MUST(conclave_external_proposer_propose_psk(told, conclave_text("another"), &message));
    CHECK(from_outside(proposed(message), CONCLAVE_PROPOSAL_PSK));
    CHECK(standing(of_alice).pending_proposals == 6);
    MUST(conclave_group_clear_proposals(of_alice));
    propose_later(proposer, place->epoch);
    conclave_external_place_free(place);
    conclave_external_proposer_free(told);
    conclave_external_proposer_free(proposer);
    conclave_buf_free(info);
}

/* Dave asks to be added. */
static void ask(const conclave_client *dave, conclave_bytes info)
{
    conclave_key_package_status status = CONCLAVE_INIT(conclave_key_package_status);
    conclave_join_proposal *asked;
    conclave_event *event;

    MUST(conclave_client_propose_join(dave, info, conclave_absent(), conclave_absent(), &asked));
    CHECK(equal(asked->group_id, "the group") && asked->epoch == standing(of_alice).epoch);
    MUST(conclave_client_key_package_status(dave, asked->key_package, &status));
    CHECK(status.standing == CONCLAVE_KEY_PACKAGE_AVAILABLE);
    MUST(conclave_group_receive(of_alice, asked->message, conclave_absent(), &event));
    CHECK(event->kind == CONCLAVE_EVENT_PROPOSAL && event->proposal->author.kind == CONCLAVE_AUTHOR_NEW_MEMBER);
    CHECK(event->proposal->summary->kind == CONCLAVE_PROPOSAL_ADD);
    CHECK(equal(event->proposal->summary->client_id, "dave"));
    conclave_event_free(event);
    conclave_join_proposal_free(asked);
}

/* Begins to join by himself, changes his mind, and begins once more. */
static conclave_external_join *hesitate(const conclave_client *dave, conclave_bytes info)
{
    conclave_external_join *join, *waiting;

    MUST(conclave_client_join_external(dave, info, NULL, &join));
    CHECK(equal(join->group_id, "the group") && join->epoch == standing(of_alice).epoch + 1);
    FAILS(CONCLAVE_PENDING_JOIN, conclave_client_join_external(dave, info, NULL, &waiting));
    MUST(conclave_client_discard_join(dave, join->group_id, join->commit));
    MUST(conclave_client_pending_join(dave, conclave_text("the group"), &waiting));
    CHECK(waiting == NULL);
    conclave_external_join_free(join);
    MUST(conclave_client_join_external(dave, info, NULL, &join));
    MUST(conclave_client_pending_join(dave, conclave_text("the group"), &waiting));
    CHECK(same(waiting->commit, join->commit) && waiting->epoch == join->epoch);
    conclave_external_join_free(waiting);
    return join;
}

static void enter(const conclave_client *dave, conclave_bytes info, conclave_group **joined)
{
    conclave_external_join *join = hesitate(dave, info);
    conclave_event *event;

    MUST(conclave_client_confirm_join(dave, join->group_id, join->commit, conclave_absent(), joined));
    CHECK(standing(*joined).members == 3 && standing(*joined).own_leaf == 2 && standing(*joined).active);
    MUST(conclave_group_receive(of_alice, join->commit, conclave_absent(), &event));
    CHECK(event->kind == CONCLAVE_EVENT_EPOCH_CHANGED && event->change->epoch == join->epoch);
    CHECK(event->change->added_count == 1 && equal(event->change->added[0].client_id, "dave"));
    conclave_event_free(event);
    MUST(conclave_group_receive(of_bob, join->commit, conclave_absent(), &event));
    CHECK(event->change->added_count == 1 && event->change->added[0].leaf == 2);
    conclave_event_free(event);
    CHECK(together(of_alice, *joined) && together(of_bob, *joined) && standing(of_alice).pending_proposals == 0);
    conclave_external_join_free(join);
}

/* Dave asks to be added, then joins by himself, forgets all about it, and is removed. */
void join_alone(void)
{
    conclave_client *dave = traveller("dave");
    conclave_buf *info = group_info();
    conclave_commit *commit;
    conclave_event *event;
    conclave_group *joined, *again;

    ask(dave, conclave_buf_bytes(info));
    enter(dave, conclave_buf_bytes(info), &joined);
    MUST(conclave_group_delete(joined));
    FAILS(CONCLAVE_NO_SUCH_GROUP, conclave_client_open_group(dave, conclave_text("the group"), &again));
    leave(dave, joined);
    commit = begin();
    MUST(conclave_commit_remove(commit, 2));
    event = carry_out(commit);
    CHECK(event->change->removed_count == 1 && equal(event->change->removed[0].client_id, "dave"));
    CHECK(standing(of_bob).members == 2);
    conclave_event_free(event);
    conclave_buf_free(info);
}
