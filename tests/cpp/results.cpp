// Without exceptions every call returns a Result. Linked with results_more.cpp, of the same mode, and with mixed.cpp, of the other.
#define CONCLAVE_NO_EXCEPTIONS
#include "fixture.hpp"

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

} // namespace

int main() {
    values();
    failures();
    CHECK(counted_with_exceptions() == 2);
    return report();
}
