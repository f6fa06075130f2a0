#include "point.h"

#include "problem.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const names[] = {
    [NOWHERE] = NULL,
    [BEFORE_SENDING] = "before-sending",
    [AFTER_SENDING] = "after-sending",
    [INSIDE_RECEIVING] = "inside-receiving",
    [AFTER_RECEIVING] = "after-receiving",
};

const char *point_name(enum point point) {
    return names[point];
}

bool point_parse(const char *name, enum point *point) {
    for (enum point known = BEFORE_SENDING; known <= AFTER_RECEIVING; known++) {
        if (strcmp(name, names[known]) == 0) {
            *point = known;
            return true;
        }
    }
    return fail("no such point: %s", name);
}

char *point_line(enum point point) {
    return format("stopped %s", names[point]);
}

void point_stop(enum point point) {
    char *line = point_line(point);
    print("%s\n", line);
    free(line);
    /* If nobody listens any more, nobody will kill us either, and this ends by itself. */
    sleep(PATIENCE / 1000);
    exit(EXIT_FAILURE);
}
