/* Handles are freed in every order, and what is left goes on working. */
#include "fixture.h"

#define HANDLES 6

/* Two people in a group, and everything that hangs on them. */
struct world {
    conclave_memory_storage *storage;
    conclave_client *alice;
    conclave_group *group;
    conclave_commit *commit;
    conclave_commit_result *result;
    conclave_external_proposer *proposer;
};

static struct world begin(conclave_client *bob)
{
    conclave_host host = CONCLAVE_INIT(conclave_host);
    conclave_key_packages *key_packages;
    struct world world;

    MUST(conclave_memory_storage_new(&world.storage));
    host.memory_storage = world.storage;
    host.validator = conclave_accept_all();
    world.alice = client_of("alice", &host);
    MUST(conclave_client_create_group(world.alice, NULL, &world.group));
    MUST(conclave_client_create_key_packages(bob, 1, NULL, &key_packages));
    MUST(conclave_group_new_commit(world.group, &world.commit));
    MUST(conclave_commit_add(world.commit, key_packages->items[0]->message));
    MUST(conclave_commit_build(world.commit, &world.result));
    MUST(conclave_external_proposer_at_place(world.alice, conclave_text("group"), 0, 1, 0, &world.proposer));
    conclave_key_packages_free(key_packages);
    return world;
}

static void free_one(struct world *world, int which)
{
    switch (which) {
    case 0:
        conclave_memory_storage_free(world->storage);
        world->storage = NULL;
        break;
    case 1:
        conclave_client_free(world->alice);
        world->alice = NULL;
        break;
    case 2:
        conclave_group_free(world->group);
        world->group = NULL;
        break;
    case 3:
        conclave_commit_free(world->commit);
        world->commit = NULL;
        break;
    case 4:
        conclave_commit_result_free(world->result);
        world->result = NULL;
        break;
    default:
        conclave_external_proposer_free(world->proposer);
        world->proposer = NULL;
    }
}

/* Whatever is still there can be used. */
static void use_what_is_left(const struct world *world)
{
    conclave_group_standing standing;
    conclave_commit_result *result;
    conclave_groups *groups;
    conclave_buf *message;

    standing.struct_size = sizeof standing;
    if (world->group != NULL) {
        CHECK(conclave_group_status(world->group, &standing) == CONCLAVE_OK && standing.pending_commit);
    }
    if (world->alice != NULL) {
        CHECK(conclave_client_groups(world->alice, conclave_absent(), 10, &groups) == CONCLAVE_OK && groups->count == 1);
        conclave_groups_free(groups);
    }
    if (world->commit != NULL) {
        FAILS(CONCLAVE_CONSUMED, conclave_commit_build(world->commit, &result));
    }
    if (world->proposer != NULL) {
        CHECK(conclave_external_proposer_propose_remove(world->proposer, 1, &message) == CONCLAVE_OK);
        conclave_buf_free(message);
    }
    if (world->result != NULL) {
        CHECK(world->result->welcome.len > 100 && world->result->welcome.data[0] == 0);
    }
}

static void in_order(conclave_client *bob, const int *order)
{
    struct world world = begin(bob);
    int i;

    for (i = 0; i < HANDLES; i++) {
        free_one(&world, order[i]);
        use_what_is_left(&world);
    }
}

/* Goes through all orders of what stands from `at` on. */
static void all_orders(conclave_client *bob, int *order, int at)
{
    int i;

    if (at == HANDLES) {
        in_order(bob, order);
        return;
    }
    for (i = at; i < HANDLES; i++) {
        int chosen = order[i];

        order[i] = order[at];
        order[at] = chosen;
        all_orders(bob, order, at + 1);
        order[at] = order[i];
        order[i] = chosen;
    }
}

int main(int count, char **arguments)
{
    int order[HANDLES] = {0, 1, 2, 3, 4, 5};
    conclave_client *bob = person("bob");

    if (count > 1 && strcmp(arguments[1], "few") == 0) {
        in_order(bob, order);
    } else {
        all_orders(bob, order, 0);
    }
    conclave_client_free(bob);
    return report();
}
