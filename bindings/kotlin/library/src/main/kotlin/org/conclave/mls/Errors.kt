package org.conclave.mls

/** The stable number of what happened: `code / 100` is its category, and docs/errors.md lists them all. */
public val ConclaveException.code: UInt
    get() =
        when (this) {
            is ConclaveException.InvalidArgument -> code
            is ConclaveException.Malformed -> code
            is ConclaveException.Rejected -> code
            is ConclaveException.Epoch -> code
            is ConclaveException.Usage -> code
            is ConclaveException.Conflict -> code
            is ConclaveException.Storage -> code
            is ConclaveException.Signer -> code
            is ConclaveException.Validator -> code
            is ConclaveException.Unsupported -> code
            is ConclaveException.Internal -> code
        }

/** What happened, in words; those of the app where one of its callbacks failed. For developers and logs, not to be compared. */
public val ConclaveException.detail: String
    get() =
        when (this) {
            is ConclaveException.InvalidArgument -> detail
            is ConclaveException.Malformed -> detail
            is ConclaveException.Rejected -> detail
            is ConclaveException.Epoch -> detail
            is ConclaveException.Usage -> detail
            is ConclaveException.Conflict -> detail
            is ConclaveException.Storage -> detail
            is ConclaveException.Signer -> detail
            is ConclaveException.Validator -> detail
            is ConclaveException.Unsupported -> detail
            is ConclaveException.Internal -> detail
        }

/** What the code means, and what to do about it; nothing for a code that a callback made up. */
public val ConclaveException.info: ErrorInfo?
    get() = errorInfo(code)
