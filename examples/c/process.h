/*
 * Whole processes for the demonstrations: a program starts itself again in the role of someone, talks to that process
 * line by line, and kills it where it likes.
 */

#ifndef EXAMPLES_PROCESS_H
#define EXAMPLES_PROCESS_H

#include "point.h"
#include "reader.h"
#include "text.h"

#include <sys/types.h>

/* Where a demonstration plays. */
struct stage {
    /* The program that is started again: argv[0]. */
    const char *program;
    /* The directory that all processes share. */
    const char *directory;
};

/* Whether the arguments give the program a role: `--as NAME --dir DIRECTORY [--stop POINT]`. */
bool role_is_given(int argc, char **argv);

/* Plays it, to the end of the program. Gives what main returns. */
int role_play(int argc, char **argv);

/* Runs a demonstration in a directory of its own, which is removed afterwards. Gives what main returns. */
int stage_run(const char *program, bool (*play)(const struct stage *stage));

/* A process in the role of someone. Zeroed, there is none. */
struct actor {
    pid_t process;
    /* The pipe to its standard input. */
    int input;
    /* What it says on its standard output. */
    struct reader output;
};

/* Starts the program as the device of `name`, to stop at a point or nowhere, and waits until it is ready. */
bool actor_start(const struct stage *stage, const char *name, enum point point, struct actor *actor);

/* Gives a command, and does not wait. */
bool actor_tell(struct actor *actor, const char *command);

/* Waits for the answer to a command: its lines are added to `answer`, which may be NULL. */
bool actor_answer(struct actor *actor, struct lines *answer);

/* Gives a command, and waits for the whole answer. */
bool actor_ask(struct actor *actor, const char *command, struct lines *answer);

/* Starts the program as the device of `name`, gives a command, waits until the process stops at the point in the middle
   of it, and kills it there: SIGKILL, which a process does not notice and cannot delay. */
bool actor_kill_at(const struct stage *stage, const char *name, enum point point, const char *command);

/* Lets the process end by itself. */
bool actor_end(struct actor *actor);

/* Sees to it that no process outlives the program that started it. Does nothing if it has ended already. */
void actor_free(struct actor *actor);

#endif
