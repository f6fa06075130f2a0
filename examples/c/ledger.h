/*
 * The app's own tables, in the same file as the library's records: what was received, how far, and what is to be sent.
 *
 * They are filled by ledger_record, which runs inside the transaction in which the library moves its keys. So a message
 * is in the inbox exactly if its key is used up, the cursor stands behind exactly what has been handled, and nothing
 * was ever encrypted that is not in the outbox. That is all it takes to survive a crash at any line.
 *
 * Functions that return bool say whether they worked; if not, problem() has what SQLite said.
 */

#ifndef EXAMPLES_LEDGER_H
#define EXAMPLES_LEDGER_H

#include "tag.h"
#include "text.h"

#include <sqlite3.h>

/* Something to send. */
struct letter {
    /* Its place in the outbox. */
    int64_t id;
    /* The group it belongs to. */
    struct bytes group_id;
    /* What the call was about; for a Welcome, the number of the commit that added the recipient. */
    struct tag tag;
    /* Who alone gets it; NULL for the whole group. */
    char *recipient;
    /* The bytes: sent as they are, as often as it takes, and never made again. */
    struct bytes content;
    /* The last message that this device had handled when it was made. */
    uint64_t after;
};

struct letters {
    struct letter *items;
    size_t count;
};

/* The app's own connection to the file. */
struct ledger {
    sqlite3 *database;
};

/* Opens the tables in a file that a sqlite_store has opened. Free it with ledger_close, also if that failed. */
bool ledger_open(const char *path, struct ledger *ledger);
void ledger_close(struct ledger *ledger);

/* The number of the last message that was handled. */
bool ledger_cursor(const struct ledger *ledger, conclave_bytes group_id, uint64_t *number);

/* Steps over a message that changed nothing in the library, and so had no effect to write the cursor with; `line` is
   what the user should know of it, or NULL. Does nothing if another process of this device did that or received the
   message. */
bool ledger_skip(const struct ledger *ledger, conclave_bytes group_id, uint64_t number, const char *line);

/* The lines that no process has shown yet, in order. Each is handed out once. */
bool ledger_news(const struct ledger *ledger, struct lines *news);

/* Everything received, shown or not, in the order in which it came. */
bool ledger_inbox(const struct ledger *ledger, struct lines *inbox);

/* What has not been sent, oldest first; and the note that the delivery service has it. */
bool ledger_unsent(const struct ledger *ledger, struct letters *unsent);
bool ledger_mark_sent(const struct ledger *ledger, const struct letter *letter);
void letters_free(struct letters *letters);

/* Writes what a call of the library produced, in the transaction of that call, for the store's on_effect. If it fails,
   the library's own changes are taken back as well. */
conclave_status ledger_record(sqlite3 *transaction, const conclave_effect *effect);

#endif
