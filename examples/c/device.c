#include "device.h"

#include "files.h"
#include "problem.h"
#include "sqlite_store.h"

#include <stdlib.h>
#include <string.h>

/* Key packages kept in stock at the delivery service. */
enum { STOCK = 5 };

static bool open_client(struct device *device, const struct place *place, const char *path);

/* ---- opening, closing ---- */

bool device_open(const char *name, const struct place *place, struct device **opened) {
    if (!device_check_name(name)) {
        return false;
    }
    struct device *device = allocate(sizeof *device);
    memset(device, 0, sizeof *device);
    device->name = format("%s", name);
    device->stop_at = place->stop_at;
    char *home = format("%s/%s", place->directory, name);
    char *store = format("%s/store.db", home);
    char *meeting = format("%s/spool", place->directory);
    bool ok = make_directories(home) && spool_open(meeting, &device->spool) && open_client(device, place, store)
        && device_publish(device);
    free(home);
    free(store);
    free(meeting);
    if (ok) {
        *opened = device;
    } else {
        device_close(device);
    }
    return ok;
}

void device_close(struct device *device) {
    if (device != NULL) {
        conclave_client_free(device->client);
        ledger_close(&device->ledger);
        spool_close(&device->spool);
        free(device->name);
        free(device);
    }
}

bool device_check_name(const char *name) {
    size_t len = strlen(name);
    bool plain = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len && len >= 1 && len <= 32;
    return plain || fail("not a name: \"%s\"; take 1 to 32 small letters, digits and hyphens", name);
}

/* The store calls this inside its transactions: what the library did and what the app notes of it are written
   together. */
static conclave_status on_effect(void *context, sqlite3 *transaction, const conclave_effect *effect) {
    const struct device *device = context;
    if (effect->kind == CONCLAVE_EFFECT_RECEIVED) {
        device_stop(device, INSIDE_RECEIVING);
    }
    return ledger_record(transaction, effect);
}

static bool new_client(struct device *device, const struct place *place, sqlite_store *store) {
    conclave_client_config config;
    if (!check(conclave_client_config_init(&config, sizeof config, conclave_text(device->name)))) {
        return false;
    }
    config.storage_key = place->storage_key;
    conclave_storage storage = sqlite_store_storage(store);
    conclave_host host = CONCLAVE_INIT(conclave_host);
    host.storage = &storage;
    host.validator = conclave_accept_all(); /* For a demonstration only: whoever ships this lets anyone be anyone. */
    conclave_status status = conclave_client_new(CONCLAVE_VERSION_NUMBER, &config, &host, &device->client);
    if (status == CONCLAVE_HEADER_MISMATCH) {
        storage.release(storage.context); /* Nobody else does. */
    }
    return check(status);
}

static bool open_client(struct device *device, const struct place *place, const char *path) {
    sqlite_store_options options = {.on_effect = on_effect, .context = device};
    sqlite_store *store = NULL;
    bool ok = (sqlite_store_open(path, &options, &store) || fail("%s", sqlite_store_error(store)))
        && ledger_open(path, &device->ledger) && new_client(device, place, store);
    sqlite_store_free(store); /* The client keeps it alive. */
    return ok;
}

/* ---- key packages ---- */

/* Publishes some; what is at the delivery service already is not put there again. */
static bool put_key_packages(const struct device *device, const conclave_key_packages *packages) {
    bool ok = true;
    for (size_t i = 0; ok && i < packages->count; i++) {
        const conclave_key_package *package = packages->items[i];
        ok = package->last_resort ? spool_publish_last_resort(&device->spool, device->name, package->message)
                                  : spool_publish(&device->spool, device->name, package->reference, package->message);
    }
    return ok;
}

static bool make_key_packages(const struct device *device, size_t count, bool last_resort) {
    conclave_key_package_options options = CONCLAVE_INIT(conclave_key_package_options);
    options.last_resort = last_resort;
    conclave_key_packages *made = NULL;
    bool ok = check(conclave_client_create_key_packages(device->client, (uint32_t)count, &options, &made))
        && put_key_packages(device, made);
    conclave_key_packages_free(made);
    return ok;
}

bool device_publish(const struct device *device) {
    conclave_key_packages *known = NULL;
    if (!check(conclave_client_key_packages(device->client, conclave_absent(), STOCK + 1, &known))) {
        return false;
    }
    bool has_last_resort = false;
    for (size_t i = 0; i < known->count; i++) {
        has_last_resort = has_last_resort || known->items[i]->last_resort;
    }
    size_t count = known->count + (has_last_resort ? 0 : 1);
    bool ok = put_key_packages(device, known) && (has_last_resort || make_key_packages(device, 1, true))
        && (count > STOCK || make_key_packages(device, STOCK + 1 - count, false));
    conclave_key_packages_free(known);
    return ok;
}

/* ---- the group ---- */

bool device_find_group(const struct device *device, conclave_group **group) {
    conclave_groups *page = NULL;
    *group = NULL;
    bool ok = check(conclave_client_groups(device->client, conclave_absent(), 1, &page));
    ok = ok && (page->count == 0 || check(conclave_client_open_group(device->client, page->items[0]->group_id, group)));
    conclave_groups_free(page);
    return ok;
}

bool device_group(const struct device *device, conclave_group **group) {
    return device_find_group(device, group) && (*group != NULL || fail("you are in no group yet"));
}

bool device_standing(const struct device *device, conclave_group_standing *standing) {
    conclave_group *group = NULL;
    *standing = (conclave_group_standing)CONCLAVE_INIT(conclave_group_standing);
    bool ok = device_group(device, &group) && check(conclave_group_status(group, standing));
    conclave_group_free(group);
    return ok;
}

void device_stop(const struct device *device, enum point point) {
    if (device->stop_at == point) {
        point_stop(point);
    }
}
