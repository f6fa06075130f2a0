#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *allocate(size_t size) {
    return grow(NULL, size);
}

void *grow(void *memory, size_t size) {
    void *grown = realloc(memory, size > 0 ? size : 1);
    if (grown == NULL) {
        fputs("out of memory\n", stderr);
        exit(EXIT_FAILURE);
    }
    return grown;
}

char *format(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (len < 0) {
        fputs("text that cannot be printed\n", stderr);
        exit(EXIT_FAILURE);
    }
    char *text = allocate((size_t)len + 1);
    va_start(arguments, format);
    vsnprintf(text, (size_t)len + 1, format, arguments);
    va_end(arguments);
    return text;
}

bool print(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int printed = vprintf(format, arguments);
    va_end(arguments);
    return printed >= 0 && fflush(stdout) == 0;
}

struct bytes bytes_copy(conclave_bytes from) {
    struct bytes copy = {allocate(from.len), from.len};
    if (from.len > 0) {
        memcpy(copy.data, from.data, from.len);
    }
    return copy;
}

void bytes_free(struct bytes *bytes) {
    free(bytes->data);
    bytes->data = NULL;
    bytes->len = 0;
}

conclave_bytes lent(const struct bytes *bytes) {
    return (conclave_bytes){bytes->data, bytes->len};
}

bool equal(conclave_bytes one, conclave_bytes other) {
    return one.len == other.len && (one.len == 0 || memcmp(one.data, other.data, one.len) == 0);
}

/* How many bytes the character at the start of `bytes` has; 0 if it is none. Overlong forms and surrogates are none. */
static size_t character(conclave_bytes bytes) {
    uint8_t first = bytes.data[0];
    size_t len = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
    if (first == 0 || len > bytes.len) {
        return 0;
    }
    for (size_t i = 1; i < len; i++) {
        if ((bytes.data[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    uint8_t second = len > 2 ? bytes.data[1] : 0x80;
    bool wrong = (first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f)
        || (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f);
    return wrong ? 0 : len;
}

char *text_of(conclave_bytes bytes) {
    static const char replacement[] = "\xef\xbf\xbd";
    char *text = allocate(bytes.len * (sizeof replacement - 1) + 1);
    char *end = text;
    while (bytes.len > 0) {
        size_t len = character(bytes);
        size_t written = len > 0 ? len : sizeof replacement - 1;
        memcpy(end, len > 0 ? (const char *)bytes.data : replacement, written);
        end += written;
        bytes.data += len > 0 ? len : 1;
        bytes.len -= len > 0 ? len : 1;
    }
    *end = '\0';
    return text;
}

static const char hex_digits[] = "0123456789abcdef";

char *hex_encode(conclave_bytes bytes) {
    char *hex = allocate(2 * bytes.len + 1);
    for (size_t i = 0; i < bytes.len; i++) {
        hex[2 * i] = hex_digits[bytes.data[i] >> 4];
        hex[2 * i + 1] = hex_digits[bytes.data[i] & 15];
    }
    hex[2 * bytes.len] = '\0';
    return hex;
}

bool hex_decode(const char *hex, size_t len, struct bytes *decoded) {
    struct bytes read = {allocate(len / 2), len / 2};
    bool right = len % 2 == 0;
    for (size_t i = 0; right && i < len; i++) {
        const char *digit = memchr(hex_digits, hex[i], 16);
        right = digit != NULL;
        uint8_t value = right ? (uint8_t)(digit - hex_digits) : 0;
        read.data[i / 2] = (uint8_t)(i % 2 == 0 ? value << 4 : read.data[i / 2] | value);
    }
    if (right) {
        *decoded = read;
    } else {
        bytes_free(&read);
    }
    return right;
}

bool parse_number(const char *digits, size_t len, uint64_t *number) {
    uint64_t value = 0;
    for (size_t i = 0; i < len; i++) {
        if (digits[i] < '0' || digits[i] > '9' || value > (UINT64_MAX - 9) / 10) {
            return false;
        }
        value = 10 * value + (uint64_t)(digits[i] - '0');
    }
    *number = value;
    return len > 0;
}

void lines_add(struct lines *lines, char *line) {
    lines->items = grow(lines->items, (lines->count + 1) * sizeof *lines->items);
    lines->items[lines->count++] = line;
}

static int compare(const void *one, const void *other) {
    return strcmp(*(char *const *)one, *(char *const *)other);
}

void lines_sort(struct lines *lines) {
    if (lines->count > 0) {
        qsort(lines->items, lines->count, sizeof *lines->items, compare);
    }
}

void lines_free(struct lines *lines) {
    for (size_t i = 0; i < lines->count; i++) {
        free(lines->items[i]);
    }
    free(lines->items);
    lines->items = NULL;
    lines->count = 0;
}

char *lines_join(const struct lines *lines, const char *between) {
    char *joined = format("%s", lines->count > 0 ? lines->items[0] : "");
    for (size_t i = 1; i < lines->count; i++) {
        char *longer = format("%s%s%s", joined, between, lines->items[i]);
        free(joined);
        joined = longer;
    }
    return joined;
}
