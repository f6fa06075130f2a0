#include "ledger.h"

#include "problem.h"
#include "words.h"

#include <stdlib.h>

enum { BUSY_TIMEOUT = 5000 };

static const char tables[] =
    "CREATE TABLE IF NOT EXISTS app_cursor (group_id BLOB PRIMARY KEY, number INTEGER NOT NULL) STRICT;"
    "CREATE TABLE IF NOT EXISTS app_inbox ("
    "    id INTEGER PRIMARY KEY, group_id BLOB NOT NULL, number INTEGER NOT NULL, line TEXT NOT NULL,"
    "    shown INTEGER NOT NULL DEFAULT 0, UNIQUE (group_id, number)) STRICT;"
    "CREATE TABLE IF NOT EXISTS app_outbox ("
    "    id INTEGER PRIMARY KEY, group_id BLOB NOT NULL, tag TEXT NOT NULL, recipient TEXT, bytes BLOB NOT NULL,"
    "    after INTEGER NOT NULL, sent INTEGER NOT NULL DEFAULT 0) STRICT;";

/* A letter keeps the cursor of the moment at which it was made: whatever is posted of it comes behind that. */
static const char outbox_row[] =
    "INSERT INTO app_outbox (group_id, tag, recipient, bytes, after) VALUES (?1, ?2, ?3, ?4, "
    "coalesce((SELECT number FROM app_cursor WHERE group_id = ?1), 0))";

/* Where a message belongs. */
struct spot {
    conclave_bytes group_id;
    uint64_t number;
};

/* ---- SQLite ---- */

/* Always false. */
static bool fail_sqlite(sqlite3 *database) {
    return fail("%s (SQLite code %d)", sqlite3_errmsg(database), sqlite3_extended_errcode(database));
}

static bool run(sqlite3 *database, const char *sql) {
    return sqlite3_exec(database, sql, NULL, NULL, NULL) == SQLITE_OK || fail_sqlite(database);
}

/* A statement, to be finalized also if this failed. */
static bool prepare(sqlite3 *database, const char *sql, sqlite3_stmt **statement) {
    return sqlite3_prepare_v2(database, sql, -1, statement, NULL) == SQLITE_OK || fail_sqlite(database);
}

static bool bind_bytes(sqlite3_stmt *statement, int column, conclave_bytes bytes) {
    const void *data = bytes.data == NULL ? (const void *)"" : bytes.data;
    return sqlite3_bind_blob64(statement, column, data, bytes.len, SQLITE_STATIC) == SQLITE_OK;
}

/* NULL is bound as such. */
static bool bind_text(sqlite3_stmt *statement, int column, const char *text) {
    return sqlite3_bind_text(statement, column, text, -1, SQLITE_STATIC) == SQLITE_OK;
}

static bool bind_spot(sqlite3_stmt *statement, struct spot spot) {
    /* SQLite's numbers have a sign. */
    return bind_bytes(statement, 1, spot.group_id)
        && sqlite3_bind_int64(statement, 2, (sqlite3_int64)spot.number) == SQLITE_OK;
}

static struct bytes column_bytes(sqlite3_stmt *row, int column) {
    const void *data = sqlite3_column_blob(row, column);
    return bytes_copy((conclave_bytes){data, data == NULL ? 0 : (size_t)sqlite3_column_bytes(row, column)});
}

static char *column_text(sqlite3_stmt *row, int column) {
    return format("%s", (const char *)sqlite3_column_text(row, column));
}

/* Runs a statement to its end, if what comes before went well, and lets it go. */
static bool finish(sqlite3 *database, sqlite3_stmt *statement, bool ok) {
    ok = ok && (sqlite3_step(statement) == SQLITE_DONE || fail_sqlite(database));
    sqlite3_finalize(statement);
    return ok;
}

/* Ends a transaction: with success, if all went well so far. */
static bool end(sqlite3 *database, bool ok) {
    ok = ok && run(database, "COMMIT");
    if (!ok) {
        sqlite3_exec(database, "ROLLBACK", NULL, NULL, NULL);
    }
    return ok;
}

/* ---- in the library's writes ---- */

/* A number that is there already is refused: no message is received twice. */
static bool write_line(sqlite3 *database, struct spot spot, const char *line) {
    sqlite3_stmt *insert = NULL;
    bool ok = prepare(database, "INSERT INTO app_inbox (group_id, number, line) VALUES (?1, ?2, ?3)", &insert);
    ok = ok && ((bind_spot(insert, spot) && bind_text(insert, 3, line)) || fail_sqlite(database));
    return finish(database, insert, ok);
}

static bool write_cursor(sqlite3 *database, struct spot spot) {
    sqlite3_stmt *insert = NULL;
    bool ok = prepare(database, "INSERT OR REPLACE INTO app_cursor (group_id, number) VALUES (?1, ?2)", &insert);
    return finish(database, insert, ok && (bind_spot(insert, spot) || fail_sqlite(database)));
}

/* Takes the line, which is for the user. */
static bool arrived(sqlite3 *transaction, const conclave_effect *effect, char *line) {
    struct tag tag;
    bool ok = tag_parse(effect->tag, &tag) || fail("a tag that this app never wrote");
    if (ok && tag.kind == TAG_CURSOR) {
        struct spot spot = {effect->group_id, tag.number};
        ok = write_line(transaction, spot, line) && write_cursor(transaction, spot);
    }
    free(line);
    return ok;
}

static bool write_letter(sqlite3 *transaction, const conclave_effect *effect, const char *recipient,
                         conclave_bytes content) {
    struct tag tag;
    if (!tag_parse(effect->tag, &tag)) {
        return fail("a tag that this app never wrote");
    }
    char *text = tag_text(tag);
    sqlite3_stmt *insert = NULL;
    bool ok = prepare(transaction, outbox_row, &insert);
    ok = ok
        && ((bind_bytes(insert, 1, effect->group_id) && bind_text(insert, 2, text) && bind_text(insert, 3, recipient)
             && bind_bytes(insert, 4, content))
            || fail_sqlite(transaction));
    ok = finish(transaction, insert, ok);
    free(text);
    return ok;
}

/* Our own commit took effect: those whom it added get their Welcome, and only now. */
static bool confirmed(sqlite3 *transaction, const conclave_effect *effect) {
    bool ok = arrived(transaction, effect, words(effect->event));
    const conclave_epoch_change *change = effect->event->change;
    for (size_t i = 0; ok && effect->welcome.data != NULL && change != NULL && i < change->added_count; i++) {
        char *recipient = text_of(change->added[i].client_id);
        ok = write_letter(transaction, effect, recipient, effect->welcome);
        free(recipient);
    }
    return ok;
}

conclave_status ledger_record(sqlite3 *transaction, const conclave_effect *effect) {
    bool ok = true;
    switch (effect->kind) {
    case CONCLAVE_EFFECT_RECEIVED:
        ok = arrived(transaction, effect, words(effect->event));
        break;
    case CONCLAVE_EFFECT_CONFIRMED:
        ok = confirmed(transaction, effect);
        break;
    case CONCLAVE_EFFECT_OUTBOUND:
        ok = write_letter(transaction, effect, NULL, effect->message);
        break;
    case CONCLAVE_EFFECT_JOINED:
        ok = arrived(transaction, effect, format("* you %s the group", effect->epoch == 0 ? "made" : "joined"));
        break;
    default:
        /* The library lists unused key packages itself, so they need no row to be published from; and this app has no
           archives. */
        break;
    }
    return ok ? CONCLAVE_OK : conclave_host_error(CONCLAVE_STORAGE_FAILED, problem());
}

/* ---- the app's own questions ---- */

bool ledger_open(const char *path, struct ledger *ledger) {
    ledger->database = NULL;
    return (sqlite3_open(path, &ledger->database) == SQLITE_OK || fail_sqlite(ledger->database))
        && (sqlite3_busy_timeout(ledger->database, BUSY_TIMEOUT) == SQLITE_OK || fail_sqlite(ledger->database))
        && run(ledger->database, tables);
}

void ledger_close(struct ledger *ledger) {
    sqlite3_close(ledger->database);
    ledger->database = NULL;
}

bool ledger_cursor(const struct ledger *ledger, conclave_bytes group_id, uint64_t *number) {
    sqlite3_stmt *query = NULL;
    bool ok = prepare(ledger->database, "SELECT number FROM app_cursor WHERE group_id = ?1", &query);
    int step = ok && bind_bytes(query, 1, group_id) ? sqlite3_step(query) : SQLITE_ERROR;
    *number = step == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(query, 0) : 0;
    ok = ok && (step == SQLITE_ROW || step == SQLITE_DONE || fail_sqlite(ledger->database));
    sqlite3_finalize(query);
    return ok;
}

bool ledger_skip(const struct ledger *ledger, conclave_bytes group_id, uint64_t number, const char *line) {
    sqlite3 *database = ledger->database;
    struct spot spot = {group_id, number};
    if (!run(database, "BEGIN IMMEDIATE")) {
        return false;
    }
    sqlite3_stmt *step = NULL;
    bool ok = prepare(database, "UPDATE app_cursor SET number = ?2 WHERE group_id = ?1 AND number = ?2 - 1", &step);
    ok = finish(database, step, ok && (bind_spot(step, spot) || fail_sqlite(database)));
    bool stepped = ok && sqlite3_changes(database) == 1;
    ok = ok && (!stepped || line == NULL || write_line(database, spot, line));
    return end(database, ok);
}

/* The first column of all rows. */
static bool list(sqlite3 *database, const char *sql, struct lines *found) {
    sqlite3_stmt *query = NULL;
    bool ok = prepare(database, sql, &query);
    int step = SQLITE_DONE;
    while (ok && (step = sqlite3_step(query)) == SQLITE_ROW) {
        lines_add(found, column_text(query, 0));
    }
    ok = ok && (step == SQLITE_DONE || fail_sqlite(database));
    sqlite3_finalize(query);
    return ok;
}

bool ledger_news(const struct ledger *ledger, struct lines *news) {
    sqlite3 *database = ledger->database;
    return run(database, "BEGIN IMMEDIATE")
        && end(database,
               list(database, "SELECT line FROM app_inbox WHERE shown = 0 ORDER BY id", news)
                   && run(database, "UPDATE app_inbox SET shown = 1 WHERE shown = 0"));
}

bool ledger_inbox(const struct ledger *ledger, struct lines *inbox) {
    return list(ledger->database, "SELECT line FROM app_inbox ORDER BY id", inbox);
}

/* Takes a row of the outbox. */
static bool add_letter(sqlite3_stmt *row, struct letters *letters) {
    struct letter found = {sqlite3_column_int64(row, 0), {NULL, 0}, {TAG_MESSAGE, 0}, NULL, {NULL, 0},
                           (uint64_t)sqlite3_column_int64(row, 5)};
    struct bytes text = column_bytes(row, 2);
    bool ok = tag_parse(lent(&text), &found.tag) || fail("a tag that this app never wrote");
    bytes_free(&text);
    if (ok) {
        found.group_id = column_bytes(row, 1);
        found.recipient = sqlite3_column_type(row, 3) == SQLITE_NULL ? NULL : column_text(row, 3);
        found.content = column_bytes(row, 4);
        letters->items = grow(letters->items, (letters->count + 1) * sizeof found);
        letters->items[letters->count++] = found;
    }
    return ok;
}

bool ledger_unsent(const struct ledger *ledger, struct letters *unsent) {
    static const char sql[] =
        "SELECT id, group_id, tag, recipient, bytes, after FROM app_outbox WHERE sent = 0 ORDER BY id";
    sqlite3_stmt *query = NULL;
    bool ok = prepare(ledger->database, sql, &query);
    int step = SQLITE_DONE;
    while (ok && (step = sqlite3_step(query)) == SQLITE_ROW) {
        ok = add_letter(query, unsent);
    }
    ok = ok && (step == SQLITE_DONE || fail_sqlite(ledger->database));
    sqlite3_finalize(query);
    return ok;
}

bool ledger_mark_sent(const struct ledger *ledger, const struct letter *letter) {
    sqlite3_stmt *update = NULL;
    bool ok = prepare(ledger->database, "UPDATE app_outbox SET sent = 1 WHERE id = ?1", &update);
    ok = ok && (sqlite3_bind_int64(update, 1, letter->id) == SQLITE_OK || fail_sqlite(ledger->database));
    return finish(ledger->database, update, ok);
}

void letters_free(struct letters *letters) {
    for (size_t i = 0; i < letters->count; i++) {
        bytes_free(&letters->items[i].group_id);
        bytes_free(&letters->items[i].content);
        free(letters->items[i].recipient);
    }
    free(letters->items);
    *letters = (struct letters){NULL, 0};
}
