// Two people, one group, one message each way: the smallest program.
//
//     c++ -std=c++17 hello.cpp $(pkg-config --cflags --libs conclave) -o hello
//
// Both people are in this one process, so what would travel over a network is passed from one call to the next.

#include <conclave.hpp>

#include <cstdio>
#include <iostream>

namespace {

// For a demonstration: a client whose storage is gone with the program, and who believes everyone to be who they say.
conclave::Client person(const char *name) {
    auto storage = conclave::memory_storage();
    return conclave::Client::open(conclave::ClientConfig(name), {storage, std::make_shared<conclave::AcceptAll>()});
}

// One member encrypts, and another one reads.
void say(const conclave::Group &from, const conclave::Group &to, const char *reader, const char *text) {
    auto event = to.receive(from.encrypt(text));
    if (event->kind == CONCLAVE_EVENT_MESSAGE) {
        std::cout << reader << " reads: " << conclave::Bytes(event->message->plaintext).text() << '\n';
    }
}

void play() {
    auto alice = person("alice");
    auto bob = person("bob");

    // With a key package, bob can be added to groups while he is away. A server would keep it for him.
    auto published = bob.create_key_packages(1);
    std::cout << "bob published a key package\n";

    // A group changes by commits: say what is to change, build, and confirm. A server decides whose commit comes first.
    auto group = alice.create_group();
    auto commit = group.new_commit();
    commit.add(published->items[0]->message);
    auto added = commit.build();
    group.confirm_commit(added->commit);
    std::cout << "alice created a group and added bob\n";

    // The Welcome lets bob in.
    auto joined = bob.join(added->welcome);
    auto standing = joined.status();
    std::cout << "bob joined: " << standing.members << " members, epoch " << standing.epoch << '\n';

    say(group, joined, "bob", "hello bob");
    say(joined, group, "alice", "hello alice");
}

} // namespace

int main() {
    try {
        play();
        return 0;
    } catch (const conclave::Error &error) {
        std::cerr << error.what() << "\nwhat to do: " << error.remedy() << '\n';
        return 1;
    }
}
