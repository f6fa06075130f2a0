/*
 * The reference store over SQLite, and a pattern for others: copy it into your app, with sqlite_store.c.
 *
 * One file in WAL mode, one table of keys and values. Several processes may use the file: readers read side by side,
 * writers take turns. The threads of one process share one connection and take turns. A write is on the disk when it
 * returns. The Rust crate conclave-sqlite has the same file format.
 *
 * KEEP THE FILE OUT OF EVERY BACKUP. A store that is restored from a copy, or moved back in time by a snapshot,
 * encrypts new messages under keys that it has used before, which gives away their content, and cannot read what the
 * group says now. So the file, and the -wal and -shm files beside it, must be excluded from device backups, file
 * synchronisation and disk images: isExcludedFromBackup on Apple systems; on Android dataExtractionRules and
 * fullBackupContent, or a place under noBackupFilesDir. On a new device the client is a new client, which joins its
 * groups anew. What the app keeps in the same file through on_effect is left out with it: what has to survive the
 * device must be exported by the app.
 *
 * WHAT IS DELETED. SQLite overwrites what it deletes in the file (secure_delete), and the write-ahead log, which holds
 * older pages, is emptied after every write that clears a range, which is how an epoch is forgotten; until then it may
 * hold keys of single messages of that epoch. Another process that is reading at that moment delays this until a later
 * write. One gap remains, in SQLite itself: when it packs a page anew, old copies of records can stay in the unused
 * part of the page, where secure_delete does not see them later. sqlite_store_scrub removes every trace. What a flash
 * drive keeps of blocks that were overwritten is beyond any program: where that matters, set a storage_key in the
 * client's configuration as well.
 *
 * ONE COPY OF SQLITE. The file may be opened by many processes, but within one process only by one copy of the SQLite
 * library: file locks of POSIX belong to the process, and a second copy, or plain file access, silently drops those of
 * the first. The app's own connection to the file uses the same sqlite3 as this file is linked with. Network file
 * systems are not supported.
 */

#ifndef SQLITE_STORE_H
#define SQLITE_STORE_H

#include <conclave.h>
#include <sqlite3.h>

/*
 * Stores what a call produced, in the transaction that makes it so, after the library's own records are in it: so the
 * app's rows in the same file and the library's state can never disagree. Returns CONCLAVE_OK; anything else takes the
 * whole write back, and is CONCLAVE_STORAGE_FAILED to whoever made the call, best with words through
 * conclave_host_error. It must not end the transaction, nor call the library or the store, and may run again if the
 * database was busy.
 *
 * The connection is lent until it returns. It may keep what it has prepared for its next run: statements that are still
 * running are reset, so that they hold up neither the transaction nor the emptying of the log. A blob (sqlite3_blob)
 * must be closed. What is kept is finalised by the app, inside of on_effect or once the last holder has let the store
 * go; until then the file stays open.
 */
typedef conclave_status sqlite_store_on_effect(void *context, sqlite3 *transaction, const conclave_effect *effect);

/* How a store is opened. Zeroed, these are the defaults. */
typedef struct sqlite_store_options {
    /* May be NULL. */
    sqlite_store_on_effect *on_effect;
    /* Passed to on_effect; lives as long as the store is in use. */
    void *context;
    /* Whether a write does not wait until it is on the disk, so that a crash of the machine can bring back old keys:
       for tests and measurements only. */
    bool not_durable;
    /* How long to wait for a writer in another process, in milliseconds; 0 for five seconds. INT_MAX is the most. */
    uint32_t busy_timeout;
} sqlite_store_options;

typedef struct sqlite_store sqlite_store;

/*
 * Opens the file, or creates it, readable by its owner only; `options` may be NULL. Says whether that worked. As with
 * sqlite3_open there is a store also if it did not, unless memory is out: for sqlite_store_error, and to be freed.
 */
bool sqlite_store_open(const char *path, const sqlite_store_options *options, sqlite_store **store);

/* Why sqlite_store_open or sqlite_store_scrub said false, as a C string that lives until the next call on the store. */
const char *sqlite_store_error(const sqlite_store *store);

/*
 * The store as the library takes it. Each storage is for one call that takes one; ask again for another. The storage
 * holds the store, and the call lets it go in the end, also if it fails: except with CONCLAVE_HEADER_MISMATCH, or for a
 * host with a wrong struct_size, as conclave.h says. Then it is the caller who does: storage.release(storage.context).
 */
conclave_storage sqlite_store_storage(sqlite_store *store);

/*
 * Rewrites the whole file, so that no trace of a deleted record is left in it. Call it now and then, such as after a
 * group is deleted or while the device is idle: it takes as long as copying the file, and keeps writers waiting. If
 * another process was using the file it says false; traces may be left, and nothing else has changed.
 */
bool sqlite_store_scrub(sqlite_store *store);

/* Lets the store go. Clients that were opened with it keep it alive. NULL is allowed and does nothing. */
void sqlite_store_free(sqlite_store *store);

#endif
