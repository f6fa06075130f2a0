/* What the tests of the C library share: counting, and two people in a group. */
#ifndef FIXTURE_H
#define FIXTURE_H

#include <conclave.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How many checks passed and failed so far. */
extern int passed, failed;

/* Counts one check, and tells of it if it fails. */
void check(int holds, const char *what, const char *file, int line);

#define CHECK(condition) check((condition), #condition, __FILE__, __LINE__)

/* Counts a call that must succeed; if it does not, the program cannot go on. */
void must(conclave_status status, const char *what, const char *file, int line);

#define MUST(call) must((call), #call, __FILE__, __LINE__)

/* Counts a call that must fail with this status. */
#define FAILS(status, call) CHECK((call) == (status))

/* Prints the counts; the exit status of the program. */
int report(void);

/* Whether bytes are this text. */
int equal(conclave_bytes bytes, const char *text);

/* Whether these are the same bytes. */
int same(conclave_bytes one, conclave_bytes other);

/* The detail of the last error. */
const char *detail(void);

/* A client that accepts everybody, over a storage in memory of its own. */
conclave_client *person(const char *name);

/* A client over the storage, with the other parts of the host as they are. */
conclave_client *client_of(const char *name, const conclave_host *host);

/* Adds the other client to the group, and gives the group as the other has it. */
conclave_group *add(const conclave_group *group, const conclave_client *other);

/* The other takes the message in; gives what it turned into. */
conclave_event *receive(const conclave_group *group, const conclave_buf *message);

/* Frees the client and the group, in this order. */
void leave(conclave_client *client, conclave_group *group);

#endif
