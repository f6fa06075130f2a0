/*
 * A messenger and its notification extension: two processes, one SQLite file, one member of the group. Whoever is
 * quicker receives a message; nothing is received twice, nothing is lost, and no key is used twice.
 */

#include "ledger.h"
#include "problem.h"
#include "process.h"

#include <stdlib.h>
#include <string.h>

enum { RACE = 20 };

/* Everyone on the stage. */
struct cast {
    struct actor alice, app, extension;
};

static bool print_all(char *const *items, size_t count) {
    bool ok = true;
    for (size_t i = 0; ok && i < count; i++) {
        ok = print("  %s\n", items[i]);
    }
    return ok;
}

/* Asks for news, and prints them, in order if they may come in any. */
static bool print_answer(struct actor *actor, bool sorted) {
    struct lines answer = {NULL, 0};
    bool ok = actor_ask(actor, "", &answer);
    if (sorted) {
        lines_sort(&answer);
    }
    ok = ok && print_all(answer.items, answer.count);
    lines_free(&answer);
    return ok;
}

/* What two processes show when told at the same moment: each a part of it, so sorted. */
static bool merged(struct cast *cast, const char *to_app, const char *to_extension, struct lines *shown) {
    bool ok = actor_tell(&cast->app, to_app) && actor_tell(&cast->extension, to_extension)
        && actor_answer(&cast->app, shown) && actor_answer(&cast->extension, shown);
    lines_sort(shown);
    return ok;
}

/* What bob has received, from the table that both processes fill. */
static bool read_inbox(const struct stage *stage, struct lines *inbox) {
    char *path = format("%s/bob/store.db", stage->directory);
    struct ledger ledger = {NULL};
    bool ok = ledger_open(path, &ledger) && ledger_inbox(&ledger, inbox);
    ledger_close(&ledger);
    free(path);
    return ok;
}

static bool print_received(const struct lines *inbox, const struct lines *shown) {
    size_t count = inbox->count < RACE ? inbox->count : RACE;
    char **received = inbox->items + (inbox->count - count);
    bool same = count == shown->count;
    for (size_t i = 0; same && i < count; i++) {
        same = strcmp(received[i], shown->items[i]) == 0;
    }
    return print_all(received, count)
        && print("%zu received, %zu shown, by one of the two each: %s\n", count, shown->count, same ? "true" : "false");
}

static bool race(const struct stage *stage, struct cast *cast) {
    struct lines shown = {NULL, 0}, inbox = {NULL, 0};
    bool ok = print("both look at the same moment:\n");
    for (int n = 1; ok && n <= RACE; n++) {
        char *message = format("message %02d", n);
        ok = actor_ask(&cast->alice, message, NULL);
        free(message);
    }
    ok = ok && merged(cast, "", "", &shown) && read_inbox(stage, &inbox) && print_received(&inbox, &shown);
    lines_free(&shown);
    lines_free(&inbox);
    return ok;
}

static bool say_all(struct actor *actor, const char *const commands[3]) {
    return actor_ask(actor, commands[0], NULL) && actor_ask(actor, commands[1], NULL)
        && actor_ask(actor, commands[2], NULL);
}

static bool write_at_once(struct cast *cast) {
    struct lines ignored = {NULL, 0};
    bool ok = print("both write at the same moment:\n") && merged(cast, "from the app", "from the extension", &ignored)
        && print_answer(&cast->alice, true);
    lines_free(&ignored);
    return ok;
}

static bool perform(const struct stage *stage, struct cast *cast) {
    return actor_start(stage, "alice", NOWHERE, &cast->alice) && actor_start(stage, "bob", NOWHERE, &cast->app)
        && actor_start(stage, "bob", NOWHERE, &cast->extension) && actor_ask(&cast->alice, "/create", NULL)
        && actor_ask(&cast->alice, "/add bob", NULL) && print("the extension is awake, the app is not:\n")
        && say_all(&cast->alice, (const char *[]){"one", "two", "three"}) && print_answer(&cast->extension, false)
        && print("the app is awake, the extension is not:\n")
        && say_all(&cast->alice, (const char *[]){"four", "/refresh", "five"}) && print_answer(&cast->app, false)
        && race(stage, cast) && write_at_once(cast) && actor_end(&cast->alice) && actor_end(&cast->app)
        && actor_end(&cast->extension);
}

static bool play(const struct stage *stage) {
    struct cast cast = {{.process = 0}, {.process = 0}, {.process = 0}};
    bool ok = perform(stage, &cast);
    actor_free(&cast.alice);
    actor_free(&cast.app);
    actor_free(&cast.extension);
    return ok;
}

int main(int argc, char **argv) {
    return role_is_given(argc, argv) ? role_play(argc, argv) : stage_run(argv[0], play);
}
