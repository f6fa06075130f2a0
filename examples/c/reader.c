#include "reader.h"

#include "text.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROOM = 4096 };

/* Takes the first line out of what was read; at the end, the rest counts as one. */
static bool take_line(struct reader *reader, char **line) {
    char *end = reader->len > 0 ? memchr(reader->rest, '\n', reader->len) : NULL;
    if (end == NULL && (!reader->ended || reader->len == 0)) {
        return false;
    }
    size_t len = end == NULL ? reader->len : (size_t)(end - reader->rest);
    *line = allocate(len + 1);
    memcpy(*line, reader->rest, len);
    (*line)[len] = '\0';
    size_t taken = end == NULL ? len : len + 1;
    reader->len -= taken;
    memmove(reader->rest, reader->rest + taken, reader->len);
    return true;
}

/* Reads what there is; a file that cannot be read has ended. */
static void read_more(struct reader *reader) {
    reader->rest = grow(reader->rest, reader->len + ROOM);
    ssize_t len = read(reader->file, reader->rest + reader->len, ROOM);
    reader->len += len > 0 ? (size_t)len : 0;
    reader->ended = len == 0 || (len < 0 && errno != EINTR && errno != EAGAIN);
}

enum reading reader_next(struct reader *reader, int patience, char **line) {
    while (!take_line(reader, line)) {
        if (reader->ended) {
            return ENDED;
        }
        struct pollfd wait = {.fd = reader->file, .events = POLLIN};
        int ready = poll(&wait, 1, patience);
        if (ready == 0) {
            return NOTHING_YET;
        }
        if (ready > 0) {
            read_more(reader);
        } else if (errno != EINTR) {
            reader->ended = true;
        }
    }
    return LINE;
}

void reader_free(struct reader *reader) {
    free(reader->rest);
    reader->rest = NULL;
    reader->len = 0;
}
