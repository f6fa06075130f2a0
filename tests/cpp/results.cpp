// Without exceptions every call returns a Result. Linked with results_more.cpp, of the same mode, and with mixed.cpp, of the other.
#define CONCLAVE_NO_EXCEPTIONS
#include "fixture.hpp"

#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

using namespace conclave;

// In the other parts.
std::string encrypted_elsewhere(const Group &group);
int counted_with_exceptions();

namespace {

class Refusing final : public Validator {
public:
    Answer validate(List<conclave_candidate>, Verdicts) override { return Answer::failed("not today"); }
    Answer is_successor(const conclave_candidate &, const conclave_candidate &, bool &) override { return {}; }
};

// A storage that gives what is not taken, and does not look.
class Careless final : public Storage {
public:
    Answer read(List<conclave_bytes> keys, Values found) override {
        found.put(keys.size(), "value");
        return {};
    }
    Answer scan(Bytes, Bytes, std::uint32_t, Records) override { return {}; }
    Answer write(WriteBatch) override { return {}; }
};

Result<Client> person(const std::shared_ptr<Validator> &validator) {
    auto storage = memory_storage();
    return storage ? Client::open(ClientConfig("alice"), {storage.value(), validator}) : storage.error();
}

void values() {
    auto client = person(std::make_shared<AcceptAll>());
    CHECK(client.ok());
    auto group = client.value().create_group();
    CHECK(group && group.value().status().value().members == 1);
    CHECK(encrypted_elsewhere(group.value()).size() > 20);
    CHECK(group.value().clear_proposals().ok());
}

void failures() {
    auto client = person(std::make_shared<Refusing>());
    auto group = client.value().create_group();
    CHECK(!group && group.error().status() == CONCLAVE_VALIDATOR_FAILED && group.error().detail() == "not today");
    auto moved = std::move(client).value();
    auto done = moved.delete_psk("nothing");
    CHECK(done.ok());
    done = moved.acknowledge(1);
    CHECK(done.ok());
    CHECK(!moved.open_group("no such group").ok());
}

void misplaced() {
    auto client = Client::open(ClientConfig("alice"), {std::make_shared<Careless>(), std::make_shared<AcceptAll>()});
    CHECK(!client && client.error().status() == CONCLAVE_STORAGE_FAILED);
    CHECK(client.error().detail().find("index") != std::string::npos);
    WriteBatch nothing(nullptr);
    CHECK(!nothing.guards() && !nothing.next() && !nothing.effect() && !nothing.rewind() && !nothing.size());
}

// Whether a process of its own that does this ends by abort(), with a message.
bool aborts(const std::function<void()> &act) {
    int ends[2];
    if (pipe(ends) != 0) {
        return false;
    }
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        std::signal(SIGABRT, [](int) { _exit(42); });
        act();
        _exit(0);
    }
    close(ends[1]);
    char words[9] = {0};
    bool said = read(ends[0], words, 8) == 8 && std::string(words) == "conclave";
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    return said && WIFEXITED(status) && WEXITSTATUS(status) == 42;
}

void nothing_there() {
    auto client = person(std::make_shared<AcceptAll>());
    auto group = client.value().create_group();
    auto nobody = group.value().find_member("nobody");
    CHECK(nobody.ok() && !nobody.value());
    CHECK(aborts([&] { (void)nobody.value()->count; }) && aborts([&] { (void)*nobody.value(); }));
    CHECK(aborts([&] { (void)nobody.error(); }));
    auto none = client.value().open_group("no such group");
    CHECK(!none && aborts([&] { (void)none.value(); }) && aborts([&] { (void)std::move(none).value(); }));
    CHECK(aborts([&] { (void)group.value().clear_proposals().error(); }));
    CHECK(!aborts([&] { (void)group.value().status().value(); }));
}

} // namespace

int main() {
    values();
    failures();
    misplaced();
    nothing_there();
    CHECK(counted_with_exceptions() == 2);
    return report();
}
