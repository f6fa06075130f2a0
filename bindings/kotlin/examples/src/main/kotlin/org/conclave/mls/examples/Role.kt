package org.conclave.mls.examples

import kotlin.system.exitProcess

/** The program that [Actor.start] starts: someone's device, told what to do line by line. */
fun main(arguments: Array<String>) {
    if (!playedARole(arguments)) {
        System.err.println("usage: role --as NAME --dir DIRECTORY [--stop POINT]")
        exitProcess(2)
    }
}
