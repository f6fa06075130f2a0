#include "words.h"

#include "text.h"

#include <stdlib.h>

/* Such as "bob and carol". */
static char *names(const conclave_member_name *members, size_t count) {
    struct lines all = {NULL, 0};
    for (size_t i = 0; i < count; i++) {
        lines_add(&all, text_of(members[i].client_id));
    }
    char *joined = lines_join(&all, " and ");
    lines_free(&all);
    return joined;
}

/* Whether a commit of ours that lost its place wanted more than fresh keys. */
static bool is_lost(const conclave_epoch_change *change) {
    size_t count = change->lost_commit_count;
    return change->has_lost_commit && count > 0
        && !(count == 1 && change->lost_commit[0]->kind == CONCLAVE_PROPOSAL_UPDATE);
}

static char *changed(const conclave_epoch_change *change) {
    char *committer = text_of(change->committer.client_id);
    char *added = names(change->added, change->added_count);
    char *removed = names(change->removed, change->removed_count);
    const char *lost = is_lost(change) ? " (your own change came too late: make it again)" : "";
    char *line;
    if (change->added_count == 0 && change->removed_count == 0) {
        line = format("* %s refreshed the keys%s", committer, lost);
    } else if (change->removed_count == 0) {
        line = format("* %s added %s%s", committer, added, lost);
    } else if (change->added_count == 0) {
        line = format("* %s removed %s%s", committer, removed, lost);
    } else {
        line = format("* %s added %s and removed %s%s", committer, added, removed, lost);
    }
    free(committer);
    free(added);
    free(removed);
    return line;
}

static char *said(const conclave_message *message) {
    char *sender = text_of(message->sender.client_id);
    char *text = text_of(message->plaintext);
    char *line = format("%s: %s", sender, text);
    free(sender);
    free(text);
    return line;
}

char *words(const conclave_event *event) {
    switch (event->kind) {
    case CONCLAVE_EVENT_MESSAGE:
        return said(event->message);
    case CONCLAVE_EVENT_EPOCH_CHANGED:
        return changed(event->change);
    case CONCLAVE_EVENT_REMOVED:
        return format("* you were removed from the group");
    case CONCLAVE_EVENT_REINIT:
        return format("* the group was closed");
    case CONCLAVE_EVENT_PROPOSAL:
        return format("* a change was proposed");
    default:
        return format("*");
    }
}
