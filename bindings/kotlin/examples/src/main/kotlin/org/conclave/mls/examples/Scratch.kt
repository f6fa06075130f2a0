package org.conclave.mls.examples

import java.nio.file.Files
import java.nio.file.Path

/** Acts in a directory that is gone afterwards. */
fun inScratch(act: (Path) -> Unit) {
    val directory = Files.createTempDirectory("conclave")
    try {
        act(directory)
    } finally {
        directory.toFile().deleteRecursively()
    }
}
