/*
 * The delivery service: a directory that several processes share. It orders the messages of a group, keeps what offline
 * members have not fetched, and hands out key packages. It is trusted with nothing: it holds only ciphertext and public
 * keys.
 *
 *     groups/<group>/<number>     messages and commits, numbered without gaps; a file that exists never changes
 *     trees/<group>/<number>      the public tree after the commit of that number, for those whom it added
 *     welcomes/<name>/...         what lets a new member in
 *     keys/<name>/fresh, used     key packages; moving one from the first to the second hands it out, to one taker only
 *     keys/<name>/last-resort     handed out when no fresh one is left, as often as needed
 *
 * A draft becomes a message by a hard link to the next free number, which succeeds for one writer only; and nothing is
 * locked, so a process that is killed leaves nothing locked behind. A real service would also look at who is asking.
 *
 * All functions say whether they worked; if not, problem() has what the file system said.
 */

#ifndef EXAMPLES_SPOOL_H
#define EXAMPLES_SPOOL_H

#include "text.h"

/* A message as it lies in the group's directory: what the delivery service may know of it, and the bytes from the
   library. */
struct entry {
    /* Whether it is a commit, which ends `epoch`: one only is accepted for each. Else it is an application message. */
    bool is_commit;
    uint64_t epoch;
    struct bytes message;
};

/* What lets a new member in. */
struct invitation {
    struct bytes group_id;
    /* The number of the commit that added the member, who reads on from there. */
    uint64_t number;
    struct bytes welcome;
};

struct invitations {
    struct invitation *items;
    size_t count;
};

/* A place where processes meet. */
struct spool {
    char *root;
};

/* Opens the directory, or makes it. Free it with spool_close, also if that failed. */
bool spool_open(const char *root, struct spool *spool);
void spool_close(struct spool *spool);

/* Posts a message to a group, behind all that are there. The sender has read everything up to `after`, so a commit is
   compared with what came since: if the epoch it wants to end has been ended, it is too late, and left out. Bytes that
   are there already are not added again, so a sender in doubt simply posts once more. */
bool spool_post(const struct spool *spool, conclave_bytes group_id, uint64_t after, const struct entry *entry);

/* The message of this number, if it is there yet; free its bytes. */
bool spool_fetch(const struct spool *spool, conclave_bytes group_id, uint64_t number, struct entry *found, bool *there);

/* The groups that anyone has posted to, each as hexadecimal digits. */
bool spool_groups(const struct spool *spool, struct lines *groups);

/* Publishes the tree that goes with the invitations of this number, and gets it. */
bool spool_put_tree(const struct spool *spool, conclave_bytes group_id, uint64_t number, conclave_bytes tree);
bool spool_tree(const struct spool *spool, const struct invitation *invitation, struct bytes *tree);

/* Leaves an invitation for someone, online or not; lists them, oldest first; takes one away once it has been dealt
   with. */
bool spool_invite(const struct spool *spool, const char *name, const struct invitation *invitation);
bool spool_invitations(const struct spool *spool, const char *name, struct invitations *found);
bool spool_forget(const struct spool *spool, const char *name, const struct invitation *invitation);
void invitations_free(struct invitations *invitations);

/* Publishes a key package under its reference, unless it has been published before. */
bool spool_publish(const struct spool *spool, const char *name, conclave_bytes reference, conclave_bytes key_package);

/* Publishes the key package that is handed out when no other is left. */
bool spool_publish_last_resort(const struct spool *spool, const char *name, conclave_bytes key_package);

/* Hands out a key package of someone: a fresh one, which nobody else gets, or the one of last resort; or says that
   there is none. */
bool spool_take_key_package(const struct spool *spool, const char *name, struct bytes *key_package, bool *there);

#endif
