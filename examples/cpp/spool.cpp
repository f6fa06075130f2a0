#include "spool.hpp"

#include <algorithm>
#include <cstdio>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <system_error>
#include <unistd.h>

using conclave::Buffer;
using conclave::Bytes;
namespace fs = std::filesystem;

namespace {

std::optional<Buffer> read_if_there(const fs::path &path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        return std::nullopt;
    }
    return Buffer(std::istreambuf_iterator<char>(file), {});
}

// The files in a directory, in order.
std::vector<std::string> names(const fs::path &directory) {
    std::vector<std::string> names;
    for (const auto &file : fs::directory_iterator(directory)) {
        names.push_back(file.path().filename());
    }
    std::sort(names.begin(), names.end());
    return names;
}

// Moves a file; false if it is not there any more.
bool moved(const fs::path &from, const fs::path &to) {
    std::error_code error;
    fs::rename(from, to, error);
    if (error && error != std::errc::no_such_file_or_directory) {
        throw fs::filesystem_error("moving", from, to, error);
    }
    return !error;
}

// One line that tells the kind, then the bytes.
std::string encode(const Entry &entry) {
    std::string line = entry.ends_epoch ? "commit " + std::to_string(*entry.ends_epoch) + "\n" : "message\n";
    return line.append(Bytes(entry.message).text());
}

Entry decode(const Buffer &bytes) {
    auto end = std::find(bytes.begin(), bytes.end(), '\n');
    std::string line(bytes.begin(), end);
    Entry entry{std::nullopt, Buffer(end == bytes.end() ? end : end + 1, bytes.end())};
    if (line.rfind("commit ", 0) == 0) {
        entry.ends_epoch = std::stoull(line.substr(7));
    } else if (line != "message") {
        throw std::runtime_error("a file of the delivery service cannot be read");
    }
    return entry;
}

std::string file_name(const Invitation &invitation) {
    return hex(invitation.group_id) + "-" + std::to_string(invitation.number);
}

} // namespace

Spool::Spool(fs::path root) : root_(std::move(root)) { fs::create_directories(root_ / "drafts"); }

bool Spool::post(const Buffer &group_id, std::uint64_t after, const Entry &entry) const {
    fs::path ours = draft(encode(entry));
    bool accepted = true;
    for (std::uint64_t number = after + 1;; ++number) {
        std::error_code error;
        fs::create_hard_link(ours, numbered("groups", group_id, number), error);
        if (!error) {
            break;
        }
        if (error != std::errc::file_exists) {
            throw fs::filesystem_error("posting", ours, error);
        }
        auto there = fetch(group_id, number);
        if (there == entry) {
            break;
        }
        if (entry.ends_epoch && there && there->ends_epoch == entry.ends_epoch) {
            accepted = false;
            break;
        }
    }
    fs::remove(ours);
    return accepted;
}

std::optional<Entry> Spool::fetch(const Buffer &group_id, std::uint64_t number) const {
    auto bytes = read_if_there(numbered("groups", group_id, number));
    return bytes ? std::optional<Entry>(decode(*bytes)) : std::nullopt;
}

std::vector<Buffer> Spool::groups() const {
    std::vector<Buffer> groups;
    for (const std::string &name : names(directory({"groups"}))) {
        groups.push_back(unhex(name));
    }
    return groups;
}

void Spool::put_tree(const Buffer &group_id, std::uint64_t number, const Buffer &tree) const {
    put(tree, numbered("trees", group_id, number));
}

Buffer Spool::tree(const Invitation &invitation) const {
    auto tree = read_if_there(numbered("trees", invitation.group_id, invitation.number));
    if (!tree) {
        throw std::runtime_error("the tree of an invitation is missing");
    }
    return *tree;
}

void Spool::invite(const std::string &name, const Invitation &invitation) const {
    put(invitation.welcome, directory({"welcomes", name}) / file_name(invitation));
}

std::vector<Invitation> Spool::invitations(const std::string &name) const {
    fs::path place = directory({"welcomes", name});
    std::vector<Invitation> found;
    for (const std::string &file : names(place)) {
        auto welcome = read_if_there(place / file);
        std::size_t dash = file.find('-');
        if (welcome && dash != std::string::npos) {
            found.push_back({unhex(file.substr(0, dash)), std::stoull(file.substr(dash + 1)), *welcome});
        }
    }
    std::sort(found.begin(), found.end(), [](const auto &one, const auto &other) { return one.number < other.number; });
    return found;
}

void Spool::forget(const std::string &name, const Invitation &invitation) const {
    fs::remove(directory({"welcomes", name}) / file_name(invitation));
}

void Spool::publish(const std::string &name, Bytes reference, Bytes key_package) const {
    fs::path fresh = directory({"keys", name, "fresh"}) / hex(reference);
    if (!fs::exists(fresh) && !fs::exists(directory({"keys", name, "used"}) / hex(reference))) {
        put(key_package, fresh);
    }
}

void Spool::publish_last_resort(const std::string &name, Bytes key_package) const {
    put(key_package, directory({"keys", name}) / "last-resort");
}

std::optional<Buffer> Spool::take_key_package(const std::string &name) const {
    fs::path fresh = directory({"keys", name, "fresh"}), used = directory({"keys", name, "used"});
    for (const std::string &file : names(fresh)) {
        // Of several takers, one finds the file to move.
        if (moved(fresh / file, used / file)) {
            return read_if_there(used / file);
        }
    }
    return read_if_there(directory({"keys", name}) / "last-resort");
}

fs::path Spool::directory(std::initializer_list<std::string> parts) const {
    fs::path directory = root_;
    for (const std::string &part : parts) {
        directory /= part;
    }
    fs::create_directories(directory);
    return directory;
}

fs::path Spool::numbered(const char *kind, const Buffer &group_id, std::uint64_t number) const {
    char name[32];
    std::snprintf(name, sizeof name, "%08llu", static_cast<unsigned long long>(number));
    return directory({kind, hex(group_id)}) / name;
}

// Puts a whole file in place at once: a reader sees all of it or nothing.
void Spool::put(Bytes bytes, const fs::path &place) const { fs::rename(draft(bytes), place); }

// A file of our own. A name is never used twice: what a killed process left may be linked to a message.
fs::path Spool::draft(Bytes bytes) const {
    for (std::uint64_t attempt = 0;; ++attempt) {
        fs::path path = root_ / "drafts" / (std::to_string(getpid()) + "-" + std::to_string(attempt));
        int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH);
        if (file < 0 && errno == EEXIST) {
            continue;
        }
        close(file);
        std::ofstream out(path, std::ios::binary);
        if (!out.write(bytes.text().data(), static_cast<std::streamsize>(bytes.size())).flush()) {
            throw std::runtime_error("the delivery service cannot write");
        }
        return path;
    }
}

std::string hex(Bytes bytes) {
    static const char digits[] = "0123456789abcdef";
    std::string text;
    for (std::uint8_t byte : bytes) {
        text += {digits[byte >> 4], digits[byte & 15]};
    }
    return text;
}

Buffer unhex(const std::string &text) {
    Buffer bytes;
    for (std::size_t place = 0; place + 1 < text.size(); place += 2) {
        bytes.push_back(static_cast<std::uint8_t>(std::stoul(text.substr(place, 2), nullptr, 16)));
    }
    return bytes;
}
