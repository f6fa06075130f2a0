package org.conclave.mls.examples

import java.nio.file.Path
import kotlin.system.exitProcess

/** The chat as a program: `chat NAME DIRECTORY`, or in a role that another program gives it. */
fun main(arguments: Array<String>) {
    if (playedARole(arguments)) return
    if (arguments.size != 2) {
        System.err.println("usage: chat NAME DIRECTORY")
        exitProcess(2)
    }
    Device(arguments[0], Place(Path.of(arguments[1]))).use { Chat(it, System.`in`.bufferedReader(), out).onTerminal() }
}
