/* Lines from a file descriptor, without waiting for them longer than one likes: from a terminal, or from another
   process. */

#ifndef EXAMPLES_READER_H
#define EXAMPLES_READER_H

#include <stdbool.h>
#include <stddef.h>

/* Begin with `{.file = ...}`. */
struct reader {
    int file;
    /* What was read and is no line yet. */
    char *rest;
    size_t len;
    bool ended;
};

/* What came of waiting. */
enum reading { LINE, NOTHING_YET, ENDED };

/* Waits for the next line, at most so many milliseconds; -1 for ever. A line is to be freed with free(). */
enum reading reader_next(struct reader *reader, int patience, char **line);

/* Frees what was not read. The file stays open. */
void reader_free(struct reader *reader);

#endif
