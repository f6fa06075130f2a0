/* What an app in C does to send a message: what the border between C and the library costs is measured with this. */
#include <conclave.h>

/* Makes a group of one over a storage in memory; NULL if something fails. */
conclave_group *border_group(void);

/* Encrypts and frees what comes of it; the status. */
conclave_status border_encrypt(const conclave_group *group, const uint8_t *plaintext, size_t length);

conclave_group *border_group(void)
{
    conclave_host host = CONCLAVE_INIT(conclave_host);
    conclave_memory_storage *storage = NULL;
    conclave_client_config config;
    conclave_client *client = NULL;
    conclave_group *group = NULL;

    if (conclave_client_config_init(&config, sizeof config, conclave_text("alice")) == CONCLAVE_OK
        && conclave_memory_storage_new(&storage) == CONCLAVE_OK) {
        host.memory_storage = storage;
        host.validator = conclave_accept_all();
        if (conclave_client_new(CONCLAVE_VERSION_NUMBER, &config, &host, &client) == CONCLAVE_OK) {
            (void)conclave_client_create_group(client, NULL, &group);
        }
    }
    conclave_client_free(client);
    conclave_memory_storage_free(storage);
    return group;
}

conclave_status border_encrypt(const conclave_group *group, const uint8_t *plaintext, size_t length)
{
    conclave_bytes bytes = {plaintext, length};
    conclave_buf *message;
    conclave_status status = conclave_group_encrypt(group, bytes, conclave_absent(), conclave_absent(), &message);

    if (status == CONCLAVE_OK) {
        conclave_buf_free(message);
    }
    return status;
}
