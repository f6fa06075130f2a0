package org.conclave.mls.examples

/** The app's word on a call: the library hands it back in the effect, so that the ledger knows what to write beside it. */
sealed class Tag(private val text: String) {
    /** The call handled the message of this number, and all before it: where to go on after a restart. */
    data class Cursor(val number: Long) : Tag("cursor $number")

    /** The call encrypted a message. */
    data object Message : Tag("message")

    /** The call built a commit that ends this epoch. */
    data class Commit(val epoch: Long) : Tag("commit $epoch")

    /** As the library takes it. */
    fun bytes(): ByteArray = text.toByteArray()

    /** As it stands in the ledger. */
    fun written(): String = text

    companion object {
        /** As the library, or the ledger, gives it back. */
        fun parse(text: String): Tag {
            val words = text.split(' ')
            return when {
                words.size == 2 && words[0] == "cursor" -> Cursor(words[1].toLong())
                words.size == 2 && words[0] == "commit" -> Commit(words[1].toLong())
                text == "message" -> Message
                else -> throw IllegalArgumentException("a tag that this app never wrote")
            }
        }

        fun parse(bytes: ByteArray): Tag = parse(String(bytes))
    }
}
