#include "chat.h"

#include "problem.h"
#include "reader.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "Anything that does not begin with a slash is sent to the group. Commands:\n"
    "  /create          make a group with you alone in it\n"
    "  /add NAME...     add people; they must have been here once, and may be away now\n"
    "  /remove NAME     remove someone, who can then read nothing that is said afterwards\n"
    "  /members         tell who is in the group\n"
    "  /epoch           tell the epoch and its authenticator: equal for all members, and for nobody else\n"
    "  /refresh         take fresh keys, which shuts out whoever may have stolen the old ones\n"
    "  /help            show this\n"
    "  /quit            leave the program; the group stays\n";

enum {
    /* How often the delivery service is asked for news, in milliseconds. */
    LOOK = 100,
    FOR_EVER = -1,
    /* How many members are listed. */
    MEMBERS = 1000
};

static bool greet(const struct device *device);
static bool obey(const struct device *device, const char *line, bool *quit);
static bool act(const struct device *device, const char *line);
static bool act_on_words(const struct device *device, const char *line, const struct lines *words);
static bool show_members(const struct device *device);
static bool show_epoch(const struct device *device);

bool chat_on_terminal(const struct device *device) {
    struct reader keyboard = {.file = STDIN_FILENO};
    bool quit = false;
    bool ok = greet(device);
    while (ok && !quit) {
        char *line = NULL;
        enum reading reading = reader_next(&keyboard, LOOK, &line);
        quit = reading == ENDED;
        ok = quit || obey(device, reading == LINE ? line : "", &quit);
        free(line);
    }
    reader_free(&keyboard);
    return ok;
}

bool chat_by_script(const struct device *device) {
    struct reader commands = {.file = STDIN_FILENO};
    bool quit = false;
    bool ok = true;
    while (ok && !quit) {
        char *line = NULL;
        ok = print(CHAT_END "\n") || fail_system("standard output");
        quit = ok && reader_next(&commands, FOR_EVER, &line) == ENDED;
        ok = ok && (quit || obey(device, line, &quit));
        free(line);
    }
    reader_free(&commands);
    return ok;
}

static bool greet(const struct device *device) {
    conclave_group *group = NULL;
    bool ok = print("* you are %s; /help tells what you can do\n", device->name) && device_sync(device)
        && device_find_group(device, &group)
        && (group != NULL || print("* you are in no group yet: /create one, or wait until someone adds you\n"));
    conclave_group_free(group);
    return ok;
}

/* Does what the line says, and tells the news. A command that fails is told of, and ends nothing. */
static bool obey(const struct device *device, const char *line, bool *quit) {
    while (isspace((unsigned char)*line)) {
        line++;
    }
    char *trimmed = format("%s", line);
    for (size_t len = strlen(trimmed); len > 0 && isspace((unsigned char)trimmed[len - 1]); len--) {
        trimmed[len - 1] = '\0';
    }
    *quit = strcmp(trimmed, "/quit") == 0;
    struct lines news = {NULL, 0};
    bool ok = *quit || act(device, trimmed) || print("! %s\n", problem());
    ok = ok && (*quit || ledger_news(&device->ledger, &news));
    for (size_t i = 0; ok && i < news.count; i++) {
        ok = print("%s\n", news.items[i]) || fail_system("standard output");
    }
    lines_free(&news);
    free(trimmed);
    return ok;
}

static bool act(const struct device *device, const char *line) {
    struct lines words = {NULL, 0};
    for (const char *word = line; *word != '\0';) {
        size_t len = strcspn(word, " \t\r\n\v\f");
        lines_add(&words, format("%.*s", (int)len, word));
        word += len;
        word += strspn(word, " \t\r\n\v\f");
    }
    bool ok = act_on_words(device, line, &words);
    lines_free(&words);
    return ok;
}

static bool act_on_words(const struct device *device, const char *line, const struct lines *words) {
    if (words->count == 0) {
        return device_sync(device);
    }
    const char *command = words->items[0];
    size_t arguments = words->count - 1;
    if (strcmp(command, "/create") == 0 && arguments == 0) {
        return device_create_group(device);
    }
    if (strcmp(command, "/add") == 0 && arguments > 0) {
        return device_add(device, &(struct lines){words->items + 1, arguments});
    }
    if (strcmp(command, "/remove") == 0 && arguments == 1) {
        return device_remove(device, words->items[1]);
    }
    if (strcmp(command, "/members") == 0 && arguments == 0) {
        return show_members(device);
    }
    if (strcmp(command, "/epoch") == 0 && arguments == 0) {
        return show_epoch(device);
    }
    if (strcmp(command, "/refresh") == 0 && arguments == 0) {
        return device_refresh(device);
    }
    if (strcmp(command, "/help") == 0 && arguments == 0) {
        return print("%s", help);
    }
    return command[0] == '/' ? fail("%s is not understood; /help tells more", command) : device_say(device, line);
}

static bool show_members(const struct device *device) {
    conclave_group *group = NULL;
    conclave_members *members = NULL;
    struct lines names = {NULL, 0};
    bool ok = device_sync(device) && device_group(device, &group)
        && check(conclave_group_members(group, CONCLAVE_NO_LEAF, MEMBERS, &members));
    for (size_t i = 0; ok && i < members->count; i++) {
        lines_add(&names, text_of(members->items[i]->name.client_id));
    }
    char *joined = lines_join(&names, ", ");
    ok = ok && print("members: %s\n", joined);
    free(joined);
    lines_free(&names);
    conclave_members_free(members);
    conclave_group_free(group);
    return ok;
}

static bool show_epoch(const struct device *device) {
    conclave_group *group = NULL;
    conclave_buf *authenticator = NULL;
    conclave_group_standing standing = CONCLAVE_INIT(conclave_group_standing);
    bool ok = device_sync(device) && device_group(device, &group)
        && check(conclave_group_epoch_authenticator(group, &authenticator))
        && check(conclave_group_status(group, &standing));
    if (ok) {
        char *hex = hex_encode(conclave_buf_bytes(authenticator));
        ok = print("epoch %" PRIu64 ": %s\n", standing.epoch, hex);
        free(hex);
    }
    conclave_buf_free(authenticator);
    conclave_group_free(group);
    return ok;
}
