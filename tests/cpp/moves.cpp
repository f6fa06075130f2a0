// Handles are moved, and what was moved from says so; what the app lent is let go when the last user goes.
#include "fixture.hpp"

using namespace conclave;

namespace {

class Lent final : public Storage, public Policy {
public:
    Answer read(List<conclave_bytes>, Values) override { return Answer::failed("an empty storage"); }
    Answer scan(Bytes, Bytes, std::uint32_t, Records) override { return Answer::failed("an empty storage"); }
    Answer write(WriteBatch) override { return Answer::failed("an empty storage"); }
    Answer permit(const conclave_change_request &, bool &yes) override {
        yes = true;
        return {};
    }
};

template <class T>
void move_to_itself(T &object) {
    T &same = object;
    object = std::move(same);
}

void handles() {
    auto client = person("alice");
    auto moved = std::move(client);
    CHECK(fails(CONCLAVE_BAD_ARGUMENT, [&] { (void)client.create_group(); }));
    auto group = moved.create_group();
    auto commit = group.new_commit();
    auto moved_commit = std::move(commit);
    CHECK(fails(CONCLAVE_BAD_ARGUMENT, [&] { (void)commit.build(); }));
    auto moved_group = std::move(group);
    CHECK(fails(CONCLAVE_BAD_ARGUMENT, [&] { (void)group.encrypt("hello"); }));
    CHECK(fails(CONCLAVE_BAD_ARGUMENT, [&] { (void)ExternalProposer::at_place(client, "group", 0, 1, 0); }));
    auto proposer = ExternalProposer::at_place(moved, "group", 0, 1, 0);
    auto moved_proposer = std::move(proposer);
    CHECK(fails(CONCLAVE_BAD_ARGUMENT, [&] { (void)proposer.propose_remove(1); }));
    move_to_itself(moved_group);
    client = std::move(moved);
    CHECK(client.groups()->count == 1);
    CHECK(client.c() != nullptr && moved.c() == nullptr && moved_group.c() != nullptr && group.c() == nullptr);
    CHECK(moved_commit.c() != nullptr && commit.c() == nullptr && moved_proposer.c() != nullptr && proposer.c() == nullptr);
    auto built = moved_commit.build();
    auto moved_built = std::move(built);
    CHECK(!built && moved_built && moved_built->commit.len > 0);
}

void containers() {
    auto client = person("alice");
    std::vector<Group> groups;
    for (int i = 0; i < 20; ++i) {
        groups.push_back(client.create_group());
    }
    groups.erase(groups.begin(), groups.begin() + 10);
    for (const Group &group : groups) {
        CHECK(!group.encrypt("hello").empty());
    }
}

// Groups outlive their client, and keep alive what they need.
void orders() {
    auto lent = std::make_shared<Lent>();
    std::weak_ptr<Lent> watched = lent;
    std::optional<Group> group;
    {
        Host host{memory_storage(), std::make_shared<AcceptAll>()};
        host.policy = lent;
        lent.reset();
        auto client = Client::open(ClientConfig("alice"), host);
        group = client.create_group();
    }
    CHECK(!watched.expired() && !group->propose_update().empty());
    group.reset();
    CHECK(watched.expired());
}

void refused_clients() {
    auto lent = std::make_shared<Lent>();
    Host host{std::shared_ptr<Storage>(lent), std::make_shared<AcceptAll>()};
    host.policy = lent;
    long users = lent.use_count();
    CHECK(fails(CONCLAVE_STORAGE_FAILED, [&] { (void)Client::open(ClientConfig("alice"), host); }));
    CHECK(lent.use_count() == users);
    host.validator = nullptr;
    CHECK(fails(CONCLAVE_BAD_ARGUMENT, [&] { (void)Client::open(ClientConfig("alice"), host); }));
    CHECK(lent.use_count() == users);
    CHECK(fails(CONCLAVE_STORAGE_FAILED, [&] { (void)check_storage(lent); }) && lent.use_count() == users);
}

// A host keeps the storage in memory that it was made of, and a copy of a storage is the same storage.
void storages_in_memory() {
    std::optional<Host> host;
    {
        auto storage = memory_storage();
        auto copy = storage;
        host.emplace(std::move(copy), std::make_shared<AcceptAll>());
        auto client = Client::open(ClientConfig("alice"), {storage, std::make_shared<AcceptAll>()});
        (void)client.create_group();
    }
    CHECK(Client::open(ClientConfig("alice"), *host).groups()->count == 1);
    CHECK(fails(CONCLAVE_BAD_ARGUMENT,
                [] { (void)Client::open(ClientConfig("alice"), {MemoryStorage(), std::make_shared<AcceptAll>()}); }));
}

// What is not there is an error of the caller's, not a crash.
void nothing_lent() {
    CHECK(fails(CONCLAVE_BAD_ARGUMENT, [] { (void)check_storage(nullptr); }));
    CHECK(fails(CONCLAVE_BAD_ARGUMENT, [] { set_logger(nullptr, conclave_log_level{0}); }));
    set_logger(nullptr, CONCLAVE_LOG_ERROR);
    auto group = person("alice").create_group();
    for (std::size_t length : {std::size_t{255 * 64 + 1}, std::size_t{1} << 40, SIZE_MAX}) {
        CHECK(fails(CONCLAVE_BAD_ARGUMENT, [&] { (void)group.export_secret("label", {}, length); }));
    }
}

} // namespace

int main() {
    handles();
    containers();
    orders();
    refused_clients();
    storages_in_memory();
    nothing_lent();
    return report();
}
