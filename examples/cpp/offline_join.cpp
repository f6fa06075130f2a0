// Someone is added while away, and catches up later, after a device restart in between, with values sealed in the store.

#include "process.hpp"
#include "temporary.hpp"

#include <iostream>

namespace {

// Switches a device on, and off again afterwards.
template <class Act>
void on(const TemporaryDirectory &directory, const char *name, Act act) {
    Device device(name, {directory.path(), conclave::Buffer(32, 7)});
    act(device);
}

void print_news(const char *name, Device &device) {
    for (const std::string &line : device.news()) {
        std::cout << name << " sees: " << line << '\n';
    }
}

void play() {
    TemporaryDirectory directory;
    on(directory, "bob", [](Device &) {});
    on(directory, "carol", [](Device &) {});
    std::cout << "bob and carol were here and left key packages\n";

    on(directory, "alice", [](Device &alice) {
        alice.create_group();
        alice.add({"bob"});
        alice.say("before carol");
        alice.add({"carol"});
        std::cout << "alice added bob, then carol, who is away: epoch " << alice.group().status().epoch << '\n';
        alice.say("welcome, carol");
    });
    on(directory, "bob", [](Device &bob) {
        bob.say("hello carol");
        bob.refresh();
        bob.say("still there?");
        print_news("bob", bob);
    });
    Spool spool(directory.path() / "spool");
    std::cout << "the delivery service keeps " << spool.invitations("carol").size() << " invitation for carol\n";

    on(directory, "carol", [](Device &carol) {
        carol.sync();
        print_news("carol", carol);
        std::cout << "carol caught up: epoch " << carol.group().status().epoch << '\n';
        std::cout << "the delivery service keeps " << carol.spool().invitations("carol").size()
                  << " invitations for carol\n";
        carol.say("I am back");
    });
    on(directory, "alice", [](Device &alice) {
        alice.sync();
        print_news("alice", alice);
    });
}

} // namespace

int main(int count, char **arguments) { return run(count, arguments, play); }
