/* What the parts of the journey share: alice and bob, in one group all the way, and ways to look at what came of a call. */
#ifndef JOURNEY_H
#define JOURNEY_H

#include "fixture.h"

/* A type of proposal that the app defines, and that everybody on the journey supports. */
#define OF_THE_APP 0xff01

/* Alice keeps a journal of effects; bob keeps messages of epochs that have not come. */
extern conclave_client *alice, *bob;
extern conclave_group *of_alice, *of_bob;

/* Somebody with an app that knows OF_THE_APP. */
conclave_client *traveller(const char *name);

/* How a group stands. */
conclave_group_standing standing(const conclave_group *group);

/* Whether the two hold one epoch of one group. */
int together(const conclave_group *one, const conclave_group *other);

/* A commit of alice's that nothing was put into yet. */
conclave_commit *begin(void);

/* Has alice build what was put together and confirm it, and bob receive it: gives what it is to bob. */
conclave_event *carry_out(conclave_commit *commit);

/* Whether the newest effect in alice's journal is of this kind, with this tag. All are acknowledged then. */
int effect_was(conclave_effect_kind kind, const char *tag);

/* What alice makes of a message with a proposal, which is freed. */
conclave_event *proposed(conclave_buf *message);

/* Proposals of members, one commit with everything in it, and invitations. */
void look_at_invitations(void);
void propose_all(void);
void commit_all(void);

/* Proposals and joins from outside. */
void open_the_group(void);
void propose_from_outside(void);
void join_alone(void);

/* Archives, branches, successors, and what is late. */
void wait_for_an_epoch(void);
void archives(void);
void branch(void);
void close_and_follow(void);

#endif
