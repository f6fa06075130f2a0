/*
 * One user's device: a client of the library, the app's ledger in the same file, and the delivery service.
 *
 * It is in one group at most, which is all the examples need. Every act is built so that it can be cut off anywhere:
 * first goes out what lies in the outbox, then comes in what the delivery service has, and only then something new is
 * made.
 *
 * Functions that return bool say whether they worked; if not, problem() tells why.
 */

#ifndef EXAMPLES_DEVICE_H
#define EXAMPLES_DEVICE_H

#include "ledger.h"
#include "point.h"
#include "spool.h"

/* Where a device lives, and how. */
struct place {
    /* A directory that everyone shares: the delivery service is in `spool`, each device's file in a directory of its
       name. */
    const char *directory;
    /* 32 bytes under which the library seals what it stores; absent to store it as it is. */
    conclave_bytes storage_key;
    /* Where to stop and wait to be killed, for demonstrations. */
    enum point stop_at;
};

/* A device that is running. */
struct device {
    char *name;
    conclave_client *client;
    struct ledger ledger;
    struct spool spool;
    enum point stop_at;
};

/* Opens the device, makes it if it is new, and keeps key packages in stock, so that others can add it while it is
   off. */
bool device_open(const char *name, const struct place *place, struct device **opened);
/* Switches it off. NULL is allowed and does nothing. */
void device_close(struct device *device);

/* The group, if the device is or was in one; else NULL. Free it with conclave_group_free. */
bool device_find_group(const struct device *device, conclave_group **group);
/* The group; it is a problem if there is none. */
bool device_group(const struct device *device, conclave_group **group);
/* How the group stands. */
bool device_standing(const struct device *device, conclave_group_standing *standing);

/* Keeps key packages in stock at the delivery service. */
bool device_publish(const struct device *device);

/* A name becomes a part of paths, so it is made of few characters. */
bool device_check_name(const char *name);

/* Stops here and waits to be killed, if that is what the place said. */
void device_stop(const struct device *device, enum point point);

/* In device_sync.c. */

/* Sends what is in the outbox and receives what the delivery service has. */
bool device_sync(const struct device *device);
/* Writes to the group: as it is now, not as it was when this device last looked. */
bool device_say(const struct device *device, const char *text);

/* In device_change.c. */

/* Makes a group with this device alone in it. */
bool device_create_group(const struct device *device);
/* Adds others by name, whether they are running or not. */
bool device_add(const struct device *device, const struct lines *names);
bool device_remove(const struct device *device, const char *name);
/* Gives this device fresh keys, which shuts out whoever may have stolen the old ones. */
bool device_refresh(const struct device *device);

#endif
