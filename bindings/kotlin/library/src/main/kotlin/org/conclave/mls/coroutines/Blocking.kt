package org.conclave.mls.coroutines

import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.withContext

/**
 * Makes a blocking call of the library, on a thread that may block ([Dispatchers.IO]).
 *
 * A coroutine that is cancelled before the call has begun does not begin it. Once begun, the call is carried to its end, and its result
 * is returned even if the coroutine was cancelled meanwhile: a message that was received, or encrypted, has used its key up, and would be
 * lost. The coroutine ends at its next suspension, as usual.
 */
public suspend fun <T> blocking(call: () -> T): T {
    currentCoroutineContext().ensureActive()
    // Two steps: the way back to the caller's dispatcher must not be cancellable either, or the result is dropped on it.
    return withContext(NonCancellable) { withContext(Dispatchers.IO) { call() } }
}
