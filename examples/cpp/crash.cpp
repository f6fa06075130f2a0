// Processes are killed in the middle of sending and of receiving, and go on from their stores: nothing is lost, nothing comes twice, and
// what was encrypted is sent as it was encrypted.

#include "process.hpp"
#include "temporary.hpp"

#include <iostream>

namespace {

using Lines = std::vector<std::string>;
using Path = std::filesystem::path;

std::string joined(const Lines &lines) {
    std::string text;
    for (const std::string &line : lines) {
        text += (text.empty() ? "" : ", ") + line;
    }
    return text;
}

// Starts someone again, who finds out what there is to do; tells what was seen.
Lines start_and_end(const char *name, const Path &directory) {
    Actor actor(name, directory);
    Lines seen = actor.ask("");
    actor.end();
    return seen;
}

void one_line(const Path &directory, const char *text) {
    Actor alice("alice", directory);
    alice.ask(text);
    alice.end();
}

void kill_at(const char *name, const Path &directory, Point point, const char *command) {
    Actor(name, directory, point).kill_at(point, command);
}

// Whether the newest message of the group is these bytes.
bool is_sent(const Path &directory, const conclave::Buffer &bytes) {
    Spool spool(directory / "spool");
    conclave::Buffer group_id = spool.groups().at(0), newest;
    for (std::uint64_t number = 1; auto entry = spool.fetch(group_id, number); ++number) {
        newest = entry->message;
    }
    return newest == bytes;
}

void sending(const Path &directory, Actor &bob) {
    kill_at("alice", directory, Point::before_sending, "one");
    std::cout << "alice encrypted \"one\" and was killed before it was sent\n";
    conclave::Buffer bytes = Ledger(directory / "alice" / "store.db").unsent().at(0).bytes;
    std::cout << "bob sees " << bob.ask("").size() << " messages\n";
    start_and_end("alice", directory);
    std::cout << "alice goes on; the same bytes were sent: " << (is_sent(directory, bytes) ? "true" : "false") << '\n';
    std::cout << "bob sees: " << joined(bob.ask("")) << '\n';

    kill_at("alice", directory, Point::after_sending, "two");
    std::cout << "alice sent \"two\" and was killed before she could note it\n";
    std::cout << "bob sees: " << joined(bob.ask("")) << '\n';
    start_and_end("alice", directory);
    std::cout << "alice goes on and sends it again; bob sees " << bob.ask("").size() << " messages\n";
}

void receiving(const Path &directory) {
    one_line(directory, "three");
    kill_at("bob", directory, Point::inside_receiving, "");
    std::cout << "bob was killed inside the transaction that receives \"three\"\n";
    std::cout << "bob goes on and sees: " << joined(start_and_end("bob", directory)) << '\n';

    one_line(directory, "four");
    kill_at("bob", directory, Point::after_receiving, "");
    std::cout << "bob received \"four\" and was killed before he saw it\n";
    std::cout << "bob goes on and sees: " << joined(start_and_end("bob", directory)) << '\n';
}

void building(const Path &directory) {
    kill_at("alice", directory, Point::before_sending, "/refresh");
    std::cout << "alice built a commit and was killed before it was sent\n";
    start_and_end("alice", directory);
    std::cout << "alice goes on; bob sees: " << joined(start_and_end("bob", directory)) << '\n';
    one_line(directory, "five");
    std::cout << "bob sees: " << joined(start_and_end("bob", directory)) << '\n';
}

void play() {
    TemporaryDirectory temporary;
    const Path &directory = temporary.path();
    {
        Actor bob("bob", directory), alice("alice", directory);
        alice.ask("/create");
        alice.ask("/add bob");
        alice.end();
        bob.ask("");
        sending(directory, bob);
        bob.end();
    }
    receiving(directory);
    building(directory);
    std::cout << "everything bob ever received:\n";
    for (const std::string &line : Ledger(directory / "bob" / "store.db").inbox()) {
        std::cout << "  " << line << '\n';
    }
}

} // namespace

int main(int count, char **arguments) {
    return run(count, arguments, play);
}
