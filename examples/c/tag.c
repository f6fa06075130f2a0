#include "tag.h"

#include "text.h"

#include <inttypes.h>
#include <string.h>

static const char *const words[] = {[TAG_CURSOR] = "cursor ", [TAG_MESSAGE] = "message", [TAG_COMMIT] = "commit "};

char *tag_text(struct tag tag) {
    return tag.kind == TAG_MESSAGE ? format("message") : format("%s%" PRIu64, words[tag.kind], tag.number);
}

bool tag_parse(conclave_bytes text, struct tag *tag) {
    for (enum tag_kind kind = TAG_CURSOR; kind <= TAG_COMMIT; kind++) {
        size_t len = strlen(words[kind]);
        if (text.len >= len && memcmp(text.data, words[kind], len) == 0) {
            tag->kind = kind;
            tag->number = 0;
            return kind == TAG_MESSAGE ? text.len == len
                                       : parse_number((const char *)text.data + len, text.len - len, &tag->number);
        }
    }
    return false;
}
