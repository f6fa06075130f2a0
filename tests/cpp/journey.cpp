// A long way through conclave.hpp, past every method that the other tests do not come to: a template that nobody uses is never
// compiled.
#include "fixture.hpp"

#include <algorithm>

using namespace conclave;

namespace {

const std::array<std::uint8_t, 32> key{7};

void bytes() {
    std::string text = "text";
    Buffer buffer{'t', 'e', 'x', 't'};
    CHECK(Bytes(text) == Bytes(buffer) && Bytes("text") == Bytes(std::string_view("text")));
    CHECK(Bytes().absent() && Bytes().empty() && !Bytes("").absent() && !Bytes(Buffer()).absent());
    CHECK(fails(CONCLAVE_BAD_ARGUMENT, [] { person("alice").put_psk("psk", Bytes(nullptr, 64)); }));
    CHECK(!Bytes(nullptr, 0).absent() && Bytes(key).size() == 32 && Bytes("a") != Bytes("b"));
    CHECK(Bytes().copy().empty() && Bytes(text).copy() == buffer && Bytes(text).text() == "text");
    CHECK(conclave_bytes(Bytes()).data == nullptr && *Bytes(text).begin() == 't' && Bytes(text).data() != nullptr);
    const char *no_text = nullptr;
    CHECK(Bytes(no_text).absent() && Bytes(no_text).empty() && Bytes(no_text).begin() == Bytes(no_text).end());
    CHECK(Bytes() == Bytes(no_text) && Bytes("") == Bytes(Buffer()) && Bytes() != Bytes("") && Bytes("") != Bytes());
    CHECK(Bytes(nullptr, 64) != Bytes() && Bytes(nullptr, 64).text().empty());
    CHECK(Bytes(nullptr, 64).begin() == Bytes(nullptr, 64).end());
}

// Whatever it is made of may go.
void kept() {
    Kept from_text = std::string(100, 'a'), copy = from_text, moved = std::move(copy);
    CHECK(Bytes(from_text) == Bytes(std::string(100, 'a')) && Bytes(moved) == Bytes(from_text));
    from_text = Buffer(50, 'b');
    CHECK(Bytes(from_text) == Bytes(Buffer(50, 'b')) && Bytes(Kept("")) == Bytes("") && Bytes(Kept()).absent());
    from_text = {};
    CHECK(Bytes(from_text).absent() && Bytes(Kept(key)) == Bytes(key));
    GroupOptions options;
    options.group_id = std::string(100, 'c');
    auto client = Client::open(ClientConfig(std::string(100, 'd')), {memory_storage(), std::make_shared<AcceptAll>()});
    CHECK(Bytes(client.create_group(options).id()) == Bytes(std::string(100, 'c')));
    CHECK(Bytes(client.identity()->identity.content) == Bytes(std::string(100, 'd')));
    options.group_id = Bytes(nullptr, 64);
    CHECK(fails(CONCLAVE_BAD_ARGUMENT, [&] { (void)client.create_group(options); }));
    CHECK(fails(CONCLAVE_BAD_ARGUMENT, [] {
        (void)Client::open(ClientConfig(Bytes(nullptr, 64)), {memory_storage(), std::make_shared<AcceptAll>()});
    }));
}

// A field more in one of these is to be in conclave.hpp as well.
void fields() {
    auto [c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16, c17, c18, c19, c20, c21, c22, c23, c24, c25,
          c26, c27, c28, c29, c30, c31, c32] = conclave_client_config{};
    auto [g1, g2, g3, g4, g5, g6, g7] = conclave_group_options{};
    auto [j1, j2, j3, j4, j5] = conclave_join_options{};
    auto [k1, k2, k3, k4] = conclave_key_package_options{};
    auto [e1, e2, e3, e4, e5, e6, e7, e8, e9, e10, e11] = conclave_external_join_options{};
    auto [r1, r2, r3, r4] = conclave_reinit_options{};
    auto [s1, s2, s3, s4, s5, s6, s7, s8, s9] = conclave_successor_options{};
    CHECK(c1 + g1 + j1 + k1 + e1 + r1 + s1 == 0);
}

// All that options can hold reaches the library, and is there when they are gone.
void configurations() {
    std::optional<ClientConfig> config(std::in_place, std::string(100, 'e'));
    config->identity.content = std::string(100, 'f');
    config->proposals = {0xff01};
    config->extensions = {0xff02};
    config->credentials = {0xff03};
    conclave_extension extension{};
    extension.extension_type = 0xff02;
    config->leaf_extensions = encode_extensions({extension});
    config->storage_key = Buffer(32, 7);
    config->past_epochs = 1;
    ClientConfig copy = *config;
    config.reset();
    auto storage = memory_storage();
    auto group = Client::open(copy, {storage, std::make_shared<AcceptAll>()}).create_group();
    auto member = group.find_member(std::string(100, 'f'));
    auto has = [](List<std::uint16_t> list, std::uint16_t type) {
        return std::find(list.begin(), list.end(), type) != list.end();
    };
    const conclave_member &me = *member->items[0];
    CHECK(has(each(me.proposal_types, me.proposal_type_count), 0xff01));
    CHECK(has(each(me.extension_types, me.extension_type_count), 0xff02));
    CHECK(has(each(me.credential_types, me.credential_type_count), 0xff03));
    CHECK(me.extension_count == 1 && me.extensions[0].extension_type == 0xff02);
    copy.storage_key = {};
    CHECK(fails(CONCLAVE_BAD_KEY, [&] { (void)Client::open(copy, {storage, std::make_shared<AcceptAll>()}); }));
    for (int i = 0; i < 2; ++i) {
        (void)group.new_commit().build();
        (void)group.confirm_commit();
    }
    CHECK(group.status().oldest_epoch == 1);
}

struct World {
    Client alice = person("alice"), bob = person("bob");
    Group of_alice, of_bob;

    World() : of_alice(begin()), of_bob(add(of_alice, bob)) {}

    Group begin() {
        GroupOptions options;
        options.group_id = Bytes("the group");
        return alice.create_group(options);
    }

    // Has alice build and confirm, and bob receive.
    void carry_out(Commit commit) {
        auto built = commit.build();
        CHECK(Bytes(of_alice.pending_commit()->commit) == Bytes(built->commit));
        of_bob.receive(built->commit, "tag");
        auto event = of_alice.confirm_commit(built->commit, "tag");
        CHECK(event->change != nullptr && event->change->own);
    }
};

void looking(World &world) {
    CHECK(Bytes(world.alice.identity()->identity.content) == Bytes("alice"));
    CHECK(Bytes(world.alice.open_group("the group").id()) == Bytes("the group"));
    auto message = world.of_alice.encrypt("hello", "aad", "tag");
    auto peek = world.bob.peek(message);
    CHECK(peek->kind == CONCLAVE_KIND_APPLICATION && peek->standing == CONCLAVE_STANDING_CURRENT);
    auto preview = world.of_bob.preview(message);
    CHECK(Bytes((*preview).message->plaintext) == Bytes("hello") && preview.get() != nullptr);
    auto event = world.of_bob.receive(message);
    CHECK(event->kind == CONCLAVE_EVENT_MESSAGE && Bytes(event->message->aad) == Bytes("aad"));
    CHECK(inspect(message).find("PrivateMessage") != std::string::npos);
    auto tree = world.of_alice.export_tree();
    CHECK(!inspect_as(CONCLAVE_OBJECT_RATCHET_TREE, tree).empty() && !inspect_tree(tree).empty());
    CHECK(world.of_alice.epoch_authenticator() == world.of_bob.epoch_authenticator());
    CHECK(world.of_alice.export_secret("label", "context", 48) == world.of_bob.export_secret("label", "context", 48));
    CHECK(world.of_alice.export_secret("label", {}, 0).empty());
    CHECK(version().number == CONCLAVE_VERSION_NUMBER);
}

void members(World &world) {
    auto members = world.of_bob.members();
    std::string names;
    for (const conclave_member &member : each(members->items, members->count)) {
        names += Bytes(member.name.client_id).text();
        // Among them are values that mean nothing (GREASE).
        auto suites = each(member.cipher_suites, member.cipher_suite_count);
        CHECK(std::find(suites.begin(), suites.end(), 1) != suites.end());
    }
    CHECK(names == "alicebob" && each(members->items, members->count)[1].name.leaf == 1);
    CHECK(each(members->items, members->count).size() == 2 && !each(members->items, members->count).empty());
    CHECK(world.of_bob.find_member("alice") && !world.of_bob.find_member("nobody"));
    CHECK(fails(CONCLAVE_BAD_ARGUMENT, [&] { (void)world.of_bob.find_member("nobody")->count; }));
    CHECK(fails(CONCLAVE_BAD_ARGUMENT, [&] { (void)*world.of_bob.find_member("nobody"); }));
    CHECK(world.of_bob.find_members("alice", CONCLAVE_NO_LEAF, 5)->count == 1);
    CHECK(world.of_bob.status().members == 2 && world.alice.groups()->count == 1);
}

void key_packages(World &world) {
    auto carol = person("carol");
    KeyPackageOptions options;
    options.last_resort = 1;
    auto made = carol.create_key_packages(2, options);
    CHECK(carol.key_packages()->count == 2);
    Bytes reference = made->items[0]->reference;
    CHECK(carol.key_package_status(reference).standing == CONCLAVE_KEY_PACKAGE_AVAILABLE);
    auto commit = world.of_alice.new_commit();
    commit.add(made->items[0]->message);
    auto built = commit.build();
    CHECK(carol.preview_welcome(built->welcome)->members == 3);
    world.of_alice.discard_commit(built->commit);
    CHECK(!world.of_alice.pending_commit());
    carol.delete_key_packages({reference});
    CHECK(carol.key_package_status(reference).standing == CONCLAVE_KEY_PACKAGE_UNKNOWN);
    world.of_bob.propose_add(made->items[1]->message);
    world.of_bob.clear_proposals();
}

void proposals(World &world) {
    auto &bob = world.of_bob;
    for (const Buffer &message : {bob.propose_remove(0), bob.propose_leave(), bob.propose_update(), bob.propose_psk("psk"),
                                  bob.propose_resumption_psk("the group", 0), bob.propose_reinit()}) {
        CHECK(world.of_alice.receive(message)->kind == CONCLAVE_EVENT_PROPOSAL);
    }
    CHECK(world.of_alice.pending_proposals()->count == 6);
    CHECK(fails(CONCLAVE_BAD_ARGUMENT, [&] { (void)bob.propose_extensions({}); }));
    CHECK(fails(CONCLAVE_BAD_ARGUMENT, [&] { (void)bob.propose_custom(1, {}); }));
    world.of_alice.clear_proposals();
    bob.clear_proposals();
}

void commits(World &world) {
    world.alice.put_psk("psk", "shared");
    world.bob.put_psk("psk", "shared");
    auto commit = world.of_alice.new_commit();
    commit.psk("psk");
    commit.resumption_psk("the group", world.of_alice.status().epoch);
    commit.aad("aad");
    commit.tag("tag");
    commit.without_pending();
    commit.without_path();
    commit.tree_beside_welcome();
    commit.tree_later();
    CHECK(fails(CONCLAVE_BAD_ARGUMENT, [&] { commit.custom(1, {}); }));
    world.carry_out(std::move(commit));
    world.alice.delete_psk("psk");
}

void from_outside(World &world) {
    auto sender = world.bob.external_sender();
    conclave_extension extension{};
    extension.extension_type = CONCLAVE_EXTENSION_EXTERNAL_SENDERS;
    extension.senders = &sender->sender;
    extension.sender_count = 1;
    auto encoded = encode_extensions({extension});
    CHECK(decode_extensions(encoded)->count == 1);
    auto commit = world.of_alice.new_commit();
    commit.extensions(encoded);
    world.carry_out(std::move(commit));
    CHECK(world.of_bob.extensions()->count == 1);

    auto proposer = ExternalProposer::find(world.bob, world.of_alice.group_info(true));
    CHECK(proposer.place()->sender_index == 0 && proposer.at_epoch(9).place()->epoch == 9);
    CHECK(!proposer.propose_remove(1).empty() && !proposer.propose_psk("psk").empty());
    auto key_package = person("carol").create_key_packages(1);
    auto add = proposer.propose_add(key_package->items[0]->message);
    CHECK(world.of_alice.receive(add)->proposal->author.kind == CONCLAVE_AUTHOR_EXTERNAL);
    world.of_alice.clear_proposals();
    CHECK(!proposer.propose_extensions(encoded).empty() && !proposer.propose_reinit("next", 1, encoded).empty());
}

void joining_alone(World &world) {
    auto dave = person("dave");
    auto group_info = world.of_alice.group_info(true);
    CHECK(!Bytes(dave.propose_join(group_info)->message).empty());
    auto join = dave.join_external(group_info);
    dave.discard_join("the group", join->commit);
    CHECK(!dave.pending_join("the group"));
    // Whatever the members do not hold is refused, and with a name.
    ExternalJoinOptions options;
    options.psks = {std::string(100, 'p')};
    CHECK(fails(CONCLAVE_UNKNOWN_PSK, [&] { (void)dave.join_external(group_info, options); }));
    options.psks.clear();
    options.resumption_psks = {{std::string("the group"), 1}};
    CHECK(fails(CONCLAVE_UNKNOWN_PSK, [&] { (void)dave.join_external(group_info, options); }));
    options.resumption_psks.clear();
    options.aad = std::string("beside the join");
    join = dave.join_external(group_info, options);
    CHECK(inspect(join->commit).find("beside the join") != std::string::npos);
    CHECK(Bytes(dave.pending_join("the group")->commit) == Bytes(join->commit));
    auto group = dave.confirm_join("the group", join->commit);
    auto event = world.of_alice.receive(join->commit);
    CHECK(Bytes(each(event->change->added, event->change->added_count)[0].client_id) == Bytes("dave"));
    world.of_bob.receive(join->commit);
    auto commit = world.of_alice.new_commit();
    commit.remove(world.of_alice.find_member("dave")->items[0]->name.leaf);
    world.carry_out(std::move(commit));
    group.remove_from_storage();
    CHECK(dave.groups()->count == 0);
}

void archives(World &world) {
    auto device = person("bob");
    CHECK(device.import_archive(world.of_bob.export_archive(key), key)->group_count == 1);
    auto archive = world.bob.export_archive(key);
    CHECK(fails(CONCLAVE_ALREADY_MEMBER, [&] { (void)device.import_archive(archive, key); }));
    CHECK(device.import_archive(archive, key, true)->signing_keys);
}

void successors(World &world) {
    auto key_package = world.bob.create_key_packages(1);
    SuccessorOptions options;
    options.key_packages = {key_package->items[0]->message};
    auto branch = world.of_alice.branch(options);
    JoinOptions join;
    join.tag = Bytes("tag");
    CHECK(world.bob.join(branch.sent->welcome, join).status().members == 2);
    auto commit = world.of_alice.new_commit();
    ReinitOptions reinit;
    reinit.group_id = Bytes("the next group");
    commit.reinit(reinit);
    world.carry_out(std::move(commit));
    CHECK(world.of_bob.status().frozen);
    key_package = world.bob.create_key_packages(1);
    options.key_packages = {key_package->items[0]->message};
    CHECK(Bytes(world.of_alice.create_successor(options).group.id()) == Bytes("the next group"));
}

void end(World &world) {
    CHECK(!world.of_alice.next_deferred());
    world.of_alice.clear_deferred();
    world.of_alice.prune();
    world.of_alice.prune(0);
    world.alice.prune();
    ClientConfig config("erin");
    config.journal = 1;
    auto storage = memory_storage();
    auto erin = Client::open(config, {storage, std::make_shared<AcceptAll>()});
    auto group = erin.create_group();
    auto effects = erin.pending_effects();
    CHECK(effects->count == 1 && effects->items[0]->effect->kind == CONCLAVE_EFFECT_JOINED);
    erin.acknowledge(effects->items[0]->id);
    CHECK(erin.pending_effects()->count == 0);
    erin.wipe();
    CHECK(fails(CONCLAVE_NO_SUCH_GROUP, [&] { (void)group.encrypt("hello"); }));
}

} // namespace

int main() {
    bytes();
    kept();
    fields();
    configurations();
    World world;
    looking(world);
    members(world);
    key_packages(world);
    proposals(world);
    commits(world);
    from_outside(world);
    joining_alone(world);
    archives(world);
    successors(world);
    end(world);
    return report();
}
