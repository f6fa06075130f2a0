/*
 * Processes are killed in the middle of sending and of receiving, and go on from their stores: nothing is lost, nothing
 * comes twice, and what was encrypted is sent as it was encrypted.
 */

#include "ledger.h"
#include "problem.h"
#include "process.h"
#include "spool.h"

#include <stdlib.h>
#include <string.h>

/* Asks for news, and prints them behind some words: the lines themselves, or how many there are. */
static bool print_seen(struct actor *actor, const char *words) {
    struct lines seen = {NULL, 0};
    bool ok = actor_ask(actor, "", &seen);
    char *joined = lines_join(&seen, ", ");
    ok = ok && print("%s%s\n", words, joined);
    free(joined);
    lines_free(&seen);
    return ok;
}

static bool print_count(struct actor *actor, const char *words) {
    struct lines seen = {NULL, 0};
    bool ok = actor_ask(actor, "", &seen) && print("%s%zu messages\n", words, seen.count);
    lines_free(&seen);
    return ok;
}

/* Starts someone again, who finds out what there is to do; prints what was seen, if there are words for it. */
static bool goes_on(const struct stage *stage, const char *name, const char *words) {
    struct actor actor = {.process = 0};
    bool ok = actor_start(stage, name, NOWHERE, &actor)
        && (words == NULL ? actor_ask(&actor, "", NULL) : print_seen(&actor, words)) && actor_end(&actor);
    actor_free(&actor);
    return ok;
}

static bool alice_says(const struct stage *stage, const char *text) {
    struct actor alice = {.process = 0};
    bool ok = actor_start(stage, "alice", NOWHERE, &alice) && actor_ask(&alice, text, NULL) && actor_end(&alice);
    actor_free(&alice);
    return ok;
}

static bool open_ledger(const struct stage *stage, const char *name, struct ledger *ledger) {
    char *path = format("%s/%s/store.db", stage->directory, name);
    bool ok = ledger_open(path, ledger);
    free(path);
    return ok;
}

/* The last message in alice's outbox. */
static bool waiting(const struct stage *stage, struct bytes *message) {
    struct ledger ledger = {NULL};
    struct letters unsent = {NULL, 0};
    bool ok = open_ledger(stage, "alice", &ledger) && ledger_unsent(&ledger, &unsent)
        && (unsent.count > 0 || fail("the outbox is empty"));
    if (ok) {
        *message = bytes_copy(lent(&unsent.items[unsent.count - 1].content));
    }
    letters_free(&unsent);
    ledger_close(&ledger);
    return ok;
}

/* Whether the newest message of the group is these bytes. */
static bool find_newest(const struct spool *spool, conclave_bytes group_id, conclave_bytes message, bool *is) {
    bool there = true;
    bool ok = true;
    for (uint64_t number = 1; ok && there; number++) {
        struct entry entry = {false, 0, {NULL, 0}};
        ok = spool_fetch(spool, group_id, number, &entry, &there);
        if (ok && there) {
            *is = equal(lent(&entry.message), message);
        }
        bytes_free(&entry.message);
    }
    return ok;
}

static bool is_sent(const struct stage *stage, const struct bytes *message, bool *is) {
    char *root = format("%s/spool", stage->directory);
    struct spool spool = {NULL};
    struct lines groups = {NULL, 0};
    struct bytes group_id = {NULL, 0};
    bool ok =
        spool_open(root, &spool) && spool_groups(&spool, &groups) && (groups.count > 0 || fail("there is no group"));
    if (ok) {
        const char *group = groups.items[groups.count - 1];
        ok = hex_decode(group, strlen(group), &group_id) || fail("%s: not a group", group);
    }
    ok = ok && find_newest(&spool, lent(&group_id), lent(message), is);
    bytes_free(&group_id);
    lines_free(&groups);
    spool_close(&spool);
    free(root);
    return ok;
}

static bool before_sending(const struct stage *stage, struct actor *bob) {
    struct bytes message = {NULL, 0};
    bool sent = false;
    bool ok = actor_kill_at(stage, "alice", BEFORE_SENDING, "one")
        && print("alice encrypted \"one\" and was killed before it was sent\n") && waiting(stage, &message)
        && print_count(bob, "bob sees ") && goes_on(stage, "alice", NULL) && is_sent(stage, &message, &sent)
        && print("alice goes on; the same bytes were sent: %s\n", sent ? "true" : "false")
        && print_seen(bob, "bob sees: ");
    bytes_free(&message);
    return ok;
}

static bool after_sending(const struct stage *stage, struct actor *bob) {
    return actor_kill_at(stage, "alice", AFTER_SENDING, "two")
        && print("alice sent \"two\" and was killed before she could note it\n") && print_seen(bob, "bob sees: ")
        && goes_on(stage, "alice", NULL) && print_count(bob, "alice goes on and sends it again; bob sees ");
}

static bool sending(const struct stage *stage) {
    struct actor bob = {.process = 0}, alice = {.process = 0};
    bool ok = actor_start(stage, "bob", NOWHERE, &bob) && actor_start(stage, "alice", NOWHERE, &alice)
        && actor_ask(&alice, "/create", NULL) && actor_ask(&alice, "/add bob", NULL) && actor_end(&alice)
        && actor_ask(&bob, "", NULL) && before_sending(stage, &bob) && after_sending(stage, &bob) && actor_end(&bob);
    actor_free(&alice);
    actor_free(&bob);
    return ok;
}

static bool receiving(const struct stage *stage) {
    return alice_says(stage, "three") && actor_kill_at(stage, "bob", INSIDE_RECEIVING, "")
        && print("bob was killed inside the transaction that receives \"three\"\n")
        && goes_on(stage, "bob", "bob goes on and sees: ") && alice_says(stage, "four")
        && actor_kill_at(stage, "bob", AFTER_RECEIVING, "")
        && print("bob received \"four\" and was killed before he saw it\n")
        && goes_on(stage, "bob", "bob goes on and sees: ");
}

static bool building(const struct stage *stage) {
    return actor_kill_at(stage, "alice", BEFORE_SENDING, "/refresh")
        && print("alice built a commit and was killed before it was sent\n") && goes_on(stage, "alice", NULL)
        && goes_on(stage, "bob", "alice goes on; bob sees: ") && alice_says(stage, "five")
        && goes_on(stage, "bob", "bob sees: ");
}

static bool print_inbox(const struct stage *stage) {
    struct ledger ledger = {NULL};
    struct lines inbox = {NULL, 0};
    bool ok =
        open_ledger(stage, "bob", &ledger) && ledger_inbox(&ledger, &inbox) && print("everything bob ever received:\n");
    for (size_t i = 0; ok && i < inbox.count; i++) {
        ok = print("  %s\n", inbox.items[i]);
    }
    lines_free(&inbox);
    ledger_close(&ledger);
    return ok;
}

static bool play(const struct stage *stage) {
    return sending(stage) && receiving(stage) && building(stage) && print_inbox(stage);
}

int main(int argc, char **argv) {
    return role_is_given(argc, argv) ? role_play(argc, argv) : stage_run(argv[0], play);
}
