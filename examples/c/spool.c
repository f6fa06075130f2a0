#include "spool.h"

#include "files.h"
#include "problem.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The path of a directory in the spool, which is made; takes what format() has made. NULL if it cannot be. */
static char *directory(const struct spool *spool, char *inside) {
    char *path = format("%s/%s", spool->root, inside);
    free(inside);
    if (!make_directories(path)) {
        free(path);
        return NULL;
    }
    return path;
}

/* The path of a file in such a directory. NULL if the directory is. */
static char *file_in(char *directory, char *name) {
    char *path = directory == NULL ? NULL : format("%s/%s", directory, name);
    free(directory);
    free(name);
    return path;
}

static char *numbered(const struct spool *spool, const char *kind, conclave_bytes group_id, uint64_t number) {
    char *group = hex_encode(group_id);
    char *path = file_in(directory(spool, format("%s/%s", kind, group)), format("%08" PRIu64, number));
    free(group);
    return path;
}

/* A file of our own. A name is never used twice: what a killed process left may be linked to a message. NULL if it
   fails. */
static char *draft(const struct spool *spool, conclave_bytes content) {
    bool taken = true;
    for (uint64_t attempt = 0; taken; attempt++) {
        char *path = format("%s/drafts/%ld-%" PRIu64, spool->root, (long)getpid(), attempt);
        if (write_new_file(path, content, &taken) && !taken) {
            return path;
        }
        free(path);
    }
    return NULL;
}

/* Puts a whole file in place at once: a reader sees all of it or nothing. Takes `place`, which may be NULL. */
static bool put(const struct spool *spool, conclave_bytes content, char *place) {
    char *written = place == NULL ? NULL : draft(spool, content);
    bool ok = written != NULL && (rename(written, place) == 0 || fail_system(place));
    free(written);
    free(place);
    return ok;
}

bool spool_open(const char *root, struct spool *spool) {
    spool->root = format("%s", root);
    char *drafts = directory(spool, format("drafts"));
    free(drafts);
    return drafts != NULL;
}

void spool_close(struct spool *spool) {
    free(spool->root);
    spool->root = NULL;
}

/* ---- messages and commits ---- */

/* One line that tells the kind, then the bytes. */
static struct bytes encode(const struct entry *entry) {
    char *line = entry->is_commit ? format("commit %" PRIu64 "\n", entry->epoch) : format("message\n");
    size_t len = strlen(line);
    struct bytes encoded = {(uint8_t *)grow(line, len + entry->message.len), len + entry->message.len};
    if (entry->message.len > 0) {
        memcpy(encoded.data + len, entry->message.data, entry->message.len);
    }
    return encoded;
}

static bool decode(const struct bytes *encoded, struct entry *entry) {
    static const char message[] = "message\n", commit[] = "commit ";
    const char *line = (const char *)encoded->data;
    const char *end = encoded->len > 0 ? memchr(line, '\n', encoded->len) : NULL;
    size_t len = end == NULL ? 0 : (size_t)(end - line) + 1;
    entry->is_commit = len > sizeof commit && memcmp(line, commit, sizeof commit - 1) == 0;
    entry->epoch = 0;
    bool right = len == sizeof message - 1 && memcmp(line, message, len) == 0;
    if (entry->is_commit) {
        right = parse_number(line + sizeof commit - 1, len - sizeof commit, &entry->epoch);
    }
    if (!right) {
        return fail("a message in the delivery service is damaged");
    }
    entry->message = bytes_copy((conclave_bytes){encoded->data + len, encoded->len - len});
    return true;
}

bool spool_fetch(const struct spool *spool, conclave_bytes group_id, uint64_t number, struct entry *found,
                 bool *there) {
    char *place = numbered(spool, "groups", group_id, number);
    struct bytes encoded = {NULL, 0};
    bool ok = place != NULL && read_file(place, &encoded, there) && (!*there || decode(&encoded, found));
    bytes_free(&encoded);
    free(place);
    return ok;
}

/* Whether the message of this number, which someone has posted, leaves no place for ours: it is ours, or ended its
   epoch. */
static bool settled(const struct spool *spool, conclave_bytes group_id, uint64_t number, const struct entry *ours,
                    bool *is) {
    struct entry other = {false, 0, {NULL, 0}};
    bool there = false;
    bool ok = spool_fetch(spool, group_id, number, &other, &there);
    bool alike = ok && there && other.is_commit == ours->is_commit && other.epoch == ours->epoch;
    *is = alike && (ours->is_commit || equal(lent(&other.message), lent(&ours->message)));
    bytes_free(&other.message);
    return ok;
}

bool spool_post(const struct spool *spool, conclave_bytes group_id, uint64_t after, const struct entry *entry) {
    struct bytes encoded = encode(entry);
    char *written = draft(spool, lent(&encoded));
    bytes_free(&encoded);
    bool ok = written != NULL;
    bool done = false;
    for (uint64_t number = after + 1; ok && !done; number++) {
        char *place = numbered(spool, "groups", group_id, number);
        ok = place != NULL;
        done = ok && link(written, place) == 0;
        if (ok && !done) {
            ok = errno == EEXIST ? settled(spool, group_id, number, entry, &done) : fail_system(place);
        }
        free(place);
    }
    ok = written != NULL && (unlink(written) == 0 || fail_system(written)) && ok;
    free(written);
    return ok;
}

bool spool_groups(const struct spool *spool, struct lines *groups) {
    char *path = directory(spool, format("groups"));
    bool ok = path != NULL && list_directory(path, groups);
    free(path);
    return ok;
}

/* ---- trees and invitations ---- */

bool spool_put_tree(const struct spool *spool, conclave_bytes group_id, uint64_t number, conclave_bytes tree) {
    return put(spool, tree, numbered(spool, "trees", group_id, number));
}

bool spool_tree(const struct spool *spool, const struct invitation *invitation, struct bytes *tree) {
    char *place = numbered(spool, "trees", lent(&invitation->group_id), invitation->number);
    bool there = false;
    bool ok = place != NULL && read_file(place, tree, &there) && (there || fail("%s: no such tree", place));
    free(place);
    return ok;
}

/* The file of an invitation. NULL if the directory cannot be made. */
static char *welcome(const struct spool *spool, const char *name, const struct invitation *invitation) {
    char *group = hex_encode(lent(&invitation->group_id));
    char *file = format("%s-%" PRIu64, group, invitation->number);
    free(group);
    return file_in(directory(spool, format("welcomes/%s", name)), file);
}

bool spool_invite(const struct spool *spool, const char *name, const struct invitation *invitation) {
    return put(spool, lent(&invitation->welcome), welcome(spool, name, invitation));
}

bool spool_forget(const struct spool *spool, const char *name, const struct invitation *invitation) {
    char *place = welcome(spool, name, invitation);
    bool ok = place != NULL && (unlink(place) == 0 || errno == ENOENT || fail_system(place));
    free(place);
    return ok;
}

/* Nothing if it has been taken away meanwhile. */
static bool read_invitation(const char *directory, const char *file, struct invitation *found, bool *there) {
    const char *hyphen = strchr(file, '-');
    uint64_t number = 0;
    struct bytes group_id = {NULL, 0};
    if (hyphen == NULL || !parse_number(hyphen + 1, strlen(hyphen + 1), &number)
        || !hex_decode(file, (size_t)(hyphen - file), &group_id)) {
        return fail("%s: not an invitation", file);
    }
    *found = (struct invitation){group_id, number, {NULL, 0}};
    char *path = format("%s/%s", directory, file);
    bool ok = read_file(path, &found->welcome, there);
    free(path);
    if (!ok || !*there) {
        bytes_free(&found->group_id);
    }
    return ok;
}

static int older(const void *one, const void *other) {
    uint64_t first = ((const struct invitation *)one)->number, second = ((const struct invitation *)other)->number;
    return (first > second) - (first < second);
}

bool spool_invitations(const struct spool *spool, const char *name, struct invitations *found) {
    char *path = directory(spool, format("welcomes/%s", name));
    struct lines files = {NULL, 0};
    bool ok = path != NULL && list_directory(path, &files);
    *found = (struct invitations){allocate(files.count * sizeof *found->items), 0};
    for (size_t i = 0; ok && i < files.count; i++) {
        bool there = false;
        ok = read_invitation(path, files.items[i], &found->items[found->count], &there);
        found->count += ok && there ? 1 : 0;
    }
    lines_free(&files);
    free(path);
    qsort(found->items, found->count, sizeof *found->items, older);
    return ok;
}

void invitations_free(struct invitations *invitations) {
    for (size_t i = 0; i < invitations->count; i++) {
        bytes_free(&invitations->items[i].group_id);
        bytes_free(&invitations->items[i].welcome);
    }
    free(invitations->items);
    *invitations = (struct invitations){NULL, 0};
}

/* ---- key packages ---- */

/* A place for a key package of someone: among the `fresh` or the `used` ones. */
static char *key_place(const struct spool *spool, const char *name, const char *which, const char *file) {
    return file_in(directory(spool, format("keys/%s/%s", name, which)), format("%s", file));
}

bool spool_publish(const struct spool *spool, const char *name, conclave_bytes reference, conclave_bytes key_package) {
    char *file = hex_encode(reference);
    char *fresh = key_place(spool, name, "fresh", file);
    char *used = key_place(spool, name, "used", file);
    free(file);
    bool ok = fresh != NULL && used != NULL;
    bool known = ok && (access(fresh, F_OK) == 0 || access(used, F_OK) == 0);
    free(used);
    if (!ok || known) {
        free(fresh);
        return ok;
    }
    return put(spool, key_package, fresh);
}

bool spool_publish_last_resort(const struct spool *spool, const char *name, conclave_bytes key_package) {
    return put(spool, key_package, file_in(directory(spool, format("keys/%s", name)), format("last-resort")));
}

/* Of several takers, one finds the file to move. */
static bool take(const struct spool *spool, const char *name, const char *file, struct bytes *key_package,
                 bool *there) {
    char *fresh = key_place(spool, name, "fresh", file);
    char *used = key_place(spool, name, "used", file);
    bool ok = fresh != NULL && used != NULL;
    if (ok && rename(fresh, used) == 0) {
        ok = read_file(used, key_package, there);
    } else if (ok) {
        ok = errno == ENOENT || fail_system(fresh);
    }
    free(fresh);
    free(used);
    return ok;
}

bool spool_take_key_package(const struct spool *spool, const char *name, struct bytes *key_package, bool *there) {
    char *fresh = directory(spool, format("keys/%s/fresh", name));
    struct lines files = {NULL, 0};
    bool ok = fresh != NULL && list_directory(fresh, &files);
    free(fresh);
    *there = false;
    for (size_t i = 0; ok && !*there && i < files.count; i++) {
        ok = take(spool, name, files.items[i], key_package, there);
    }
    lines_free(&files);
    if (ok && !*there) {
        char *last_resort = format("%s/keys/%s/last-resort", spool->root, name);
        ok = read_file(last_resort, key_package, there);
        free(last_resort);
    }
    return ok;
}
