/* Someone is added while away, and catches up later, after a device restart in between, with values sealed in the
   store. */

#include "device.h"
#include "problem.h"
#include "process.h"

#include <inttypes.h>
#include <string.h>

/* What a device does while it is on. */
typedef bool deed(struct device *device);

/* Switches a device on, and off again afterwards. */
static bool on(const struct stage *stage, const char *name, deed *act) {
    /* An app takes 32 random bytes, and keeps them where the operating system keeps keys. */
    uint8_t key[32];
    memset(key, 7, sizeof key);
    struct place place = {stage->directory, {key, sizeof key}, NOWHERE};
    struct device *device = NULL;
    bool ok = device_open(name, &place, &device) && act(device);
    device_close(device);
    return ok;
}

static bool print_news(const struct device *device) {
    struct lines news = {NULL, 0};
    bool ok = ledger_news(&device->ledger, &news);
    for (size_t i = 0; ok && i < news.count; i++) {
        ok = print("%s sees: %s\n", device->name, news.items[i]);
    }
    lines_free(&news);
    return ok;
}

static bool count_invitations(const struct spool *spool, size_t *count) {
    struct invitations waiting = {NULL, 0};
    bool ok = spool_invitations(spool, "carol", &waiting);
    *count = waiting.count;
    invitations_free(&waiting);
    return ok;
}

static bool add(const struct device *device, const char *name) {
    struct lines names = {NULL, 0};
    lines_add(&names, format("%s", name));
    bool ok = device_add(device, &names);
    lines_free(&names);
    return ok;
}

static bool nothing(struct device *device) {
    return device != NULL;
}

static bool alice_begins(struct device *alice) {
    conclave_group_standing standing;
    return device_create_group(alice) && add(alice, "bob") && device_say(alice, "before carol") && add(alice, "carol")
        && device_standing(alice, &standing)
        && print("alice added bob, then carol, who is away: epoch %" PRIu64 "\n", standing.epoch)
        && device_say(alice, "welcome, carol");
}

static bool bob_answers(struct device *bob) {
    size_t count = 0;
    return device_say(bob, "hello carol") && device_refresh(bob) && device_say(bob, "still there?") && print_news(bob)
        && count_invitations(&bob->spool, &count)
        && print("the delivery service keeps %zu invitation for carol\n", count);
}

static bool carol_comes_back(struct device *carol) {
    conclave_group_standing standing;
    size_t count = 0;
    return device_sync(carol) && print_news(carol) && device_standing(carol, &standing)
        && print("carol caught up: epoch %" PRIu64 "\n", standing.epoch) && count_invitations(&carol->spool, &count)
        && print("the delivery service keeps %zu invitations for carol\n", count) && device_say(carol, "I am back");
}

static bool alice_looks(struct device *alice) {
    return device_sync(alice) && print_news(alice);
}

static bool play(const struct stage *stage) {
    return on(stage, "bob", nothing) && on(stage, "carol", nothing)
        && print("bob and carol were here and left key packages\n") && on(stage, "alice", alice_begins)
        && on(stage, "bob", bob_answers) && on(stage, "carol", carol_comes_back) && on(stage, "alice", alice_looks);
}

int main(int argc, char **argv) {
    (void)argc;
    return stage_run(argv[0], play);
}
