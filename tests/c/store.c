#include "store.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

static void store_lock(struct store *store)
{
    while (__atomic_test_and_set(&store->lock, __ATOMIC_ACQUIRE)) {
        sched_yield();
    }
}

static void store_unlock(struct store *store)
{
    __atomic_clear(&store->lock, __ATOMIC_RELEASE);
}

void store_init(struct store *store)
{
    memset(store, 0, sizeof *store);
    store->fail_after = -1;
}

static void clear_record(struct record *record)
{
    free(record->key);
    free(record->value);
}

void store_clear(struct store *store)
{
    size_t i;

    for (i = 0; i < store->count; i++) {
        clear_record(&store->records[i]);
    }
    free(store->records);
}

static int compare(const uint8_t *key, size_t len, conclave_bytes other)
{
    size_t shorter = len < other.len ? len : other.len;
    int order = shorter == 0 ? 0 : memcmp(key, other.data, shorter);

    return order != 0 ? order : (len > other.len) - (len < other.len);
}

/* Where the key is, or would be. */
static size_t place(const struct store *store, conclave_bytes key)
{
    size_t low = 0, high = store->count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (compare(store->records[middle].key, store->records[middle].key_len, key) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static struct record *find(struct store *store, conclave_bytes key)
{
    size_t at = place(store, key);

    if (at == store->count || compare(store->records[at].key, store->records[at].key_len, key) != 0) {
        return NULL;
    }
    return &store->records[at];
}

static uint8_t *copy(conclave_bytes bytes)
{
    uint8_t *copied = malloc(bytes.len + 1);

    if (bytes.len > 0) {
        memcpy(copied, bytes.data, bytes.len);
    }
    return copied;
}

static void put(struct store *store, conclave_bytes key, conclave_bytes value)
{
    struct record *record = find(store, key);

    if (record == NULL) {
        size_t at = place(store, key);

        store->records = realloc(store->records, (store->count + 1) * sizeof *store->records);
        record = &store->records[at];
        memmove(record + 1, record, (store->count - at) * sizeof *record);
        store->count++;
        record->key = copy(key);
        record->key_len = key.len;
    } else {
        free(record->value);
    }
    record->value = copy(value);
    record->value_len = value.len;
}

/* Deletes the records from one place up to another. */
static void delete_between(struct store *store, size_t from, size_t to)
{
    size_t i;

    for (i = from; i < to; i++) {
        clear_record(&store->records[i]);
    }
    if (to > from) {
        memmove(&store->records[from], &store->records[to], (store->count - to) * sizeof *store->records);
        store->count -= to - from;
    }
}

/* Whether this call is the one that fails. */
static int fails(struct store *store)
{
    return store->fail_after >= 0 && store->fail_after-- == 0;
}

static conclave_status failure(const struct store *store)
{
    return store->words == NULL ? store->status : conclave_host_error(store->status, store->words);
}

static conclave_bytes lend(const uint8_t *data, size_t len)
{
    conclave_bytes bytes;
    bytes.data = data;
    bytes.len = len;
    return bytes;
}

static conclave_status read_values(void *context, const conclave_bytes *keys, size_t count, conclave_values *found)
{
    struct store *store = context;
    conclave_status status = CONCLAVE_OK;
    size_t i;

    store_lock(store);
    store->reads++;
    if (fails(store)) {
        status = failure(store);
    }
    for (i = 0; i < count && status == CONCLAVE_OK; i++) {
        const struct record *record = find(store, keys[i]);

        if (record != NULL) {
            status = conclave_values_put(found, i, lend(record->value, record->value_len));
        }
    }
    store_unlock(store);
    return status;
}

static int begins_with(const struct record *record, conclave_bytes prefix)
{
    return record->key_len >= prefix.len && (prefix.len == 0 || memcmp(record->key, prefix.data, prefix.len) == 0);
}

static conclave_status scan_records(void *context, conclave_bytes prefix, conclave_bytes after, uint32_t limit,
    conclave_records *found)
{
    struct store *store = context;
    conclave_status status = CONCLAVE_OK;
    size_t at;

    store_lock(store);
    at = place(store, prefix);
    if (after.len > 0 && place(store, after) >= at) {
        at = place(store, after);
        if (at < store->count && compare(store->records[at].key, store->records[at].key_len, after) == 0) {
            at++;
        }
    }
    for (; status == CONCLAVE_OK && limit > 0 && at < store->count && begins_with(&store->records[at], prefix); at++) {
        const struct record *record = &store->records[at];

        status = conclave_records_put(found, lend(record->key, record->key_len), lend(record->value, record->value_len));
        limit--;
    }
    store_unlock(store);
    return status;
}

static int guards_hold(struct store *store, const conclave_batch *batch)
{
    const conclave_guard *guards;
    size_t count, i;

    if (conclave_batch_guards(batch, &guards, &count) != CONCLAVE_OK) {
        return 0;
    }
    for (i = 0; i < count; i++) {
        const struct record *record = find(store, guards[i].key);
        conclave_bytes expected = guards[i].expected;

        if ((record == NULL) != (expected.data == NULL)) {
            return 0;
        }
        if (record != NULL && compare(record->value, record->value_len, expected) != 0) {
            return 0;
        }
    }
    return 1;
}

static void apply(struct store *store, const conclave_write_op *op)
{
    size_t at = place(store, op->key);

    if (op->kind == CONCLAVE_WRITE_PUT) {
        put(store, op->key, op->value);
    } else if (op->kind == CONCLAVE_WRITE_DELETE) {
        delete_between(store, at, find(store, op->key) == NULL ? at : at + 1);
    } else {
        delete_between(store, at, place(store, op->to));
    }
}

static conclave_status apply_all(struct store *store, const conclave_batch *batch)
{
    const conclave_write_op *ops;
    size_t count, i;
    conclave_status status;

    while ((status = conclave_batch_next(batch, 3, &ops, &count)) == CONCLAVE_OK && count > 0) {
        for (i = 0; i < count; i++) {
            apply(store, &ops[i]);
        }
    }
    return status;
}

static conclave_status write_batch(void *context, const conclave_batch *batch)
{
    struct store *store = context;
    conclave_status status;

    store_lock(store);
    store->writes++;
    if (store->inside != NULL) {
        void (*inside)(void *, const conclave_batch *) = store->inside;

        store->inside = NULL;
        inside(store->argument, batch);
    }
    if (fails(store)) {
        status = failure(store);
    } else {
        status = guards_hold(store, batch) ? apply_all(store, batch) : CONCLAVE_CONFLICT;
    }
    store_unlock(store);
    return status;
}

static void release(void *context)
{
    struct store *store = context;

    store_lock(store);
    store->released++;
    store_unlock(store);
}

conclave_storage store_storage(struct store *store)
{
    conclave_storage storage = CONCLAVE_INIT(conclave_storage);

    storage.context = store;
    storage.release = release;
    storage.read = read_values;
    storage.scan = scan_records;
    storage.write = write_batch;
    return storage;
}
