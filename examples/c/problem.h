/*
 * What went wrong. Functions of the examples that can fail return false, and leave the words here for whoever tells the
 * user; so they can stand in chains with &&, and everything is freed at one place behind the chain. For one thread.
 */

#ifndef EXAMPLES_PROBLEM_H
#define EXAMPLES_PROBLEM_H

#include <conclave.h>

/* Leaves words as printf would print them. Always false, so that it can be returned. */
bool fail(const char *words, ...);

/* Leaves what the operating system said, and about what. Always false. */
bool fail_system(const char *what);

/* True if the status is CONCLAVE_OK; else leaves the words of the library's table, with what to do about it. */
bool check(conclave_status status);

/* The same where nobody can go on: ends the program. */
void must(conclave_status status);

/* The words for the user. */
const char *problem(void);

/* Tells a developer, on the standard error output, all there is to know. */
void complain(void);

#endif
