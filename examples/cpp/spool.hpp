// The delivery service: a directory that several processes share. It orders the messages of a group, keeps what offline members
// have not fetched, and hands out key packages. It is trusted with nothing: it holds only ciphertext and public keys.
//
//     groups/<group>/<number>     messages and commits, numbered without gaps; a file that exists never changes
//     trees/<group>/<number>      the public tree after the commit of that number, for those whom it added
//     welcomes/<name>/...         what lets a new member in
//     keys/<name>/fresh, used     key packages; moving one from the first to the second hands it out, to one taker only
//     keys/<name>/last-resort     handed out when no fresh one is left, as often as needed
//
// A draft becomes a message by a hard link to the next free number, which succeeds for one writer only; and nothing is locked, so
// a process that is killed leaves nothing locked behind. A real service would also look at who is asking.

#ifndef EXAMPLES_SPOOL_HPP
#define EXAMPLES_SPOOL_HPP

#include <conclave.hpp>

#include <filesystem>

// A message as it lies in the group's directory: whether it is a commit, and which epoch that ends; and the bytes.
struct Entry {
    std::optional<std::uint64_t> ends_epoch;
    conclave::Buffer message;

    friend bool operator==(const Entry &one, const Entry &other) {
        return one.ends_epoch == other.ends_epoch && one.message == other.message;
    }
};

// What lets a new member in: the Welcome, and the number of the commit that added the member, who reads on from there.
struct Invitation {
    conclave::Buffer group_id;
    std::uint64_t number;
    conclave::Buffer welcome;
};

class Spool {
public:
    // Opens the directory, or makes it.
    explicit Spool(std::filesystem::path root);

    // Posts a message to a group, behind all that are there. The sender has read everything up to `after`. False for a commit that
    // came too late: another one has ended the epoch. Bytes that are there already are not added again.
    bool post(const conclave::Buffer &group_id, std::uint64_t after, const Entry &entry) const;

    // The message of this number, if it is there yet.
    std::optional<Entry> fetch(const conclave::Buffer &group_id, std::uint64_t number) const;

    // The groups that anyone has posted to.
    std::vector<conclave::Buffer> groups() const;

    // The tree that goes with the invitations of a number.
    void put_tree(const conclave::Buffer &group_id, std::uint64_t number, const conclave::Buffer &tree) const;
    conclave::Buffer tree(const Invitation &invitation) const;

    // Invitations: leaving one for someone, those for someone, oldest first, and taking one away.
    void invite(const std::string &name, const Invitation &invitation) const;
    std::vector<Invitation> invitations(const std::string &name) const;
    void forget(const std::string &name, const Invitation &invitation) const;

    // Publishes a key package under its reference, unless it has been published before; and the one of last resort.
    void publish(const std::string &name, conclave::Bytes reference, conclave::Bytes key_package) const;
    void publish_last_resort(const std::string &name, conclave::Bytes key_package) const;

    // Hands out a key package of someone: a fresh one, which nobody else gets, or the one of last resort.
    std::optional<conclave::Buffer> take_key_package(const std::string &name) const;

private:
    std::filesystem::path directory(std::initializer_list<std::string> parts) const;
    std::filesystem::path numbered(const char *kind, const conclave::Buffer &group_id, std::uint64_t number) const;
    std::filesystem::path draft(conclave::Bytes bytes) const;
    void put(conclave::Bytes bytes, const std::filesystem::path &place) const;

    std::filesystem::path root_;
};

std::string hex(conclave::Bytes bytes);
conclave::Buffer unhex(const std::string &text);

#endif
