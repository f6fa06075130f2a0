/* The changes that a device makes to its group. */

#include "device.h"

#include "problem.h"

#include <stdlib.h>

/* How often a change is built again because someone else's came first. */
enum { ATTEMPTS = 10 };

/* Fills a commit with what it shall change in the group as it is now. */
typedef bool fill(const conclave_group *group, const conclave_commit *commit, const void *about);

static bool commit_change(const struct device *device, fill *change, const void *about);
static bool find_member(const conclave_group *group, const char *name, conclave_members **found);

bool device_create_group(const struct device *device) {
    conclave_group *group = NULL;
    bool ok = device_find_group(device, &group);
    if (ok && group != NULL) {
        ok = fail("you are in a group already");
    } else if (ok) {
        char *tag = tag_text((struct tag){TAG_CURSOR, 0});
        conclave_group_options options = CONCLAVE_INIT(conclave_group_options);
        options.tag = conclave_text(tag);
        ok = check(conclave_client_create_group(device->client, &options, &group));
        free(tag);
    }
    conclave_group_free(group);
    return ok;
}

/* ---- adding ---- */

/* The key packages of those who shall come in. */
struct newcomers {
    struct bytes *key_packages;
    size_t count;
};

static bool add_newcomers(const conclave_group *group, const conclave_commit *commit, const void *about) {
    const struct newcomers *newcomers = about;
    (void)group;
    /* The tree grows with the group: once beside the Welcomes is less than once inside each of them. */
    bool ok = check(conclave_commit_tree_beside_welcome(commit));
    for (size_t i = 0; ok && i < newcomers->count; i++) {
        ok = check(conclave_commit_add(commit, lent(&newcomers->key_packages[i])));
    }
    return ok;
}

static bool is_new(const conclave_group *group, const char *name) {
    conclave_members *found = NULL;
    bool ok = find_member(group, name, &found) && (found == NULL || fail("%s is in the group already", name));
    conclave_members_free(found);
    return ok;
}

static bool take_key_package(const struct device *device, const char *name, struct newcomers *newcomers) {
    bool there = false;
    bool ok = spool_take_key_package(&device->spool, name, &newcomers->key_packages[newcomers->count], &there)
        && (there || fail("%s has published no key package: has %s ever been here?", name, name));
    newcomers->count += ok ? 1 : 0;
    return ok;
}

bool device_add(const struct device *device, const struct lines *names) {
    conclave_group *group = NULL;
    bool ok = device_group(device, &group);
    for (size_t i = 0; ok && i < names->count; i++) {
        ok = device_check_name(names->items[i]) && is_new(group, names->items[i]);
    }
    conclave_group_free(group);
    struct newcomers newcomers = {allocate(names->count * sizeof(struct bytes)), 0};
    for (size_t i = 0; ok && i < names->count; i++) {
        ok = take_key_package(device, names->items[i], &newcomers);
    }
    ok = ok && commit_change(device, add_newcomers, &newcomers);
    for (size_t i = 0; i < newcomers.count; i++) {
        bytes_free(&newcomers.key_packages[i]);
    }
    free(newcomers.key_packages);
    return ok;
}

/* ---- removing, refreshing ---- */

static bool find_member(const conclave_group *group, const char *name, conclave_members **found) {
    return check(conclave_group_find_member(group, conclave_text(name), found));
}

static bool remove_member(const conclave_group *group, const conclave_commit *commit, const void *about) {
    const char *name = about;
    conclave_members *found = NULL;
    bool ok = find_member(group, name, &found) && (found != NULL || fail("%s is not in the group", name))
        && check(conclave_commit_remove(commit, found->items[0]->name.leaf));
    conclave_members_free(found);
    return ok;
}

bool device_remove(const struct device *device, const char *name) {
    return commit_change(device, remove_member, name);
}

/* Every commit gives its maker fresh keys, so nothing has to be said. */
static bool nothing_else(const conclave_group *group, const conclave_commit *commit, const void *about) {
    (void)group, (void)commit, (void)about;
    return true;
}

bool device_refresh(const struct device *device) {
    return commit_change(device, nothing_else, NULL);
}

/* ---- committing ---- */

static bool build(const conclave_group *group, fill *change, const void *about, conclave_commit_result **built) {
    conclave_group_standing standing = CONCLAVE_INIT(conclave_group_standing);
    if (!check(conclave_group_status(group, &standing))) {
        return false;
    }
    char *tag = tag_text((struct tag){TAG_COMMIT, standing.epoch});
    conclave_commit *commit = NULL;
    bool ok = check(conclave_group_new_commit(group, &commit)) && check(conclave_commit_tag(commit, conclave_text(tag)))
        && change(group, commit, about) && check(conclave_commit_build(commit, built));
    conclave_commit_free(commit);
    free(tag);
    return ok;
}

/* Whether a commit of ours is among the messages of the group. */
static bool came_back(const struct device *device, const conclave_group *group, conclave_bytes commit, bool *is) {
    conclave_buf *group_id = NULL;
    uint64_t number = 0;
    *is = false;
    bool ok = check(conclave_group_id(group, &group_id))
        && ledger_cursor(&device->ledger, conclave_buf_bytes(group_id), &number);
    for (; ok && !*is && number > 0; number--) {
        struct entry entry = {false, 0, {NULL, 0}};
        bool there = false;
        ok = spool_fetch(&device->spool, conclave_buf_bytes(group_id), number, &entry, &there);
        *is = ok && there && equal(lent(&entry.message), commit);
        bytes_free(&entry.message);
    }
    conclave_buf_free(group_id);
    return ok;
}

/* One attempt: builds, sends, and waits for the commit to come back. */
static bool attempt(const struct device *device, fill *change, const void *about, bool *done) {
    conclave_group *group = NULL;
    conclave_commit_result *built = NULL;
    bool ok = device_sync(device) && device_group(device, &group) && build(group, change, about, &built)
        && device_sync(device) && came_back(device, group, built->commit, done);
    conclave_commit_result_free(built);
    conclave_group_free(group);
    return ok;
}

/* Builds a commit, posts it, and waits for it to come back: only then has it taken effect. If someone else's came
   first, that one is received instead, and ours is built anew on top of it. */
static bool commit_change(const struct device *device, fill *change, const void *about) {
    bool done = false;
    bool ok = true;
    for (int i = 0; ok && !done && i < ATTEMPTS; i++) {
        ok = attempt(device, change, about, &done);
    }
    return ok && (done || fail("others change the group all the time; try again later"));
}
