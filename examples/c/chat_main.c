/* The chat: `chat NAME DIRECTORY` at a terminal, for as many people as like to meet in that directory; or in a role, for a script. */

#include "chat.h"
#include "problem.h"
#include "process.h"

#include <signal.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    if (role_is_given(argc, argv)) {
        return role_play(argc, argv);
    }
    signal(SIGPIPE, SIG_IGN);
    device *device = NULL;
    bool ok = argc == 3 || fail("usage: chat NAME DIRECTORY");
    if (ok) {
        place place = {.directory = argv[2], .storage_key = absent(), .stop_at = NOWHERE};
        ok = device_open(argv[1], &place, &device) && chat_on_terminal(device);
    }
    device_close(device);
    if (!ok) {
        complain();
    }
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
