/* Whole files and directories. */

#ifndef EXAMPLES_FILES_H
#define EXAMPLES_FILES_H

#include "text.h"

/* Reads a whole file. That there is none is an answer, too. */
bool read_file(const char *path, struct bytes *content, bool *there);

/* Writes a new file for this user alone. That the name is taken is an answer, too. */
bool write_new_file(const char *path, conclave_bytes content, bool *taken);

/* Makes a directory, and those above it, unless they are there. */
bool make_directories(const char *path);

/* What is in a directory, in order. */
bool list_directory(const char *path, struct lines *names);

/* A new directory for a demonstration, to be freed with free(); NULL if there can be none. */
char *temporary_directory(void);

/* Removes it with all that is in it. NULL is allowed and does nothing. */
bool remove_directory(const char *path);

#endif
