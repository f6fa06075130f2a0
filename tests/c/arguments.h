/* What the tests of wrong arguments share. Every call here has one argument that is wrong, and all others are right. */
#ifndef ARGUMENTS_H
#define ARGUMENTS_H

#include "fixture.h"

/* The call is refused because of the argument of this name, or for what is longer than any call takes. Outputs are called
   "output". */
#define BAD(name, call) REFUSED(CONCLAVE_BAD_ARGUMENT, name, call)
#define TOO_LONG(name, call) REFUSED(CONCLAVE_TOO_LONG, name, call)
#define REFUSED(status, name, call) check(refused((call), (status), (name)), #call, __FILE__, __LINE__)

int refused(conclave_status status, conclave_status expected, const char *name);

/* A place for an output. */
#define OUT(type) (&(type *){NULL})
#define OUT_CONST(type) (&(const type *){NULL})
#define OUT_NUMBER(type) (&(type){0})

/* Zeros that begin with a struct_size: the right one, one that is too small, one that cannot be. */
#define SIZED(type) sized(sizeof(type))
#define SHORT(type) sized(3)
#define LONG(type) sized(UINT32_MAX)

void *sized(uint32_t struct_size);

extern conclave_client *alice;
extern conclave_group *group;
extern conclave_commit *commit;
extern conclave_external_proposer *proposer;
extern conclave_client_config config;
extern conclave_host host;
extern conclave_extension extension;
extern conclave_storage lent;

/* Good bytes; bytes of a length that cannot be; a length without bytes. */
extern conclave_bytes some, huge, nowhere;
extern conclave_resumption_psk psk, bad_psk;
extern conclave_successor_options successor;
extern uint8_t secret[32];

void client_arguments(void);
void group_arguments(void);
void other_arguments(void);

#endif
