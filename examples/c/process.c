#include "process.h"

#include "chat.h"
#include "files.h"
#include "problem.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- roles ---- */

bool role_is_given(int argc, char **argv) {
    bool short_form = argc == 5 || (argc == 7 && strcmp(argv[5], "--stop") == 0);
    return short_form && strcmp(argv[1], "--as") == 0 && strcmp(argv[3], "--dir") == 0;
}

int role_play(int argc, char **argv) {
    /* A pipe without a reader shall be an error like any other. */
    signal(SIGPIPE, SIG_IGN);
    struct place place = {.directory = argv[4], .storage_key = conclave_absent(), .stop_at = NOWHERE};
    struct device *device = NULL;
    bool ok = (argc < 7 || point_parse(argv[6], &place.stop_at)) && device_open(argv[2], &place, &device)
        && chat_by_script(device);
    device_close(device);
    if (!ok) {
        complain();
    }
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

int stage_run(const char *program, bool (*play)(const struct stage *stage)) {
    signal(SIGPIPE, SIG_IGN);
    char *directory = temporary_directory();
    struct stage stage = {program, directory};
    bool ok = directory != NULL && play(&stage);
    if (!ok) {
        complain();
    }
    if (!remove_directory(directory)) {
        complain();
        ok = false;
    }
    free(directory);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- actors ---- */

/* A pipe that no other process inherits: what both ends hold open never ends. */
static bool open_pipe(int ends[2]) {
    if (pipe(ends) != 0) {
        return fail_system("a pipe");
    }
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    return true;
}

static void close_pipe(const int ends[2]) {
    close(ends[0]);
    close(ends[1]);
}

/* In the new process: becomes the program. Only what is safe after fork is called here. */
static void become(const int input[2], const int output[2], char **argv) {
    if (dup2(input[0], STDIN_FILENO) >= 0 && dup2(output[1], STDOUT_FILENO) >= 0) {
        execvp(argv[0], argv);
    }
    _exit(EXIT_FAILURE);
}

static bool launch(char **argv, struct actor *actor) {
    int input[2], output[2];
    if (!open_pipe(input)) {
        return false;
    }
    if (!open_pipe(output)) {
        close_pipe(input);
        return false;
    }
    pid_t process = fork();
    if (process == 0) {
        become(input, output, argv);
    }
    if (process < 0) {
        close_pipe(input);
        close_pipe(output);
        return fail_system("a process");
    }
    close(input[0]);
    close(output[1]);
    *actor = (struct actor){.process = process, .input = input[1], .output = {.file = output[0]}};
    return true;
}

bool actor_start(const struct stage *stage, const char *name, enum point point, struct actor *actor) {
    const char *argv[] = {stage->program, "--as", name, "--dir", stage->directory, NULL, NULL, NULL};
    if (point != NOWHERE) {
        argv[5] = "--stop";
        argv[6] = point_name(point);
    }
    /* exec does not write into them; its type is older than const. */
    return launch((char **)argv, actor) && actor_answer(actor, NULL);
}

bool actor_tell(struct actor *actor, const char *command) {
    char *line = format("%s\n", command);
    size_t len = strlen(line);
    size_t told = 0;
    bool ok = true;
    while (ok && told < len) {
        ssize_t written = write(actor->input, line + told, len - told);
        ok = written >= 0 || errno == EINTR || fail_system("a process");
        told += written > 0 ? (size_t)written : 0;
    }
    free(line);
    return ok;
}

static bool next_line(struct actor *actor, char **line) {
    return reader_next(&actor->output, PATIENCE, line) == LINE || fail("a process has ended, or does not answer");
}

bool actor_answer(struct actor *actor, struct lines *answer) {
    char *line = NULL;
    while (next_line(actor, &line)) {
        bool end = strcmp(line, CHAT_END) == 0;
        if (end || answer == NULL) {
            free(line);
        } else {
            lines_add(answer, line);
        }
        if (end) {
            return true;
        }
    }
    return false;
}

bool actor_ask(struct actor *actor, const char *command, struct lines *answer) {
    return actor_tell(actor, command) && actor_answer(actor, answer);
}

static bool stops_at(struct actor *actor, enum point point) {
    char *line = NULL;
    char *expected = point_line(point);
    bool ok = next_line(actor, &line)
        && (strcmp(line, expected) == 0
            || fail("the process said \"%s\" and did not stop %s", line, point_name(point)));
    free(expected);
    free(line);
    return ok;
}

bool actor_kill_at(const struct stage *stage, const char *name, enum point point, const char *command) {
    struct actor actor = {.process = 0};
    bool ok = actor_start(stage, name, point, &actor) && actor_tell(&actor, command) && stops_at(&actor, point);
    actor_free(&actor);
    return ok;
}

/* Waits for the end of the process, which is then no more to be killed. */
static int wait_for(struct actor *actor) {
    int status = -1;
    while (waitpid(actor->process, &status, 0) < 0 && errno == EINTR) {
    }
    actor->process = 0;
    close(actor->input);
    close(actor->output.file);
    reader_free(&actor->output);
    return status;
}

bool actor_end(struct actor *actor) {
    if (!actor_tell(actor, "/quit")) {
        return false;
    }
    int status = wait_for(actor);
    return (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS) || fail("a process failed");
}

void actor_free(struct actor *actor) {
    if (actor->process > 0) {
        kill(actor->process, SIGKILL);
        wait_for(actor);
    }
}
