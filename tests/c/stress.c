/* Threads that share a client: on groups of their own they run side by side, on one group they take turns.

   `stress MESSAGES apart` does the first alone, for helgrind: it does not know the library's locks, and would see a race
   wherever calls take turns. helgrind.supp names what is left of that, the table of the leases; how they work is checked in
   every order by the package models/. */
#include "fixture.h"
#include "store.h"

#include <pthread.h>

#define THREADS 4

static int messages = 200;
static conclave_client *alice, *bob;
static conclave_group *shared_of_alice, *shared_of_bob;

/* A thread, and what came of it. */
struct worker {
    pthread_t thread;
    conclave_group *of_alice, *of_bob;
    int number, sent, received, refused;
    conclave_buf **written;
};

static conclave_status encrypt(const conclave_group *group, int number, int n, conclave_buf **message)
{
    char words[64];

    snprintf(words, sizeof words, "%d says %d", number, n);
    return conclave_group_encrypt(group, conclave_text(words), conclave_absent(), conclave_absent(), message);
}

static int is_from(const conclave_event *event, int number, int n)
{
    char words[64];

    snprintf(words, sizeof words, "%d says %d", number, n);
    return event->kind == CONCLAVE_EVENT_MESSAGE && equal(event->message->plaintext, words);
}

/* Messages in a group of its own; both clients are used by all threads at once. */
static void *own_group(void *argument)
{
    struct worker *worker = argument;
    conclave_event *event;
    conclave_buf *message;
    int n;

    for (n = 0; n < messages; n++) {
        if (encrypt(worker->of_alice, worker->number, n, &message) != CONCLAVE_OK) {
            continue;
        }
        worker->sent++;
        if (conclave_group_receive(worker->of_bob, conclave_buf_bytes(message), conclave_absent(), &event) == CONCLAVE_OK) {
            worker->received += is_from(event, worker->number, n);
            conclave_event_free(event);
        }
        conclave_buf_free(message);
    }
    return NULL;
}

/* All write into one group. */
static void *write_to_shared(void *argument)
{
    struct worker *worker = argument;
    int n;

    for (n = 0; n < messages; n++) {
        worker->sent += encrypt(shared_of_alice, worker->number, n, &worker->written[n]) == CONCLAVE_OK;
    }
    return NULL;
}

/* All read everything that was written into it: each message is received by one of them. */
static void *read_from_shared(void *argument)
{
    struct worker *worker = argument, *writers = worker - worker->number;
    conclave_event *event;
    int writer, n;

    for (n = 0; n < messages; n++) {
        for (writer = 0; writer < THREADS; writer++) {
            conclave_bytes message = conclave_buf_bytes(writers[writer].written[n]);
            conclave_status status = conclave_group_receive(shared_of_bob, message, conclave_absent(), &event);

            worker->refused += status != CONCLAVE_OK && status != CONCLAVE_KEY_GONE;
            if (status == CONCLAVE_OK) {
                worker->received += is_from(event, writer, n);
                conclave_event_free(event);
            }
        }
    }
    return NULL;
}

/* Runs a thread for each worker, and waits for them. */
static void run_all(struct worker *workers, void *(*work)(void *))
{
    int i;

    for (i = 0; i < THREADS; i++) {
        pthread_create(&workers[i].thread, NULL, work, &workers[i]);
    }
    for (i = 0; i < THREADS; i++) {
        pthread_join(workers[i].thread, NULL);
    }
}

static void begin(struct worker *workers)
{
    int i;

    memset(workers, 0, THREADS * sizeof *workers);
    for (i = 0; i < THREADS; i++) {
        workers[i].number = i;
        workers[i].written = calloc((size_t)messages, sizeof *workers[i].written);
    }
}

static void end(struct worker *workers)
{
    int i, n;

    for (i = 0; i < THREADS; i++) {
        for (n = 0; n < messages; n++) {
            conclave_buf_free(workers[i].written[n]);
        }
        free(workers[i].written);
    }
}

static void groups_of_their_own(void)
{
    struct worker workers[THREADS];
    int i;

    begin(workers);
    for (i = 0; i < THREADS; i++) {
        MUST(conclave_client_create_group(alice, NULL, &workers[i].of_alice));
        workers[i].of_bob = add(workers[i].of_alice, bob);
    }
    run_all(workers, own_group);
    for (i = 0; i < THREADS; i++) {
        CHECK(workers[i].sent == messages && workers[i].received == messages);
        conclave_group_free(workers[i].of_alice);
        conclave_group_free(workers[i].of_bob);
    }
    end(workers);
}

static void one_group(void)
{
    struct worker workers[THREADS];
    int i, sent = 0, received = 0, refused = 0;

    MUST(conclave_client_create_group(alice, NULL, &shared_of_alice));
    shared_of_bob = add(shared_of_alice, bob);
    begin(workers);
    run_all(workers, write_to_shared);
    for (i = 0; i < THREADS; i++) {
        sent += workers[i].sent;
    }
    CHECK(sent == THREADS * messages);
    run_all(workers, read_from_shared);
    for (i = 0; i < THREADS; i++) {
        received += workers[i].received;
        refused += workers[i].refused;
    }
    CHECK(received == THREADS * messages && refused == 0);
    end(workers);
    conclave_group_free(shared_of_alice);
    conclave_group_free(shared_of_bob);
}

int main(int count, char **arguments)
{
    static struct store store;
    conclave_storage storage;
    conclave_host host = CONCLAVE_INIT(conclave_host);

    if (count > 1) {
        messages = atoi(arguments[1]);
    }
    store_init(&store);
    storage = store_storage(&store);
    host.storage = &storage;
    host.validator = conclave_accept_all();
    alice = client_of("alice", &host);
    bob = client_of("bob", &host);
    groups_of_their_own();
    if (count < 3 || strcmp(arguments[2], "apart") != 0) {
        one_group();
    }
    conclave_client_free(alice);
    conclave_client_free(bob);
    store_clear(&store);
    return report();
}
