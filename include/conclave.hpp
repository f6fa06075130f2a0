// Conclave in C++17: end-to-end encryption for groups of any size (Messaging Layer Security, RFC 9420).
//
// A thin layer over conclave.h, which is the manual: what a call does, returns and writes is said there, under the name of the
// C function. This header adds what C lacks: handles that free themselves, views instead of pointers with lengths, errors that
// cannot be overlooked, and classes for the callbacks.
//
//     conclave::Host host{std::make_shared<MyStorage>(), std::make_shared<MyValidator>()};
//     auto client = conclave::Client::open(conclave::ClientConfig{"alice"}, host);
//     auto group = client.create_group();
//     std::vector<std::uint8_t> message = group.encrypt("hello");
//
// ERRORS. A call that fails throws conclave::Error. If CONCLAVE_NO_EXCEPTIONS is defined before this header is included, nothing
// throws, and every call returns a conclave::Result<T> instead: look whether it has a value before you take it.
//
// RESULTS. Structs of conclave.h that the library gives come as owners: read them with `->`, by the fields that conclave.h
// describes, for as long as the owner lives. each() walks their lists, and Bytes reads their bytes. To read from an owner of
// nothing, which is false, is an Error of CONCLAVE_BAD_ARGUMENT; without exceptions it ends the program, with a message, and so
// does value() of a Result that has none.
//
// ARGUMENTS. What is passed to a call is lent until it returns (Bytes). What is put into options is copied (Kept), and may go.
//
// HANDLES can be moved, and not copied. A call on one that was moved from fails with CONCLAVE_BAD_ARGUMENT.
//
// examples/cpp has whole programs: begin with hello.cpp.

#ifndef CONCLAVE_HPP
#define CONCLAVE_HPP

#include <conclave.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>
#ifndef CONCLAVE_NO_EXCEPTIONS
#include <exception>
#include <stdexcept>
#endif

namespace conclave {

// Two parts of one program may choose differently: each has names of its own.
#ifdef CONCLAVE_NO_EXCEPTIONS
inline namespace returning {
#else
inline namespace throwing {
#endif

// ---- Bytes ------------------------------------------------------------------------------------------------------------------

// Bytes of one's own.
using Buffer = std::vector<std::uint8_t>;

// Bytes that are lent: whoever has them keeps them alive. Made of nothing, they are absent, which is not the same as empty.
class Bytes {
public:
    Bytes() : bytes_(conclave_absent()) {}
    // No data with a size is refused by whatever takes it.
    Bytes(const void *data, std::size_t size)
        : bytes_{size == 0 ? present(data) : static_cast<const std::uint8_t *>(data), size} {}
    Bytes(const Buffer &buffer) : Bytes(buffer.data(), buffer.size()) {}
    Bytes(std::string_view text) : Bytes(text.data(), text.size()) {}
    Bytes(const std::string &text) : Bytes(text.data(), text.size()) {}
    // No text is absent.
    Bytes(const char *text) : Bytes(text == nullptr ? Bytes() : Bytes(std::string_view(text))) {}
    template <std::size_t N>
    Bytes(const std::array<std::uint8_t, N> &array) : Bytes(array.data(), N) {}
    Bytes(conclave_bytes bytes) : bytes_(bytes) {}

    const std::uint8_t *data() const { return bytes_.data; }
    std::size_t size() const { return bytes_.len; }
    bool empty() const { return bytes_.len == 0; }
    bool absent() const { return bytes_.data == nullptr; }
    const std::uint8_t *begin() const { return bytes_.data; }
    const std::uint8_t *end() const { return absent() ? nullptr : bytes_.data + bytes_.len; }

    std::string_view text() const {
        return absent() ? std::string_view() : std::string_view(reinterpret_cast<const char *>(bytes_.data), bytes_.len);
    }
    Buffer copy() const { return absent() ? Buffer() : Buffer(begin(), end()); }
    operator conclave_bytes() const { return bytes_; }

    // Absent bytes equal no others.
    friend bool operator==(Bytes one, Bytes other) {
        return one.absent() == other.absent() && one.size() == other.size() && one.text() == other.text();
    }
    friend bool operator!=(Bytes one, Bytes other) { return !(one == other); }

private:
    // Where there is nothing to point to, empty bytes still point somewhere.
    static const std::uint8_t *present(const void *data) {
        static const std::uint8_t somewhere = 0;
        return data == nullptr ? &somewhere : static_cast<const std::uint8_t *>(data);
    }

    conclave_bytes bytes_;
};

// Bytes that are copied from whatever Bytes can be made of, and wiped in the end; absent if they are made of nothing.
class Kept {
public:
    Kept() = default;
    Kept(Bytes bytes) : kept_(bytes.copy()), absent_(bytes.absent()), without_data_(bytes.absent() ? bytes.size() : 0) {}
    template <class T, class = std::enable_if_t<std::is_convertible_v<const T &, Bytes>>>
    Kept(const T &bytes) : Kept(Bytes(bytes)) {}
    Kept(const Kept &) = default;
    Kept(Kept &&) = default;
    ~Kept() {
        for (volatile std::uint8_t &byte : kept_) {
            byte = 0;
        }
    }

    Kept &operator=(Kept other) noexcept {
        kept_.swap(other.kept_);
        absent_ = other.absent_;
        without_data_ = other.without_data_;
        return *this;
    }

    operator Bytes() const { return absent_ ? Bytes(conclave_bytes{nullptr, without_data_}) : Bytes(kept_); }

private:
    Buffer kept_;
    bool absent_ = true;
    // A size that came with no data: for whatever takes it to refuse.
    std::size_t without_data_ = 0;
};

// A list that is lent, such as `each(change->added, change->added_count)`.
template <class T>
class List {
public:
    List(const T *items, std::size_t count) : items_(items), count_(count) {}
    const T *begin() const { return items_; }
    const T *end() const { return items_ + count_; }
    std::size_t size() const { return count_; }
    bool empty() const { return count_ == 0; }
    const T &operator[](std::size_t index) const { return items_[index]; }

private:
    const T *items_;
    std::size_t count_;
};

// The same for lists of pointers, which conclave.h has where items may grow.
template <class T>
class PointerList {
public:
    class Iterator {
    public:
        explicit Iterator(const T *const *place) : place_(place) {}
        const T &operator*() const { return **place_; }
        Iterator &operator++() {
            ++place_;
            return *this;
        }
        bool operator!=(const Iterator &other) const { return place_ != other.place_; }

    private:
        const T *const *place_;
    };

    PointerList(const T *const *items, std::size_t count) : items_(items), count_(count) {}
    Iterator begin() const { return Iterator(items_); }
    Iterator end() const { return Iterator(items_ + count_); }
    std::size_t size() const { return count_; }
    bool empty() const { return count_ == 0; }
    const T &operator[](std::size_t index) const { return *items_[index]; }

private:
    const T *const *items_;
    std::size_t count_;
};

template <class T>
List<T> each(const T *items, std::size_t count) {
    return {items, count};
}

template <class T>
PointerList<T> each(const T *const *items, std::size_t count) {
    return {items, count};
}

// ---- Errors -----------------------------------------------------------------------------------------------------------------

// Why a call failed. conclave.h tells what each status means, and docs/errors.md what to do about it.
class Error
#ifndef CONCLAVE_NO_EXCEPTIONS
    : public std::runtime_error
#endif
{
public:
    Error(conclave_status status, const std::string &detail)
#ifndef CONCLAVE_NO_EXCEPTIONS
        : std::runtime_error(words(status, detail)), status_(status), detail_(detail)
#else
        : status_(status), detail_(detail)
#endif
    {
    }

    // What the last call of this thread had to say that returned this status.
    static Error last(conclave_status status) {
        conclave_error error = CONCLAVE_INIT(conclave_error);
        bool told = conclave_last_error(&error) == CONCLAVE_OK && error.status == status;
        return Error(status, told ? error.detail : "");
    }

    conclave_status status() const { return status_; }
    // What the app has to do, in hundreds: 1 fix the call, 2 drop the message, and so on, as conclave.h lists them.
    int category() const { return status_ / 100; }
    const std::string &detail() const { return detail_; }
    const char *name() const { return description(status_).name; }
    const char *summary() const { return description(status_).summary; }
    const char *remedy() const { return description(status_).remedy; }

private:
    static conclave_error_description description(conclave_status status) {
        conclave_error_description description = CONCLAVE_INIT(conclave_error_description);
        if (conclave_error_info(status, &description) != CONCLAVE_OK) {
            description.name = description.summary = description.remedy = "";
        }
        return description;
    }

    static std::string words(conclave_status status, const std::string &detail) {
        return std::string(description(status).name) + " (" + std::to_string(status) + "): " + detail;
    }

    conclave_status status_;
    std::string detail_;
};

namespace detail {

// Something was read that is not there.
[[noreturn]] inline void nothing_there(const char *what) {
#ifdef CONCLAVE_NO_EXCEPTIONS
    std::fprintf(stderr, "conclave: %s\n", what);
    std::abort();
#else
    throw Error(CONCLAVE_BAD_ARGUMENT, what);
#endif
}

} // namespace detail

#ifdef CONCLAVE_NO_EXCEPTIONS

// A value, or why there is none. The compiler warns of one that nobody looks at.
template <class T>
class [[nodiscard]] Result {
public:
    Result(T value) : value_(std::move(value)) {}
    Result(Error error) : error_(std::move(error)) {}
    bool ok() const { return value_.has_value(); }
    explicit operator bool() const { return ok(); }
    // Only if ok(), or the program ends.
    T &value() & {
        look();
        return *value_;
    }
    const T &value() const & {
        look();
        return *value_;
    }
    T value() && {
        look();
        return std::move(*value_);
    }
    // Only if not ok(), or the program ends.
    const Error &error() const {
        if (ok()) {
            detail::nothing_there("the error of a call that succeeded was read");
        }
        return *error_;
    }

private:
    void look() const {
        if (!ok()) {
            detail::nothing_there(("the value of a call that failed was read: " + error_->detail()).c_str());
        }
    }

    std::optional<T> value_;
    std::optional<Error> error_;
};

template <>
class [[nodiscard]] Result<void> {
public:
    Result() = default;
    Result(Error error) : error_(std::move(error)) {}
    bool ok() const { return !error_.has_value(); }
    explicit operator bool() const { return ok(); }
    // Only if not ok(), or the program ends.
    const Error &error() const {
        if (ok()) {
            detail::nothing_there("the error of a call that succeeded was read");
        }
        return *error_;
    }

private:
    std::optional<Error> error_;
};

#else

template <class T>
using Result = T;

#endif

namespace detail {

// Ends a call: with what `make` makes if it succeeded, else with the error in the way of this header's mode.
template <class Make>
auto finish(conclave_status status, Make make) -> Result<decltype(make())> {
    if (status != CONCLAVE_OK) {
#ifdef CONCLAVE_NO_EXCEPTIONS
        return Error::last(status);
#else
        throw Error::last(status);
#endif
    }
    return make();
}

inline Result<void> finish(conclave_status status) {
    if (status != CONCLAVE_OK) {
#ifdef CONCLAVE_NO_EXCEPTIONS
        return Error::last(status);
#else
        throw Error::last(status);
#endif
    }
    return Result<void>();
}

// Takes a buffer of the library's over.
inline Buffer take(conclave_buf *buf) {
    std::unique_ptr<conclave_buf, void (*)(conclave_buf *)> owned(buf, conclave_buf_free);
    return Bytes(conclave_buf_bytes(buf)).copy();
}

inline std::string take_text(conclave_buf *buf) {
    std::unique_ptr<conclave_buf, void (*)(conclave_buf *)> owned(buf, conclave_buf_free);
    return std::string(Bytes(conclave_buf_bytes(buf)).text());
}

// Owns what `Free` frees. It may own nothing, and then is false.
template <class T, void (*Free)(T *)>
class Owned {
public:
    using Struct = T;

    explicit Owned(T *pointer = nullptr) : pointer_(pointer) {}
    const T *get() const { return pointer_.get(); }
    const T *operator->() const { return &**this; }
    const T &operator*() const {
        if (pointer_ == nullptr) {
            nothing_there("what was read is not there: the call found nothing, or the object was moved from");
        }
        return *pointer_;
    }
    explicit operator bool() const { return pointer_ != nullptr; }

private:
    struct Freer {
        void operator()(T *pointer) const { Free(pointer); }
    };

    std::unique_ptr<T, Freer> pointer_;
};

// A struct of conclave.h that begins with its size, with its defaults.
template <class C>
struct Options : C {
    Options() : C{} { this->struct_size = sizeof(C); }
};

} // namespace detail

// ---- What calls give and take -----------------------------------------------------------------------------------------------

using Event = detail::Owned<conclave_event, conclave_event_free>;
using KeyPackages = detail::Owned<conclave_key_packages, conclave_key_packages_free>;
using Groups = detail::Owned<conclave_groups, conclave_groups_free>;
using Members = detail::Owned<conclave_members, conclave_members_free>;
using MessagePeek = detail::Owned<conclave_message_peek, conclave_message_peek_free>;
using WelcomePreview = detail::Owned<conclave_welcome_preview, conclave_welcome_preview_free>;
using ExternalJoin = detail::Owned<conclave_external_join, conclave_external_join_free>;
using JoinProposal = detail::Owned<conclave_join_proposal, conclave_join_proposal_free>;
using ExternalSender = detail::Owned<conclave_external_sender, conclave_external_sender_free>;
using ExternalPlace = detail::Owned<conclave_external_place, conclave_external_place_free>;
using OwnIdentity = detail::Owned<conclave_own_identity, conclave_own_identity_free>;
using CommitResult = detail::Owned<conclave_commit_result, conclave_commit_result_free>;
using PendingCommit = detail::Owned<conclave_pending_commit, conclave_pending_commit_free>;
using PendingProposals = detail::Owned<conclave_pending_proposals, conclave_pending_proposals_free>;
using PendingEffects = detail::Owned<conclave_pending_effects, conclave_pending_effects_free>;
using Imported = detail::Owned<conclave_imported, conclave_imported_free>;
using Extensions = detail::Owned<conclave_extensions, conclave_extensions_free>;
using Findings = detail::Owned<conclave_findings, conclave_findings_free>;

// How a group is created: see conclave_group_options.
struct GroupOptions {
    std::uint16_t cipher_suite = 0;
    bool public_handshakes = false, without_padding = false;
    Kept group_id, extensions, tag;
};

// How a group is joined: see conclave_join_options.
struct JoinOptions {
    bool public_handshakes = false, without_padding = false;
    Kept tree, tag;
};

// How key packages are made: see conclave_key_package_options.
struct KeyPackageOptions {
    std::uint16_t cipher_suite = 0;
    bool last_resort = false;
    Kept extensions;
};

// The secret of an epoch: see conclave_resumption_psk.
struct ResumptionPsk {
    Kept group_id;
    std::uint64_t epoch = 0;
};

// How a group is joined by a commit of one's own: see conclave_external_join_options.
struct ExternalJoinOptions {
    bool rejoin = false, public_handshakes = false, without_padding = false;
    Kept tree;
    std::vector<Kept> psks;
    std::vector<ResumptionPsk> resumption_psks;
    Kept aad, tag;
};

// With what a group is to be begun anew: see conclave_reinit_options.
struct ReinitOptions {
    std::uint16_t cipher_suite = 0;
    Kept group_id, extensions;
};

// Who comes along into a new group, and how they are told: see conclave_successor_options.
struct SuccessorOptions {
    bool tree_beside_welcome = false, public_handshakes = false, without_padding = false;
    std::vector<Kept> key_packages;
    Kept tag, group_id, extensions;
};

// Who a client claims to be: see conclave_identity.
struct Identity {
    std::uint16_t credential_type = CONCLAVE_CREDENTIAL_BASIC;
    Kept content;
    std::vector<Kept> certificates;
};

// A signing key that the host holds: see conclave_signing_key.
struct SigningKey {
    Kept key_id, public_key;
    std::uint16_t cipher_suite = 0;
};

// A storage in memory, for tests and demonstrations: memory_storage() makes one. A copy of it is the same storage.
class MemoryStorage {
public:
    explicit MemoryStorage(conclave_memory_storage *storage = nullptr)
        : storage_(storage, conclave_memory_storage_free) {}
    const conclave_memory_storage *c() const { return storage_.get(); }

private:
    std::shared_ptr<conclave_memory_storage> storage_;
};

// How a client behaves: the defaults, for a client of this name. See conclave_client_config.
struct ClientConfig {
    explicit ClientConfig(Bytes name_of_client) : name(name_of_client) {
        conclave_client_config defaults{};
        (void)conclave_client_config_init(&defaults, sizeof defaults, Bytes(""));
        grease = defaults.grease != 0;
        grease_extensions = defaults.grease_extensions != 0;
        journal = defaults.journal != 0;
        identity.credential_type = defaults.identity.credential_type;
        identity.content = name;
        auto suites = each(defaults.cipher_suites, defaults.cipher_suite_count);
        cipher_suites.assign(suites.begin(), suites.end());
        past_epochs = defaults.past_epochs;
        resumption_epochs = defaults.resumption_epochs;
        max_forward = defaults.max_forward;
        max_skipped = defaults.max_skipped;
        max_deferred = defaults.max_deferred;
        max_deferred_bytes = defaults.max_deferred_bytes;
        max_past_age = defaults.max_past_age;
        max_skipped_age = defaults.max_skipped_age;
        max_epoch_messages = defaults.max_epoch_messages;
        max_epoch_bytes = defaults.max_epoch_bytes;
        reserve = defaults.reserve;
        max_lifetime = defaults.max_lifetime;
        lease_timeout = defaults.lease_timeout;
        threads = defaults.threads;
    }

    bool grease, grease_extensions, journal;
    Kept name;
    Identity identity;
    std::vector<std::uint16_t> cipher_suites;
    std::vector<SigningKey> signing_keys;
    Kept storage_key;
    std::vector<std::uint16_t> extensions, proposals, credentials;
    Kept leaf_extensions;
    std::uint32_t past_epochs, resumption_epochs, max_forward, max_skipped, max_deferred, max_deferred_bytes;
    std::uint64_t max_past_age, max_skipped_age, max_epoch_messages, max_epoch_bytes;
    std::uint32_t reserve;
    std::uint64_t max_lifetime, lease_timeout;
    std::uint32_t threads;
};

namespace detail {

// Options as conclave.h has them. They lend what is in those they were made of.
inline conclave_group_options as_c(const GroupOptions &given) {
    Options<conclave_group_options> options;
    options.cipher_suite = given.cipher_suite;
    options.public_handshakes = given.public_handshakes;
    options.without_padding = given.without_padding;
    options.group_id = Bytes(given.group_id);
    options.extensions = Bytes(given.extensions);
    options.tag = Bytes(given.tag);
    return options;
}

inline conclave_join_options as_c(const JoinOptions &given) {
    Options<conclave_join_options> options;
    options.public_handshakes = given.public_handshakes;
    options.without_padding = given.without_padding;
    options.tree = Bytes(given.tree);
    options.tag = Bytes(given.tag);
    return options;
}

inline conclave_key_package_options as_c(const KeyPackageOptions &given) {
    Options<conclave_key_package_options> options;
    options.cipher_suite = given.cipher_suite;
    options.last_resort = given.last_resort;
    options.extensions = Bytes(given.extensions);
    return options;
}

inline conclave_reinit_options as_c(const ReinitOptions &given) {
    Options<conclave_reinit_options> options;
    options.cipher_suite = given.cipher_suite;
    options.group_id = Bytes(given.group_id);
    options.extensions = Bytes(given.extensions);
    return options;
}

inline conclave_resumption_psk as_c(const ResumptionPsk &given) { return {Bytes(given.group_id), given.epoch}; }

inline conclave_signing_key as_c(const SigningKey &given) {
    return {Bytes(given.key_id), Bytes(given.public_key), given.cipher_suite};
}

inline conclave_bytes as_c(const Kept &given) { return Bytes(given); }

template <class T>
auto list_as_c(const std::vector<T> &given) {
    std::vector<decltype(as_c(given[0]))> list;
    list.reserve(given.size());
    for (const T &item : given) {
        list.push_back(as_c(item));
    }
    return list;
}

// The same with lists, which live as long as these.
struct LentExternalJoin : Options<conclave_external_join_options> {
    explicit LentExternalJoin(const ExternalJoinOptions &given)
        : psk_list(list_as_c(given.psks)), resumption_psk_list(list_as_c(given.resumption_psks)) {
        rejoin = given.rejoin;
        public_handshakes = given.public_handshakes;
        without_padding = given.without_padding;
        tree = Bytes(given.tree);
        psks = psk_list.data();
        psk_count = psk_list.size();
        resumption_psks = resumption_psk_list.data();
        resumption_psk_count = resumption_psk_list.size();
        aad = Bytes(given.aad);
        tag = Bytes(given.tag);
    }
    LentExternalJoin(const LentExternalJoin &) = delete;

    std::vector<conclave_bytes> psk_list;
    std::vector<conclave_resumption_psk> resumption_psk_list;
};

struct LentSuccessor : Options<conclave_successor_options> {
    explicit LentSuccessor(const SuccessorOptions &given) : key_package_list(list_as_c(given.key_packages)) {
        tree_beside_welcome = given.tree_beside_welcome;
        public_handshakes = given.public_handshakes;
        without_padding = given.without_padding;
        key_packages = key_package_list.data();
        key_package_count = key_package_list.size();
        tag = Bytes(given.tag);
        group_id = Bytes(given.group_id);
        extensions = Bytes(given.extensions);
    }
    LentSuccessor(const LentSuccessor &) = delete;

    std::vector<conclave_bytes> key_package_list;
};

struct LentConfig : Options<conclave_client_config> {
    explicit LentConfig(const ClientConfig &given)
        : certificate_list(list_as_c(given.identity.certificates)), signing_key_list(list_as_c(given.signing_keys)) {
        grease = given.grease;
        grease_extensions = given.grease_extensions;
        journal = given.journal;
        name = Bytes(given.name);
        identity = {given.identity.credential_type, Bytes(given.identity.content), certificate_list.data(),
                    certificate_list.size()};
        cipher_suites = given.cipher_suites.data();
        cipher_suite_count = given.cipher_suites.size();
        signing_keys = signing_key_list.data();
        signing_key_count = signing_key_list.size();
        storage_key = Bytes(given.storage_key);
        extensions = given.extensions.data();
        extension_count = given.extensions.size();
        proposals = given.proposals.data();
        proposal_count = given.proposals.size();
        credentials = given.credentials.data();
        credential_count = given.credentials.size();
        leaf_extensions = Bytes(given.leaf_extensions);
        limit(given);
    }
    LentConfig(const LentConfig &) = delete;

    void limit(const ClientConfig &given) {
        past_epochs = given.past_epochs;
        resumption_epochs = given.resumption_epochs;
        max_forward = given.max_forward;
        max_skipped = given.max_skipped;
        max_deferred = given.max_deferred;
        max_deferred_bytes = given.max_deferred_bytes;
        max_past_age = given.max_past_age;
        max_skipped_age = given.max_skipped_age;
        max_epoch_messages = given.max_epoch_messages;
        max_epoch_bytes = given.max_epoch_bytes;
        reserve = given.reserve;
        max_lifetime = given.max_lifetime;
        lease_timeout = given.lease_timeout;
        threads = given.threads;
    }

    std::vector<conclave_bytes> certificate_list;
    std::vector<conclave_signing_key> signing_key_list;
};

} // namespace detail

// ---- Callbacks --------------------------------------------------------------------------------------------------------------

// How a callback went. `return {};` is success. An exception that leaves a callback is a failure in its what().
class Answer {
public:
    Answer() = default;
    // A failure of the kind that the callback has, such as CONCLAVE_STORAGE_FAILED, in words for the caller.
    static Answer failed(std::string words) { return Answer(Kind::failed, std::move(words)); }
    // Of Storage::write: a guard did not match, and nothing was written.
    static Answer conflict() { return Answer(Kind::conflict, ""); }
    // Of a storage: it works again once the device is unlocked.
    static Answer locked(std::string words) { return Answer(Kind::locked, std::move(words)); }

    // The status for the library, with `failure` for a mere failure.
    conclave_status tell(conclave_status failure) const {
        switch (kind_) {
        case Kind::ok:
            return CONCLAVE_OK;
        case Kind::conflict:
            return CONCLAVE_CONFLICT;
        case Kind::locked:
            return conclave_host_error(CONCLAVE_STORAGE_LOCKED, words_.c_str());
        default:
            return conclave_host_error(failure, words_.c_str());
        }
    }

private:
    enum class Kind { ok, failed, conflict, locked };

    Answer(Kind kind, std::string words) : kind_(kind), words_(std::move(words)) {}

    Kind kind_ = Kind::ok;
    std::string words_;
};

namespace detail {

// Why a callback has failed already, whatever it answers: something that it gave was not taken, and is missing now.
class Spoiled {
public:
    // Throws where there are exceptions.
    void note(conclave_status status) {
        if (status != CONCLAVE_OK) {
            if (!why_) {
                why_ = Error::last(status);
            }
#ifndef CONCLAVE_NO_EXCEPTIONS
            throw *why_;
#endif
        }
    }
    Answer answer(Answer given) const { return why_ ? Answer::failed(why_->detail()) : given; }

private:
    std::optional<Error> why_;
};

} // namespace detail

// Where Storage::read puts the values that are there. What is not taken fails the callback, at once or when it returns.
class Values {
public:
    Values(conclave_values *values, detail::Spoiled &spoiled) : values_(values), spoiled_(&spoiled) {}
    // The value of the key at `index`; it is copied.
    void put(std::size_t index, Bytes value) { spoiled_->note(conclave_values_put(values_, index, value)); }

private:
    conclave_values *values_;
    detail::Spoiled *spoiled_;
};

// Where Storage::scan puts the records that it finds, in ascending order. What is not taken fails the callback.
class Records {
public:
    Records(conclave_records *records, detail::Spoiled &spoiled) : records_(records), spoiled_(&spoiled) {}
    void put(Bytes key, Bytes value) { spoiled_->note(conclave_records_put(records_, key, value)); }

private:
    conclave_records *records_;
    detail::Spoiled *spoiled_;
};

// One atomic write, for Storage::write to pull from. What it lends lives until `write` returns, operations until the next call
// of next(). A storage that cannot get at all of it must take its transaction back.
class WriteBatch {
public:
    explicit WriteBatch(const conclave_batch *batch) : batch_(batch) {}

    // What must still hold, to be checked inside the transaction before the first operation.
    Result<List<conclave_guard>> guards() const {
        const conclave_guard *guards = nullptr;
        std::size_t count = 0;
        return detail::finish(conclave_batch_guards(batch_, &guards, &count), [&] { return each(guards, count); });
    }

    // The next operations, in order; none at the end.
    Result<List<conclave_write_op>> next(std::uint32_t most = 1024) {
        const conclave_write_op *ops = nullptr;
        std::size_t count = 0;
        return detail::finish(conclave_batch_next(batch_, most, &ops, &count), [&] { return each(ops, count); });
    }

    // Starts over, for a database that runs its transaction again.
    Result<void> rewind() { return detail::finish(conclave_batch_rewind(batch_)); }

    // What the call produced, to be stored in the same transaction; nullptr for mere bookkeeping.
    Result<const conclave_effect *> effect() const {
        const conclave_effect *effect = nullptr;
        return detail::finish(conclave_batch_effect(batch_, &effect), [&] { return effect; });
    }

    struct Size {
        std::uint64_t ops, bytes;
    };

    Result<Size> size() const {
        Size size{0, 0};
        return detail::finish(conclave_batch_size(batch_, &size.ops, &size.bytes), [&] { return size; });
    }

private:
    const conclave_batch *batch_;
};

// Where the library keeps everything: what a storage has to keep to is said at conclave_storage. Callbacks run on several
// threads at once if the app calls from several.
class Storage {
public:
    virtual ~Storage() = default;
    virtual Answer read(List<conclave_bytes> keys, Values found) = 0;
    virtual Answer scan(Bytes prefix, Bytes after, std::uint32_t limit, Records found) = 0;
    virtual Answer write(WriteBatch batch) = 0;
};

// Where Validator::validate puts its verdicts, one for each candidate. What is not taken fails the callback.
class Verdicts {
public:
    Verdicts(conclave_verdicts *verdicts, detail::Spoiled &spoiled) : verdicts_(verdicts), spoiled_(&spoiled) {}
    void accept(std::size_t index, Bytes client_id, Bytes user_id) {
        spoiled_->note(conclave_verdicts_accept(verdicts_, index, client_id, user_id));
    }
    void reject(std::size_t index, std::string_view reason) {
        spoiled_->note(conclave_verdicts_reject(verdicts_, index, Bytes(reason)));
    }

private:
    conclave_verdicts *verdicts_;
    detail::Spoiled *spoiled_;
};

// Who credentials stand for: see conclave_validator.
class Validator {
public:
    virtual ~Validator() = default;
    virtual Answer validate(List<conclave_candidate> candidates, Verdicts verdicts) = 0;
    virtual Answer is_successor(const conclave_candidate &older, const conclave_candidate &newer, bool &yes) = 0;
};

// Accepts every basic credential as what it claims to be. For tests and demonstrations: whoever ships it lets anyone be anyone.
class AcceptAll final : public Validator {
public:
    Answer validate(List<conclave_candidate> candidates, Verdicts verdicts) override {
        for (std::size_t index = 0; index < candidates.size(); ++index) {
            const conclave_identity &identity = candidates[index].identity;
            if (identity.credential_type == CONCLAVE_CREDENTIAL_BASIC) {
                verdicts.accept(index, identity.content, identity.content);
            } else {
                verdicts.reject(index, "AcceptAll believes basic credentials only");
            }
        }
        return {};
    }

    Answer is_successor(const conclave_candidate &older, const conclave_candidate &newer, bool &yes) override {
        yes = Bytes(older.identity.content) == Bytes(newer.identity.content);
        return {};
    }
};

// Signs with keys that the library never sees: see conclave_signer.
class Signer {
public:
    virtual ~Signer() = default;
    virtual Answer sign(Bytes key_id, conclave_sign_purpose purpose, Bytes content, Buffer &signature) = 0;
};

// The app's rules on top of the RFC's: see conclave_policy.
class Policy {
public:
    virtual ~Policy() = default;
    virtual Answer permit(const conclave_change_request &request, bool &yes) = 0;
};

// Tells the time, in seconds since 1970.
class Clock {
public:
    virtual ~Clock() = default;
    virtual Answer now(std::uint64_t &seconds) = 0;
};

// Watches long work, and may stop it: `go_on` is true at first.
class Observer {
public:
    virtual ~Observer() = default;
    virtual Answer progress(std::uint64_t done, std::uint64_t total, bool &go_on) = 0;
};

// Takes the library's log lines. What goes wrong in it is ignored.
class Logger {
public:
    virtual ~Logger() = default;
    virtual void log(conclave_log_level level, std::string_view target, std::string_view message) = 0;
};

namespace detail {

// Runs a callback of the app's. No exception leaves it: that would end the program.
template <class Act>
conclave_status run(conclave_status failure, Act act) noexcept {
#ifdef CONCLAVE_NO_EXCEPTIONS
    return act().tell(failure);
#else
    try {
        return act().tell(failure);
    } catch (const std::exception &exception) {
        return conclave_host_error(failure, exception.what());
    } catch (...) {
        return conclave_host_error(failure, "the callback threw something that is no std::exception");
    }
#endif
}

// The same for a callback that gives more than its answer.
template <class Act>
conclave_status run_giving(conclave_status failure, Act act) noexcept {
    Spoiled spoiled;
    return run(failure, [&] { return spoiled.answer(act(spoiled)); });
}

// The app's object behind a context, which shares its ownership.
template <class T>
T &host(void *context) {
    return **static_cast<std::shared_ptr<T> *>(context);
}

template <class T>
void release(void *context) noexcept {
    delete static_cast<std::shared_ptr<T> *>(context);
}

// A struct of callbacks with its size, its context and its release.
template <class C, class T>
C lend(const std::shared_ptr<T> &object) {
    C callbacks{};
    callbacks.struct_size = sizeof(C);
    callbacks.context = new std::shared_ptr<T>(object);
    callbacks.release = release<T>;
    return callbacks;
}

inline conclave_storage lend_storage(const std::shared_ptr<Storage> &storage) {
    conclave_storage callbacks = lend<conclave_storage>(storage);
    callbacks.read = [](void *context, const conclave_bytes *keys, std::size_t count, conclave_values *found) noexcept {
        return run_giving(CONCLAVE_STORAGE_FAILED, [&](Spoiled &spoiled) {
            return host<Storage>(context).read({keys, count}, Values(found, spoiled));
        });
    };
    callbacks.scan = [](void *context, conclave_bytes prefix, conclave_bytes after, std::uint32_t limit,
                        conclave_records *found) noexcept {
        return run_giving(CONCLAVE_STORAGE_FAILED, [&](Spoiled &spoiled) {
            return host<Storage>(context).scan(prefix, after, limit, Records(found, spoiled));
        });
    };
    callbacks.write = [](void *context, const conclave_batch *batch) noexcept {
        return run(CONCLAVE_STORAGE_FAILED, [&] { return host<Storage>(context).write(WriteBatch(batch)); });
    };
    return callbacks;
}

inline conclave_validator lend_validator(const std::shared_ptr<Validator> &validator) {
    conclave_validator callbacks = lend<conclave_validator>(validator);
    callbacks.validate = [](void *context, const conclave_candidate *candidates, std::size_t count,
                            conclave_verdicts *verdicts) noexcept {
        return run_giving(CONCLAVE_VALIDATOR_FAILED, [&](Spoiled &spoiled) {
            return host<Validator>(context).validate({candidates, count}, Verdicts(verdicts, spoiled));
        });
    };
    callbacks.is_successor = [](void *context, const conclave_candidate *older, const conclave_candidate *newer,
                                bool *yes) noexcept {
        return run(CONCLAVE_VALIDATOR_FAILED,
                   [&] { return host<Validator>(context).is_successor(*older, *newer, *yes); });
    };
    return callbacks;
}

inline conclave_signer lend_signer(const std::shared_ptr<Signer> &signer) {
    conclave_signer callbacks = lend<conclave_signer>(signer);
    callbacks.sign = [](void *context, conclave_bytes key_id, conclave_sign_purpose purpose, conclave_bytes content,
                        conclave_signature *signature) noexcept {
        return run_giving(CONCLAVE_SIGNER_FAILED, [&](Spoiled &spoiled) {
            Buffer made;
            Answer answer = host<Signer>(context).sign(key_id, purpose, content, made);
            spoiled.note(conclave_signature_put(signature, Bytes(made)));
            return answer;
        });
    };
    return callbacks;
}

inline conclave_policy lend_policy(const std::shared_ptr<Policy> &policy) {
    conclave_policy callbacks = lend<conclave_policy>(policy);
    callbacks.permit = [](void *context, const conclave_change_request *request, bool *yes) noexcept {
        return run(CONCLAVE_VALIDATOR_FAILED, [&] { return host<Policy>(context).permit(*request, *yes); });
    };
    return callbacks;
}

inline conclave_clock lend_clock(const std::shared_ptr<Clock> &clock) {
    conclave_clock callbacks = lend<conclave_clock>(clock);
    callbacks.now = [](void *context, std::uint64_t *seconds) noexcept {
        return run(CONCLAVE_CLOCK_FAILED, [&] { return host<Clock>(context).now(*seconds); });
    };
    return callbacks;
}

inline conclave_observer lend_observer(const std::shared_ptr<Observer> &observer) {
    conclave_observer callbacks = lend<conclave_observer>(observer);
    callbacks.progress = [](void *context, std::uint64_t done, std::uint64_t total, bool *go_on) noexcept {
        *go_on = true;
        return run(CONCLAVE_OBSERVER_FAILED, [&] { return host<Observer>(context).progress(done, total, *go_on); });
    };
    return callbacks;
}

inline conclave_logger lend_logger(const std::shared_ptr<Logger> &logger) {
    conclave_logger callbacks = lend<conclave_logger>(logger);
    callbacks.log = [](void *context, conclave_log_level level, const char *target, const char *message) noexcept {
        (void)run(CONCLAVE_INTERNAL, [&] {
            host<Logger>(context).log(level, target, message);
            return Answer();
        });
    };
    return callbacks;
}

} // namespace detail

// What the app lends to a client. The library shares in the ownership of each, until the client and all that came from it are
// gone. Storage and validator must be there; a storage in memory may stand for the first, in tests and demonstrations.
struct Host {
    Host(std::shared_ptr<Storage> storage_lent, std::shared_ptr<Validator> validator_lent)
        : storage(std::move(storage_lent)), validator(std::move(validator_lent)) {}
    Host(MemoryStorage storage_lent, std::shared_ptr<Validator> validator_lent)
        : memory_storage(std::move(storage_lent)), validator(std::move(validator_lent)) {}

    std::shared_ptr<Storage> storage;
    MemoryStorage memory_storage;
    std::shared_ptr<Validator> validator;
    std::shared_ptr<Signer> signer;
    std::shared_ptr<Policy> policy;
    std::shared_ptr<Clock> clock;
    std::shared_ptr<Observer> observer;
};

namespace detail {

// A host in C, with a place for each of its parts. It lets them go at its end, unless the library took them over.
class LentHost {
public:
    // By way of another constructor, so that the parts are let go even if there is no memory for the next.
    explicit LentHost(const Host &host) : LentHost() {
        c_.memory_storage = host.memory_storage.c();
        c_.storage = part(host.storage, storage_, lend_storage);
        c_.validator = part(host.validator, validator_, lend_validator);
        c_.signer = part(host.signer, signer_, lend_signer);
        c_.policy = part(host.policy, policy_, lend_policy);
        c_.clock = part(host.clock, clock_, lend_clock);
        c_.observer = part(host.observer, observer_, lend_observer);
    }

    ~LentHost() {
        take_back(c_.storage);
        take_back(c_.validator);
        take_back(c_.signer);
        take_back(c_.policy);
        take_back(c_.clock);
        take_back(c_.observer);
    }

    LentHost(const LentHost &) = delete;
    LentHost &operator=(const LentHost &) = delete;

    const conclave_host *c() const { return &c_; }

    // The library took them over.
    void given() { c_ = Options<conclave_host>(); }

private:
    LentHost() = default;

    template <class T, class C>
    const C *part(const std::shared_ptr<T> &object, C &place, C (*lend)(const std::shared_ptr<T> &)) {
        if (object == nullptr) {
            return nullptr;
        }
        place = lend(object);
        return &place;
    }

    template <class C>
    void take_back(const C *callbacks) {
        if (callbacks != nullptr) {
            callbacks->release(callbacks->context);
        }
    }

    Options<conclave_host> c_;
    conclave_storage storage_{};
    conclave_validator validator_{};
    conclave_signer signer_{};
    conclave_policy policy_{};
    conclave_clock clock_{};
    conclave_observer observer_{};
};

} // namespace detail

// ---- Commit -----------------------------------------------------------------------------------------------------------------

// Collects what a commit is to change; build() makes it, once. With nothing said, a commit takes in the proposals that wait and
// gives this member fresh keys.
class Commit {
public:
    using Struct = conclave_commit;

    explicit Commit(conclave_commit *commit) : handle_(commit) {}

    // See conclave_commit_add and its neighbours.
    Result<void> add(Bytes key_package) { return detail::finish(conclave_commit_add(c(), key_package)); }
    Result<void> remove(std::uint32_t leaf) { return detail::finish(conclave_commit_remove(c(), leaf)); }
    Result<void> psk(Bytes psk_id) { return detail::finish(conclave_commit_psk(c(), psk_id)); }
    Result<void> resumption_psk(Bytes group_id, std::uint64_t epoch) {
        return detail::finish(conclave_commit_resumption_psk(c(), {group_id, epoch}));
    }
    Result<void> reinit(const ReinitOptions &options = {}) {
        const conclave_reinit_options given = detail::as_c(options);
        return detail::finish(conclave_commit_reinit(c(), &given));
    }
    Result<void> extensions(Bytes encoded) { return detail::finish(conclave_commit_extensions(c(), encoded)); }
    Result<void> custom(std::uint16_t proposal_type, Bytes content) {
        return detail::finish(conclave_commit_custom(c(), proposal_type, content));
    }
    Result<void> aad(Bytes bytes) { return detail::finish(conclave_commit_aad(c(), bytes)); }
    Result<void> tag(Bytes bytes) { return detail::finish(conclave_commit_tag(c(), bytes)); }
    Result<void> without_pending() { return detail::finish(conclave_commit_without_pending(c())); }
    Result<void> without_path() { return detail::finish(conclave_commit_without_path(c())); }
    Result<void> tree_beside_welcome() { return detail::finish(conclave_commit_tree_beside_welcome(c())); }
    Result<void> tree_later() { return detail::finish(conclave_commit_tree_later(c())); }

    // Makes the commit. The group stays as it is until the commit is confirmed.
    Result<CommitResult> build() {
        conclave_commit_result *result = nullptr;
        return detail::finish(conclave_commit_build(c(), &result), [&] { return CommitResult(result); });
    }

    const conclave_commit *c() const { return handle_.get(); }

private:
    detail::Owned<conclave_commit, conclave_commit_free> handle_;
};

// ---- Group ------------------------------------------------------------------------------------------------------------------

// A new group that follows from another, with the Welcome for the others, and the tree if it goes beside.
struct Successor;

// A group that a client is or was in. All state is in the storage.
class Group {
public:
    using Struct = conclave_group;

    explicit Group(conclave_group *group) : handle_(group) {}

    Result<Buffer> id() const { return buffer(conclave_group_id); }

    Result<conclave_group_standing> status() const {
        conclave_group_standing standing = CONCLAVE_INIT(conclave_group_standing);
        return detail::finish(conclave_group_status(c(), &standing), [&] { return standing; });
    }

    // Encrypts an application message: send the bytes again when in doubt, and never encrypt again.
    Result<Buffer> encrypt(Bytes plaintext, Bytes aad = {}, Bytes tag = {}) const {
        return buffer(conclave_group_encrypt, plaintext, aad, tag);
    }

    // Receives any message for this group: what it turned into is the event.
    Result<Event> receive(Bytes message, Bytes tag = {}) const {
        return owned<Event>(conclave_group_receive, message, tag);
    }

    // The next deferred message; an event that is false if there is none.
    Result<Event> next_deferred(Bytes tag = {}) const { return owned<Event>(conclave_group_next_deferred, tag); }
    Result<void> clear_deferred() const { return detail::finish(conclave_group_clear_deferred(c())); }

    // Reads a message and writes nothing.
    Result<Event> preview(Bytes message) const { return owned<Event>(conclave_group_preview, message); }

    Result<Members> members(std::uint32_t after = CONCLAVE_NO_LEAF, std::uint32_t limit = 1000) const {
        return owned<Members>(conclave_group_members, after, limit);
    }

    // Members that are false if there is no such client; else there is one.
    Result<Members> find_member(Bytes client_id) const { return owned<Members>(conclave_group_find_member, client_id); }

    Result<Members> find_members(Bytes user_id, std::uint32_t after = CONCLAVE_NO_LEAF,
                                 std::uint32_t limit = 1000) const {
        return owned<Members>(conclave_group_find_members, user_id, after, limit);
    }

    // Proposals give the message to send; a commit has to take them in.
    Result<Buffer> propose_add(Bytes key_package, Bytes tag = {}) const {
        return buffer(conclave_group_propose_add, key_package, tag);
    }
    Result<Buffer> propose_remove(std::uint32_t leaf, Bytes tag = {}) const {
        return buffer(conclave_group_propose_remove, leaf, tag);
    }
    Result<Buffer> propose_leave(Bytes tag = {}) const { return buffer(conclave_group_propose_leave, tag); }
    Result<Buffer> propose_update(Bytes tag = {}) const { return buffer(conclave_group_propose_update, tag); }
    Result<Buffer> propose_psk(Bytes psk_id, Bytes tag = {}) const {
        return buffer(conclave_group_propose_psk, psk_id, tag);
    }
    Result<Buffer> propose_resumption_psk(Bytes group_id, std::uint64_t epoch, Bytes tag = {}) const {
        return buffer(conclave_group_propose_resumption_psk, conclave_resumption_psk{group_id, epoch}, tag);
    }
    Result<Buffer> propose_extensions(Bytes encoded, Bytes tag = {}) const {
        return buffer(conclave_group_propose_extensions, encoded, tag);
    }
    Result<Buffer> propose_custom(std::uint16_t proposal_type, Bytes content, Bytes tag = {}) const {
        return buffer(conclave_group_propose_custom, proposal_type, content, tag);
    }
    Result<Buffer> propose_reinit(const ReinitOptions &options = {}, Bytes tag = {}) const {
        const conclave_reinit_options given = detail::as_c(options);
        return buffer(conclave_group_propose_reinit, &given, tag);
    }
    Result<PendingProposals> pending_proposals() const {
        return owned<PendingProposals>(conclave_group_pending_proposals);
    }
    Result<void> clear_proposals() const { return detail::finish(conclave_group_clear_proposals(c())); }

    // Begins a commit.
    Result<Commit> new_commit() const { return owned<Commit>(conclave_group_new_commit); }

    // Makes the waiting commit take effect: `commit` is the message that was accepted, or absent for whichever waits.
    Result<Event> confirm_commit(Bytes commit = {}, Bytes tag = {}) const {
        return owned<Event>(conclave_group_confirm_commit, commit, tag);
    }
    Result<void> discard_commit(Bytes commit = {}) const {
        return detail::finish(conclave_group_discard_commit(c(), commit));
    }

    // The waiting commit; false if none waits.
    Result<PendingCommit> pending_commit() const { return owned<PendingCommit>(conclave_group_pending_commit); }

    // A secret that all members can derive. The caller wipes it.
    Result<Buffer> export_secret(const char *label, Bytes context, std::size_t length) const {
        // No suite exports as much as this: what is longer is refused, and needs no room.
        constexpr std::size_t most = 1 << 16;
        Buffer secret(length < most ? length + 1 : 1);
        conclave_status status = conclave_group_export_secret(c(), label, context, secret.data(), length);
        return detail::finish(status, [&] {
            secret.resize(length);
            return std::move(secret);
        });
    }

    // Equal for all members of an epoch and for nobody else.
    Result<Buffer> epoch_authenticator() const { return buffer(conclave_group_epoch_authenticator); }
    Result<Buffer> group_info(bool with_tree) const { return buffer(conclave_group_info, with_tree ? 1 : 0); }
    Result<Buffer> export_tree() const { return buffer(conclave_group_export_tree); }
    Result<Extensions> extensions() const { return owned<Extensions>(conclave_group_extensions); }
    Result<void> prune(std::uint32_t keep_epochs = CONCLAVE_KEEP_CONFIGURED) const {
        return detail::finish(conclave_group_prune(c(), keep_epochs));
    }

    // This group for another device, sealed under 32 random bytes.
    Result<Buffer> export_archive(Bytes key) const { return buffer(conclave_group_export_archive, key); }

    Result<Successor> create_successor(const SuccessorOptions &options) const;
    Result<Successor> branch(const SuccessorOptions &options) const;

    // Deletes everything that the client has of the group.
    Result<void> remove_from_storage() const { return detail::finish(conclave_group_delete(c())); }

    const conclave_group *c() const { return handle_.get(); }

private:
    // Calls a function whose last argument is a buffer to give.
    template <class Call, class... Given>
    Result<Buffer> buffer(Call call, Given... given) const {
        conclave_buf *buf = nullptr;
        return detail::finish(call(c(), given..., &buf), [&] { return detail::take(buf); });
    }

    // The same for another object, whose struct T owns.
    template <class T, class Call, class... Given>
    Result<T> owned(Call call, Given... given) const {
        typename T::Struct *made = nullptr;
        return detail::finish(call(c(), given..., &made), [&] { return T(made); });
    }

    detail::Owned<conclave_group, conclave_group_free> handle_;
};

struct Successor {
    Group group;
    CommitResult sent;
};

inline Result<Successor> Group::create_successor(const SuccessorOptions &options) const {
    conclave_group *group = nullptr;
    conclave_commit_result *sent = nullptr;
    detail::LentSuccessor given(options);
    return detail::finish(conclave_group_create_successor(c(), &given, &group, &sent),
                          [&] { return Successor{Group(group), CommitResult(sent)}; });
}

inline Result<Successor> Group::branch(const SuccessorOptions &options) const {
    conclave_group *group = nullptr;
    conclave_commit_result *sent = nullptr;
    detail::LentSuccessor given(options);
    return detail::finish(conclave_group_branch(c(), &given, &group, &sent),
                          [&] { return Successor{Group(group), CommitResult(sent)}; });
}

// ---- Client -----------------------------------------------------------------------------------------------------------------

// One member identity on one device.
class Client {
public:
    explicit Client(conclave_client *client) : handle_(client) {}

    // Opens the client in the host's storage, and makes it if it is not there yet.
    static Result<Client> open(const ClientConfig &config, const Host &host) {
        detail::LentHost lent(host);
        detail::LentConfig given(config);
        conclave_client *client = nullptr;
        conclave_status status = conclave_client_new(CONCLAVE_VERSION_NUMBER, &given, lent.c(), &client);
        if (status != CONCLAVE_HEADER_MISMATCH) {
            lent.given();
        }
        return detail::finish(status, [&] { return Client(client); });
    }

    Result<OwnIdentity> identity() const { return owned<OwnIdentity>(conclave_client_identity); }

    Result<KeyPackages> create_key_packages(std::uint32_t count, const KeyPackageOptions &options = {}) const {
        const conclave_key_package_options given = detail::as_c(options);
        return owned<KeyPackages>(conclave_client_create_key_packages, count, &given);
    }
    Result<KeyPackages> key_packages(Bytes after = {}, std::uint32_t limit = 1000) const {
        return owned<KeyPackages>(conclave_client_key_packages, after, limit);
    }
    Result<void> delete_key_packages(const std::vector<Bytes> &references) const {
        std::vector<conclave_bytes> list(references.begin(), references.end());
        return detail::finish(conclave_client_delete_key_packages(c(), list.data(), list.size()));
    }
    Result<conclave_key_package_status> key_package_status(Bytes reference) const {
        conclave_key_package_status found = CONCLAVE_INIT(conclave_key_package_status);
        return detail::finish(conclave_client_key_package_status(c(), reference, &found), [&] { return found; });
    }

    Result<Group> create_group(const GroupOptions &options = {}) const {
        const conclave_group_options given = detail::as_c(options);
        return owned<Group>(conclave_client_create_group, &given);
    }
    Result<Group> open_group(Bytes group_id) const { return owned<Group>(conclave_client_open_group, group_id); }
    Result<Groups> groups(Bytes after = {}, std::uint32_t limit = 1000) const {
        return owned<Groups>(conclave_client_groups, after, limit);
    }

    Result<MessagePeek> peek(Bytes message) const { return owned<MessagePeek>(conclave_client_peek, message); }
    Result<WelcomePreview> preview_welcome(Bytes welcome, Bytes tree = {}) const {
        return owned<WelcomePreview>(conclave_client_preview_welcome, welcome, tree);
    }
    Result<Group> join(Bytes welcome, const JoinOptions &options = {}) const {
        const conclave_join_options given = detail::as_c(options);
        return owned<Group>(conclave_client_join, welcome, &given);
    }

    // Joining by a commit of one's own.
    Result<ExternalJoin> join_external(Bytes group_info, const ExternalJoinOptions &options = {}) const {
        const detail::LentExternalJoin given(options);
        return owned<ExternalJoin>(conclave_client_join_external, group_info, &given);
    }
    Result<ExternalJoin> pending_join(Bytes group_id) const {
        return owned<ExternalJoin>(conclave_client_pending_join, group_id);
    }
    Result<Group> confirm_join(Bytes group_id, Bytes commit = {}, Bytes tag = {}) const {
        return owned<Group>(conclave_client_confirm_join, group_id, commit, tag);
    }
    Result<void> discard_join(Bytes group_id, Bytes commit = {}) const {
        return detail::finish(conclave_client_discard_join(c(), group_id, commit));
    }

    // Asking from outside.
    Result<JoinProposal> propose_join(Bytes group_info, Bytes tree = {}, Bytes tag = {}) const {
        return owned<JoinProposal>(conclave_client_propose_join, group_info, tree, tag);
    }
    Result<ExternalSender> external_sender(std::uint16_t cipher_suite = 0) const {
        return owned<ExternalSender>(conclave_client_external_sender, cipher_suite);
    }

    Result<void> put_psk(Bytes psk_id, Bytes secret) const {
        return detail::finish(conclave_client_put_psk(c(), psk_id, secret));
    }
    Result<void> delete_psk(Bytes psk_id) const { return detail::finish(conclave_client_delete_psk(c(), psk_id)); }

    // The whole client for another device, sealed under 32 random bytes; and taking such an archive in.
    Result<Buffer> export_archive(Bytes key) const {
        conclave_buf *buf = nullptr;
        return detail::finish(conclave_client_export_archive(c(), key, &buf), [&] { return detail::take(buf); });
    }
    Result<Imported> import_archive(Bytes archive, Bytes key, bool replace = false) const {
        return owned<Imported>(conclave_client_import_archive, archive, key, replace ? 1 : 0);
    }

    // The journal of effects, for a client with `journal`.
    Result<PendingEffects> pending_effects(std::uint64_t after = 0, std::uint32_t limit = 1000) const {
        return owned<PendingEffects>(conclave_client_pending_effects, after, limit);
    }
    Result<void> acknowledge(std::uint64_t id) const { return detail::finish(conclave_client_acknowledge(c(), id)); }

    Result<void> prune() const { return detail::finish(conclave_client_prune(c())); }
    Result<void> wipe() const { return detail::finish(conclave_client_wipe(c())); }

    const conclave_client *c() const { return handle_.get(); }

private:
    template <class T, class Call, class... Given>
    Result<T> owned(Call call, Given... given) const {
        typename T::Struct *made = nullptr;
        return detail::finish(call(c(), given..., &made), [&] { return T(made); });
    }

    detail::Owned<conclave_client, conclave_client_free> handle_;
};

// Someone whom a group lets propose changes without being a member, in one epoch of that group.
class ExternalProposer {
public:
    explicit ExternalProposer(conclave_external_proposer *proposer) : handle_(proposer) {}

    // Finds the client among the external senders that a GroupInfo shows.
    static Result<ExternalProposer> find(const Client &client, Bytes group_info, Bytes tree = {}) {
        conclave_external_proposer *made = nullptr;
        return detail::finish(conclave_external_proposer_new(client.c(), group_info, tree, &made),
                              [&] { return ExternalProposer(made); });
    }
    static Result<ExternalProposer> at_place(const Client &client, Bytes group_id, std::uint64_t epoch,
                                             std::uint16_t cipher_suite, std::uint32_t sender_index) {
        conclave_external_proposer *made = nullptr;
        conclave_status status = conclave_external_proposer_at_place(client.c(), group_id, epoch, cipher_suite,
                                                                     sender_index, &made);
        return detail::finish(status, [&] { return ExternalProposer(made); });
    }

    // The same sender in another epoch.
    Result<ExternalProposer> at_epoch(std::uint64_t epoch) const {
        conclave_external_proposer *made = nullptr;
        return detail::finish(conclave_external_proposer_at_epoch(c(), epoch, &made),
                              [&] { return ExternalProposer(made); });
    }
    Result<ExternalPlace> place() const {
        conclave_external_place *place = nullptr;
        return detail::finish(conclave_external_proposer_place(c(), &place), [&] { return ExternalPlace(place); });
    }

    // Each gives the message to send.
    Result<Buffer> propose_add(Bytes key_package) const {
        return buffer(conclave_external_proposer_propose_add, key_package);
    }
    Result<Buffer> propose_remove(std::uint32_t leaf) const {
        return buffer(conclave_external_proposer_propose_remove, leaf);
    }
    Result<Buffer> propose_psk(Bytes psk_id) const { return buffer(conclave_external_proposer_propose_psk, psk_id); }
    Result<Buffer> propose_reinit(Bytes group_id, std::uint16_t cipher_suite, Bytes extensions) const {
        return buffer(conclave_external_proposer_propose_reinit, group_id, cipher_suite, extensions);
    }
    Result<Buffer> propose_extensions(Bytes encoded) const {
        return buffer(conclave_external_proposer_propose_extensions, encoded);
    }

    const conclave_external_proposer *c() const { return handle_.get(); }

private:
    template <class Call, class... Given>
    Result<Buffer> buffer(Call call, Given... given) const {
        conclave_buf *buf = nullptr;
        return detail::finish(call(c(), given..., &buf), [&] { return detail::take(buf); });
    }

    detail::Owned<conclave_external_proposer, conclave_external_proposer_free> handle_;
};

// ---- Without a client -------------------------------------------------------------------------------------------------------

// A storage in memory, for tests and demonstrations.
inline Result<MemoryStorage> memory_storage() {
    conclave_memory_storage *storage = nullptr;
    return detail::finish(conclave_memory_storage_new(&storage), [&] { return MemoryStorage(storage); });
}

// Which release of the library this is.
inline conclave_version_info version() {
    conclave_version_info version = CONCLAVE_INIT(conclave_version_info);
    (void)conclave_version(&version);
    return version;
}

// Sends what the library logs to the app, for all clients of the process; the last call wins. With nullptr nobody hears it.
inline Result<void> set_logger(const std::shared_ptr<Logger> &logger, conclave_log_level level) {
    if (logger == nullptr) {
        return detail::finish(conclave_set_logger(nullptr, level));
    }
    conclave_logger callbacks = detail::lend_logger(logger);
    return detail::finish(conclave_set_logger(&callbacks, level));
}

// Checks a storage against its contract, and gives every rule that it breaks: none, if it is fit for use.
inline Result<Findings> check_storage(const std::shared_ptr<Storage> &storage) {
    conclave_storage callbacks = storage == nullptr ? conclave_storage{} : detail::lend_storage(storage);
    conclave_findings *findings = nullptr;
    conclave_status status = conclave_check_storage(storage == nullptr ? nullptr : &callbacks, &findings);
    return detail::finish(status, [&] { return Findings(findings); });
}

// Objects of RFC 9420 in words.
inline Result<std::string> inspect(Bytes bytes) {
    conclave_buf *text = nullptr;
    return detail::finish(conclave_inspect(bytes, &text), [&] { return detail::take_text(text); });
}

inline Result<std::string> inspect_as(conclave_object_kind kind, Bytes bytes) {
    conclave_buf *text = nullptr;
    return detail::finish(conclave_inspect_as(kind, bytes, &text), [&] { return detail::take_text(text); });
}

inline Result<std::string> inspect_tree(Bytes bytes) {
    conclave_buf *text = nullptr;
    return detail::finish(conclave_inspect_tree(bytes, &text), [&] { return detail::take_text(text); });
}

// Lists of extensions, as calls take them that put one somewhere. What the items point to is lent for the call.
inline Result<Buffer> encode_extensions(const std::vector<conclave_extension> &extensions) {
    conclave_buf *encoded = nullptr;
    return detail::finish(conclave_encode_extensions(extensions.data(), extensions.size(), &encoded),
                          [&] { return detail::take(encoded); });
}

inline Result<Extensions> decode_extensions(Bytes encoded) {
    conclave_extensions *extensions = nullptr;
    return detail::finish(conclave_decode_extensions(encoded, &extensions), [&] { return Extensions(extensions); });
}

} // namespace throwing or returning
} // namespace conclave

#endif
