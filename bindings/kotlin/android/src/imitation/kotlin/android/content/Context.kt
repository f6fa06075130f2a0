@file:Suppress("unused", "UNUSED_PARAMETER")

package android.content

import java.io.File

// An imitation of the little of Android that its store uses, over JDBC: enough to compile it and to run its statements. It is not shipped.

abstract class Context {
    abstract val noBackupFilesDir: File
}
