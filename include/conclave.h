/*
 * Conclave: end-to-end encryption for groups of any size (Messaging Layer Security, RFC 9420).
 *
 * This header is the manual of the C library. It is made from the library's source: do not edit it.
 *
 * THE IDEA. A client is one device of one user. It leaves key packages with a server of yours; with one of them, others can add
 * it to a group, even while it is away. What changes a group is a commit: one member builds it, your server puts it before all
 * others of that epoch, and then everyone takes it in, the one who built it by confirming it. Whoever a commit adds gets a
 * Welcome. In between, members encrypt messages. The library makes bytes and takes bytes: carrying them is your part.
 *
 * The library keeps everything in a storage that you lend it, three callbacks over your database (conclave_storage). Each call
 * writes once, all or nothing, and holds no state of its own: after a crash at any line, open the client again and go on.
 *
 *     conclave_client_config config;
 *     conclave_client_config_init(&config, sizeof config, name);
 *     conclave_host host = CONCLAVE_INIT(conclave_host);
 *     host.storage = &storage;
 *     host.validator = &validator;
 *     conclave_client *client;
 *     if (conclave_client_new(CONCLAVE_VERSION_NUMBER, &config, &host, &client) != CONCLAVE_OK) { ... }
 *
 * examples/c has whole programs: begin with hello.c. C99 is needed, or C++11.
 *
 * WORDS, for who has never seen MLS.
 *     group            the devices that share keys; each member of it is one client, so a user with three devices is three members
 *     epoch            how a group stands between two commits, numbered from 0; each epoch has keys of its own
 *     proposal         a change of the group that somebody asks for; nothing happens until a commit takes it in
 *     commit           the message that ends an epoch and begins the next one, with the changes that it makes
 *     key package      what a client publishes so that others can add it; for one use
 *     Welcome          the message that brings those into a group whom a commit added
 *     GroupInfo        what a member publishes of a group, so that a client can come in by a commit of its own
 *     ratchet tree     the public keys of all members; whoever joins needs it, inside the Welcome or GroupInfo or beside it
 *     leaf             the place of a member in that tree: a number that it keeps until it is removed
 *     credential       who a member says it is; your validator tells whether that is so
 *     cipher suite     the number of a set of algorithms, one for each group; 1 is the one that everybody has
 *     PSK              pre-shared key: a secret that members have from elsewhere, mixed into the keys of an epoch
 *     resumption PSK   a secret of an earlier epoch, used in the same way: proof of having been a member then
 *     external sender  somebody outside a group whom the group lets propose changes, such as your server
 *     extension        data of a registered type, in a group, a leaf or a key package
 *     GREASE           random types that mean nothing, so that nobody relies on knowing all types
 *     ReInit           closes a group in favour of a successor, with another cipher suite for instance
 *     generation       the number of a message among those that its sender sent in the epoch
 *     aad              additional authenticated data: sent beside what is encrypted; everybody can read it, nobody can change it
 *     tag              bytes of yours that you pass to a call, and find again in its effect; they are sent to nobody
 *     effect           what one write to the storage means to you: an event, or bytes to send
 *     head             the record that says how a group stands; every call on the group reads it
 *
 * CONTENTS. A part begins with "---- Title". Read Client, Group, Receiving, Event and Commit first, then Storage and Validator,
 * which you write.
 *     Status          The status that functions return, and the words behind it.
 *     Version         Which release this is, and whether the header that the app was compiled with fits it.
 *     Bytes           Bytes that cross the border: borrowed on the way in, owned on the way out.
 *     Memory          What results point into: memory of the library's own, which is wiped and freed with the result.
 *     Names           Small values that stand in many results: members, identities, references to epochs.
 *     Context         The host's pointer that comes back to each of its callbacks.
 *     Storage         The storage that a host lends through C: three callbacks, and the sinks that values come back through.
 *     Batch           What one operation writes, for the host's `write` to pull from.
 *     Effect          What a write means to the app.
 *     Validator       The app's authentication service, lent through C.
 *     Signer          Signing with keys that the library never sees.
 *     Policy          The app's own rules on top of the RFC's, lent through C.
 *     Watching        Clock, observer and logger, lent through C.
 *     Configuration   What the app decides once, and what it lends.
 *     Client          Opening a client, and what concerns all of it.
 *     Key packages    Key packages of this client.
 *     Pre-shared keys External pre-shared keys: secrets that members have from elsewhere.
 *     Lookups         Looking without touching.
 *     Group           A group: how it stands, sending, its secrets, and its end.
 *     Members         Who is in a group.
 *     Receiving       Receiving messages.
 *     Proposal        What a proposal would change, and who made it.
 *     Event           What a message turned into.
 *     Commit          Putting a commit together, and what becomes of it.
 *     Pending commit  A commit of our own that waits for the delivery service's word, and what becomes of it.
 *     Proposing       Proposing changes to a group, each for a commit to take in.
 *     Joining         Joining a group by a commit of one's own.
 *     Successor       Groups that follow from another.
 *     Extensions      Extensions in words.
 *     Outside         Proposing from outside a group.
 *     Archive         Taking a group, or the whole client, to another device.
 *     Journal         The journal of effects, and the end of a client.
 *     Inspection      Objects of the protocol in words, and the conformance kit for storages.
 *
 * ARGUMENTS. First the handle, then what goes in, last what comes out. Outputs are written only if the call returns CONCLAVE_OK;
 * what is in them before does not matter. Two outputs of one call are two variables. Unless it says otherwise, no pointer may
 * be NULL, and one that is gives CONCLAVE_BAD_ARGUMENT. Bytes that go in (conclave_bytes) are lent for the call and never kept.
 *
 * STRUCTS. A struct that begins with struct_size may grow in later releases: set the size as it is in your header. CONCLAVE_INIT
 * does that for options and callbacks, and gives all other fields their defaults; only conclave_client_config is filled by a
 * function, conclave_client_config_init. Results that you reach through a pointer may grow, too: read them where they are, and do
 * not copy them as a whole. Their fields may be read until the result is freed, and not written.
 *
 * OWNERSHIP. Whatever a function gives through a pointer to a pointer is yours, and is freed with the one function that its
 * documentation names, in any order: handles keep alive what they need. To free NULL does nothing. Nothing is freed by free().
 * What held plaintext or secrets is wiped when it is freed.
 *
 * ERRORS. Functions return a conclave_status. Each says which ones are its own; besides those, any call on a client or a group may
 * return CONCLAVE_BAD_ARGUMENT, CONCLAVE_TOO_LONG for an input that no call takes, CONCLAVE_REENTRANT from inside a callback,
 * CONCLAVE_CONFLICT if other processes were faster several times over, the 7xx of the storage and the other callbacks,
 * CONCLAVE_STORE_NEWER, and CONCLAVE_INTERNAL for a fault of the library; any call on a group, CONCLAVE_NO_SUCH_GROUP if it was
 * deleted, and CONCLAVE_BUSY if another call on it takes too long. A call that fails has changed nothing, and its handle can be
 * used again. (conclave_client_prune alone may fail for one group after it was done with others.) conclave_last_error tells more.
 *
 * THREADS. Any function may be called from any thread. Calls on different groups run side by side; calls on one group take turns,
 * also across processes that share a storage. Only freeing a handle while another call uses it is forbidden.
 *
 * CALLBACKS run on the calling thread, before the call returns (but conclave_check_storage calls from several). They must return:
 * no exception and no longjmp may leave them. They must not call the library, and where they do, the call returns
 * CONCLAVE_REENTRANT, but for these, which may be called from any callback: all functions whose names end with _free,
 * conclave_last_error, conclave_error_info, conclave_host_error, conclave_version, conclave_set_logger, and those that work on bytes
 * alone (conclave_inspect and its like, conclave_encode_extensions, conclave_decode_extensions); and in the callback that was lent
 * them, the functions on a batch (conclave_batch_) and those that take a result (conclave_values_put, conclave_records_put,
 * conclave_signature_put, conclave_verdicts_accept, conclave_verdicts_reject).
 *
 * FORKS. Do not use a client in a child process after fork(): open it again there.
 */

#ifndef CONCLAVE_H
#define CONCLAVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

// The names of all structs.
typedef struct conclave_error conclave_error;
typedef struct conclave_error_description conclave_error_description;
typedef struct conclave_version_info conclave_version_info;
typedef struct conclave_buf conclave_buf;
typedef struct conclave_bytes conclave_bytes;
typedef struct conclave_memory conclave_memory;
typedef struct conclave_member_name conclave_member_name;
typedef struct conclave_resumption_psk conclave_resumption_psk;
typedef struct conclave_identity conclave_identity;
typedef struct conclave_memory_storage conclave_memory_storage;
typedef struct conclave_records conclave_records;
typedef struct conclave_values conclave_values;
typedef struct conclave_storage conclave_storage;
typedef struct conclave_batch conclave_batch;
typedef struct conclave_guard conclave_guard;
typedef struct conclave_write_op conclave_write_op;
typedef struct conclave_effect conclave_effect;
typedef struct conclave_verdicts conclave_verdicts;
typedef struct conclave_candidate conclave_candidate;
typedef struct conclave_validator conclave_validator;
typedef struct conclave_signature conclave_signature;
typedef struct conclave_signer conclave_signer;
typedef struct conclave_party conclave_party;
typedef struct conclave_change_request conclave_change_request;
typedef struct conclave_policy conclave_policy;
typedef struct conclave_logger conclave_logger;
typedef struct conclave_clock conclave_clock;
typedef struct conclave_observer conclave_observer;
typedef struct conclave_signing_key conclave_signing_key;
typedef struct conclave_client_config conclave_client_config;
typedef struct conclave_host conclave_host;
typedef struct conclave_client conclave_client;
typedef struct conclave_own_identity conclave_own_identity;
typedef struct conclave_group_options conclave_group_options;
typedef struct conclave_group_summary conclave_group_summary;
typedef struct conclave_groups conclave_groups;
typedef struct conclave_join_options conclave_join_options;
typedef struct conclave_key_package_options conclave_key_package_options;
typedef struct conclave_key_package conclave_key_package;
typedef struct conclave_key_packages conclave_key_packages;
typedef struct conclave_key_package_status conclave_key_package_status;
typedef struct conclave_message_peek conclave_message_peek;
typedef struct conclave_welcome_preview conclave_welcome_preview;
typedef struct conclave_group conclave_group;
typedef struct conclave_group_standing conclave_group_standing;
typedef struct conclave_member conclave_member;
typedef struct conclave_members conclave_members;
typedef struct conclave_author conclave_author;
typedef struct conclave_proposal_summary conclave_proposal_summary;
typedef struct conclave_message conclave_message;
typedef struct conclave_proposal conclave_proposal;
typedef struct conclave_epoch_change conclave_epoch_change;
typedef struct conclave_removal conclave_removal;
typedef struct conclave_reinit conclave_reinit;
typedef struct conclave_event conclave_event;
typedef struct conclave_commit conclave_commit;
typedef struct conclave_commit_result conclave_commit_result;
typedef struct conclave_pending_commit conclave_pending_commit;
typedef struct conclave_pending_proposal conclave_pending_proposal;
typedef struct conclave_pending_proposals conclave_pending_proposals;
typedef struct conclave_external_join_options conclave_external_join_options;
typedef struct conclave_external_join conclave_external_join;
typedef struct conclave_successor_options conclave_successor_options;
typedef struct conclave_reinit_options conclave_reinit_options;
typedef struct conclave_sender conclave_sender;
typedef struct conclave_extension conclave_extension;
typedef struct conclave_extensions conclave_extensions;
typedef struct conclave_external_sender conclave_external_sender;
typedef struct conclave_external_proposer conclave_external_proposer;
typedef struct conclave_join_proposal conclave_join_proposal;
typedef struct conclave_external_place conclave_external_place;
typedef struct conclave_imported conclave_imported;
typedef struct conclave_pending_effect conclave_pending_effect;
typedef struct conclave_pending_effects conclave_pending_effects;
typedef struct conclave_finding conclave_finding;
typedef struct conclave_findings conclave_findings;

// An options struct with its size and the defaults: `conclave_join_options options = CONCLAVE_INIT(conclave_join_options);`
// Not for conclave_client_config, which has defaults that are not zero: conclave_client_config_init fills it.
#ifdef __cplusplus
#define CONCLAVE_INIT(type) ([] { type initial = {}; initial.struct_size = sizeof(type); return initial; }())
#else
#define CONCLAVE_INIT(type) { .struct_size = sizeof(type) }
#endif

// ---- Status -----------------------------------------------------------------------------------------------------------------
// The status that functions return, and the words behind it.

// What a status can be, beside CONCLAVE_OK. `status / 100` is the category:
// 1xx fix the call, 2xx drop the message, 3xx drop it and report its sender, 4xx fetch what is missing or rejoin,
// 5xx finish the other thing first, 6xx run the call again, 7xx the app's own callback failed, 8xx agree on something
// else, 9xx report a fault of the library. conclave_error_info tells what to do about each.

// an argument is out of its range
#define CONCLAVE_BAD_ARGUMENT 101
// a key has the wrong form or length for its cipher suite
#define CONCLAVE_BAD_KEY 102
// no member has this index or identity
#define CONCLAVE_NO_SUCH_MEMBER 103
// the archive is none, is damaged, or was sealed under another key
#define CONCLAVE_BAD_ARCHIVE 104
// an argument is longer than the library stores or sends
#define CONCLAVE_TOO_LONG 105
// the object holds secrets, which are never printed
#define CONCLAVE_HOLDS_SECRETS 106
// the bytes are not a valid MLS object
#define CONCLAVE_MALFORMED 201
// bytes are left over after the object
#define CONCLAVE_TRAILING_BYTES 202
// a vector's length is not minimally encoded or goes past the end
#define CONCLAVE_BAD_VECTOR 203
// the padding is not all zero
#define CONCLAVE_BAD_PADDING 204
// the ratchet tree is malformed
#define CONCLAVE_BAD_TREE 205
// a list holds the same item twice
#define CONCLAVE_DUPLICATED 206
// a signature does not verify
#define CONCLAVE_BAD_SIGNATURE 301
// a membership or confirmation tag does not match
#define CONCLAVE_BAD_MAC 302
// a ciphertext does not decrypt
#define CONCLAVE_BAD_CIPHERTEXT 303
// the sender may not send this
#define CONCLAVE_BAD_SENDER 304
// a proposal breaks a rule
#define CONCLAVE_BAD_PROPOSAL 305
// the proposals of a commit may not stand together
#define CONCLAVE_BAD_PROPOSAL_LIST 306
// the update path of a commit is missing, misplaced or wrong
#define CONCLAVE_BAD_PATH 307
// a leaf node breaks a rule
#define CONCLAVE_BAD_LEAF_NODE 308
// a key package breaks a rule
#define CONCLAVE_BAD_KEY_PACKAGE 309
// a key or client is in the group already
#define CONCLAVE_KEY_REUSED 310
// a member does not support what the group would need
#define CONCLAVE_INCAPABLE 311
// the app's validator rejected a credential
#define CONCLAVE_CREDENTIAL_REJECTED 312
// the app's policy rejected a change
#define CONCLAVE_POLICY_REJECTED 313
// the Welcome does not fit what it should open
#define CONCLAVE_BAD_WELCOME 314
// the GroupInfo breaks a rule
#define CONCLAVE_BAD_GROUP_INFO 315
// a lifetime has not begun or is over
#define CONCLAVE_EXPIRED 316
// a field of a message does not fit its kind
#define CONCLAVE_WRONG_CONTENT 317
// the Welcome does not open a group that follows from the old one, as its successor or a branch
#define CONCLAVE_BAD_SUCCESSOR 318
// this client holds no such group
#define CONCLAVE_NO_SUCH_GROUP 401
// the message is of an epoch that has not come yet
#define CONCLAVE_FUTURE_EPOCH 402
// the message is of an epoch whose keys are gone
#define CONCLAVE_PAST_EPOCH 403
// the message skips more generations than allowed
#define CONCLAVE_GENERATION_TOO_FAR 404
// the key of this message was used or has expired
#define CONCLAVE_KEY_GONE 405
// the commit names a proposal that was never received
#define CONCLAVE_UNKNOWN_PROPOSAL 406
// a pre-shared key is not known here
#define CONCLAVE_UNKNOWN_PSK 407
// no key package of this client opens the Welcome
#define CONCLAVE_NOT_FOR_US 408
// this client is no longer a member of the group
#define CONCLAVE_REMOVED 409
// the ratchet tree came neither inside nor beside the message
#define CONCLAVE_TREE_MISSING 410
// the group adopted a commit that was discarded here
#define CONCLAVE_OWN_COMMIT_DISCARDED 411
// a message of our own cannot be decrypted by us
#define CONCLAVE_OWN_MESSAGE 412
// another call on this group is still running
#define CONCLAVE_BUSY 501
// the library was called from inside a callback
#define CONCLAVE_REENTRANT 502
// a commit of our own is waiting
#define CONCLAVE_PENDING_COMMIT 503
// no commit is waiting
#define CONCLAVE_NO_PENDING_COMMIT 504
// proposals are waiting for a commit
#define CONCLAVE_PENDING_PROPOSALS 505
// the group has been reinitialised and takes no more changes
#define CONCLAVE_FROZEN 506
// this client is a member of the group already
#define CONCLAVE_ALREADY_MEMBER 507
// the object was used up by an earlier call
#define CONCLAVE_CONSUMED 508
// the group comes out of an archive, whose keys may have been used since
#define CONCLAVE_NOT_HEALED 509
// an external join of this group is waiting
#define CONCLAVE_PENDING_JOIN 510
// no external join of this group is waiting
#define CONCLAVE_NO_PENDING_JOIN 511
// the group was not closed by a ReInit
#define CONCLAVE_NOT_CLOSED 512
// another process changed the same records first, several times over
#define CONCLAVE_CONFLICT 601
// the app's storage failed
#define CONCLAVE_STORAGE_FAILED 701
// a stored record cannot be read
#define CONCLAVE_STORAGE_CORRUPT 702
// the app's storage broke its contract
#define CONCLAVE_STORAGE_NONSENSE 703
// the app's storage is locked
#define CONCLAVE_STORAGE_LOCKED 704
// the app's signer failed or refused
#define CONCLAVE_SIGNER_FAILED 711
// the app's validator or policy failed to answer
#define CONCLAVE_VALIDATOR_FAILED 721
// the app's observer asked to stop
#define CONCLAVE_CANCELLED 731
// the app's observer failed
#define CONCLAVE_OBSERVER_FAILED 732
// the app's clock failed to tell the time
#define CONCLAVE_CLOCK_FAILED 741
// the cipher suite is not known
#define CONCLAVE_UNSUPPORTED_SUITE 801
// the protocol version is not MLS 1.0
#define CONCLAVE_UNSUPPORTED_VERSION 802
// the message needs a feature this library does not have
#define CONCLAVE_UNSUPPORTED_CONTENT 803
// the store was written by a newer release
#define CONCLAVE_STORE_NEWER 804
// a size limit of the library is reached
#define CONCLAVE_LIMIT_REACHED 805
// a key has been used as often as is safe
#define CONCLAVE_USAGE_LIMIT 806
// the program was compiled with the header of another release
#define CONCLAVE_HEADER_MISMATCH 807
// an invariant of the library is broken
#define CONCLAVE_INTERNAL 901

// Longest detail that is handed out, with the zero byte behind it.
#define CONCLAVE_DETAIL_SIZE 512

// What every function returns: `CONCLAVE_OK`, or one of the other codes. Codes never change and are never used again for
// something else. `code / 100` is the category, which tells what to do.
typedef int32_t conclave_status;

// What the last call of this thread that failed had to say.
struct conclave_error {
  // Set it to `sizeof(conclave_error)` before the call.
  uint32_t struct_size;
  // The status that the call returned; `CONCLAVE_OK` if no call of this thread has failed yet.
  conclave_status status;
  // What happened, in words for a developer, as a C string in UTF-8. Cut off if it is longer. It holds no keys, plaintext or
  // identities, except what the host's own callback said.
  char detail[CONCLAVE_DETAIL_SIZE];
};

// What a status means.
struct conclave_error_description {
  // Set it to `sizeof(conclave_error_description)` before the call.
  uint32_t struct_size;
  // The status that was asked about.
  conclave_status status;
  // Its name, such as `BadSignature`. This and the other texts are C strings that live as long as the program.
  const char *name;
  // What happened.
  const char *summary;
  // What to do about it.
  const char *remedy;
};

// All is done, and the outputs are written.
#define CONCLAVE_OK 0

// Tells what the last call of this thread that failed had to say. A call that succeeds leaves it as it is.
//
// Returns: `CONCLAVE_OK`, or `CONCLAVE_BAD_ARGUMENT` for NULL or a wrong `struct_size`.
// In: `error->struct_size`.
// Out: `error`, a copy.
// State: none.
// Threads: any; each has its own last error.
conclave_status conclave_last_error(conclave_error *error);

// Tells what a status means and what to do about it. The same is in docs/errors.md.
//
// Returns: `CONCLAVE_OK`, or `CONCLAVE_BAD_ARGUMENT` for a status that the library never returns, NULL, or a wrong
// `struct_size`. `CONCLAVE_OK` itself is described, too.
// In: `status`; `description->struct_size`.
// Out: `description`.
// State: none.
// Threads: any.
conclave_status conclave_error_info(conclave_status status, conclave_error_description *description);

// For the host's callbacks: says why one fails, in words that `conclave_last_error` gives to whoever made the call. Made to
// be returned: `return conclave_host_error(CONCLAVE_STORAGE_FAILED, sqlite3_errmsg(database));`
// Outside of a callback it has no effect.
//
// Returns: `status`, as it is.
// In: `status`, what the callback will return; `detail`, a C string in UTF-8, which is copied, or NULL.
// Out: nothing.
// State: none.
// Threads: the one that the callback runs on.
conclave_status conclave_host_error(conclave_status status,
                                    const char *detail);

// ---- Version ----------------------------------------------------------------------------------------------------------------
// Which release this is, and whether the header that the app was compiled with fits it.

// The release that this header belongs to.
#define CONCLAVE_VERSION_MAJOR 0
#define CONCLAVE_VERSION_MINOR 1
#define CONCLAVE_VERSION_PATCH 0
#define CONCLAVE_VERSION_NUMBER 100

// Which release of the library this is.
struct conclave_version_info {
  // Set it to `sizeof(conclave_version_info)` before the call.
  uint32_t struct_size;
  // As `CONCLAVE_VERSION_NUMBER` of the header that came with this library.
  uint32_t number;
  // The release, such as `0.1.0`. This and the other text are C strings that live as long as the program.
  const char *release;
  // The protocol it speaks.
  const char *protocol;
};

// Tells which release of the library this is.
//
// Returns: `CONCLAVE_OK`, or `CONCLAVE_BAD_ARGUMENT` for NULL or a wrong `struct_size`.
// In: `version->struct_size`.
// Out: `version`.
// State: none.
// Threads: any.
conclave_status conclave_version(conclave_version_info *version);

// ---- Bytes ------------------------------------------------------------------------------------------------------------------
// Bytes that cross the border: borrowed on the way in, owned on the way out.

// Bytes that the library hands over, to be freed with `conclave_buf_free`, which wipes them.
//
// A zero byte stands behind the last one and is not counted, so that text can be used as a C string.
struct conclave_buf {
  // The first byte; never NULL.
  const uint8_t *data;
  // How many there are.
  size_t len;
  // The library's own; leave it alone.
  conclave_memory *owner;
};

// Bytes that are lent: they are read before the call returns, and never kept.
//
// `data` may be NULL if `len` is 0. Where the bytes are optional, NULL means that they are absent, and any other pointer with
// `len` 0 that they are present and empty. This struct never grows.
struct conclave_bytes {
  // The first byte.
  const uint8_t *data;
  // How many there are.
  size_t len;
};

// Wipes and frees a buffer.
//
// Returns: nothing.
// In: `buf`, from any function that gives one; NULL is allowed and does nothing.
// Out: nothing.
// State: none.
// Threads: any.
void conclave_buf_free(conclave_buf *buf);

// Lends a C string, without the zero byte at its end.
static inline conclave_bytes conclave_text(const char *text) {
  conclave_bytes bytes;
  bytes.data = (const uint8_t *)text;
  bytes.len = strlen(text);
  return bytes;
}

// Lends what is in a buffer.
static inline conclave_bytes conclave_buf_bytes(const conclave_buf *buf) {
  conclave_bytes bytes;
  bytes.data = buf->data;
  bytes.len = buf->len;
  return bytes;
}

// No bytes.
static inline conclave_bytes conclave_absent(void) {
  conclave_bytes bytes;
  bytes.data = NULL;
  bytes.len = 0;
  return bytes;
}

// ---- Memory -----------------------------------------------------------------------------------------------------------------
// What results point into: memory of the library's own, which is wiped and freed with the result.

// Memory of the library's own.
struct conclave_memory;

// ---- Names ------------------------------------------------------------------------------------------------------------------
// Small values that stand in many results: members, identities, references to epochs.

// The type of a bare name (RFC 9420 section 5.3).
#define CONCLAVE_CREDENTIAL_BASIC 1

// The type of a chain of certificates.
#define CONCLAVE_CREDENTIAL_X509 2

// A flag in a struct that the host fills: 0 is no, anything else is yes.
typedef uint8_t conclave_flag;

// A member of a group, as far as its leaf tells. This struct never grows.
struct conclave_member_name {
  // Its position in the tree; it keeps it until it is removed.
  uint32_t leaf;
  // The canonical name of the client, as the app's validator gave it.
  conclave_bytes client_id;
  // The canonical name of the user behind it.
  conclave_bytes user_id;
};

// The secret of an epoch, as proof of having been a member then (RFC 9420 section 8.6). This struct never grows.
struct conclave_resumption_psk {
  // The group that it comes from.
  conclave_bytes group_id;
  // The epoch that it comes from.
  uint64_t epoch;
};

// What a credential says (RFC 9420 section 5.3). This struct never grows.
struct conclave_identity {
  // `CONCLAVE_CREDENTIAL_BASIC`, `CONCLAVE_CREDENTIAL_X509`, or another registered number.
  uint16_t credential_type;
  // Of a basic credential the name, as the member wrote it; of another type but X.509 the content, undecoded.
  conclave_bytes content;
  // Of an X.509 credential the DER certificates, the member's own first; else NULL.
  const conclave_bytes *certificates;
  // How many certificates there are.
  size_t certificate_count;
};

// ---- Context ----------------------------------------------------------------------------------------------------------------
// The host's pointer that comes back to each of its callbacks.

// Lets the host's context go.
typedef void (*conclave_release)(void *context);

// ---- Storage ----------------------------------------------------------------------------------------------------------------
// The storage that a host lends through C: three callbacks, and the sinks that values come back through.

// A storage in memory, for tests and demonstrations: it is gone with the program.
struct conclave_memory_storage;

// Where `conclave_storage.scan` puts what it finds.
struct conclave_records;

// Where `conclave_storage.read` puts what it finds.
struct conclave_values;

// Where the library keeps everything: an ordered map from keys (1 to 96 bytes, compared as unsigned bytes) to values (up to
// 64 KiB; empty is not absent), which the host implements over its database.
//
// What a host must keep:
//
// - `write` is one transaction, the outermost one, durable when it returns, all or nothing. Its guards are checked inside that
//   transaction, a guard of absence also against a concurrent insert.
// - One call of `read` or `scan` sees one state of the store, never half of a batch.
// - Deleted values are really gone: they hold keys of messages that nobody shall read again.
// - A BACKUP IS NEVER RESTORED OVER A LIVE STORE, and the store is in no backup: an old copy would encrypt under the same
//   keys twice, which gives messages away.
//
// `conclave_check_storage` tells whether it does: run it in the tests of your store. examples/c/sqlite_store.c is one.
//
// Each callback returns `CONCLAVE_OK`, or `CONCLAVE_STORAGE_FAILED` (best with words, through `conclave_host_error`), or
// `CONCLAVE_STORAGE_LOCKED` if it works again once the device is unlocked; `write` also `CONCLAVE_CONFLICT`. They run on the
// thread of the call that needs them, on several threads at once if the app calls from several, and in `conclave_check_storage` in
// any case: lock what they share. They must not call the library,
// but for the `conclave_batch_` functions inside `write` and the sinks. What they are lent is gone when they return.
struct conclave_storage {
  // `sizeof(conclave_storage)`.
  uint32_t struct_size;
  // Passed to each callback.
  void *context;
  // Called once, when nothing uses the storage any more; may be NULL.
  conclave_release release;
  // Gives the values of `count` keys: calls `conclave_values_put` for each that is there. (`found` begins empty.)
  conclave_status (*read)(void *context, const conclave_bytes *keys, size_t count, conclave_values *found);
  // Gives the records whose keys begin with `prefix`, in ascending order, strictly after `after` (empty: from the start):
  // `limit` of them, or as many as there are; fewer means that there are no more. Calls `conclave_records_put` for each.
  conclave_status (*scan)(void *context,
                          conclave_bytes prefix,
                          conclave_bytes after,
                          uint32_t limit,
                          conclave_records *found);
  // In one durable transaction: checks every guard of the batch, and returns `CONCLAVE_CONFLICT` without a change if one does
  // not match; applies every operation; stores the effect in tables of the app's own, if it wants to.
  conclave_status (*write)(void *context, const conclave_batch *batch);
};

// For `conclave_storage.read`: gives the value of the key at `index`.
//
// Returns: `CONCLAVE_OK`, or `CONCLAVE_BAD_ARGUMENT` for NULL, an index that no key has, or a value that cannot be read. The call
// that reads fails then, whatever the callback returns.
// In: `found`, as it was passed to the callback; `value`, which is copied.
// Out: nothing.
// State: none.
// Threads: the one that the callback runs on.
conclave_status conclave_values_put(conclave_values *found,
                                    size_t index,
                                    conclave_bytes value);

// For `conclave_storage.scan`: gives the next record.
//
// Returns: `CONCLAVE_OK`, or `CONCLAVE_BAD_ARGUMENT` for NULL or a record that cannot be read. The call that scans fails then,
// whatever the callback returns.
// In: `found`, as it was passed to the callback; `key` and `value`, which are copied.
// Out: nothing.
// State: none.
// Threads: the one that the callback runs on.
conclave_status conclave_records_put(conclave_records *found,
                                     conclave_bytes key,
                                     conclave_bytes value);

// Makes a storage in memory, for tests and demonstrations. Several clients may use it.
//
// Returns: `CONCLAVE_OK`, or `CONCLAVE_BAD_ARGUMENT` for NULL.
// In: nothing.
// Out: `storage`, to be freed with `conclave_memory_storage_free`.
// State: none.
// Threads: any.
conclave_status conclave_memory_storage_new(conclave_memory_storage **storage);

// Lets a storage in memory go. Clients that use it keep it alive.
//
// Returns: nothing.
// In: `storage`; NULL is allowed and does nothing.
// Out: nothing.
// State: none.
// Threads: any.
void conclave_memory_storage_free(conclave_memory_storage *storage);

// ---- Batch ------------------------------------------------------------------------------------------------------------------
// What one operation writes, for the host's `write` to pull from.

// One atomic write. It is lent to the host's `write`, and gone when that returns. See `conclave_storage.write`.
struct conclave_batch;

// A record that must still be as it was read. This struct never grows.
struct conclave_guard {
  // The key of the record.
  conclave_bytes key;
  // The value it must have. NULL `data`: the record must be absent.
  conclave_bytes expected;
};

// One of `CONCLAVE_WRITE_*`.
typedef int32_t conclave_write_kind;

// One change of the store. This struct never grows, and there will be no other kinds.
struct conclave_write_op {
  // One of `CONCLAVE_WRITE_*`.
  conclave_write_kind kind;
  // The key; of a range, the first one that is deleted.
  conclave_bytes key;
  // Of a put, the value.
  conclave_bytes value;
  // Of a range, the first key that is kept.
  conclave_bytes to;
};

// Insert or replace the record `key`: it has `value` from now on, which may be empty.
#define CONCLAVE_WRITE_PUT 1

// Delete the record `key`, if it is there.
#define CONCLAVE_WRITE_DELETE 2

// Delete every record from `key` (inclusive) up to `to` (exclusive).
#define CONCLAVE_WRITE_DELETE_RANGE 3

// What must still hold, to be checked inside the transaction before the first operation.
//
// Returns: `CONCLAVE_OK`, or `CONCLAVE_BAD_ARGUMENT` for NULL.
// In: `batch`.
// Out: `guards`, the first of `count` guards, which live until `write` returns.
// State: none.
// Threads: the one that `write` runs on.
conclave_status conclave_batch_guards(const conclave_batch *batch,
                                      const conclave_guard **guards,
                                      size_t *count);

// The next operations, in order: at least one while any are left, at most `most` (at least 1), and about 1 MiB. None at the
// end. Apply them in this order.
//
// Returns: `CONCLAVE_OK`, or `CONCLAVE_BAD_ARGUMENT` for NULL.
// In: `batch`; `most`.
// Out: `ops`, the first of `count` operations, which live until the next call of this function, or until `write` returns.
// State: moves on in the batch.
// Threads: the one that `write` runs on.
conclave_status conclave_batch_next(const conclave_batch *batch,
                                    uint32_t most,
                                    const conclave_write_op **ops,
                                    size_t *count);

// Starts over at the first operation, for a database that runs its transaction again.
//
// Returns: `CONCLAVE_OK`, or `CONCLAVE_BAD_ARGUMENT` for NULL.
// In: `batch`.
// Out: nothing.
// State: goes back to the start of the batch.
// Threads: the one that `write` runs on.
conclave_status conclave_batch_rewind(const conclave_batch *batch);

// What the call produced: the event, or the bytes to send. An app that writes it into its own tables in the transaction of
// the batch has every message exactly once, whatever crashes.
//
// Returns: `CONCLAVE_OK`, or `CONCLAVE_BAD_ARGUMENT` for NULL.
// In: `batch`.
// Out: `effect`, which lives until `write` returns; NULL for mere bookkeeping.
// State: none.
// Threads: the one that `write` runs on.
conclave_status conclave_batch_effect(const conclave_batch *batch,
                                      const conclave_effect **effect);

// How much the batch writes, for a database that wants to know in advance.
//
// Returns: `CONCLAVE_OK`, or `CONCLAVE_BAD_ARGUMENT` for NULL.
// In: `batch`.
// Out: `ops`, the number of operations; `bytes`, those of all keys and values in them.
// State: none.
// Threads: the one that `write` runs on.
conclave_status conclave_batch_size(const conclave_batch *batch, uint64_t *ops, uint64_t *bytes);

// ---- Effect -----------------------------------------------------------------------------------------------------------------
// What a write means to the app.

// One of `CONCLAVE_EFFECT_*`.
typedef int32_t conclave_effect_kind;

// What one write to the storage means to the app, so that the app can store it in the same transaction.
struct conclave_effect {
  // The library's own; leave it alone.
  conclave_memory *owner;
  // One of `CONCLAVE_EFFECT_*`. Later releases may have more kinds.
  conclave_effect_kind kind;
  // The group, if it concerns one.
  conclave_bytes group_id;
  // The tag that the app passed to the call.
  conclave_bytes tag;
  // Of `CONCLAVE_EFFECT_RECEIVED` and `CONCLAVE_EFFECT_CONFIRMED`, what happened; else NULL.
  const conclave_event *event;
  // Of `CONCLAVE_EFFECT_OUTBOUND`, the bytes to send.
  conclave_bytes message;
  // Of `CONCLAVE_EFFECT_CONFIRMED`, the Welcome for those who were added; absent if nobody was.
  conclave_bytes welcome;
  // Of `CONCLAVE_EFFECT_JOINED`, the epoch that the group begins with here.
  uint64_t epoch;
  // Of `CONCLAVE_EFFECT_IMPORTED`, the groups.
  const conclave_bytes *group_ids;
  // How many groups there are.
  size_t group_count;
  // Of `CONCLAVE_EFFECT_KEY_PACKAGES`, each as an MLSMessage.
  const conclave_bytes *messages;
  // How many there are.
  size_t message_count;
};

// A message was received: see `event`.
#define CONCLAVE_EFFECT_RECEIVED 1

// `message` is to be sent to the group; it is sent again unchanged when in doubt, and never made again.
#define CONCLAVE_EFFECT_OUTBOUND 2

// A commit of our own took effect, see `event`; `welcome` may now be sent. External joins, successors and branches are told
// so too.
#define CONCLAVE_EFFECT_CONFIRMED 3

// A group was created, or joined by a Welcome: see `epoch`.
#define CONCLAVE_EFFECT_JOINED 4

// Groups came out of an archive, see `group_ids`; they send nothing until they were rejoined.
#define CONCLAVE_EFFECT_IMPORTED 5

// Key packages were made, and `messages` are to be published.
#define CONCLAVE_EFFECT_KEY_PACKAGES 6

// ---- Validator --------------------------------------------------------------------------------------------------------------
// The app's authentication service, lent through C.

// Where `conclave_validator.validate` puts its verdicts.
struct conclave_verdicts;

// One credential to judge, with the signature key it claims. This struct never grows.
struct conclave_candidate {
  // What the credential says.
  conclave_identity identity;
  // The signature key that the credential is presented with.
  conclave_bytes signature_key;
  // The cipher suite of that key.
  uint16_t cipher_suite;
};

// The app's authentication service (RFC 9420 section 5.3.1): who a credential stands for.
//
// That a credential belongs to the signature key it comes with is for the validator to find out: the library carries both and
// looks into neither. docs/hooks.md says at which steps it is asked.
struct conclave_validator {
  // `sizeof(conclave_validator)`.
  uint32_t struct_size;
  // Passed to each callback.
  void *context;
  // Called once, when nothing uses the validator any more; may be NULL.
  conclave_release release;
  // Judges `count` candidates: calls `conclave_verdicts_accept` or `conclave_verdicts_reject` for each. Returns `CONCLAVE_OK`,
  // also for candidates that are not believed; or `CONCLAVE_VALIDATOR_FAILED` if it cannot tell, best with words, through
  // `conclave_host_error`.
  conclave_status (*validate)(void *context,
                              const conclave_candidate *candidates,
                              size_t count,
                              conclave_verdicts *verdicts);
  // Whether `newer` may take the place of `older` in one leaf. Asked only if credential or signature key differ; `newer` is
  // judged by `validate`, too. Writes its answer into `yes`.
  conclave_status (*is_successor)(void *context,
                                  const conclave_candidate *older,
                                  const conclave_candidate *newer,
                                  bool *yes);
};

// For `conclave_validator.validate`: the key of the candidate at `index` belongs to this client of this user.
//
// Returns: `CONCLAVE_OK`, or `CONCLAVE_BAD_ARGUMENT` for NULL or an index that no candidate has.
// In: `verdicts`, as it was passed to the callback; `client_id`, the canonical name of the client (the device), unique in a
// group; `user_id`, that of the user, who may have many clients. Both are copied.
// Out: nothing.
// State: none.
// Threads: the one that the callback runs on.
conclave_status conclave_verdicts_accept(conclave_verdicts *verdicts,
                                         size_t index,
                                         conclave_bytes client_id,
                                         conclave_bytes user_id);

// For `conclave_validator.validate`: the candidate at `index` is not believed, whatever else is said of it.
//
// Returns: `CONCLAVE_OK`, or `CONCLAVE_BAD_ARGUMENT` for NULL or an index that no candidate has. A reason that cannot be read is
// told in the same way, and the candidate is rejected all the same.
// In: `verdicts`, as it was passed to the callback; `reason`, for the error's detail; it is copied, and what is not UTF-8 is
// replaced.
// Out: nothing.
// State: none.
// Threads: the one that the callback runs on.
conclave_status conclave_verdicts_reject(conclave_verdicts *verdicts,
                                         size_t index,
                                         conclave_bytes reason);

// A validator that accepts every basic credential as what it claims to be, and no other kind. For tests and demonstrations:
// whoever ships it lets anyone be anyone. It may be copied, and its callbacks called.
//
// Returns: the validator, which lives as long as the program.
// In: nothing.
// Out: nothing.
// State: none.
// Threads: any.
const conclave_validator *conclave_accept_all(void);

// ---- Signer -----------------------------------------------------------------------------------------------------------------
// Signing with keys that the library never sees.

// Where `conclave_signer.sign` puts the signature.
struct conclave_signature;

// One of `CONCLAVE_SIGN_*`.
typedef int32_t conclave_sign_purpose;

// Signs with keys that the library never sees, such as those of a Secure Enclave, StrongBox or HSM. MLS signs every message,
// so a key that asks the user each time is of no use here: let it certify the key that signs.
struct conclave_signer {
  // `sizeof(conclave_signer)`.
  uint32_t struct_size;
  // Passed to the callback.
  void *context;
  // Called once, when nothing uses the signer any more; may be NULL.
  conclave_release release;
  // Signs `content` under the key `key_id`, with the signature scheme of that key's cipher suite (Ed25519 and Ed448 raw, ECDSA
  // as DER), and calls `conclave_signature_put` with the result. Returns `CONCLAVE_OK`, or `CONCLAVE_SIGNER_FAILED`, best with
  // words, through `conclave_host_error`.
  conclave_status (*sign)(void *context,
                          conclave_bytes key_id,
                          conclave_sign_purpose purpose,
                          conclave_bytes content,
                          conclave_signature *signature);
};

// A key package that others fetch to add this client.
#define CONCLAVE_SIGN_KEY_PACKAGE 1

// This client's own entry in a group's tree.
#define CONCLAVE_SIGN_LEAF_NODE 2

// A commit.
#define CONCLAVE_SIGN_COMMIT 3

// A proposal.
#define CONCLAVE_SIGN_PROPOSAL 4

// An application message.
#define CONCLAVE_SIGN_APPLICATION 5

// A GroupInfo, inside a Welcome or published for joining.
#define CONCLAVE_SIGN_GROUP_INFO 6

// For `conclave_signer.sign`: gives the signature.
//
// Returns: `CONCLAVE_OK`, or `CONCLAVE_BAD_ARGUMENT` for NULL.
// In: `signature`, as it was passed to the callback; `bytes`, which are copied.
// Out: nothing.
// State: none.
// Threads: the one that the callback runs on.
conclave_status conclave_signature_put(conclave_signature *signature, conclave_bytes bytes);

// ---- Policy -----------------------------------------------------------------------------------------------------------------
// The app's own rules on top of the RFC's, lent through C.

// What stands for no leaf.
#define CONCLAVE_NO_LEAF 4294967295u

// One of `CONCLAVE_CHANGE_*`.
typedef int32_t conclave_change_kind;

// One of `CONCLAVE_PARTY_*`.
typedef int32_t conclave_party_kind;

// Who proposes or commits a change. This struct never grows.
struct conclave_party {
  // One of `CONCLAVE_PARTY_*`.
  conclave_party_kind kind;
  // What `kind` says.
  uint32_t index;
};

// A change, where, and by whom.
struct conclave_change_request {
  // The group that would change.
  conclave_bytes in_group;
  // The epoch that the change starts from.
  uint64_t epoch;
  // Who proposed it.
  conclave_party proposer;
  // Who commits it; `CONCLAVE_PARTY_NONE` while it is only proposed.
  conclave_party committer;
  // The change: one of `CONCLAVE_CHANGE_*`. Refuse kinds you do not know.
  conclave_change_kind kind;
  // The leaf that is concerned, or `CONCLAVE_NO_LEAF`.
  uint32_t leaf;
  // The client that would join.
  conclave_bytes client_id;
  // The ids of pre-shared keys of the app.
  const conclave_bytes *psks;
  // How many there are.
  size_t psk_count;
  // Earlier epochs whose secrets would be mixed in.
  const conclave_resumption_psk *resumption_psks;
  // How many there are.
  size_t resumption_psk_count;
  // Of a ReInit, the id of the successor.
  conclave_bytes group_id;
  // Of a ReInit, the protocol version of the successor; 1 is MLS 1.0.
  uint16_t version;
  // Of a ReInit, the cipher suite of the successor.
  uint16_t cipher_suite;
  // The types of the extensions that the group or its successor would have.
  const uint16_t *types;
  // How many types there are.
  size_t type_count;
  // Of a custom proposal, its registered type.
  uint16_t proposal_type;
  // Of a custom proposal, its content, undecoded.
  conclave_bytes content;
};

// The app's own rules on top of the RFC's: who may do what.
struct conclave_policy {
  // `sizeof(conclave_policy)`.
  uint32_t struct_size;
  // Passed to the callback.
  void *context;
  // Called once, when nothing uses the policy any more; may be NULL.
  conclave_release release;
  // Whether the change may happen: writes its answer into `yes`. Asked when it is proposed and when it is committed, of whoever
  // does so and of all who receive it. All members must answer alike, or the group falls apart. Returns `CONCLAVE_OK`, or
  // `CONCLAVE_VALIDATOR_FAILED` if it cannot tell.
  conclave_status (*permit)(void *context, const conclave_change_request *request, bool *yes);
};

// A new member: see `client_id`.
#define CONCLAVE_CHANGE_ADD 1

// A member leaves or is made to leave: see `leaf`.
#define CONCLAVE_CHANGE_REMOVE 2

// A member replaces its own keys or credential: see `leaf`.
#define CONCLAVE_CHANGE_UPDATE 3

// A pre-shared key of the app is mixed in: see `psks`, which has one.
#define CONCLAVE_CHANGE_PSK 4

// The secret of an earlier epoch is mixed in: see `resumption_psks`, which has one.
#define CONCLAVE_CHANGE_RESUMPTION_PSK 5

// The group would be closed and begun anew: see `group_id`, `version`, `cipher_suite` and `types`.
#define CONCLAVE_CHANGE_REINIT 6

// A client joins by itself: see `client_id`, `leaf`, `psks` and `resumption_psks`; the removal and the keys are asked about by
// themselves, too.
#define CONCLAVE_CHANGE_EXTERNAL_JOIN 7

// A member makes a commit and so begins an epoch, whatever it changes; each change is asked about by itself, too.
#define CONCLAVE_CHANGE_COMMIT 8

// The group's own extensions change: see `types`.
#define CONCLAVE_CHANGE_EXTENSIONS 9

// A proposal that the library carries without reading: see `proposal_type` and `content`.
#define CONCLAVE_CHANGE_CUSTOM 10

// Nobody yet.
#define CONCLAVE_PARTY_NONE 0

// A member of the group: `index` is its leaf.
#define CONCLAVE_PARTY_MEMBER 1

// Someone outside whom the group lets propose changes (RFC 9420 section 12.1.8): `index` is its place in the group's
// external_senders extension.
#define CONCLAVE_PARTY_EXTERNAL 2

// A client that asks to be added, or joins by itself.
#define CONCLAVE_PARTY_NEW_MEMBER 3

// ---- Watching ---------------------------------------------------------------------------------------------------------------
// Clock, observer and logger, lent through C.

// One of `CONCLAVE_LOG_*`.
typedef int32_t conclave_log_level;

// Takes the library's log lines.
struct conclave_logger {
  // `sizeof(conclave_logger)`.
  uint32_t struct_size;
  // Passed to the callback.
  void *context;
  // Called once, when nothing uses the logger any more; may be NULL.
  conclave_release release;
  // Takes one line. `target` names the room of the library that speaks, such as `conclave::receive`. The C strings are gone
  // when it returns. They never hold user data or secrets.
  void (*log)(void *context, conclave_log_level level, const char *target, const char *message);
};

// Tells the time.
struct conclave_clock {
  // `sizeof(conclave_clock)`.
  uint32_t struct_size;
  // Passed to the callback.
  void *context;
  // Called once, when nothing uses the clock any more; may be NULL.
  conclave_release release;
  // Writes the time now, in seconds since 1970-01-01T00:00:00Z, into `seconds`; 0 counts as a failure. Returns `CONCLAVE_OK`, or
  // `CONCLAVE_CLOCK_FAILED`, best with words, through `conclave_host_error`.
  conclave_status (*now)(void *context, uint64_t *seconds);
};

// Watches long work, such as joining a large group, and may stop it.
struct conclave_observer {
  // `sizeof(conclave_observer)`.
  uint32_t struct_size;
  // Passed to the callback.
  void *context;
  // Called once, when nothing uses the observer any more; may be NULL.
  conclave_release release;
  // Called as work goes on. Writes into `go_on` whether it may: if not, the call returns `CONCLAVE_CANCELLED`, and nothing has
  // changed. Returns `CONCLAVE_OK`, or `CONCLAVE_OBSERVER_FAILED`, which stops the work, too. In the last part of a join
  // the storage writes: this is called inside its `write` whenever that asks for operations, and then nothing is stopped.
  conclave_status (*progress)(void *context, uint64_t done, uint64_t total, bool *go_on);
};

// For whoever debugs the library.
#define CONCLAVE_LOG_DEBUG 1

// What happened.
#define CONCLAVE_LOG_INFO 2

// Something was refused or retried.
#define CONCLAVE_LOG_WARN 3

// Something failed.
#define CONCLAVE_LOG_ERROR 4

// Sends what the library logs to the app, for all clients of the process; the last call wins.
//
// Returns: `CONCLAVE_OK`, or `CONCLAVE_BAD_ARGUMENT` for a wrong `struct_size`, a logger without `log`, or a level that is none.
// In: `logger`, which is copied, or NULL so that nobody hears the library any more; `level`, the least that is wanted.
// Out: nothing.
// State: replaces the logger of the process, and releases it when nobody logs through it any more.
// Threads: any. The callback may run on several at once.
conclave_status conclave_set_logger(const conclave_logger *logger,
                                    conclave_log_level level);

// ---- Configuration ----------------------------------------------------------------------------------------------------------
// What the app decides once, and what it lends.

// Where a limit can be: no limit.
#define CONCLAVE_NO_LIMIT 18446744073709551615ull

// A signing key that the host holds. This struct never grows.
struct conclave_signing_key {
  // By what name the signer knows it.
  conclave_bytes key_id;
  // The public key, in the form of RFC 9420 section 5.1.1.
  conclave_bytes public_key;
  // The cipher suite whose signature scheme it has.
  uint16_t cipher_suite;
};

// How a client behaves. Fill it with `conclave_client_config_init`, then change what should be different.
struct conclave_client_config {
  // Set by `conclave_client_config_init`.
  uint32_t struct_size;
  // Whether random values are put into what this client publishes (GREASE, RFC 9420 section 13.5), which keeps other
  // implementations from relying on lists of what they know. They mean nothing and cost a few bytes. Default: yes.
  conclave_flag grease;
  // Whether, with `grease`, there are extensions of such values in leaves and key packages, too. OpenMLS, up to its release
  // 0.9 at least, refuses them. Default: no.
  conclave_flag grease_extensions;
  // Whether effects are stored, to be listed by `conclave_client_pending_effects`: for an app whose own data are not in the
  // storage that it lends. All processes that share a store should set it alike. Default: no.
  conclave_flag journal;
  // What the client is called in its storage: one storage may hold several clients.
  conclave_bytes name;
  // Who the client claims to be in groups. Default: a basic credential with the client's name.
  conclave_identity identity;
  // The cipher suites it takes part in, by RFC 9420's numbers 1 to 7, the preferred one first. Default: 1 alone.
  const uint16_t *cipher_suites;
  // How many cipher suites there are.
  size_t cipher_suite_count;
  // The keys that the host's signer holds, one for each cipher suite. Not looked at without a signer: then the library makes
  // the keys and keeps them in the storage.
  const conclave_signing_key *signing_keys;
  // How many signing keys there are.
  size_t signing_key_count;
  // 32 random bytes under which stored values are encrypted; NULL to store them as they are.
  conclave_bytes storage_key;
  // Extension types, beyond those of RFC 9420, that the app understands.
  const uint16_t *extensions;
  // How many extension types there are.
  size_t extension_count;
  // Proposal types, beyond those of RFC 9420, that the app understands.
  const uint16_t *proposals;
  // How many proposal types there are.
  size_t proposal_count;
  // Credential types that the app's validator understands. The client's own is always among them.
  const uint16_t *credentials;
  // How many credential types there are.
  size_t credential_count;
  // Extensions that this client's leaves carry, such as an application id, as `conclave_encode_extensions` encodes them.
  conclave_bytes leaf_extensions;
  // How many epochs before the current one can still be read. Default: 5.
  uint32_t past_epochs;
  // How many epochs back the resumption secret may come from that a commit or Welcome asks for; never further back than
  // `past_epochs` reaches. Default: 5.
  uint32_t resumption_epochs;
  // How many messages of a sender may be skipped at once, in one epoch. Default: 1000.
  uint32_t max_forward;
  // How many keys of skipped messages are kept for each sender, in each epoch. Default: 1000.
  uint32_t max_skipped;
  // How many messages of future epochs are kept for each group, see `conclave_group_next_deferred`. Default: 0, and the app
  // keeps them itself.
  uint32_t max_deferred;
  // How long these messages may be together, in bytes, for each group. Default: 4 MiB.
  uint32_t max_deferred_bytes;
  // For how many seconds after its end an epoch can still be read, or `CONCLAVE_NO_LIMIT`. What is older is refused at once,
  // and deleted with the next change of the epoch and by `conclave_client_prune`. Default: 30 days.
  uint64_t max_past_age;
  // For how many seconds the key of a skipped message is kept, or `CONCLAVE_NO_LIMIT`. Default: 30 days.
  uint64_t max_skipped_age;
  // How many messages this client encrypts in an epoch before it returns `CONCLAVE_USAGE_LIMIT`, or `CONCLAVE_NO_LIMIT`.
  // Default: no limit but that of the protocol.
  uint64_t max_epoch_messages;
  // How many bytes this client encrypts in an epoch before it does so, or `CONCLAVE_NO_LIMIT`. Default: no limit but that of
  // the cipher suite.
  uint64_t max_epoch_bytes;
  // How many generations a group handle reserves in one write, for as many messages; 0 or 1 for none, 256 the most. Messages
  // that are sent from the reserve write nothing and have no effect. Default: 0.
  uint32_t reserve;
  // How many threads joining a large group, or adding many members in one commit, may use: the calling one and others, which
  // end before the call returns and never run callbacks. At most 64. Default: 1, no others.
  uint32_t threads;
  // The longest total lifetime of a key package, in seconds: of ours, and of those accepted. Default: 84 days.
  uint64_t max_lifetime;
  // How long a call waits for another one on the same group, in milliseconds, before it returns `CONCLAVE_BUSY`. Default:
  // 10 000.
  uint64_t lease_timeout;
};

// What the app lends to a client. Each struct is copied, and its context released when the client and all that came from it
// are freed: once for each call that it was passed to, also if that call fails. (Nothing is touched, and nothing released, if the
// call fails with `CONCLAVE_HEADER_MISMATCH`, or for a host with a wrong `struct_size`; nor is any other struct with a wrong one.)
struct conclave_host {
  // `sizeof(conclave_host)`.
  uint32_t struct_size;
  // Where everything is kept. Either this or `memory_storage` must be there.
  const conclave_storage *storage;
  // A storage in memory instead, for tests and demonstrations.
  const conclave_memory_storage *memory_storage;
  // Who credentials stand for. Must be there; `conclave_accept_all` is one for tests.
  const conclave_validator *validator;
  // Signs with keys that the library never sees; NULL for keys in the storage.
  const conclave_signer *signer;
  // The app's rules on top of the RFC's; NULL for none.
  const conclave_policy *policy;
  // The time; NULL for that of the operating system.
  const conclave_clock *clock;
  // Watches long work; NULL to let it run.
  const conclave_observer *observer;
};

// Fills a configuration with its defaults, for a client called `name` with a basic credential of that name.
//
// Returns: `CONCLAVE_OK`, or `CONCLAVE_BAD_ARGUMENT` for NULL or a wrong `struct_size`.
// In: `struct_size`, which is `sizeof(conclave_client_config)`; `name`, which is not copied: it must live until
// `conclave_client_new` returns.
// Out: `config`.
// State: none.
// Threads: any.
conclave_status conclave_client_config_init(conclave_client_config *config,
                                            uint32_t struct_size,
                                            conclave_bytes name);

// ---- Client -----------------------------------------------------------------------------------------------------------------
// Opening a client, and what concerns all of it.

// One member identity on one device, with its key packages, its groups and its pre-shared keys. It holds no state: that is
// all in the storage.
struct conclave_client;

// Who a client claims to be. Free it with `conclave_own_identity_free`.
struct conclave_own_identity {
  // The library's own; leave it alone.
  conclave_memory *owner;
  // What its credential says.
  conclave_identity identity;
};

// How a group is created. Begin with `CONCLAVE_INIT(conclave_group_options)`.
struct conclave_group_options {
  // `sizeof(conclave_group_options)`.
  uint32_t struct_size;
  // The cipher suite; 0 for the client's preferred one.
  uint16_t cipher_suite;
  // Whether proposals and commits of this client go out unencrypted, for a delivery service that must read them.
  conclave_flag public_handshakes;
  // Whether messages keep their exact length. By default they are padded, so that lengths tell little.
  conclave_flag without_padding;
  // The id of the group; absent for 16 random bytes.
  conclave_bytes group_id;
  // The extensions of the group, as `conclave_encode_extensions` encodes them.
  conclave_bytes extensions;
  // A tag of the app, which comes back in the effect.
  conclave_bytes tag;
};

// One group in a listing.
struct conclave_group_summary {
  // The id of the group.
  conclave_bytes group_id;
  // The epoch it is in.
  uint64_t epoch;
  // Whether this client may act in the group: false once it was removed, the group was closed, or it came out of an archive.
  bool active;
};

// Some of a client's groups. Free it with `conclave_groups_free`.
struct conclave_groups {
  // The library's own; leave it alone.
  conclave_memory *owner;
  // The groups, in an order of the library's own.
  const conclave_group_summary *const *items;
  // How many there are.
  size_t count;
  // What to pass to get the next page; absent (NULL `data`) at the end.
  conclave_bytes next;
};

// How a group is joined. Begin with `CONCLAVE_INIT(conclave_join_options)`.
struct conclave_join_options {
  // `sizeof(conclave_join_options)`.
  uint32_t struct_size;
  // Whether proposals and commits of this client go out unencrypted.
  conclave_flag public_handshakes;
  // Whether messages keep their exact length.
  conclave_flag without_padding;
  // The ratchet tree, when the Welcome does not hold it.
  conclave_bytes tree;
  // A tag of the app, which comes back in the effect.
  conclave_bytes tag;
};

// Opens the client that the configuration names in the host's storage, and makes it if it is not there yet.
//
// Returns: `CONCLAVE_OK`, `CONCLAVE_HEADER_MISMATCH` if header and library are not of one release, `CONCLAVE_UNSUPPORTED_SUITE`,
// `CONCLAVE_BAD_KEY` for a storage key that is not 32 bytes or not the one that the store was written under, and for a signing
// key that does not fit its suite, `CONCLAVE_BAD_ARGUMENT` for an incomplete host, no cipher suite, or lists of types that name
// what RFC 9420 or GREASE reserves, `CONCLAVE_WRONG_CONTENT` for an extension that does not belong in a leaf, the 2xx for one of
// RFC 9420's own that is malformed, `CONCLAVE_LIMIT_REACHED` for credential and leaf extensions of more than 47 KiB.
// In: `header_version`, always `CONCLAVE_VERSION_NUMBER`; `config`; `host`, see there for who releases what.
// Out: `client`, to be freed with `conclave_client_free`.
// State: reads the store's format and the signing keys; writes them the first time.
// Threads: any.
conclave_status conclave_client_new(uint32_t header_version,
                                    const conclave_client_config *config,
                                    const conclave_host *host,
                                    conclave_client **client);

// Lets a client go. Groups and other handles that came from it stay as they are, and keep alive what they need.
//
// Returns: nothing.
// In: `client`; NULL is allowed and does nothing.
// Out: nothing.
// State: none.
// Threads: any, when no other call uses this handle.
void conclave_client_free(conclave_client *client);

// Tells who the client claims to be in groups.
//
// Returns: `CONCLAVE_OK`.
// In: `client`.
// Out: `identity`, to be freed with `conclave_own_identity_free`.
// State: none.
// Threads: any.
conclave_status conclave_client_identity(const conclave_client *client,
                                         conclave_own_identity **identity);

// Frees an identity.
//
// Returns: nothing.
// In: `identity`; NULL is allowed and does nothing.
// Out: nothing.
// State: none.
// Threads: any.
void conclave_own_identity_free(conclave_own_identity *identity);

// Creates a group with this client as its only member.
//
// Returns: `CONCLAVE_OK`, `CONCLAVE_ALREADY_MEMBER` if the id is taken, `CONCLAVE_TOO_LONG` for an id of more than 1024 bytes,
// `CONCLAVE_UNSUPPORTED_SUITE` if the client has no key for it, `CONCLAVE_INCAPABLE` if it does not support the extensions it
// asks for, `CONCLAVE_BAD_ARGUMENT`, `CONCLAVE_WRONG_CONTENT`, `CONCLAVE_LIMIT_REACHED` and the 2xx for the extensions,
// `CONCLAVE_CREDENTIAL_REJECTED` if the app does not believe us or an external sender.
// In: `client`; `options`, or NULL for the defaults.
// Out: `group`, to be freed with `conclave_group_free`.
// State: writes the group.
// Threads: any.
conclave_status conclave_client_create_group(const conclave_client *client,
                                             const conclave_group_options *options,
                                             conclave_group **group);

// Opens a group that this client is or was in.
//
// Returns: `CONCLAVE_OK`, `CONCLAVE_NO_SUCH_GROUP`.
// In: `client`; `group_id`.
// Out: `group`, to be freed with `conclave_group_free`.
// State: reads one record.
// Threads: any.
conclave_status conclave_client_open_group(const conclave_client *client,
                                           conclave_bytes group_id,
                                           conclave_group **group);

// Lists groups that this client is or was in, a page at a time: pass `next` of the page before as `after`.
//
// Returns: `CONCLAVE_OK`.
// In: `client`; `after`, absent for the first page; `limit`, the most that are wanted.
// Out: `groups`, to be freed with `conclave_groups_free`.
// State: reads the groups' heads.
// Threads: any.
conclave_status conclave_client_groups(const conclave_client *client,
                                       conclave_bytes after,
                                       uint32_t limit,
                                       conclave_groups **groups);

// Frees a list of groups.
//
// Returns: nothing.
// In: `groups`; NULL is allowed and does nothing.
// Out: nothing.
// State: none.
// Threads: any.
void conclave_groups_free(conclave_groups *groups);

// Joins the group that a Welcome opens, with the key package that it was made for.
//
// Returns: `CONCLAVE_OK`, `CONCLAVE_NOT_FOR_US`, `CONCLAVE_TREE_MISSING`, `CONCLAVE_UNKNOWN_PSK`, `CONCLAVE_ALREADY_MEMBER`,
// `CONCLAVE_UNSUPPORTED_SUITE`, `CONCLAVE_LIMIT_REACHED`, `CONCLAVE_CANCELLED`, and the 2xx and 3xx of whatever breaks a rule.
// In: `client`; `welcome`; `options`, or NULL for the defaults.
// Out: `group`, to be freed with `conclave_group_free`.
// State: verifies the whole tree, and writes it: O(n). Deletes the private keys of the key package in the same batch, unless it
// is one of last resort.
// Threads: any.
conclave_status conclave_client_join(const conclave_client *client,
                                     conclave_bytes welcome,
                                     const conclave_join_options *options,
                                     conclave_group **group);

// Deletes what is too old in all groups, as `conclave_group_prune` does, and key packages whose time is over. Call it now and
// then, once a day for instance.
//
// Returns: `CONCLAVE_OK`, or the first error; one group that fails does not keep the others from it.
// In: `client`.
// Out: nothing.
// State: one write for each group that has something to delete.
// Threads: any.
conclave_status conclave_client_prune(const conclave_client *client);

// ---- Key packages -----------------------------------------------------------------------------------------------------------
// Key packages of this client.

// How key packages are made. Begin with `CONCLAVE_INIT(conclave_key_package_options)`.
struct conclave_key_package_options {
  // `sizeof(conclave_key_package_options)`.
  uint32_t struct_size;
  // The cipher suite; 0 for the client's preferred one.
  uint16_t cipher_suite;
  // Whether the private keys are kept after use, for when all other key packages are used up.
  conclave_flag last_resort;
  // Extensions of the key package itself, as `conclave_encode_extensions` encodes them.
  conclave_bytes extensions;
};

// A key package to publish.
struct conclave_key_package {
  // Its KeyPackageRef, by which it can be deleted.
  conclave_bytes reference;
  // The MLSMessage to hand to whoever wants to add this client.
  conclave_bytes message;
  // Whether its private keys are kept after use.
  bool last_resort;
  // When it expires, in seconds since 1970.
  uint64_t not_after;
};

// Key packages. Free them with `conclave_key_packages_free`.
struct conclave_key_packages {
  // The library's own; leave it alone.
  conclave_memory *owner;
  // The key packages.
  const conclave_key_package *const *items;
  // How many there are.
  size_t count;
};

// One of `CONCLAVE_KEY_PACKAGE_*`.
typedef int32_t conclave_key_package_standing;

// What has become of a key package.
struct conclave_key_package_status {
  // Set it to `sizeof(conclave_key_package_status)` before the call.
  uint32_t struct_size;
  // One of `CONCLAVE_KEY_PACKAGE_*`.
  conclave_key_package_standing standing;
  // If available, whether its private keys are kept after use: it may have been used already.
  bool last_resort;
  // If available, when it expires, in seconds since 1970.
  uint64_t not_after;
};

// It waits for a Welcome.
#define CONCLAVE_KEY_PACKAGE_AVAILABLE 1

// Its time is over. A Welcome that is on its way can still be opened, for 30 days at the most.
#define CONCLAVE_KEY_PACKAGE_EXPIRED 2

// It was used or deleted, or never made here.
#define CONCLAVE_KEY_PACKAGE_UNKNOWN 3

// Makes key packages, for others to add this client with; each is used once, unless it is one of last resort.
//
// Returns: `CONCLAVE_OK`, `CONCLAVE_BAD_ARGUMENT` for a `count` that is 0 or over 1000, and for extensions that are malformed or
// of types that the client was opened without, `CONCLAVE_WRONG_CONTENT` for an extension that does not belong in a key package,
// `CONCLAVE_UNSUPPORTED_SUITE` if the client has no key for it.
// In: `client`; `count`; `options`, or NULL for the defaults.
// Out: `made`, to be freed with `conclave_key_packages_free`.
// State: writes one record for each, deletes those whose time is over, and hands the messages out in the effect too.
// Threads: any.
conclave_status conclave_client_create_key_packages(const conclave_client *client,
                                                    uint32_t count,
                                                    const conclave_key_package_options *options,
                                                    conclave_key_packages **made);

// Lists the key packages that have not been used, with their bytes, for when an upload has failed half way.
//
// Returns: `CONCLAVE_OK`.
// In: `client`; `after`, the reference of the last one of the page before, absent for the first page; `limit`, the most that
// are wanted.
// Out: `found`, to be freed with `conclave_key_packages_free`.
// State: reads the key packages.
// Threads: any.
conclave_status conclave_client_key_packages(const conclave_client *client,
                                             conclave_bytes after,
                                             uint32_t limit,
                                             conclave_key_packages **found);

// Frees key packages. (Their private keys are in the storage, and stay there.)
//
// Returns: nothing.
// In: `key_packages`; NULL is allowed and does nothing.
// Out: nothing.
// State: none.
// Threads: any.
void conclave_key_packages_free(conclave_key_packages *key_packages);

// Deletes the private keys of these key packages: a Welcome for them can no longer be opened.
//
// Returns: `CONCLAVE_OK`.
// In: `client`; `references`, the first of `count` references.
// Out: nothing.
// State: deletes one record for each.
// Threads: any.
conclave_status conclave_client_delete_key_packages(const conclave_client *client,
                                                    const conclave_bytes *references,
                                                    size_t count);

// Tells what has become of one of our key packages.
//
// Returns: `CONCLAVE_OK`.
// In: `client`; `reference`; `found->struct_size`.
// Out: `found`.
// State: reads one record.
// Threads: any.
conclave_status conclave_client_key_package_status(const conclave_client *client,
                                                   conclave_bytes reference,
                                                   conclave_key_package_status *found);

// ---- Pre-shared keys --------------------------------------------------------------------------------------------------------
// External pre-shared keys: secrets that members have from elsewhere.

// Puts an external pre-shared key into the storage, to be used by its id in commits and Welcomes.
//
// Returns: `CONCLAVE_OK`, `CONCLAVE_TOO_LONG` for a key or an id of more than 4096 bytes, `CONCLAVE_CONSUMED` after
// `conclave_client_wipe`.
// In: `client`; `psk_id`; `secret`, which the caller wipes.
// Out: nothing.
// State: writes one record.
// Threads: any.
conclave_status conclave_client_put_psk(const conclave_client *client, conclave_bytes psk_id, conclave_bytes secret);

// Deletes an external pre-shared key, if it is there.
//
// Returns: `CONCLAVE_OK`, `CONCLAVE_CONSUMED` after `conclave_client_wipe`.
// In: `client`; `psk_id`.
// Out: nothing.
// State: writes one record.
// Threads: any.
conclave_status conclave_client_delete_psk(const conclave_client *client, conclave_bytes psk_id);

// ---- Lookups ----------------------------------------------------------------------------------------------------------------
// Looking without touching.

// One of `CONCLAVE_KIND_*`.
typedef int32_t conclave_message_kind;

// One of `CONCLAVE_STANDING_*`.
typedef int32_t conclave_message_standing;

// What the outside of a message tells, for an app that sorts its inbox: what it says of itself, and nothing of it is verified.
// Free it with `conclave_message_peek_free`.
struct conclave_message_peek {
  // The library's own; leave it alone.
  conclave_memory *owner;
  // What kind of message it is: one of `CONCLAVE_KIND_*`.
  conclave_message_kind kind;
  // How it stands to what this client has: one of `CONCLAVE_STANDING_*`.
  conclave_message_standing standing;
  // Whether only members can read what is inside.
  bool encrypted;
  // Of a past epoch, whether its keys are still there, for an application message: it may be read. Never for a handshake.
  bool readable;
  // Whether `epoch` is told; a Welcome does not tell.
  bool has_epoch;
  // The cipher suite, or 0 if it is not known.
  uint16_t cipher_suite;
  // The group it is for; absent for a Welcome, which does not tell, and for a key package, which is for none.
  conclave_bytes group_id;
  // The epoch it belongs to.
  uint64_t epoch;
  // Of an invitation, the reference of the key package; else absent.
  conclave_bytes key_package;
};

// What a Welcome would lead into. Everything that `conclave_client_join` verifies is verified, except for what needs a tree that is
// missing: then `inviter` and `members` are absent, and the rest is what someone says who has seen the key package. Free it
// with `conclave_welcome_preview_free`.
struct conclave_welcome_preview {
  // The library's own; leave it alone.
  conclave_memory *owner;
  // The id of the group.
  conclave_bytes group_id;
  // The epoch it is in.
  uint64_t epoch;
  // Its cipher suite.
  uint16_t cipher_suite;
  // Whether the tree is neither inside the Welcome nor was passed along: joining needs it.
  bool tree_missing;
  // How many members the group has, with us; 0 if that is not known.
  uint32_t members;
  // The member who signed the invitation; NULL if that is not known.
  const conclave_member_name *inviter;
  // The types of the group's own extensions.
  const uint16_t *extensions;
  // How many there are.
  size_t extension_count;
  // The reference of the key package that the Welcome opens with.
  conclave_bytes key_package;
};

// Invites clients into a group.
#define CONCLAVE_KIND_WELCOME 1

// Describes an epoch of a group, for clients that join by themselves.
#define CONCLAVE_KIND_GROUP_INFO 2

// Lets others add a client.
#define CONCLAVE_KIND_KEY_PACKAGE 3

// Data of the app.
#define CONCLAVE_KIND_APPLICATION 4

// Asks for a change of the group.
#define CONCLAVE_KIND_PROPOSAL 5

// Changes the group.
#define CONCLAVE_KIND_COMMIT 6

// It belongs to no group: a key package.
#define CONCLAVE_STANDING_APART 1

// A Welcome for a key package of ours: see `key_package`.
#define CONCLAVE_STANDING_INVITATION 2

// A Welcome for others: none of our key packages is in it.
#define CONCLAVE_STANDING_NOT_FOR_US 3

// This client holds no such group.
#define CONCLAVE_STANDING_UNKNOWN_GROUP 4

// Of an epoch before the current one: see `readable`.
#define CONCLAVE_STANDING_PAST 5

// Of the epoch that the group is in.
#define CONCLAVE_STANDING_CURRENT 6

// Of an epoch that has not come yet: commits are missing.
#define CONCLAVE_STANDING_FUTURE 7

// The group has removed this client, and the message cannot be read.
#define CONCLAVE_STANDING_REMOVED 8

// Tells what kind of message this is, which group and epoch it is for, and how it stands to what this client has: for an inbox that
// many groups share. Decrypts and verifies nothing.
//
// Returns: `CONCLAVE_OK`, the 2xx of bytes that are no message, `CONCLAVE_LIMIT_REACHED`, `CONCLAVE_UNSUPPORTED_VERSION`,
// `CONCLAVE_UNSUPPORTED_CONTENT`.
// In: `client`; `message`.
// Out: `peek`, to be freed with `conclave_message_peek_free`.
// State: reads one record; for a Welcome, as many as clients are invited by it, or all our key packages if there are more than 64.
// Threads: any.
conclave_status conclave_client_peek(const conclave_client *client,
                                     conclave_bytes message,
                                     conclave_message_peek **peek);

// Frees what the outside of a message told.
//
// Returns: nothing.
// In: `peek`; NULL is allowed and does nothing.
// Out: nothing.
// State: none.
// Threads: any.
void conclave_message_peek_free(conclave_message_peek *peek);

// Opens a Welcome and verifies what it leads into, just as `conclave_client_join` would, and tells it before the user decides.
// Without a tree, what needs it stays unknown and unverified. The key package remains.
//
// Returns: those of `conclave_client_join`, except for `CONCLAVE_TREE_MISSING`.
// In: `client`; `welcome`; `tree`, when the Welcome does not hold it, or absent.
// Out: `preview`, to be freed with `conclave_welcome_preview_free`.
// State: writes nothing. Verifies the whole tree: O(n), and joining does it again.
// Threads: any.
conclave_status conclave_client_preview_welcome(const conclave_client *client,
                                                conclave_bytes welcome,
                                                conclave_bytes tree,
                                                conclave_welcome_preview **preview);

// Frees what tells of a Welcome.
//
// Returns: nothing.
// In: `preview`; NULL is allowed and does nothing.
// Out: nothing.
// State: none.
// Threads: any.
void conclave_welcome_preview_free(conclave_welcome_preview *preview);

// ---- Group ------------------------------------------------------------------------------------------------------------------
// A group: how it stands, sending, its secrets, and its end.

// What stands for as many past epochs as the configuration says.
#define CONCLAVE_KEEP_CONFIGURED 4294967295u

// A group that a client is or was in. It holds no state, that is all in the storage: several handles, on several threads and
// in several processes, may be on one group.
struct conclave_group;

// How a group stands.
struct conclave_group_standing {
  // Set it to `sizeof(conclave_group_standing)` before the call.
  uint32_t struct_size;
  // Its cipher suite.
  uint16_t cipher_suite;
  // Whether this client may act in the group: false once it was removed, the group was closed, or it came out of an archive.
  bool active;
  // Whether the group was closed by a ReInit.
  bool frozen;
  // Whether the group came out of an archive, and sends nothing until it was rejoined.
  bool imported;
  // Whether a commit of our own waits.
  bool pending_commit;
  // The epoch it is in.
  uint64_t epoch;
  // The first epoch whose messages can still be read.
  uint64_t oldest_epoch;
  // Our own position.
  uint32_t own_leaf;
  // How many members it has.
  uint32_t members;
  // How many proposals wait for a commit.
  uint32_t pending_proposals;
  // How many messages of future epochs are kept.
  uint32_t deferred;
};

// Lets a handle on a group go. The group itself stays in the storage.
//
// Returns: nothing.
// In: `group`; NULL is allowed and does nothing.
// Out: nothing.
// State: none; what is left of a reserve is skipped.
// Threads: any, when no other call uses this handle.
void conclave_group_free(conclave_group *group);

// Gives the id of the group.
//
// Returns: `CONCLAVE_OK`.
// In: `group`.
// Out: `id`, to be freed with `conclave_buf_free`.
// State: none.
// Threads: any.
conclave_status conclave_group_id(const conclave_group *group, conclave_buf **id);

// Tells how the group stands.
//
// Returns: `CONCLAVE_OK`.
// In: `group`; `standing->struct_size`.
// Out: `standing`.
// State: reads two records.
// Threads: any.
conclave_status conclave_group_status(const conclave_group *group, conclave_group_standing *standing);

// Encrypts an application message. The key is used up durably before this returns: send the bytes again when in doubt, and
// never encrypt again.
//
// Returns: `CONCLAVE_OK`, `CONCLAVE_PENDING_PROPOSALS` while proposals wait for a commit (RFC 9420 section 12.4),
// `CONCLAVE_USAGE_LIMIT` once as much was encrypted in the epoch as is safe (a commit is the remedy), `CONCLAVE_NOT_HEALED` in a
// group that came out of an archive, `CONCLAVE_REMOVED`, `CONCLAVE_FROZEN`, `CONCLAVE_TOO_LONG`.
// In: `group`; `plaintext`; `aad`, authenticated with it and readable for everyone; `tag`, which comes back in the effect.
// Out: `message`, the bytes for the group, to be freed with `conclave_buf_free`.
// State: reads three records and writes one; some more for the first message of an epoch. With a reserve, most calls read one
// and write none.
// Threads: any.
conclave_status conclave_group_encrypt(const conclave_group *group,
                                       conclave_bytes plaintext,
                                       conclave_bytes aad,
                                       conclave_bytes tag,
                                       conclave_buf **message);

// Derives a secret from the current epoch that all members can derive (RFC 9420 section 8.5).
//
// Returns: `CONCLAVE_OK`, `CONCLAVE_BAD_ARGUMENT` for NULL, a label that is not UTF-8, or a `length` of more than 255 times that
// of the suite's hash; `CONCLAVE_REMOVED`, `CONCLAVE_FROZEN`.
// In: `group`; `label`, a C string; `context`; `length`, how many bytes are wanted.
// Out: `secret`, `length` bytes, which the caller wipes.
// State: reads the head and the epoch.
// Threads: any.
conclave_status conclave_group_export_secret(const conclave_group *group,
                                             const char *label,
                                             conclave_bytes context,
                                             uint8_t *secret,
                                             size_t length);

// Gives a value that is equal for all members of an epoch and for nobody else: compare it out of band (RFC 9420 section 8.7).
//
// Returns: `CONCLAVE_OK`, `CONCLAVE_REMOVED`, `CONCLAVE_FROZEN`.
// In: `group`.
// Out: `authenticator`, to be freed with `conclave_buf_free`.
// State: reads the head and the epoch.
// Threads: any.
conclave_status conclave_group_epoch_authenticator(const conclave_group *group,
                                                   conclave_buf **authenticator);

// Gives the GroupInfo of the current epoch, signed by us, for clients that join by themselves.
//
// Returns: `CONCLAVE_OK`, `CONCLAVE_REMOVED`, `CONCLAVE_FROZEN`, `CONCLAVE_NOT_HEALED`, `CONCLAVE_SIGNER_FAILED`.
// In: `group`; `with_tree`, whether the ratchet tree is inside.
// Out: `group_info`, to be freed with `conclave_buf_free`.
// State: reads the head and the epoch; with the tree, all of it: O(n).
// Threads: any.
conclave_status conclave_group_info(const conclave_group *group,
                                    conclave_flag with_tree,
                                    conclave_buf **group_info);

// Gives the whole ratchet tree, to be passed beside a Welcome or GroupInfo that does not hold it.
//
// Returns: `CONCLAVE_OK`, `CONCLAVE_REMOVED`, `CONCLAVE_FROZEN`, `CONCLAVE_CANCELLED`.
// In: `group`.
// Out: `tree`, to be freed with `conclave_buf_free`.
// State: reads the tree: O(n).
// Threads: any.
conclave_status conclave_group_export_tree(const conclave_group *group, conclave_buf **tree);

// Deletes keys of past epochs and of skipped messages that the configuration says are too old, and of all past epochs but the
// last `keep_epochs`: messages of theirs that come later can not be read.
//
// Returns: `CONCLAVE_OK`.
// In: `group`; `keep_epochs`, or `CONCLAVE_KEEP_CONFIGURED`.
// Out: nothing.
// State: reads the records of the epochs that go, and looks through the skipped keys of those that stay; writes only if there
// is something to delete.
// Threads: any.
conclave_status conclave_group_prune(const conclave_group *group,
                                     uint32_t keep_epochs);

// Deletes everything this client has of the group, in one batch, also when its records are damaged. The others are not told:
// leave the group first.
//
// Returns: `CONCLAVE_OK`.
// In: `group`; the handle has to be freed as ever.
// Out: nothing.
// State: reads the head; deletes all records of the group.
// Threads: any.
conclave_status conclave_group_delete(const conclave_group *group);

// ---- Members ----------------------------------------------------------------------------------------------------------------
// Who is in a group.

// A member of a group. What it says it supports (RFC 9420 section 7.2) may hold values that mean nothing (section 13.5).
struct conclave_member {
  // Position and canonical names.
  conclave_member_name name;
  // The credential it shows.
  conclave_identity identity;
  // The key it signs with.
  conclave_bytes signature_key;
  // Versions of the protocol that it supports.
  const uint16_t *versions;
  // How many there are.
  size_t version_count;
  // Cipher suites that it supports.
  const uint16_t *cipher_suites;
  // How many there are.
  size_t cipher_suite_count;
  // Types of extensions that it supports, beyond those of RFC 9420.
  const uint16_t *extension_types;
  // How many there are.
  size_t extension_type_count;
  // Types of proposals that it supports, beyond those of RFC 9420.
  const uint16_t *proposal_types;
  // How many there are.
  size_t proposal_type_count;
  // Types of credentials that it supports.
  const uint16_t *credential_types;
  // How many there are.
  size_t credential_type_count;
  // What else its leaf carries.
  const conclave_extension *extensions;
  // How many extensions there are.
  size_t extension_count;
};

// Members. Free them with `conclave_members_free`.
struct conclave_members {
  // The library's own; leave it alone.
  conclave_memory *owner;
  // The members, in the order of the tree.
  const conclave_member *const *items;
  // How many there are.
  size_t count;
};

// Lists members in the order of the tree.
//
// Returns: `CONCLAVE_OK`.
// In: `group`; `after`, the leaf after which to begin, or `CONCLAVE_NO_LEAF` to begin at the start; `limit`, the most that are
// wanted.
// Out: `members`, to be freed with `conclave_members_free`.
// State: reads the head and the leaves.
// Threads: any.
conclave_status conclave_group_members(const conclave_group *group,
                                       uint32_t after,
                                       uint32_t limit,
                                       conclave_members **members);

// Finds the member with this client id, as the app's validator named it.
//
// Returns: `CONCLAVE_OK`.
// In: `group`; `client_id`.
// Out: `members`, which has one member, or is NULL if there is none; to be freed with `conclave_members_free`.
// State: reads a few records, whatever the group's size.
// Threads: any.
conclave_status conclave_group_find_member(const conclave_group *group,
                                           conclave_bytes client_id,
                                           conclave_members **members);

// Finds the members with this user id, as the app's validator named it: a user's devices. In the order of the tree.
//
// Returns: `CONCLAVE_OK`.
// In: `group`; `user_id`; `after` and `limit`, as for `conclave_group_members`.
// Out: `members`, to be freed with `conclave_members_free`.
// State: reads every leaf up to the last one it finds, and all of them if it finds fewer than `limit`: O(n).
// Threads: any.
conclave_status conclave_group_find_members(const conclave_group *group,
                                            conclave_bytes user_id,
                                            uint32_t after,
                                            uint32_t limit,
                                            conclave_members **members);

// Frees members.
//
// Returns: nothing.
// In: `members`; NULL is allowed and does nothing.
// Out: nothing.
// State: none.
// Threads: any.
void conclave_members_free(conclave_members *members);

// ---- Receiving --------------------------------------------------------------------------------------------------------------
// Receiving messages.

// Receives any message for this group: what it turned into is the event. A message that is refused changes nothing. The echo of
// our own waiting commit confirms it.
//
// What changes nothing (an error, `CONCLAVE_EVENT_OWN_ECHO`, `CONCLAVE_EVENT_DUPLICATE`) is not written, and so has no effect: an
// app that moves its cursor with the effect steps over such a message by itself.
//
// Returns: `CONCLAVE_OK`; for what is no message, the 2xx, `CONCLAVE_UNSUPPORTED_VERSION`, `CONCLAVE_UNSUPPORTED_CONTENT`,
// `CONCLAVE_LIMIT_REACHED`, `CONCLAVE_WRONG_CONTENT`; for what comes at the wrong time, `CONCLAVE_FUTURE_EPOCH`,
// `CONCLAVE_PAST_EPOCH`, `CONCLAVE_GENERATION_TOO_FAR`, `CONCLAVE_KEY_GONE`, `CONCLAVE_REMOVED`, `CONCLAVE_FROZEN`; for what lacks
// something, `CONCLAVE_UNKNOWN_PROPOSAL`, `CONCLAVE_UNKNOWN_PSK`; for what is our own, `CONCLAVE_OWN_COMMIT_DISCARDED`,
// `CONCLAVE_OWN_MESSAGE`, `CONCLAVE_NOT_HEALED`; for what breaks a rule, the app's own among them, the 3xx.
// In: `group`; `message`; `tag`, which comes back in the effect.
// Out: `event`, to be freed with `conclave_event_free`.
// State: a message: reads three records, writes one; some more for the first of a sender in an epoch. A commit: reads and writes
// the path it touches, O(log n).
// Threads: any.
conclave_status conclave_group_receive(const conclave_group *group,
                                       conclave_bytes message,
                                       conclave_bytes tag,
                                       conclave_event **event);

// Takes the first deferred message whose epoch has begun, and processes it as `conclave_group_receive` would. After every commit,
// received or confirmed, call this until it gives no event. Only for clients with `max_deferred`.
//
// Returns: `CONCLAVE_OK`, `CONCLAVE_UNKNOWN_PROPOSAL` and `CONCLAVE_UNKNOWN_PSK` if a commit waits for a proposal that has not come
// or for a key that was not put, and nothing else can be released: it stays; and those of the app's callbacks, after which it
// stays as well.
// In: `group`; `tag`, which comes back in the effect.
// Out: `event`, NULL if there is none; to be freed with `conclave_event_free`.
// State: that of the message, and deletes it, in one batch.
// Threads: any.
conclave_status conclave_group_next_deferred(const conclave_group *group,
                                             conclave_bytes tag,
                                             conclave_event **event);

// Deletes all deferred messages, of whatever epoch: for a buffer that somebody has filled with what will never come.
//
// Returns: `CONCLAVE_OK`.
// In: `group`.
// Out: nothing.
// State: deletes their records.
// Threads: any.
conclave_status conclave_group_clear_deferred(const conclave_group *group);

// Reads an application message and writes nothing: for an extension that shows a notification and must not move the group on.
// The key is not used up: the message still has to be received, for its key to go.
//
// Returns: those of `conclave_group_receive`, and `CONCLAVE_WRONG_CONTENT` for a proposal or a commit.
// In: `group`; `message`.
// Out: `event`, to be freed with `conclave_event_free`.
// State: reads what receiving the message would.
// Threads: any.
conclave_status conclave_group_preview(const conclave_group *group,
                                       conclave_bytes message,
                                       conclave_event **event);

// ---- Proposal ---------------------------------------------------------------------------------------------------------------
// What a proposal would change, and who made it.

// One of `CONCLAVE_AUTHOR_*`.
typedef int32_t conclave_author_kind;

// One of `CONCLAVE_PROPOSAL_*`.
typedef int32_t conclave_proposal_kind;

// Who sent a handshake message. This struct never grows.
struct conclave_author {
  // One of `CONCLAVE_AUTHOR_*`.
  conclave_author_kind kind;
  // Of an external author, its place in the group's external_senders extension; else 0.
  uint32_t index;
  // Of a member, which one; else NULL.
  const conclave_member_name *member;
};

// What a proposal would change.
struct conclave_proposal_summary {
  // One of `CONCLAVE_PROPOSAL_*`. Later releases may have more kinds.
  conclave_proposal_kind kind;
  // Of a custom proposal, its registered type; else 0.
  uint16_t proposal_type;
  // Of an Add, the name of the client.
  conclave_bytes client_id;
  // Of a Remove, who leaves; else NULL.
  const conclave_member_name *member;
  // Of a pre-shared key of the app, its id.
  conclave_bytes psk_id;
  // Of the secret of an earlier epoch, which one.
  conclave_resumption_psk resumption_psk;
  // Of new extensions, their types; else NULL.
  const uint16_t *types;
  // How many types there are.
  size_t type_count;
  // Of a custom proposal, its content, undecoded.
  conclave_bytes content;
};

// A member of the group: see `member`.
#define CONCLAVE_AUTHOR_MEMBER 1

// Someone outside whom the group allows to propose changes (RFC 9420 section 12.1.8): see `index`.
#define CONCLAVE_AUTHOR_EXTERNAL 2

// A client that asks to be added, or joins by itself.
#define CONCLAVE_AUTHOR_NEW_MEMBER 3

// A client joins: see `client_id`.
#define CONCLAVE_PROPOSAL_ADD 1

// The sender replaces its own leaf.
#define CONCLAVE_PROPOSAL_UPDATE 2

// A member leaves: see `member`.
#define CONCLAVE_PROPOSAL_REMOVE 3

// A pre-shared key of the app is mixed in: see `psk_id`.
#define CONCLAVE_PROPOSAL_PSK 4

// The secret of an earlier epoch, of this group or another, is mixed in: see `resumption_psk`.
#define CONCLAVE_PROPOSAL_RESUMPTION_PSK 5

// The group is closed, to be begun anew.
#define CONCLAVE_PROPOSAL_REINIT 6

// The committer joined by itself.
#define CONCLAVE_PROPOSAL_EXTERNAL_INIT 7

// The group's own extensions are replaced: see `types`.
#define CONCLAVE_PROPOSAL_EXTENSIONS 8

// A proposal that the library carries without reading: see `proposal_type` and `content`.
#define CONCLAVE_PROPOSAL_CUSTOM 9

// ---- Event ------------------------------------------------------------------------------------------------------------------
// What a message turned into.

// One of `CONCLAVE_EVENT_*`.
typedef int32_t conclave_event_kind;

// An application message.
struct conclave_message {
  // Who wrote it.
  conclave_member_name sender;
  // What was written.
  conclave_bytes plaintext;
  // What the sender authenticated beside it, unencrypted.
  conclave_bytes aad;
  // The epoch it was sent in.
  uint64_t epoch;
  // Its number among the sender's messages of that epoch. The signature does not cover it.
  uint32_t generation;
};

// A proposal that was received.
struct conclave_proposal {
  // Who proposed it.
  conclave_author author;
  // The reference by which a commit names it.
  conclave_bytes reference;
  // What it would change.
  const conclave_proposal_summary *summary;
};

// What every member knows after a commit.
struct conclave_epoch_change {
  // The epoch that has begun.
  uint64_t epoch;
  // Who made the commit.
  conclave_member_name committer;
  // Whether it was made here.
  bool own;
  // Whether the group's own extensions were replaced.
  bool extensions_changed;
  // Whether a waiting commit of our own lost its place to this one: see `lost_commit`.
  bool has_lost_commit;
  // Who joined.
  const conclave_member_name *added;
  // How many joined.
  size_t added_count;
  // Who left or was removed.
  const conclave_member_name *removed;
  // How many left or were removed.
  size_t removed_count;
  // Who replaced their leaves by an Update proposal.
  const conclave_member_name *updated;
  // How many did.
  size_t updated_count;
  // The ids of the app's pre-shared keys that were mixed in.
  const conclave_bytes *psks;
  // How many there are.
  size_t psk_count;
  // The earlier epochs whose secrets were mixed in.
  const conclave_resumption_psk *resumption_psks;
  // How many there are.
  size_t resumption_psk_count;
  // Custom proposals that were committed.
  const conclave_proposal_summary *const *custom;
  // How many there are.
  size_t custom_count;
  // What the commit of our own wanted that lost its place: do it again if it still makes sense.
  const conclave_proposal_summary *const *lost_commit;
  // How many changes it was about; 0 for one that only wanted fresh keys, or took in the proposals of others.
  size_t lost_commit_count;
};

// How this client was removed.
struct conclave_removal {
  // Who made the commit.
  conclave_author by;
  // The epoch that began without this client.
  uint64_t epoch;
};

// With what a closed group is to be begun anew.
struct conclave_reinit {
  // The id of the successor.
  conclave_bytes group_id;
  // The cipher suite of the successor.
  uint16_t cipher_suite;
};

// What a message turned into. Free it with `conclave_event_free`, which wipes what was written; until then, everything in it
// may be read.
struct conclave_event {
  // The library's own; leave it alone.
  conclave_memory *owner;
  // One of `CONCLAVE_EVENT_*`. Later releases may have more kinds: step over those you do not know.
  conclave_event_kind kind;
  // Of `CONCLAVE_EVENT_MESSAGE`; else NULL.
  const conclave_message *message;
  // Of `CONCLAVE_EVENT_PROPOSAL`; else NULL.
  const conclave_proposal *proposal;
  // Of `CONCLAVE_EVENT_EPOCH_CHANGED` and `CONCLAVE_EVENT_REINIT`; else NULL.
  const conclave_epoch_change *change;
  // Of `CONCLAVE_EVENT_REMOVED`; else NULL.
  const conclave_removal *removal;
  // Of `CONCLAVE_EVENT_REINIT`; else NULL.
  const conclave_reinit *reinit;
  // Of `CONCLAVE_EVENT_DEFERRED`, the epoch of the message; else 0.
  uint64_t deferred_epoch;
};

// An application message: see `message`.
#define CONCLAVE_EVENT_MESSAGE 1

// A proposal, kept until a commit names it: see `proposal`.
#define CONCLAVE_EVENT_PROPOSAL 2

// A commit has begun an epoch: see `change`.
#define CONCLAVE_EVENT_EPOCH_CHANGED 3

// A commit has removed this client: see `removal`.
#define CONCLAVE_EVENT_REMOVED 4

// A commit has closed the group, to be begun anew: see `change` and `reinit`.
#define CONCLAVE_EVENT_REINIT 5

// A message of our own came back, and changed nothing. (The echo of our own waiting commit confirms it, and is
// `CONCLAVE_EVENT_EPOCH_CHANGED`.)
#define CONCLAVE_EVENT_OWN_ECHO 6

// The message was received before, and changed nothing.
#define CONCLAVE_EVENT_DUPLICATE 7

// The message is of a future epoch, and is kept until the group gets there: see `deferred_epoch`.
#define CONCLAVE_EVENT_DEFERRED 8

// Wipes and frees an event.
//
// Returns: nothing.
// In: `event`, from a function that gives one; NULL is allowed and does nothing. Not the event inside an effect.
// Out: nothing.
// State: none.
// Threads: any.
void conclave_event_free(conclave_event *event);

// ---- Commit -----------------------------------------------------------------------------------------------------------------
// Putting a commit together, and what becomes of it.

// Collects what a commit is to change; `conclave_commit_build` makes it, once; after an error it can be tried again. With
// nothing said, a commit takes in the proposals that wait and gives this member fresh keys. Every call on it returns
// `CONCLAVE_CONSUMED` once the commit was built.
struct conclave_commit;

// What a commit sends out. Free it with `conclave_commit_result_free`.
struct conclave_commit_result {
  // The library's own; leave it alone.
  conclave_memory *owner;
  // The message for the group. Nothing has changed yet: confirm the commit when the delivery service has accepted it.
  conclave_bytes commit;
  // The Welcome for the clients it adds, to be sent once the commit is confirmed; absent if it adds none.
  conclave_bytes welcome;
  // The ratchet tree that goes with the Welcome, when it is not inside; else absent.
  conclave_bytes tree;
};

// Begins a commit: say what it is to change, then build it.
//
// Returns: `CONCLAVE_OK`.
// In: `group`.
// Out: `commit`, to be freed with `conclave_commit_free`.
// State: none.
// Threads: any.
conclave_status conclave_group_new_commit(const conclave_group *group, conclave_commit **commit);

// Lets a commit that is put together go. One that was built stays in the storage.
//
// Returns: nothing.
// In: `commit`; NULL is allowed and does nothing.
// Out: nothing.
// State: none.
// Threads: any, when no other call uses this handle.
void conclave_commit_free(conclave_commit *commit);

// Adds the client of this key package. Whether it is good is found out by `conclave_commit_build`.
//
// Returns: `CONCLAVE_OK`, the 2xx of bytes that are no message, `CONCLAVE_WRONG_CONTENT` for another kind of message,
// `CONCLAVE_UNSUPPORTED_VERSION`.
// In: `commit`; `key_package`, an MLSMessage.
// Out: nothing.
// State: none.
// Threads: any.
conclave_status conclave_commit_add(const conclave_commit *commit, conclave_bytes key_package);

// Removes the member at this leaf.
//
// Returns: `CONCLAVE_OK`.
// In: `commit`; `leaf`.
// Out: nothing.
// State: none.
// Threads: any.
conclave_status conclave_commit_remove(const conclave_commit *commit, uint32_t leaf);

// Mixes an external pre-shared key in, which every member must hold.
//
// Returns: `CONCLAVE_OK`.
// In: `commit`; `psk_id`.
// Out: nothing.
// State: none.
// Threads: any.
conclave_status conclave_commit_psk(const conclave_commit *commit, conclave_bytes psk_id);

// Mixes in the secret that an earlier epoch of this or another group left, as proof of having been there: every member must have
// been, and still keep that epoch. Nobody can join by this commit who was not.
//
// Returns: `CONCLAVE_OK`.
// In: `commit`; `psk`.
// Out: nothing.
// State: none.
// Threads: any.
conclave_status conclave_commit_resumption_psk(const conclave_commit *commit,
                                               conclave_resumption_psk psk);

// Closes the group, to be begun anew with other parameters: no other change may stand beside this one.
//
// Returns: `CONCLAVE_OK`.
// In: `commit`; `options`, or NULL for the defaults.
// Out: nothing.
// State: none.
// Threads: any.
conclave_status conclave_commit_reinit(const conclave_commit *commit, const conclave_reinit_options *options);

// Replaces the group's extensions by this list.
//
// Returns: `CONCLAVE_OK`, `CONCLAVE_BAD_ARGUMENT` for a list that is malformed, empty or has types reserved for GREASE.
// In: `commit`; `extensions`, as `conclave_encode_extensions` encodes them.
// Out: nothing.
// State: none.
// Threads: any.
conclave_status conclave_commit_extensions(const conclave_commit *commit, conclave_bytes extensions);

// Carries a proposal of a type that the app defines; every member must support the type.
//
// Returns: `CONCLAVE_OK`, `CONCLAVE_BAD_ARGUMENT` for a type of RFC 9420's own or one reserved for GREASE.
// In: `commit`; `proposal_type`; `content`.
// Out: nothing.
// State: none.
// Threads: any.
conclave_status conclave_commit_custom(const conclave_commit *commit,
                                       uint16_t proposal_type,
                                       conclave_bytes content);

// Authenticates these bytes beside the commit; everyone can read them.
//
// Returns: `CONCLAVE_OK`.
// In: `commit`; `aad`.
// Out: nothing.
// State: none.
// Threads: any.
conclave_status conclave_commit_aad(const conclave_commit *commit, conclave_bytes aad);

// Sets a tag of the app, which comes back in the effect.
//
// Returns: `CONCLAVE_OK`.
// In: `commit`; `tag`.
// Out: nothing.
// State: none.
// Threads: any.
conclave_status conclave_commit_tag(const conclave_commit *commit, conclave_bytes tag);

// Leaves the proposals that wait out; they are gone when the commit takes effect.
//
// Returns: `CONCLAVE_OK`.
// In: `commit`.
// Out: nothing.
// State: none.
// Threads: any.
conclave_status conclave_commit_without_pending(const conclave_commit *commit);

// Leaves the path out if the changes allow it: a smaller commit that gives this member no fresh keys.
//
// Returns: `CONCLAVE_OK`.
// In: `commit`.
// Out: nothing.
// State: none.
// Threads: any.
conclave_status conclave_commit_without_path(const conclave_commit *commit);

// Hands the ratchet tree out beside the Welcome instead of inside: better for large groups.
//
// Returns: `CONCLAVE_OK`.
// In: `commit`.
// Out: nothing.
// State: none.
// Threads: any.
conclave_status conclave_commit_tree_beside_welcome(const conclave_commit *commit);

// Neither puts the ratchet tree into the Welcome nor hands it out, which costs time in proportion to the group: take it with
// `conclave_group_export_tree` when the commit is confirmed, once for however many Welcomes.
//
// Returns: `CONCLAVE_OK`.
// In: `commit`.
// Out: nothing.
// State: none.
// Threads: any.
conclave_status conclave_commit_tree_later(const conclave_commit *commit);

// Makes the commit. The group stays as it is until the commit is confirmed; until then it is kept, across restarts. Waiting
// proposals that the commit could not stand with are left out.
//
// Returns: `CONCLAVE_OK`, `CONCLAVE_PENDING_COMMIT` if one waits already, `CONCLAVE_REMOVED`, `CONCLAVE_FROZEN`,
// `CONCLAVE_NOT_HEALED`, `CONCLAVE_UNKNOWN_PSK` for a key that is not here, `CONCLAVE_NO_SUCH_MEMBER` and
// `CONCLAVE_BAD_ARGUMENT` for the removal of nobody and of ourselves, `CONCLAVE_TOO_LONG` and `CONCLAVE_UNSUPPORTED_SUITE` for a ReInit, `CONCLAVE_LIMIT_REACHED`, and the 3xx of whatever a change
// breaks: `CONCLAVE_KEY_REUSED` for a client that is a member, `CONCLAVE_INCAPABLE` if a member or a new one lacks what the group
// asks for, `CONCLAVE_EXPIRED`, `CONCLAVE_CREDENTIAL_REJECTED`, `CONCLAVE_POLICY_REJECTED` and others.
// In: `commit`; it has to be freed as ever.
// Out: `result`, to be freed with `conclave_commit_result_free`.
// State: reads the path it touches, O(log n) for each change; writes the waiting commit.
// Threads: any.
conclave_status conclave_commit_build(const conclave_commit *commit,
                                      conclave_commit_result **result);

// Frees what a commit sends out.
//
// Returns: nothing.
// In: `result`; NULL is allowed and does nothing.
// Out: nothing.
// State: none.
// Threads: any.
void conclave_commit_result_free(conclave_commit_result *result);

// ---- Pending commit ---------------------------------------------------------------------------------------------------------
// A commit of our own that waits for the delivery service's word, and what becomes of it.

// A commit of our own that waits. Free it with `conclave_pending_commit_free`.
struct conclave_pending_commit {
  // The library's own; leave it alone.
  conclave_memory *owner;
  // The epoch that it would end.
  uint64_t epoch;
  // The message for the group, as it was made: send it again unchanged when in doubt.
  conclave_bytes commit;
  // The Welcome for the clients it adds; absent if it adds none.
  conclave_bytes welcome;
};

// Makes our waiting commit take effect, when the delivery service has accepted it. The effect holds the Welcome.
//
// Returns: `CONCLAVE_OK`, `CONCLAVE_NO_PENDING_COMMIT`, also if another commit than the given one waits.
// In: `group`; `commit`, the message that was accepted, where several processes share the store, or absent for whichever waits;
// `tag`, which comes back in the effect.
// Out: `event`, to be freed with `conclave_event_free`.
// State: writes the new epoch and deletes the keys of the old one.
// Threads: any.
conclave_status conclave_group_confirm_commit(const conclave_group *group,
                                              conclave_bytes commit,
                                              conclave_bytes tag,
                                              conclave_event **event);

// Gives our waiting commit up. Only for a commit that the delivery service has refused for good: if the group adopts it after
// all, this client has to rejoin.
//
// Returns: `CONCLAVE_OK`, `CONCLAVE_NO_PENDING_COMMIT`, also if another commit than the given one waits.
// In: `group`; `commit`, as for `conclave_group_confirm_commit`.
// Out: nothing.
// State: deletes the waiting commit.
// Threads: any.
conclave_status conclave_group_discard_commit(const conclave_group *group,
                                              conclave_bytes commit);

// Gives our waiting commit as it was made; it survives restarts. A tree that goes beside its Welcome is not kept: take it with
// `conclave_group_export_tree` when the commit is confirmed.
//
// Returns: `CONCLAVE_OK`.
// In: `group`.
// Out: `waiting`, NULL if none waits; to be freed with `conclave_pending_commit_free`.
// State: reads its record.
// Threads: any.
conclave_status conclave_group_pending_commit(const conclave_group *group,
                                              conclave_pending_commit **waiting);

// Frees a copy of the commit that waits. (The one in the storage stays.)
//
// Returns: nothing.
// In: `waiting`; NULL is allowed and does nothing.
// Out: nothing.
// State: none.
// Threads: any.
void conclave_pending_commit_free(conclave_pending_commit *waiting);

// ---- Proposing --------------------------------------------------------------------------------------------------------------
// Proposing changes to a group, each for a commit to take in.

// A proposal that waits for a commit.
struct conclave_pending_proposal {
  // Who proposed it.
  conclave_author author;
  // The reference by which a commit names it.
  conclave_bytes reference;
  // What it would change.
  const conclave_proposal_summary *summary;
};

// Proposals that wait for a commit. Free them with `conclave_pending_proposals_free`.
struct conclave_pending_proposals {
  // The library's own; leave it alone.
  conclave_memory *owner;
  // The proposals, in the order they came.
  const conclave_pending_proposal *const *items;
  // How many there are.
  size_t count;
};

// Proposes to add the client of this key package. Whether it could be added at all is for the commit to find out.
//
// Returns: those of `conclave_group_propose_leave`, the 2xx of bytes that are no message, `CONCLAVE_WRONG_CONTENT` for another
// kind of message, `CONCLAVE_UNSUPPORTED_VERSION`, `CONCLAVE_BAD_KEY_PACKAGE`, `CONCLAVE_BAD_LEAF_NODE` and
// `CONCLAVE_BAD_SIGNATURE` for a key package that breaks a rule or is for another suite, `CONCLAVE_EXPIRED`,
// `CONCLAVE_CREDENTIAL_REJECTED`.
// In: `group`; `key_package`; `tag`, which comes back in the effect.
// Out: `message`, the bytes for the group, to be freed with `conclave_buf_free`.
// State: writes the proposal.
// Threads: any.
conclave_status conclave_group_propose_add(const conclave_group *group,
                                           conclave_bytes key_package,
                                           conclave_bytes tag,
                                           conclave_buf **message);

// Proposes to remove the member at this leaf.
//
// Returns: those of `conclave_group_propose_leave`, and `CONCLAVE_NO_SUCH_MEMBER`.
// In: `group`; `leaf`; `tag`, which comes back in the effect.
// Out: `message`, the bytes for the group, to be freed with `conclave_buf_free`.
// State: writes the proposal.
// Threads: any.
conclave_status conclave_group_propose_remove(const conclave_group *group,
                                              uint32_t leaf,
                                              conclave_bytes tag,
                                              conclave_buf **message);

// Proposes our own removal; another member has to commit it.
//
// Returns: `CONCLAVE_OK`, and what every proposal may meet: `CONCLAVE_REMOVED`, `CONCLAVE_FROZEN`, `CONCLAVE_NOT_HEALED`,
// `CONCLAVE_POLICY_REJECTED`, `CONCLAVE_LIMIT_REACHED` if too many proposals wait or this one is too long,
// `CONCLAVE_USAGE_LIMIT`.
// In: `group`; `tag`, which comes back in the effect.
// Out: `message`, the bytes for the group, to be freed with `conclave_buf_free`.
// State: writes the proposal.
// Threads: any.
conclave_status conclave_group_propose_leave(const conclave_group *group,
                                             conclave_bytes tag,
                                             conclave_buf **message);

// Proposes fresh keys for our own leaf; another member has to commit it.
//
// Returns: those of `conclave_group_propose_leave`, and `CONCLAVE_CREDENTIAL_REJECTED` if the app does not take the client's
// present credential for a successor of the one in the leaf.
// In: `group`; `tag`, which comes back in the effect.
// Out: `message`, the bytes for the group, to be freed with `conclave_buf_free`.
// State: writes the proposal and its private key.
// Threads: any.
conclave_status conclave_group_propose_update(const conclave_group *group,
                                              conclave_bytes tag,
                                              conclave_buf **message);

// Proposes to mix an external pre-shared key in. Whether anybody has the key is not asked yet.
//
// Returns: those of `conclave_group_propose_leave`.
// In: `group`; `psk_id`; `tag`, which comes back in the effect.
// Out: `message`, the bytes for the group, to be freed with `conclave_buf_free`.
// State: writes the proposal.
// Threads: any.
conclave_status conclave_group_propose_psk(const conclave_group *group,
                                           conclave_bytes psk_id,
                                           conclave_bytes tag,
                                           conclave_buf **message);

// Proposes to mix in the secret that an earlier epoch of this or another group left. Whether anybody has it is not asked yet.
//
// Returns: those of `conclave_group_propose_leave`.
// In: `group`; `psk`; `tag`, which comes back in the effect.
// Out: `message`, the bytes for the group, to be freed with `conclave_buf_free`.
// State: writes the proposal.
// Threads: any.
conclave_status conclave_group_propose_resumption_psk(const conclave_group *group,
                                                      conclave_resumption_psk psk,
                                                      conclave_bytes tag,
                                                      conclave_buf **message);

// Proposes to replace the group's extensions by this list.
//
// Returns: those of `conclave_group_propose_leave`, `CONCLAVE_BAD_ARGUMENT` for a list that is malformed, empty or has types
// reserved for GREASE, `CONCLAVE_WRONG_CONTENT` for an extension that does not belong in a group, the 2xx for one of RFC 9420's
// that is malformed, `CONCLAVE_LIMIT_REACHED` for a list that is too long, `CONCLAVE_CREDENTIAL_REJECTED` for an external sender.
// In: `group`; `extensions`, as `conclave_encode_extensions` encodes them; `tag`, which comes back in the effect.
// Out: `message`, the bytes for the group, to be freed with `conclave_buf_free`.
// State: writes the proposal.
// Threads: any.
conclave_status conclave_group_propose_extensions(const conclave_group *group,
                                                  conclave_bytes extensions,
                                                  conclave_bytes tag,
                                                  conclave_buf **message);

// Proposes a change of a type that the app defines; a commit takes it in if every member supports the type.
//
// Returns: those of `conclave_group_propose_leave`, and `CONCLAVE_BAD_ARGUMENT` for a type of RFC 9420's own or one reserved for
// GREASE.
// In: `group`; `proposal_type`; `content`; `tag`, which comes back in the effect.
// Out: `message`, the bytes for the group, to be freed with `conclave_buf_free`.
// State: writes the proposal.
// Threads: any.
conclave_status conclave_group_propose_custom(const conclave_group *group,
                                              uint16_t proposal_type,
                                              conclave_bytes content,
                                              conclave_bytes tag,
                                              conclave_buf **message);

// Proposes to close the group and begin it anew with other parameters.
//
// Returns: those of `conclave_group_propose_leave`, `CONCLAVE_TOO_LONG` for an id of more than 1024 bytes,
// `CONCLAVE_BAD_PROPOSAL` for that of the group itself, `CONCLAVE_UNSUPPORTED_SUITE`, and for the extensions those of
// `conclave_group_propose_extensions`.
// In: `group`; `options`, or NULL for the defaults; `tag`, which comes back in the effect.
// Out: `message`, the bytes for the group, to be freed with `conclave_buf_free`.
// State: writes the proposal.
// Threads: any.
conclave_status conclave_group_propose_reinit(const conclave_group *group,
                                              const conclave_reinit_options *options,
                                              conclave_bytes tag,
                                              conclave_buf **message);

// Lists the proposals that wait for a commit, in the order they came.
//
// Returns: `CONCLAVE_OK`.
// In: `group`.
// Out: `waiting`, to be freed with `conclave_pending_proposals_free`.
// State: reads their records.
// Threads: any.
conclave_status conclave_group_pending_proposals(const conclave_group *group,
                                                 conclave_pending_proposals **waiting);

// Frees a list of proposals. (Those in the storage stay.)
//
// Returns: nothing.
// In: `waiting`; NULL is allowed and does nothing.
// Out: nothing.
// State: none.
// Threads: any.
void conclave_pending_proposals_free(conclave_pending_proposals *waiting);

// Forgets the proposals that wait. A commit of another member that names one of them can then not be read; this is for a
// delivery service that has dropped them.
//
// Returns: `CONCLAVE_OK`.
// In: `group`.
// Out: nothing.
// State: deletes their records.
// Threads: any.
conclave_status conclave_group_clear_proposals(const conclave_group *group);

// ---- Joining ----------------------------------------------------------------------------------------------------------------
// Joining a group by a commit of one's own.

// How a group is joined by a commit of one's own. Begin with `CONCLAVE_INIT(conclave_external_join_options)`.
struct conclave_external_join_options {
  // `sizeof(conclave_external_join_options)`.
  uint32_t struct_size;
  // Whether to give up what this client has of the group, and come in anew. Without it, a group that this client is a member of
  // is not joined again. A group that came out of an archive, or that this client was removed from, needs no `rejoin`.
  conclave_flag rejoin;
  // Whether later proposals and commits of this client go out unencrypted.
  conclave_flag public_handshakes;
  // Whether messages keep their exact length.
  conclave_flag without_padding;
  // The ratchet tree, when the GroupInfo does not hold it.
  conclave_bytes tree;
  // The ids of pre-shared keys to mix in, which every member must hold.
  const conclave_bytes *psks;
  // How many there are.
  size_t psk_count;
  // Earlier epochs whose secrets to mix in, as proof of having been a member: every member must have been, too.
  const conclave_resumption_psk *resumption_psks;
  // How many there are.
  size_t resumption_psk_count;
  // Authenticated beside the commit; everyone can read it.
  conclave_bytes aad;
  // A tag of the app, which comes back in the effect.
  conclave_bytes tag;
};

// A commit of ours that waits to let us in. Free it with `conclave_external_join_free`.
struct conclave_external_join {
  // The library's own; leave it alone.
  conclave_memory *owner;
  // The group.
  conclave_bytes group_id;
  // The epoch that it would begin.
  uint64_t epoch;
  // The message for the group: send it again unchanged when in doubt.
  conclave_bytes commit;
};

// Makes the commit by which this client joins the group that a GroupInfo announces (RFC 9420 section 12.4.3.2), and keeps it
// until it is confirmed or discarded; nothing else changes until then. If this client is in the group already, the commit
// removes it there: that is how to come back after its state was lost, restored, or left behind.
//
// The delivery service accepts the commit if no other one has ended the epoch of the GroupInfo; otherwise discard it, and try
// again with a newer GroupInfo.
//
// Returns: `CONCLAVE_OK`, `CONCLAVE_PENDING_JOIN`, `CONCLAVE_ALREADY_MEMBER`, `CONCLAVE_FROZEN`, `CONCLAVE_TREE_MISSING`,
// `CONCLAVE_BAD_GROUP_INFO` if the group lets nobody in by itself or the epoch was lived through before,
// `CONCLAVE_UNKNOWN_PSK`, `CONCLAVE_UNSUPPORTED_SUITE`, `CONCLAVE_LIMIT_REACHED`, and the 2xx and 3xx of whatever breaks a rule.
// In: `client`; `group_info`; `options`, or NULL for the defaults.
// Out: `join`, to be freed with `conclave_external_join_free`.
// State: verifies the whole tree, and writes it: O(n).
// Threads: any.
conclave_status conclave_client_join_external(const conclave_client *client,
                                              conclave_bytes group_info,
                                              const conclave_external_join_options *options,
                                              conclave_external_join **join);

// Gives the external join of a group that waits; it survives restarts.
//
// Returns: `CONCLAVE_OK`.
// In: `client`; `group_id`.
// Out: `join`, NULL if none waits; to be freed with `conclave_external_join_free`.
// State: reads its record.
// Threads: any.
conclave_status conclave_client_pending_join(const conclave_client *client,
                                             conclave_bytes group_id,
                                             conclave_external_join **join);

// Frees an external join. (The one in the storage stays.)
//
// Returns: nothing.
// In: `join`; NULL is allowed and does nothing.
// Out: nothing.
// State: none.
// Threads: any.
void conclave_external_join_free(conclave_external_join *join);

// Enters the group, when the delivery service has accepted our commit. (In a group that is joined anew, its echo does the same.)
//
// Returns: `CONCLAVE_OK`, `CONCLAVE_NO_PENDING_JOIN`, also if another commit than the given one waits.
// In: `client`; `group_id`; `commit`, the message that was accepted, where several processes share the store, or absent for
// whichever waits; `tag`, which comes back in the effect.
// Out: `group`, to be freed with `conclave_group_free`.
// State: writes the group's head, and deletes what is left of an earlier stay but for the window of past epochs.
// Threads: any.
conclave_status conclave_client_confirm_join(const conclave_client *client,
                                             conclave_bytes group_id,
                                             conclave_bytes commit,
                                             conclave_bytes tag,
                                             conclave_group **group);

// Gives the waiting join up, when the delivery service has refused its commit for good.
//
// Returns: `CONCLAVE_OK`, `CONCLAVE_NO_PENDING_JOIN`, also if another commit than the given one waits.
// In: `client`; `group_id`; `commit`, as for `conclave_client_confirm_join`.
// Out: nothing.
// State: deletes what the join has written.
// Threads: any.
conclave_status conclave_client_discard_join(const conclave_client *client,
                                             conclave_bytes group_id,
                                             conclave_bytes commit);

// ---- Successor --------------------------------------------------------------------------------------------------------------
// Groups that follow from another.

// Who comes along into a new group, and how they are told. Begin with `CONCLAVE_INIT(conclave_successor_options)`.
struct conclave_successor_options {
  // `sizeof(conclave_successor_options)`.
  uint32_t struct_size;
  // Whether the ratchet tree is handed out beside the Welcome instead of inside.
  conclave_flag tree_beside_welcome;
  // Whether proposals and commits of this client go out unencrypted.
  conclave_flag public_handshakes;
  // Whether messages keep their exact length.
  conclave_flag without_padding;
  // A key package of each member that comes along, for the cipher suite of the new group.
  const conclave_bytes *key_packages;
  // How many key packages there are.
  size_t key_package_count;
  // A tag of the app, which comes back in the effect.
  conclave_bytes tag;
  // Of a branch, the id of the new group; absent for 16 random bytes. A successor has the id that its ReInit says.
  conclave_bytes group_id;
  // Of a branch, the extensions of the new group; absent for those of the old one. A successor has those of its ReInit.
  conclave_bytes extensions;
};

// With what a group is to be begun anew. Begin with `CONCLAVE_INIT(conclave_reinit_options)`.
struct conclave_reinit_options {
  // `sizeof(conclave_reinit_options)`.
  uint32_t struct_size;
  // The cipher suite of the successor; 0 for that of the old group.
  uint16_t cipher_suite;
  // The id of the successor; absent for 16 random bytes.
  conclave_bytes group_id;
  // Its extensions, as `conclave_encode_extensions` encodes them; absent for those of the old group.
  conclave_bytes extensions;
};

// Makes the group that takes the place of this one, after a commit with a ReInit has closed it (RFC 9420 section 11.2): every
// other member must come along. One member does this for all; the effect holds the Welcome, to be sent at once.
//
// Returns: `CONCLAVE_OK`, `CONCLAVE_NOT_CLOSED`, `CONCLAVE_BAD_ARGUMENT` if the key package of a member is missing,
// `CONCLAVE_ALREADY_MEMBER` if the successor is here already, `CONCLAVE_UNSUPPORTED_SUITE` if this client has no key for the suite
// of the successor, `CONCLAVE_INCAPABLE` if it or a key package does not support what the successor asks for,
// `CONCLAVE_POLICY_REJECTED`, and for key packages, what `conclave_group_propose_add` says of them.
// In: `group`; `options`.
// Out: `successor`, the new group in its epoch 1, to be freed with `conclave_group_free`; `result`, whose `commit` is absent, to be
// freed with `conclave_commit_result_free`.
// State: writes the new group: O(n).
// Threads: any.
conclave_status conclave_group_create_successor(const conclave_group *group,
                                                const conclave_successor_options *options,
                                                conclave_group **successor,
                                                conclave_commit_result **result);

// Makes a group of some of the members, with the parameters of this one (RFC 9420 section 11.3); this group goes on as it is. The
// effect holds the Welcome, to be sent at once.
//
// Returns: `CONCLAVE_OK`, `CONCLAVE_NO_SUCH_MEMBER` if a key package is of a client that is not in this group,
// `CONCLAVE_ALREADY_MEMBER` if the id is taken, `CONCLAVE_TOO_LONG` for an id of more than 1024 bytes, `CONCLAVE_REMOVED`,
// `CONCLAVE_FROZEN`, `CONCLAVE_NOT_HEALED`, `CONCLAVE_BAD_ARGUMENT`, `CONCLAVE_WRONG_CONTENT` and `CONCLAVE_LIMIT_REACHED` for the
// extensions, `CONCLAVE_INCAPABLE` if this client or a key package does not support what the group asks for,
// `CONCLAVE_POLICY_REJECTED`, and for key packages, what `conclave_group_propose_add` says of them.
// In: `group`; `options`.
// Out: `branch`, the new group in its epoch 1, to be freed with `conclave_group_free`; `result`, whose `commit` is absent, to be
// freed with `conclave_commit_result_free`.
// State: writes the new group: O(n) in its size.
// Threads: any.
conclave_status conclave_group_branch(const conclave_group *group,
                                      const conclave_successor_options *options,
                                      conclave_group **branch,
                                      conclave_commit_result **result);

// ---- Extensions -------------------------------------------------------------------------------------------------------------
// Extensions in words.

// A name that the app gives to a client in its leaf (RFC 9420 section 5.3.3): see `data`. Nobody vouches for it.
#define CONCLAVE_EXTENSION_APPLICATION_ID 1

// What every member of a group must support (RFC 9420 section 11.1): see the three lists of types.
#define CONCLAVE_EXTENSION_REQUIRED_CAPABILITIES 3

// Who may propose changes to a group without being a member (RFC 9420 section 12.1.8.1): see `senders`.
#define CONCLAVE_EXTENSION_EXTERNAL_SENDERS 5

// Someone outside a group who may propose changes to it. This struct never grows.
struct conclave_sender {
  // The key it signs with, of the group's cipher suite.
  conclave_bytes signature_key;
  // Who it claims to be; the validators of all members judge that.
  conclave_identity identity;
};

// One extension of a leaf, a key package, a group or a GroupInfo. This struct never grows.
struct conclave_extension {
  // Its registered type; three of them have constants.
  uint16_t extension_type;
  // Of an application id the name; of a type without a constant, what that type makes of it, undecoded.
  conclave_bytes data;
  // Of required capabilities, the types of extensions.
  const uint16_t *required_extensions;
  // How many there are.
  size_t required_extension_count;
  // Of required capabilities, the types of proposals.
  const uint16_t *required_proposals;
  // How many there are.
  size_t required_proposal_count;
  // Of required capabilities, the types of credentials.
  const uint16_t *required_credentials;
  // How many there are.
  size_t required_credential_count;
  // Of external senders, they, each known by its place in this list.
  const conclave_sender *senders;
  // How many there are.
  size_t sender_count;
};

// Extensions. Free them with `conclave_extensions_free`.
struct conclave_extensions {
  // The library's own; leave it alone.
  conclave_memory *owner;
  // The extensions.
  const conclave_extension *items;
  // How many there are.
  size_t count;
};

// Someone outside a group, with what the group has to know. Free it with `conclave_external_sender_free`.
struct conclave_external_sender {
  // The library's own; leave it alone.
  conclave_memory *owner;
  // What goes into the group's extension.
  conclave_sender sender;
};

// Encodes a list of extensions (`Extension extensions<V>` of RFC 9420), as the calls take it that put one somewhere.
//
// Returns: `CONCLAVE_OK`, `CONCLAVE_DUPLICATED` if a type stands in the list twice, `CONCLAVE_BAD_ARGUMENT`.
// In: `extensions`, the first of `count` extensions.
// Out: `encoded`, to be freed with `conclave_buf_free`.
// State: none.
// Threads: any.
conclave_status conclave_encode_extensions(const conclave_extension *extensions,
                                           size_t count,
                                           conclave_buf **encoded);

// Decodes a list of extensions.
//
// Returns: `CONCLAVE_OK`, `CONCLAVE_MALFORMED` and its kin, also for the payload of an extension of RFC 9420.
// In: `encoded`.
// Out: `extensions`, to be freed with `conclave_extensions_free`.
// State: none.
// Threads: any.
conclave_status conclave_decode_extensions(conclave_bytes encoded, conclave_extensions **extensions);

// Gives the group's own extensions, on which all members agree.
//
// Returns: `CONCLAVE_OK`.
// In: `group`.
// Out: `extensions`, to be freed with `conclave_extensions_free`.
// State: reads the head.
// Threads: any.
conclave_status conclave_group_extensions(const conclave_group *group, conclave_extensions **extensions);

// Frees extensions.
//
// Returns: nothing.
// In: `extensions`; NULL is allowed and does nothing.
// Out: nothing.
// State: none.
// Threads: any.
void conclave_extensions_free(conclave_extensions *extensions);

// Gives what a group that shall listen to this client from outside puts into its external senders.
//
// Returns: `CONCLAVE_OK`, `CONCLAVE_UNSUPPORTED_SUITE` if the client has no key for it.
// In: `client`; `cipher_suite`, the group's, or 0 for the client's preferred one.
// Out: `sender`, to be freed with `conclave_external_sender_free`.
// State: none.
// Threads: any.
conclave_status conclave_client_external_sender(const conclave_client *client,
                                                uint16_t cipher_suite,
                                                conclave_external_sender **sender);

// Frees an external sender.
//
// Returns: nothing.
// In: `sender`; NULL is allowed and does nothing.
// Out: nothing.
// State: none.
// Threads: any.
void conclave_external_sender_free(conclave_external_sender *sender);

// ---- Outside ----------------------------------------------------------------------------------------------------------------
// Proposing from outside a group.

// Someone whom a group lets propose changes without being a member (RFC 9420 section 12.1.8), in one epoch of that group: a bot
// that adds new staff, or a server that removes who has been away too long. A member has to commit what it proposes. Nothing is
// stored, and each call gives the message to send.
struct conclave_external_proposer;

// A message that asks a group to add this client. Free it with `conclave_join_proposal_free`.
struct conclave_join_proposal {
  // The library's own; leave it alone.
  conclave_memory *owner;
  // The message for the group.
  conclave_bytes message;
  // The group that is asked.
  conclave_bytes group_id;
  // The epoch in which the message can be committed; after it, the group has to be asked again.
  uint64_t epoch;
  // The reference of the key package inside, whose private keys wait for the Welcome. Delete it when nothing came of it.
  conclave_bytes key_package;
};

// Where an external sender stands. Free it with `conclave_external_place_free`.
struct conclave_external_place {
  // The library's own; leave it alone.
  conclave_memory *owner;
  // The id of the group.
  conclave_bytes group_id;
  // The epoch it is in.
  uint64_t epoch;
  // Its cipher suite.
  uint16_t cipher_suite;
  // The place of this client in the group's list of external senders.
  uint32_t sender_index;
};

// Asks a group to add this client, as its GroupInfo shows it: a member has to commit that, and sends the Welcome, to be opened
// with `conclave_client_join`. With the ratchet tree, inside the GroupInfo or beside it, the GroupInfo is verified; without,
// whoever brought it is believed. Makes a key package for it, which must not be published.
//
// Returns: `CONCLAVE_OK`, `CONCLAVE_INCAPABLE` if the group asks for what this client does not support,
// `CONCLAVE_UNSUPPORTED_SUITE` if it has no key for the group's, and what makes a GroupInfo invalid, as for
// `conclave_external_proposer_new`.
// In: `client`; `group_info`; `tree`, or absent; `tag`, which comes back in the effect.
// Out: `proposal`, to be freed with `conclave_join_proposal_free`.
// State: writes the key package.
// Threads: any.
conclave_status conclave_client_propose_join(const conclave_client *client,
                                             conclave_bytes group_info,
                                             conclave_bytes tree,
                                             conclave_bytes tag,
                                             conclave_join_proposal **proposal);

// Frees a message that asks to be added.
//
// Returns: nothing.
// In: `proposal`; NULL is allowed and does nothing.
// Out: nothing.
// State: none.
// Threads: any.
void conclave_join_proposal_free(conclave_join_proposal *proposal);

// Finds the client's key among the external senders that a GroupInfo shows. With the ratchet tree, inside the GroupInfo or beside
// it, the GroupInfo is verified; without, whoever brought it is believed.
//
// Returns: `CONCLAVE_OK`, `CONCLAVE_BAD_ARGUMENT` if the group does not name the client, `CONCLAVE_UNSUPPORTED_SUITE` if the client
// has no key for the group's, and what makes a GroupInfo invalid: the 2xx, `CONCLAVE_WRONG_CONTENT` for another kind of message,
// `CONCLAVE_BAD_GROUP_INFO`, `CONCLAVE_BAD_SIGNATURE`, `CONCLAVE_BAD_TREE`, and `CONCLAVE_CREDENTIAL_REJECTED` for the member who
// signed it.
// In: `client`; `group_info`; `tree`, or absent.
// Out: `proposer`, to be freed with `conclave_external_proposer_free`.
// State: none.
// Threads: any.
conclave_status conclave_external_proposer_new(const conclave_client *client,
                                               conclave_bytes group_info,
                                               conclave_bytes tree,
                                               conclave_external_proposer **proposer);

// Takes the app's word for where the client stands.
//
// Returns: `CONCLAVE_OK`, `CONCLAVE_UNSUPPORTED_SUITE` if the client has no key for the group's.
// In: `client`; `group_id`; `epoch`, the one that the group is in; `cipher_suite`, the group's; `sender_index`, the place of this
// client in the group's list of external senders.
// Out: `proposer`, to be freed with `conclave_external_proposer_free`.
// State: none.
// Threads: any.
conclave_status conclave_external_proposer_at_place(const conclave_client *client,
                                                    conclave_bytes group_id,
                                                    uint64_t epoch,
                                                    uint16_t cipher_suite,
                                                    uint32_t sender_index,
                                                    conclave_external_proposer **proposer);

// Gives the same sender in another epoch: every commit begins one, and proposals of an earlier one are refused. If a commit
// replaced the group's extensions, look the place up anew.
//
// Returns: `CONCLAVE_OK`.
// In: `proposer`; `epoch`.
// Out: `later`, to be freed with `conclave_external_proposer_free`.
// State: none.
// Threads: any.
conclave_status conclave_external_proposer_at_epoch(const conclave_external_proposer *proposer,
                                                    uint64_t epoch,
                                                    conclave_external_proposer **later);

// Lets a proposer go.
//
// Returns: nothing.
// In: `proposer`; NULL is allowed and does nothing.
// Out: nothing.
// State: none.
// Threads: any, when no other call uses this handle.
void conclave_external_proposer_free(conclave_external_proposer *proposer);

// Tells where the client stands.
//
// Returns: `CONCLAVE_OK`.
// In: `proposer`.
// Out: `place`, to be freed with `conclave_external_place_free`.
// State: none.
// Threads: any.
conclave_status conclave_external_proposer_place(const conclave_external_proposer *proposer,
                                                 conclave_external_place **place);

// Frees a place.
//
// Returns: nothing.
// In: `place`; NULL is allowed and does nothing.
// Out: nothing.
// State: none.
// Threads: any.
void conclave_external_place_free(conclave_external_place *place);

// Proposes to add the client of this key package.
//
// Returns: `CONCLAVE_OK`, and for the key package, what `conclave_group_propose_add` says of it.
// In: `proposer`; `key_package`.
// Out: `message`, the bytes for the group, to be freed with `conclave_buf_free`.
// State: none.
// Threads: any.
conclave_status conclave_external_proposer_propose_add(const conclave_external_proposer *proposer,
                                                       conclave_bytes key_package,
                                                       conclave_buf **message);

// Proposes to remove the member at this leaf.
//
// Returns: `CONCLAVE_OK`.
// In: `proposer`; `leaf`.
// Out: `message`, the bytes for the group, to be freed with `conclave_buf_free`.
// State: none.
// Threads: any.
conclave_status conclave_external_proposer_propose_remove(const conclave_external_proposer *proposer,
                                                          uint32_t leaf,
                                                          conclave_buf **message);

// Proposes to mix an external pre-shared key in, which the members must hold.
//
// Returns: `CONCLAVE_OK`.
// In: `proposer`; `psk_id`.
// Out: `message`, the bytes for the group, to be freed with `conclave_buf_free`.
// State: none.
// Threads: any.
conclave_status conclave_external_proposer_propose_psk(const conclave_external_proposer *proposer,
                                                       conclave_bytes psk_id,
                                                       conclave_buf **message);

// Proposes to close the group, in favour of one with this id, cipher suite and extensions.
//
// Returns: `CONCLAVE_OK`, `CONCLAVE_UNSUPPORTED_SUITE`, and for the extensions those of
// `conclave_external_proposer_propose_extensions`.
// In: `proposer`; `group_id`; `cipher_suite`; `extensions`, as `conclave_encode_extensions` encodes them.
// Out: `message`, the bytes for the group, to be freed with `conclave_buf_free`.
// State: none.
// Threads: any.
conclave_status conclave_external_proposer_propose_reinit(const conclave_external_proposer *proposer,
                                                          conclave_bytes group_id,
                                                          uint16_t cipher_suite,
                                                          conclave_bytes extensions,
                                                          conclave_buf **message);

// Proposes to replace the group's extensions by this list.
//
// Returns: `CONCLAVE_OK`, `CONCLAVE_BAD_ARGUMENT` for a list that is malformed, empty or has types reserved for GREASE,
// `CONCLAVE_WRONG_CONTENT` for an extension that does not belong in a group, the 2xx for one of RFC 9420's that is malformed,
// `CONCLAVE_LIMIT_REACHED` for a list that is too long, `CONCLAVE_CREDENTIAL_REJECTED` for an external sender.
// In: `proposer`; `extensions`, as `conclave_encode_extensions` encodes them.
// Out: `message`, the bytes for the group, to be freed with `conclave_buf_free`.
// State: none.
// Threads: any.
conclave_status conclave_external_proposer_propose_extensions(const conclave_external_proposer *proposer,
                                                              conclave_bytes extensions,
                                                              conclave_buf **message);

// ---- Archive ----------------------------------------------------------------------------------------------------------------
// Taking a group, or the whole client, to another device.

// What came out of an archive. Free it with `conclave_imported_free`.
struct conclave_imported {
  // The library's own; leave it alone.
  conclave_memory *owner;
  // The ids of the groups. They can be read from, and send nothing until each was rejoined with
  // `conclave_client_join_external`. Those that were closed by a ReInit go on with `conclave_group_create_successor`.
  const conclave_bytes *group_ids;
  // How many groups there are.
  size_t group_count;
  // Whether the client's own signing keys were in it: open the client again before it goes on, so that it signs with them.
  bool signing_keys;
};

// Gives this group for another device, sealed under `key`. What past epochs, skipped messages and our own sending need stays
// behind, and so does a waiting commit. An archive opens what the group says until its keys have changed: keep it as well as the
// device, and no longer than needed.
//
// Returns: `CONCLAVE_OK`, `CONCLAVE_BAD_KEY`, `CONCLAVE_REMOVED`, `CONCLAVE_CANCELLED`.
// In: `group`; `key`, 32 random bytes.
// Out: `archive`, to be freed with `conclave_buf_free`.
// State: reads the group: O(n).
// Threads: any.
conclave_status conclave_group_export_archive(const conclave_group *group,
                                              conclave_bytes key,
                                              conclave_buf **archive);

// Gives the whole client for another device: its groups as with `conclave_group_export_archive`, its pre-shared keys, and the
// signing keys that the library keeps for it. Key packages stay behind: two devices must not use one.
//
// Returns: `CONCLAVE_OK`, `CONCLAVE_BAD_KEY`, `CONCLAVE_CANCELLED`.
// In: `client`; `key`, 32 random bytes.
// Out: `archive`, to be freed with `conclave_buf_free`.
// State: reads all groups: O(n).
// Threads: any.
conclave_status conclave_client_export_archive(const conclave_client *client,
                                               conclave_bytes key,
                                               conclave_buf **archive);

// Takes in an archive of one group or of a whole client, in one batch. An older copy would use keys again that were used since,
// so its groups send nothing until they have healed: they follow what the others do, and `conclave_client_join_external` brings
// each back.
//
// Returns: `CONCLAVE_OK`, `CONCLAVE_BAD_KEY` for a key that is not 32 bytes, `CONCLAVE_BAD_ARCHIVE` for bytes that are none or were
// sealed under another key, `CONCLAVE_ALREADY_MEMBER` if something is here already that would be replaced,
// `CONCLAVE_STORE_NEWER` for an archive of a newer release.
// In: `client`; `archive`; `key`; `replace`, whether what is here already is replaced by what is in the archive, which may be
// older: groups, pre-shared keys of the same id, and signing keys with the key packages that they signed.
// Out: `imported`, to be freed with `conclave_imported_free`.
// State: writes all that is in the archive: O(n) for each group.
// Threads: any.
conclave_status conclave_client_import_archive(const conclave_client *client,
                                               conclave_bytes archive,
                                               conclave_bytes key,
                                               conclave_flag replace,
                                               conclave_imported **imported);

// Frees what tells of an archive.
//
// Returns: nothing.
// In: `imported`; NULL is allowed and does nothing.
// Out: nothing.
// State: none.
// Threads: any.
void conclave_imported_free(conclave_imported *imported);

// ---- Journal ----------------------------------------------------------------------------------------------------------------
// The journal of effects, and the end of a client.

// An effect that the app has not acknowledged yet.
struct conclave_pending_effect {
  // By what it is acknowledged; never 0.
  uint64_t id;
  // What came of a call.
  const conclave_effect *effect;
};

// Effects that the app has not acknowledged yet. Free them with `conclave_pending_effects_free`.
struct conclave_pending_effects {
  // The library's own; leave it alone.
  conclave_memory *owner;
  // The effects, oldest first.
  const conclave_pending_effect *const *items;
  // How many there are.
  size_t count;
};

// Lists the effects of a client with `journal` that were not acknowledged, oldest first. Each was stored in the same batch as
// what it tells of: nothing is lost by a crash and nothing is there twice. Acknowledge an effect once the app has stored it; an
// app that crashes in between sees it again, under the same id. Effects of calls that ran at the same time may come in any order,
// and one of them may appear before an `after` that was passed already: begin again with 0 when all was acknowledged.
//
// Returns: `CONCLAVE_OK`.
// In: `client`; `after`, the id after which to begin, or 0 to begin at the start; `limit`, the most that are wanted.
// Out: `effects`, to be freed with `conclave_pending_effects_free`.
// State: reads the journal.
// Threads: any.
conclave_status conclave_client_pending_effects(const conclave_client *client,
                                                uint64_t after,
                                                uint32_t limit,
                                                conclave_pending_effects **effects);

// Wipes and frees a list of effects. (Those in the journal stay.)
//
// Returns: nothing.
// In: `effects`; NULL is allowed and does nothing.
// Out: nothing.
// State: none.
// Threads: any.
void conclave_pending_effects_free(conclave_pending_effects *effects);

// Deletes this one effect from the journal, for good. One that is not there was acknowledged before.
//
// Returns: `CONCLAVE_OK`.
// In: `client`; `id`.
// Out: nothing.
// State: deletes its record.
// Threads: any.
conclave_status conclave_client_acknowledge(const conclave_client *client, uint64_t id);

// Deletes everything that this client has in its storage, in one write: groups, key packages, pre-shared keys, signing keys and
// the journal. For signing a user out. Other clients in the storage are untouched, and so are keys that the host's signer holds.
//
// The groups are not told; leave or be removed first. Afterwards this handle and its groups see nothing and write nothing, and
// what would write or sign returns `CONCLAVE_CONSUMED`: free them. Other handles of the same client, in any process, get
// `CONCLAVE_STORAGE_CORRUPT` when they write, also beside a client of the name that is made anew.
//
// Returns: `CONCLAVE_OK`, `CONCLAVE_CONSUMED` if it was called before.
// In: `client`; it has to be freed as ever.
// Out: nothing.
// State: deletes all records of the client.
// Threads: any.
conclave_status conclave_client_wipe(const conclave_client *client);

// ---- Inspection -------------------------------------------------------------------------------------------------------------
// Objects of the protocol in words, and the conformance kit for storages.

// One of `CONCLAVE_OBJECT_*`.
typedef int32_t conclave_object_kind;

// A rule that a storage breaks.
struct conclave_finding {
  // The short name of the rule, in UTF-8, with a zero byte behind it.
  conclave_bytes rule;
  // What was seen, in words, likewise.
  conclave_bytes detail;
};

// Rules that a storage breaks. Free them with `conclave_findings_free`.
struct conclave_findings {
  // The library's own; leave it alone.
  conclave_memory *owner;
  // The findings; none for a storage that is fit for use.
  const conclave_finding *const *items;
  // How many there are.
  size_t count;
};

// MLSMessage (RFC 9420 section 6), of every wire format: what clients send each other.
#define CONCLAVE_OBJECT_MLS_MESSAGE 1

// PublicMessage (section 6.2).
#define CONCLAVE_OBJECT_PUBLIC_MESSAGE 2

// PrivateMessage (section 6.3).
#define CONCLAVE_OBJECT_PRIVATE_MESSAGE 3

// Welcome (section 12.4.3.1).
#define CONCLAVE_OBJECT_WELCOME 4

// GroupInfo (section 12.4.3).
#define CONCLAVE_OBJECT_GROUP_INFO 5

// KeyPackage (section 10).
#define CONCLAVE_OBJECT_KEY_PACKAGE 6

// GroupContext (section 8.1).
#define CONCLAVE_OBJECT_GROUP_CONTEXT 7

// LeafNode (section 7.2).
#define CONCLAVE_OBJECT_LEAF_NODE 8

// The payload of the ratchet_tree extension (section 12.4.3.3), which is also what `conclave_group_export_tree` gives.
#define CONCLAVE_OBJECT_RATCHET_TREE 9

// Commit (section 12.4).
#define CONCLAVE_OBJECT_COMMIT 10

// Proposal (section 12.1).
#define CONCLAVE_OBJECT_PROPOSAL 11

// UpdatePath (section 7.6).
#define CONCLAVE_OBJECT_UPDATE_PATH 12

// PreSharedKeyID (section 8.4).
#define CONCLAVE_OBJECT_PRE_SHARED_KEY_ID 13

// Capabilities (section 7.2).
#define CONCLAVE_OBJECT_CAPABILITIES 14

// A list of extensions (section 13.4).
#define CONCLAVE_OBJECT_EXTENSIONS 15

// Describes an MLS object in words: one field a line, named as in RFC 9420. The bytes are an MLSMessage, or else the first other
// kind that they are in full; the first line says which. Nothing is checked but the form. The text is bounded, however long the
// object is.
//
// Returns: `CONCLAVE_OK`, `CONCLAVE_HOLDS_SECRETS` for a GroupSecrets, the 2xx of bytes that are no object,
// `CONCLAVE_UNSUPPORTED_VERSION`, `CONCLAVE_UNSUPPORTED_CONTENT`, `CONCLAVE_LIMIT_REACHED`.
// In: `bytes`.
// Out: `text`, in UTF-8, to be freed with `conclave_buf_free`.
// State: none.
// Threads: any.
conclave_status conclave_inspect(conclave_bytes bytes,
                                 conclave_buf **text);

// Describes an MLS object of a known kind in words, as `conclave_inspect` does.
//
// Returns: those of `conclave_inspect`, and `CONCLAVE_BAD_ARGUMENT` for a kind that is none.
// In: `kind`, one of `CONCLAVE_OBJECT_*`; `bytes`.
// Out: `text`, in UTF-8, to be freed with `conclave_buf_free`.
// State: none.
// Threads: any.
conclave_status conclave_inspect_as(conclave_object_kind kind, conclave_bytes bytes, conclave_buf **text);

// Draws a ratchet tree in text: who stands where, which nodes are blank, which members are unmerged. The bytes are a ratchet tree
// as it travels, or a GroupInfo that has one inside.
//
// Returns: `CONCLAVE_OK`, `CONCLAVE_TREE_MISSING` for a GroupInfo without one, `CONCLAVE_HOLDS_SECRETS`, the 2xx of bytes that are
// no tree, `CONCLAVE_LIMIT_REACHED`.
// In: `bytes`.
// Out: `text`, in UTF-8, to be freed with `conclave_buf_free`.
// State: none.
// Threads: any.
conclave_status conclave_inspect_tree(conclave_bytes bytes,
                                      conclave_buf **text);

// Checks a host's storage against its contract, and gives every rule that it breaks. It takes seconds, works on a random prefix
// of its own, deletes what it wrote, and writes no effects. A storage that is broken may well damage other records meanwhile,
// so it should be one that was made for the test.
//
// Returns: `CONCLAVE_OK`, also if rules are broken; `CONCLAVE_BAD_ARGUMENT`; the 7xx if a first write and read of nothing much
// fails.
// In: `storage`, whose context is released before this returns.
// Out: `findings`, to be freed with `conclave_findings_free`.
// State: writes into the storage, and deletes it again.
// Threads: any. The callbacks run on several at once.
conclave_status conclave_check_storage(const conclave_storage *storage,
                                       conclave_findings **findings);

// Frees findings.
//
// Returns: nothing.
// In: `findings`; NULL is allowed and does nothing.
// Out: nothing.
// State: none.
// Threads: any.
void conclave_findings_free(conclave_findings *findings);

#ifdef __cplusplus
} // extern "C"
#endif

#endif // CONCLAVE_H
