/* A device and the delivery service: what is sent and what is received. */

#include "device.h"

#include "problem.h"

#include <stdlib.h>

static bool flush(const struct device *device);
static bool send_letter(const struct device *device, const struct letter *letter);
static bool send_welcome(const struct device *device, const struct letter *letter);
static bool answer_invitations(const struct device *device);
static bool receive_all(const struct device *device, const conclave_group *group);
static bool receive_next(const struct device *device, const conclave_group *group, bool *received);

bool device_sync(const struct device *device) {
    conclave_group *group = NULL;
    bool ok = flush(device) && answer_invitations(device) && device_find_group(device, &group)
        && (group == NULL || receive_all(device, group));
    conclave_group_free(group);
    return ok;
}

bool device_say(const struct device *device, const char *text) {
    conclave_group *group = NULL;
    conclave_buf *message = NULL;
    char *tag = tag_text((struct tag){TAG_MESSAGE, 0});
    bool ok = device_sync(device) && device_group(device, &group)
        && check(conclave_group_encrypt(group, conclave_text(text), conclave_absent(), conclave_text(tag), &message))
        /* Nothing has left the device yet, but the bytes are in the outbox: from here on a crash loses nothing. */
        && flush(device);
    free(tag);
    conclave_buf_free(message);
    conclave_group_free(group);
    return ok;
}

/* ---- sending ---- */

/* Sends what is in the outbox, oldest first: bytes that exist, never new ones. */
static bool flush(const struct device *device) {
    struct letters unsent = {NULL, 0};
    bool ok = ledger_unsent(&device->ledger, &unsent);
    for (size_t i = 0; ok && i < unsent.count; i++) {
        device_stop(device, BEFORE_SENDING);
        ok = send_letter(device, &unsent.items[i]);
        if (ok) {
            device_stop(device, AFTER_SENDING);
            ok = ledger_mark_sent(&device->ledger, &unsent.items[i]);
        }
    }
    letters_free(&unsent);
    return ok;
}

static bool send_letter(const struct device *device, const struct letter *letter) {
    if (letter->tag.kind == TAG_CURSOR) {
        return send_welcome(device, letter);
    }
    struct entry entry = {letter->tag.kind == TAG_COMMIT, letter->tag.number, letter->content};
    /* Another process of this device may have sent it already, and handled it since: so from where it was when it was
       made. If a commit comes too late, the one that was quicker comes in with the next messages, and takes the place of
       ours. */
    return spool_post(&device->spool, lent(&letter->group_id), letter->after, &entry);
}

/* Sends a Welcome, and the tree that it goes with: nothing is received before, so the group is still in that epoch. (If
   a second process of the device has moved on meanwhile, the tree does not fit, and the member has to be added
   again.) */
static bool send_welcome(const struct device *device, const struct letter *letter) {
    if (letter->recipient == NULL) {
        return fail("a Welcome for nobody");
    }
    struct invitation invitation = {letter->group_id, letter->tag.number, letter->content};
    conclave_bytes group_id = lent(&letter->group_id);
    conclave_group *group = NULL;
    conclave_buf *tree = NULL;
    bool ok = check(conclave_client_open_group(device->client, group_id, &group))
        && check(conclave_group_export_tree(group, &tree))
        && spool_put_tree(&device->spool, group_id, invitation.number, conclave_buf_bytes(tree))
        && spool_invite(&device->spool, letter->recipient, &invitation);
    conclave_buf_free(tree);
    conclave_group_free(group);
    return ok;
}

/* ---- receiving ---- */

/* Joins the group that a Welcome leads into. */
static bool answer(const struct device *device, const struct invitation *invitation) {
    struct bytes tree = {NULL, 0};
    if (!spool_tree(&device->spool, invitation, &tree)) {
        return false;
    }
    char *tag = tag_text((struct tag){TAG_CURSOR, invitation->number});
    conclave_join_options options = CONCLAVE_INIT(conclave_join_options);
    options.tree = lent(&tree);
    options.tag = conclave_text(tag);
    conclave_group *group = NULL;
    conclave_status status = conclave_client_join(device->client, lent(&invitation->welcome), &options, &group);
    /* Two errors mean: answered before, by this device or by another process of it. */
    bool before = status == CONCLAVE_NOT_FOR_US || status == CONCLAVE_ALREADY_MEMBER;
    bool ok = before || (check(status) && device_publish(device));
    conclave_group_free(group);
    free(tag);
    bytes_free(&tree);
    return ok && spool_forget(&device->spool, device->name, invitation);
}

static bool answer_invitations(const struct device *device) {
    struct invitations waiting = {NULL, 0};
    bool ok = spool_invitations(&device->spool, device->name, &waiting);
    for (size_t i = 0; ok && i < waiting.count; i++) {
        ok = answer(device, &waiting.items[i]);
    }
    invitations_free(&waiting);
    return ok;
}

/* A commit of ours that comes back may have left something in the outbox: a Welcome. */
static bool receive_all(const struct device *device, const conclave_group *group) {
    bool received = true;
    bool ok = true;
    while (ok && received) {
        ok = receive_next(device, group, &received) && (!received || flush(device));
    }
    return ok;
}

/* Receives a message. Its number goes along in the tag, so the cursor moves in the transaction of the call. */
static bool receive(const struct device *device, const conclave_group *group, uint64_t number,
                    const struct entry *entry) {
    char *tag = tag_text((struct tag){TAG_CURSOR, number});
    conclave_event *event = NULL;
    conclave_status status = conclave_group_receive(group, lent(&entry->message), conclave_text(tag), &event);
    conclave_event_free(event);
    free(tag);
    device_stop(device, AFTER_RECEIVING);
    int category = status / 100;
    if (status != CONCLAVE_OK && (category < 2 || category > 4)) {
        return check(status);
    }
    /* Bytes that are refused are of no use here and never will be: hostile, or for the members of a group that we are
       no longer in. (Or another process of ours has read them; then the cursor has moved, and nothing is written
       here.) */
    char *line = status == CONCLAVE_OK ? NULL : format("! a message that cannot be read here (error %d)", (int)status);
    conclave_buf *group_id = NULL;
    bool ok = check(conclave_group_id(group, &group_id))
        && ledger_skip(&device->ledger, conclave_buf_bytes(group_id), number, line);
    conclave_buf_free(group_id);
    free(line);
    return ok;
}

/* Receives the message after the cursor, if there is one. */
static bool receive_next(const struct device *device, const conclave_group *group, bool *received) {
    conclave_buf *group_id = NULL;
    uint64_t cursor = 0;
    struct entry entry = {false, 0, {NULL, 0}};
    *received = false;
    bool ok = check(conclave_group_id(group, &group_id))
        && ledger_cursor(&device->ledger, conclave_buf_bytes(group_id), &cursor)
        && spool_fetch(&device->spool, conclave_buf_bytes(group_id), cursor + 1, &entry, received)
        && (!*received || receive(device, group, cursor + 1, &entry));
    bytes_free(&entry.message);
    conclave_buf_free(group_id);
    return ok;
}
