/*
 * A program that has functions called like some inside the library: of the cryptography, and of the standard library of Rust.
 * Linked statically, the library must neither clash with them nor call them. A callback looks back through the library's frames
 * to main, as an unwinder does that has to find its way through what was joined into one object.
 */
#include <conclave.h>
#include <execinfo.h>
#include <stdio.h>
#include <string.h>

static int called;

void sha3_keccak4_f1600(void);
void mldsa_ntt(void);
void rust_eh_personality(void);
void __rust_alloc(void);

void sha3_keccak4_f1600(void) { called++; }
void mldsa_ntt(void) { called++; }
void rust_eh_personality(void) { called++; }
void __rust_alloc(void) { called++; }

static int main_was_seen;

static conclave_status now(void *context, uint64_t *seconds) {
    void *frames[200];
    int i, count = backtrace(frames, 200);
    const char *start = context;
    for (i = 0; i < count; i++) {
        const char *frame = frames[i];
        if (frame > start && frame < start + 4096) {
            main_was_seen = 1;
        }
    }
    *seconds = 1700000000;
    return CONCLAVE_OK;
}

static conclave_status use(void *start) {
    conclave_bytes name = {(const uint8_t *)"alice", 5};
    conclave_client_config config;
    conclave_clock clock = CONCLAVE_INIT(conclave_clock);
    conclave_host host = CONCLAVE_INIT(conclave_host);
    conclave_memory_storage *storage = NULL;
    conclave_client *client = NULL;
    conclave_group *group = NULL;
    conclave_status status = conclave_memory_storage_new(&storage);
    clock.context = start;
    clock.now = now;
    host.memory_storage = storage;
    host.validator = conclave_accept_all();
    host.clock = &clock;
    if (status == CONCLAVE_OK) {
        status = conclave_client_config_init(&config, sizeof config, name);
    }
    if (status == CONCLAVE_OK) {
        status = conclave_client_new(CONCLAVE_VERSION_NUMBER, &config, &host, &client);
    }
    if (status == CONCLAVE_OK) {
        status = conclave_client_create_group(client, NULL, &group);
    }
    conclave_group_free(group);
    conclave_client_free(client);
    conclave_memory_storage_free(storage);
    return status;
}

int main(void) {
    union {
        int (*function)(void);
        void *data;
    } start;
    conclave_status status;
    start.function = main;
    status = use(start.data);
    printf("status %d, %d of our functions called, main %s\n", (int)status, called, main_was_seen ? "seen" : "not seen");
    return status == CONCLAVE_OK && called == 0 && main_was_seen ? 0 : 1;
}
