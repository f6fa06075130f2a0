// The chat: `chat NAME DIRECTORY` at a terminal, for as many people as like to meet in that directory; or in a role, for a
// script. It has around the library what an app has to bring along itself, as small as it can be and still survive a crash at any
// line. Read in this order: Spool carries bytes between processes and reads none of them; Ledger is the app's own tables, in the
// same SQLite file as the library's records and written in the same transactions; Device joins these to a client of the library;
// Chat is the face; Role starts and kills whole processes for the demonstrations.

import Foundation
import Support

run {
    signal(SIGPIPE, SIG_IGN)
    if try playedRole() {
        return
    }
    guard CommandLine.arguments.count == 3 else { throw Problem("usage: chat NAME DIRECTORY") }
    try chatOnTerminal(Device(CommandLine.arguments[1], Place(CommandLine.arguments[2])))
}
