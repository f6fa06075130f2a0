// A part of the same program that has exceptions.
#include <conclave.hpp>

int counted_with_exceptions();

int counted_with_exceptions() {
    int count = 0;
    auto storage = conclave::memory_storage();
    auto client = conclave::Client::open(conclave::ClientConfig("bob"), {storage, std::make_shared<conclave::AcceptAll>()});
    count += client.create_group().status().members == 1;
    try {
        (void)client.open_group("no such group");
    } catch (const conclave::Error &error) {
        count += error.status() == CONCLAVE_NO_SUCH_GROUP;
    }
    return count;
}
