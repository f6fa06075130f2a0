/* What the user reads. */

#ifndef EXAMPLES_WORDS_H
#define EXAMPLES_WORDS_H

#include <conclave.h>

/* An event in a line, to be freed with free(). */
char *words(const conclave_event *event);

#endif
