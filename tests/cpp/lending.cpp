// What the app lent is let go where the library does not take it: for a program with another header, and when memory ends in
// the middle of lending.
#include <conclave.h>

// A header that no library fits.
#undef CONCLAVE_VERSION_NUMBER
#define CONCLAVE_VERSION_NUMBER 99999999

#include "fixture.hpp"

using namespace conclave;

namespace {

// After how many allocations memory ends, once; never for 0.
long allocations_left = 0;

bool memory_ends() { return allocations_left > 0 && --allocations_left == 0; }

} // namespace

void *operator new(std::size_t size) {
    void *memory = memory_ends() ? nullptr : std::malloc(size);
    return memory == nullptr ? throw std::bad_alloc() : memory;
}
void operator delete(void *memory) noexcept { std::free(memory); }
void operator delete(void *memory, std::size_t) noexcept { std::free(memory); }

namespace {

class Everything final : public Storage, public Validator, public Signer, public Policy, public Clock, public Observer {
public:
    Answer read(List<conclave_bytes>, Values) override { return called(); }
    Answer scan(Bytes, Bytes, std::uint32_t, Records) override { return called(); }
    Answer write(WriteBatch) override { return called(); }
    Answer validate(List<conclave_candidate>, Verdicts) override { return called(); }
    Answer is_successor(const conclave_candidate &, const conclave_candidate &, bool &) override { return called(); }
    Answer sign(Bytes, conclave_sign_purpose, Bytes, Buffer &) override { return called(); }
    Answer permit(const conclave_change_request &, bool &) override { return called(); }
    Answer now(std::uint64_t &) override { return called(); }
    Answer progress(std::uint64_t, std::uint64_t, bool &) override { return called(); }

private:
    Answer called() {
        CHECK(!"no callback of a refused client is called");
        return Answer::failed("");
    }
};

// How opening a client ends when memory ends after so many allocations.
conclave_status opened(const Host &host, long allocations) {
    ClientConfig config("alice");
    config.signing_keys = {{"key", "public key", 1}};
    allocations_left = allocations;
    try {
        (void)Client::open(config, host);
    } catch (const Error &error) {
        return error.status();
    } catch (const std::bad_alloc &) {
        return CONCLAVE_INTERNAL;
    }
    return CONCLAVE_OK;
}

void refused() {
    auto lent = std::make_shared<Everything>();
    Host host{std::shared_ptr<Storage>(lent), std::shared_ptr<Validator>(lent)};
    host.signer = lent;
    host.policy = lent;
    host.clock = lent;
    host.observer = lent;
    const long users = lent.use_count();

    CHECK(opened(host, 0) == CONCLAVE_HEADER_MISMATCH && lent.use_count() == users);
    // One for each of the six parts, and one for the list of keys, at least.
    for (long allocations = 1; allocations <= 7; ++allocations) {
        CHECK(opened(host, allocations) == CONCLAVE_INTERNAL && lent.use_count() == users);
    }
}

} // namespace

int main() {
    refused();
    allocations_left = 0;
    return report();
}
