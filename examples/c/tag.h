/* The app's word on a call: the library hands it back in the effect, so that the ledger knows what to write beside
   it. */

#ifndef EXAMPLES_TAG_H
#define EXAMPLES_TAG_H

#include <conclave.h>

enum tag_kind {
    /* The call handled the message of this number, and all before it: where to go on after a restart. */
    TAG_CURSOR,
    /* The call encrypted a message. It has no number. */
    TAG_MESSAGE,
    /* The call built a commit that ends the epoch of this number. */
    TAG_COMMIT
};

struct tag {
    enum tag_kind kind;
    uint64_t number;
};

/* As the library takes it, to be freed with free(). */
char *tag_text(struct tag tag);

/* As the library gives it back; false for a tag that this app never wrote. */
bool tag_parse(conclave_bytes text, struct tag *tag);

#endif
