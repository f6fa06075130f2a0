/* Where a process can be made to stop and wait for its end, for demonstrations. */

#ifndef EXAMPLES_POINT_H
#define EXAMPLES_POINT_H

#include <stdbool.h>

enum point {
    /* Nowhere. */
    NOWHERE,
    /* A message is encrypted, and its key used up; nothing has been sent. */
    BEFORE_SENDING,
    /* A message is sent; nothing says so. */
    AFTER_SENDING,
    /* In the transaction of a message received: all is written, nothing is committed. */
    INSIDE_RECEIVING,
    /* The transaction is committed; nobody has seen the message. */
    AFTER_RECEIVING
};

/* Longest wait for a line of another process, or for a kill, in milliseconds. */
enum { PATIENCE = 30000 };

/* What a point is called; NULL for nowhere. */
const char *point_name(enum point point);
bool point_parse(const char *name, enum point *point);

/* The line by which a process says that it stopped there, to be freed with free(). */
char *point_line(enum point point);

/* Says that the point is reached, and waits to be killed. */
void point_stop(enum point point);

#endif
