// Three people: one adds, another removes, and everyone agrees on who is there.

#include <conclave.hpp>

#include <algorithm>
#include <functional>
#include <iostream>

using namespace conclave;

namespace {

using Groups = std::vector<const Group *>;

Client person(const char *name) {
    auto storage = memory_storage();
    return Client::open(ClientConfig(name), {storage, std::make_shared<AcceptAll>()});
}

void receive(const Groups &groups, Bytes message) {
    for (const Group *group : groups) {
        group->receive(message);
    }
}

// Adds someone, and takes the commit to the other members.
Group add(const Group &group, const Groups &others, const Client &newcomer) {
    auto key_packages = newcomer.create_key_packages(1);
    auto commit = group.new_commit();
    commit.add(key_packages->items[0]->message);
    auto added = commit.build();
    group.confirm_commit(added->commit);
    receive(others, added->commit);
    return newcomer.join(added->welcome);
}

// Tells how everyone sees the group; the epoch authenticator is equal only if all of it is.
void say(const char *what, const Groups &groups) {
    Buffer authenticator = groups[0]->epoch_authenticator();
    bool agreed = std::all_of(groups.begin(), groups.end(),
                              [&](const Group *group) { return group->epoch_authenticator() == authenticator; });
    auto status = groups[0]->status();
    std::cout << what << ": epoch " << status.epoch << ", " << status.members << " members, "
              << (agreed ? "everyone agrees" : "they disagree") << '\n';
}

// The status that an act fails with.
conclave_status refusal(const std::function<void()> &act) {
    try {
        act();
        return CONCLAVE_OK;
    } catch (const Error &error) {
        return error.status();
    }
}

void play() {
    Client alice = person("alice"), bob = person("bob"), carol = person("carol");
    Group a = alice.create_group();
    Group b = add(a, {}, bob);
    say("alice added bob", {&a, &b});
    Group c = add(a, {&b}, carol);
    say("alice added carol", {&a, &b, &c});

    auto refreshed = c.new_commit().build();
    c.confirm_commit();
    receive({&a, &b}, refreshed->commit);
    say("carol refreshed her keys", {&a, &b, &c});

    auto commit = c.new_commit();
    commit.remove(c.find_member("bob")->items[0]->name.leaf);
    auto removed = commit.build();
    c.confirm_commit();
    receive({&a, &b}, removed->commit);
    say("carol removed bob", {&a, &c});

    auto message = a.encrypt("bob is gone");
    auto event = c.receive(message);
    std::cout << "carol reads: " << Bytes(event->message->plaintext).text() << '\n';
    std::cout << "bob cannot read it: error " << refusal([&] { b.receive(message); }) << '\n';
    std::cout << "bob cannot write: error " << refusal([&] { b.encrypt("hello?"); }) << '\n';
}

} // namespace

int main() {
    try {
        play();
        return 0;
    } catch (const Error &error) {
        std::cerr << error.what() << '\n';
        return 1;
    }
}
