#include "problem.h"

#include "text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One for the user; one for a developer, if there is more to say. */
static char *words, *details;

static bool leave(char *for_user, char *for_developer) {
    free(words);
    free(details);
    words = for_user;
    details = for_developer;
    return false;
}

bool fail(const char *text, ...) {
    va_list arguments;
    va_start(arguments, text);
    int len = vsnprintf(NULL, 0, text, arguments);
    va_end(arguments);
    size_t size = len < 0 ? 1 : (size_t)len + 1;
    char *written = allocate(size);
    written[0] = '\0';
    va_start(arguments, text);
    vsnprintf(written, size, text, arguments);
    va_end(arguments);
    return leave(written, NULL);
}

bool fail_system(const char *what) {
    return fail("%s: %s", what, strerror(errno));
}

bool check(conclave_status status) {
    if (status == CONCLAVE_OK) {
        return true;
    }
    conclave_error error = CONCLAVE_INIT(conclave_error);
    conclave_error_description known = CONCLAVE_INIT(conclave_error_description);
    if (conclave_last_error(&error) != CONCLAVE_OK || conclave_error_info(status, &known) != CONCLAVE_OK) {
        return fail("error %d", (int)status);
    }
    return leave(format("%s (%d): %s", known.summary, (int)status, known.remedy),
                 format("%s: %s", known.name, error.detail));
}

void must(conclave_status status) {
    if (!check(status)) {
        complain();
        exit(EXIT_FAILURE);
    }
}

const char *problem(void) {
    return words == NULL ? "nothing" : words;
}

void complain(void) {
    fprintf(stderr, "error: %s\n", problem());
    if (details != NULL) {
        fprintf(stderr, "  %s\n", details);
    }
}
