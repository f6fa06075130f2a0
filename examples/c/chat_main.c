/*
 * The chat: `chat NAME DIRECTORY` at a terminal, for as many people as like to meet in that directory; or in a role,
 * for a script. It has around the library what an app has to bring along itself, as small as it can be and still
 * survive a crash at any line.
 *
 * Read in this order: sqlite_store keeps what the library wants kept; spool carries bytes between processes and reads
 * none of them; ledger is the app's own tables, in the same SQLite file as the library's records and written in the
 * same transactions; device joins these to a client of the library; chat is the face; process starts and kills whole
 * processes for the demonstrations.
 */

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
    struct device *device = NULL;
    bool ok = argc == 3 || fail("usage: chat NAME DIRECTORY");
    if (ok) {
        struct place place = {.directory = argv[2], .storage_key = conclave_absent(), .stop_at = NOWHERE};
        ok = device_open(argv[1], &place, &device) && chat_on_terminal(device);
    }
    device_close(device);
    if (!ok) {
        complain();
    }
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
