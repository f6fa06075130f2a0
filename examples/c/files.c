#include "files.h"

#include "problem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool read_file(const char *path, struct bytes *content, bool *there) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    *there = file >= 0;
    if (file < 0) {
        return errno == ENOENT || fail_system(path);
    }
    struct bytes all = {NULL, 0};
    size_t room = 0;
    ssize_t len;
    do {
        if (all.len == room) {
            room = room == 0 ? 4096 : 2 * room;
            all.data = grow(all.data, room);
        }
        len = read(file, all.data + all.len, room - all.len);
        all.len += len > 0 ? (size_t)len : 0;
    } while (len > 0 || (len < 0 && errno == EINTR));
    bool ok = len == 0 || fail_system(path);
    close(file);
    if (ok) {
        *content = all;
    } else {
        bytes_free(&all);
    }
    return ok;
}

bool write_new_file(const char *path, conclave_bytes content, bool *taken) {
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    *taken = file < 0 && errno == EEXIST;
    if (file < 0) {
        return *taken || fail_system(path);
    }
    bool ok = true;
    while (ok && content.len > 0) {
        ssize_t len = write(file, content.data, content.len);
        ok = len >= 0 || errno == EINTR || fail_system(path);
        content.data += len > 0 ? len : 0;
        content.len -= len > 0 ? (size_t)len : 0;
    }
    return (close(file) == 0 || fail_system(path)) && ok;
}

bool make_directories(const char *path) {
    char *part = format("%s", path);
    bool ok = true;
    for (char *end = part; ok && *end != '\0'; end++) {
        end += strspn(end, "/");
        end += strcspn(end, "/");
        char behind = *end;
        *end = '\0';
        ok = mkdir(part, S_IRWXU) == 0 || errno == EEXIST || fail_system(part);
        *end = behind;
        if (behind == '\0') {
            break;
        }
    }
    free(part);
    return ok;
}

bool list_directory(const char *path, struct lines *names) {
    DIR *directory = opendir(path);
    if (directory == NULL) {
        return fail_system(path);
    }
    struct lines found = {NULL, 0};
    struct dirent *entry;
    while (errno = 0, (entry = readdir(directory)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            lines_add(&found, format("%s", entry->d_name));
        }
    }
    bool ok = errno == 0 || fail_system(path);
    closedir(directory);
    lines_sort(&found);
    if (ok) {
        *names = found;
    } else {
        lines_free(&found);
    }
    return ok;
}

char *temporary_directory(void) {
    const char *place = getenv("TMPDIR");
    char *path = format("%s/conclave-XXXXXX", place == NULL || place[0] == '\0' ? "/tmp" : place);
    if (mkdtemp(path) == NULL) {
        fail_system(path);
        free(path);
        return NULL;
    }
    return path;
}

bool remove_directory(const char *path) {
    struct lines names = {NULL, 0};
    if (path == NULL) {
        return true;
    }
    bool ok = list_directory(path, &names);
    for (size_t i = 0; ok && i < names.count; i++) {
        char *inside = format("%s/%s", path, names.items[i]);
        struct stat about;
        ok = lstat(inside, &about) == 0 || fail_system(inside);
        ok = ok && (S_ISDIR(about.st_mode) ? remove_directory(inside) : unlink(inside) == 0 || fail_system(inside));
        free(inside);
    }
    lines_free(&names);
    return ok && (rmdir(path) == 0 || fail_system(path));
}
