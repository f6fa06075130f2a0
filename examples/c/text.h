/* Memory, bytes, text and lists of lines: what C comes without. */

#ifndef EXAMPLES_TEXT_H
#define EXAMPLES_TEXT_H

#include <conclave.h>

/* Memory, never NULL: without any left the program ends, which loses no more than a crash at that line: nothing. */
void *allocate(size_t size);
void *grow(void *memory, size_t size);

/* Text as printf would print it, to be freed with free(). */
char *format(const char *format, ...);

/* Prints, and says whether that worked, so that it can stand in a chain of things that may fail. */
bool print(const char *format, ...);

/* Bytes of our own. Zeroed, they are none. */
struct bytes {
    uint8_t *data;
    size_t len;
};

struct bytes bytes_copy(conclave_bytes from);
void bytes_free(struct bytes *bytes);

/* As the library takes bytes: lent. */
conclave_bytes lent(const struct bytes *bytes);
bool equal(conclave_bytes one, conclave_bytes other);

/* Bytes from elsewhere as text, to be freed with free(): what is not UTF-8, or zero, becomes the replacement
   character. */
char *text_of(conclave_bytes bytes);

char *hex_encode(conclave_bytes bytes);
bool hex_decode(const char *hex, size_t len, struct bytes *decoded);
bool parse_number(const char *digits, size_t len, uint64_t *number);

/* Lines of text. Zeroed, they are none. */
struct lines {
    char **items;
    size_t count;
};

/* Adds a line that format() or the like has made: it is freed with the others. */
void lines_add(struct lines *lines, char *line);
void lines_sort(struct lines *lines);
void lines_free(struct lines *lines);
char *lines_join(const struct lines *lines, const char *between);

#endif
