#include "device.hpp"

#include "sqlite_store.hpp"

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <thread>

using namespace conclave;

namespace {

// Key packages kept in stock at the delivery service.
constexpr std::uint32_t stock = 5;

// How often a change is built again because someone else's came first.
constexpr int attempts = 10;

// A name becomes a part of paths.
const std::string &checked(const std::string &name) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
    if (name.empty() || name.size() > 32 || name.find_first_not_of(letters) != std::string::npos) {
        throw std::runtime_error("not a name: \"" + name + "\"; take 1 to 32 small letters, digits and hyphens");
    }
    return name;
}

const char *const points[] = {"before-sending", "after-sending", "inside-receiving", "after-receiving"};

} // namespace

std::string text(Point point) { return points[static_cast<int>(point)]; }

Point parse_point(const std::string &text) {
    for (int number = 0; number < 4; ++number) {
        if (text == points[number]) {
            return static_cast<Point>(number);
        }
    }
    throw std::runtime_error("no such point: " + text);
}

void stop(Point point) {
    std::cout << "stopped " << text(point) << std::endl;
    // If nobody listens any more, nobody will kill us either, and the wait ends by itself.
    std::this_thread::sleep_for(std::chrono::seconds(30));
    std::_Exit(EXIT_FAILURE);
}

Device::Device(const std::string &name, const Place &place)
    : name_(checked(name)), stop_at_(place.stop_at), spool_(place.directory / "spool"),
      client_(open_store(place.directory / name, place)) {
    publish();
}

Client Device::open_store(const std::filesystem::path &home, const Place &place) {
    std::filesystem::create_directories(home);
    std::string file = home / "store.db";
    auto store = std::make_shared<SqliteStore>(file, [point = stop_at_](sqlite3 *transaction, const conclave_effect &effect) {
        if (effect.kind == CONCLAVE_EFFECT_RECEIVED && point == Point::inside_receiving) {
            stop(point);
        }
        record(transaction, effect);
    });
    ledger_.emplace(file);
    ClientConfig config(name_);
    config.storage_key = place.storage_key ? Bytes(*place.storage_key) : Bytes();
    return Client::open(config, {std::shared_ptr<Storage>(store), std::make_shared<AcceptAll>()});
}

std::optional<Group> Device::find_group() const {
    auto page = client_.groups({}, 1);
    return page->count == 0 ? std::nullopt : std::optional<Group>(client_.open_group(page->items[0]->group_id));
}

Group Device::group() const {
    auto found = find_group();
    if (!found) {
        throw std::runtime_error("you are in no group yet");
    }
    return std::move(*found);
}

void Device::create_group() const {
    if (find_group()) {
        throw std::runtime_error("you are in a group already");
    }
    GroupOptions options;
    options.tag = Tag{Tag::Kind::cursor}.text();
    client_.create_group(options);
}

void Device::add(const std::vector<std::string> &names) {
    auto target = group();
    for (const std::string &name : names) {
        if (target.find_member(checked(name))) {
            throw std::runtime_error(name + " is in the group already");
        }
    }
    std::vector<Buffer> key_packages;
    for (const std::string &name : names) {
        auto found = spool_.take_key_package(name);
        if (!found) {
            throw std::runtime_error(name + " has published no key package: has " + name + " ever been here?");
        }
        key_packages.push_back(*found);
    }
    commit([&](Commit &commit) {
        // The tree grows with the group: once beside the Welcomes is less than once inside each of them.
        commit.tree_beside_welcome();
        for (const Buffer &key_package : key_packages) {
            commit.add(key_package);
        }
    });
}

void Device::remove(const std::string &name) {
    sync();
    commit([&](Commit &commit) {
        auto found = group().find_member(name);
        if (!found) {
            throw std::runtime_error(name + " is not in the group");
        }
        commit.remove(found->items[0]->name.leaf);
    });
}

void Device::refresh() {
    commit([](Commit &) {});
}

void Device::say(const std::string &text) {
    sync();
    group().encrypt(text, {}, Tag{Tag::Kind::message}.text());
    // Nothing has left the device yet, but the bytes are in the outbox: from here on a crash loses nothing.
    flush();
}

void Device::sync() {
    flush();
    answer_invitations();
    if (auto group = find_group()) {
        while (receive_next(*group)) {
            flush();
        }
    }
}

// Keeps key packages at the delivery service. What is there already is not put there again.
void Device::publish() const {
    auto put = [&](const KeyPackages &key_packages) {
        bool last_resort = false;
        for (const conclave_key_package &package : each(key_packages->items, key_packages->count)) {
            last_resort = last_resort || package.last_resort;
            if (package.last_resort) {
                spool_.publish_last_resort(name_, package.message);
            } else {
                spool_.publish(name_, package.reference, package.message);
            }
        }
        return last_resort;
    };
    auto known = client_.key_packages({}, stock + 1);
    std::size_t count = known->count;
    if (!put(known)) {
        KeyPackageOptions options;
        options.last_resort = true;
        put(client_.create_key_packages(1, options));
        ++count;
    }
    if (count < stock + 1) {
        put(client_.create_key_packages(static_cast<std::uint32_t>(stock + 1 - count)));
    }
}

// Builds a commit, posts it, and waits for it to come back: only then has it taken effect. If someone else's came first, that one is
// received instead, and ours is built anew on top of it.
void Device::commit(const Change &change) {
    for (int attempt = 0; attempt < attempts; ++attempt) {
        sync();
        auto target = group();
        auto commit = target.new_commit();
        commit.tag(Tag{Tag::Kind::commit, target.status().epoch}.text());
        change(commit);
        auto built = commit.build();
        sync();
        if (came_back(target, built->commit)) {
            return;
        }
    }
    throw std::runtime_error("others change the group all the time; try again later");
}

// Whether a commit of ours is among the messages of the group.
bool Device::came_back(const Group &group, Bytes commit) {
    Buffer group_id = group.id();
    for (std::uint64_t number = ledger_->cursor(group_id); number > 0; --number) {
        auto entry = spool_.fetch(group_id, number);
        if (entry && Bytes(entry->message) == commit) {
            return true;
        }
    }
    return false;
}

// Sends what is in the outbox, oldest first: bytes that exist, never new ones.
void Device::flush() {
    for (const Letter &letter : ledger_->unsent()) {
        stop_at(Point::before_sending);
        send(letter);
        stop_at(Point::after_sending);
        ledger_->mark_sent(letter);
    }
}

void Device::send(const Letter &letter) {
    if (letter.tag.kind == Tag::Kind::cursor) {
        welcome(letter);
        return;
    }
    Entry entry{std::nullopt, letter.bytes};
    if (letter.tag.kind == Tag::Kind::commit) {
        entry.ends_epoch = letter.tag.number;
    }
    // Another process of this device may have sent it already, and handled it since: so from where it was when it was made. If a
    // commit comes too late, the one that was quicker comes in with the next messages, and takes the place of ours.
    (void)spool_.post(letter.group_id, letter.after, entry);
}

// Sends a Welcome, and the tree that it goes with: nothing is received before, so the group is still in that epoch. (If a second
// process of the device has moved on meanwhile, the tree does not fit, and the member has to be added again.)
void Device::welcome(const Letter &letter) {
    spool_.put_tree(letter.group_id, letter.tag.number, client_.open_group(letter.group_id).export_tree());
    spool_.invite(letter.recipient.value(), {letter.group_id, letter.tag.number, letter.bytes});
}

// Joins the groups that Welcomes lead into.
void Device::answer_invitations() {
    for (const Invitation &invitation : spool_.invitations(name_)) {
        JoinOptions options;
        options.tree = spool_.tree(invitation);
        options.tag = Tag{Tag::Kind::cursor, invitation.number}.text();
        try {
            client_.join(invitation.welcome, options);
            publish();
        } catch (const Error &error) {
            // Answered before, by this device or by another process of it.
            if (error.status() != CONCLAVE_NOT_FOR_US && error.status() != CONCLAVE_ALREADY_MEMBER) {
                throw;
            }
        }
        spool_.forget(name_, invitation);
    }
}

// Receives the message after the cursor. The cursor goes along in the tag, and moves in the transaction of the call.
bool Device::receive_next(const Group &group) {
    Buffer group_id = group.id();
    std::uint64_t number = ledger_->cursor(group_id) + 1;
    auto entry = spool_.fetch(group_id, number);
    if (!entry) {
        return false;
    }
    std::optional<std::string> line;
    try {
        group.receive(entry->message, Tag{Tag::Kind::cursor, number}.text());
    } catch (const Error &error) {
        // The bytes are of no use here and never will be: hostile, or for the members of a group that we are no longer in. (Or
        // another process of ours has read them; then the cursor has moved, and nothing is written here.)
        if (error.category() < 2 || error.category() > 4) {
            throw;
        }
        line = "! a message that cannot be read here (error " + std::to_string(error.status()) + ")";
    }
    stop_at(Point::after_receiving);
    ledger_->skip(group_id, number, line);
    return true;
}

void Device::stop_at(Point point) const {
    if (stop_at_ == point) {
        stop(point);
    }
}
