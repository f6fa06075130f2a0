/* A storage for the tests: a sorted array in memory, which can be told to fail, and counts how often it was let go. */
#ifndef STORE_H
#define STORE_H

#include <conclave.h>

struct record {
    uint8_t *key;
    size_t key_len;
    uint8_t *value;
    size_t value_len;
};

struct store {
    /* A lock that helgrind does not see, so that it orders nothing in the library that the library does not order itself. */
    char lock;
    struct record *records;
    size_t count;
    /* The call after so many returns `status`, with `words` if there are any; negative for never. */
    int fail_after;
    conclave_status status;
    const char *words;
    /* Called inside the next write, once. */
    void (*inside)(void *argument, const conclave_batch *batch);
    void *argument;
    int released;
    int reads, writes;
};

void store_init(struct store *store);
void store_clear(struct store *store);

/* The store as the library takes it. It has to outlive the clients. */
conclave_storage store_storage(struct store *store);

#endif
