// A messenger and its notification extension: two processes, one SQLite file, one member of the group. Whoever is quicker receives a
// message; nothing is received twice, nothing is lost, and no key is used twice.

#include "process.hpp"
#include "temporary.hpp"

#include <algorithm>
#include <iostream>

namespace {

using Lines = std::vector<std::string>;

constexpr std::size_t race = 20;

void print(const Lines &lines) {
    for (const std::string &line : lines) {
        std::cout << "  " << line << '\n';
    }
}

void say(Actor &actor, const Lines &commands) {
    for (const std::string &command : commands) {
        actor.ask(command);
    }
}

// What two processes show when told at the same moment: each a part of it, so sorted.
Lines merged(Actor &app, Actor &extension, const char *to_app, const char *to_extension) {
    app.tell(to_app);
    extension.tell(to_extension);
    Lines shown = app.answer();
    for (const std::string &line : extension.answer()) {
        shown.push_back(line);
    }
    std::sort(shown.begin(), shown.end());
    return shown;
}

void race_for_messages(const TemporaryDirectory &directory, Actor &alice, Actor &app, Actor &extension) {
    for (std::size_t n = 1; n <= race; ++n) {
        alice.ask("message " + std::string(n < 10 ? "0" : "") + std::to_string(n));
    }
    Lines shown = merged(app, extension, "", "");
    Lines inbox = Ledger(directory.path() / "bob" / "store.db").inbox();
    Lines received(inbox.end() - static_cast<std::ptrdiff_t>(std::min(race, inbox.size())), inbox.end());
    print(received);
    std::cout << received.size() << " received, " << shown.size()
              << " shown, by one of the two each: " << (shown == received ? "true" : "false") << '\n';
}

void play() {
    TemporaryDirectory directory;
    Actor alice("alice", directory.path()), app("bob", directory.path()), extension("bob", directory.path());
    say(alice, {"/create", "/add bob"});

    std::cout << "the extension is awake, the app is not:\n";
    say(alice, {"one", "two", "three"});
    print(extension.ask(""));
    std::cout << "the app is awake, the extension is not:\n";
    say(alice, {"four", "/refresh", "five"});
    print(app.ask(""));
    std::cout << "both look at the same moment:\n";
    race_for_messages(directory, alice, app, extension);
    std::cout << "both write at the same moment:\n";
    merged(app, extension, "from the app", "from the extension");
    Lines read = alice.ask("");
    std::sort(read.begin(), read.end());
    print(read);
    alice.end();
    app.end();
    extension.end();
}

} // namespace

int main(int count, char **arguments) {
    return run(count, arguments, play);
}
