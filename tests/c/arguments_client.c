/* Wrong arguments for the functions on a client. */
#include "arguments.h"

void client_arguments(void)
{
    BAD("client", conclave_client_pending_effects(NULL, 1, 1, OUT(conclave_pending_effects)));
    BAD("output", conclave_client_pending_effects(alice, 1, 1, NULL));
    BAD("client", conclave_client_acknowledge(NULL, 1));
    BAD("client", conclave_client_wipe(NULL));
    BAD("output", conclave_client_config_init(NULL, sizeof(conclave_client_config), some));
    TOO_LONG("name", conclave_client_config_init(&config, sizeof(conclave_client_config), huge));
    BAD("name", conclave_client_config_init(&config, sizeof(conclave_client_config), nowhere));
    BAD("config", conclave_client_new(CONCLAVE_VERSION_NUMBER, NULL, &host, OUT(conclave_client)));
    BAD("config",
        conclave_client_new(CONCLAVE_VERSION_NUMBER, SHORT(conclave_client_config), &host, OUT(conclave_client)));
    BAD("config",
        conclave_client_new(CONCLAVE_VERSION_NUMBER, LONG(conclave_client_config), &host, OUT(conclave_client)));
    BAD("host", conclave_client_new(CONCLAVE_VERSION_NUMBER, &config, NULL, OUT(conclave_client)));
    BAD("host", conclave_client_new(CONCLAVE_VERSION_NUMBER, &config, SHORT(conclave_host), OUT(conclave_client)));
    BAD("host", conclave_client_new(CONCLAVE_VERSION_NUMBER, &config, LONG(conclave_host), OUT(conclave_client)));
    BAD("output", conclave_client_new(CONCLAVE_VERSION_NUMBER, &config, &host, NULL));
    BAD("client", conclave_client_identity(NULL, OUT(conclave_own_identity)));
    BAD("output", conclave_client_identity(alice, NULL));
    BAD("client", conclave_client_create_group(NULL, NULL, OUT(conclave_group)));
    BAD("options", conclave_client_create_group(alice, SHORT(conclave_group_options), OUT(conclave_group)));
    BAD("options", conclave_client_create_group(alice, LONG(conclave_group_options), OUT(conclave_group)));
    BAD("output", conclave_client_create_group(alice, NULL, NULL));
    BAD("client", conclave_client_open_group(NULL, some, OUT(conclave_group)));
    TOO_LONG("group_id", conclave_client_open_group(alice, huge, OUT(conclave_group)));
    BAD("group_id", conclave_client_open_group(alice, nowhere, OUT(conclave_group)));
    BAD("output", conclave_client_open_group(alice, some, NULL));
    BAD("client", conclave_client_groups(NULL, some, 1, OUT(conclave_groups)));
    TOO_LONG("after", conclave_client_groups(alice, huge, 1, OUT(conclave_groups)));
    BAD("after", conclave_client_groups(alice, nowhere, 1, OUT(conclave_groups)));
    BAD("output", conclave_client_groups(alice, some, 1, NULL));
    BAD("client", conclave_client_join(NULL, some, NULL, OUT(conclave_group)));
    TOO_LONG("welcome", conclave_client_join(alice, huge, NULL, OUT(conclave_group)));
    BAD("welcome", conclave_client_join(alice, nowhere, NULL, OUT(conclave_group)));
    BAD("options", conclave_client_join(alice, some, SHORT(conclave_join_options), OUT(conclave_group)));
    BAD("options", conclave_client_join(alice, some, LONG(conclave_join_options), OUT(conclave_group)));
    BAD("output", conclave_client_join(alice, some, NULL, NULL));
    BAD("client", conclave_client_put_psk(NULL, some, some));
    TOO_LONG("psk_id", conclave_client_put_psk(alice, huge, some));
    BAD("psk_id", conclave_client_put_psk(alice, nowhere, some));
    TOO_LONG("secret", conclave_client_put_psk(alice, some, huge));
    BAD("secret", conclave_client_put_psk(alice, some, nowhere));
    BAD("client", conclave_client_delete_psk(NULL, some));
    TOO_LONG("psk_id", conclave_client_delete_psk(alice, huge));
    BAD("psk_id", conclave_client_delete_psk(alice, nowhere));
    BAD("client", conclave_client_prune(NULL));
    BAD("client", conclave_client_create_key_packages(NULL, 1, NULL, OUT(conclave_key_packages)));
    BAD("options",
        conclave_client_create_key_packages(alice, 1, SHORT(conclave_key_package_options), OUT(conclave_key_packages)));
    BAD("options",
        conclave_client_create_key_packages(alice, 1, LONG(conclave_key_package_options), OUT(conclave_key_packages)));
    BAD("output", conclave_client_create_key_packages(alice, 1, NULL, NULL));
    BAD("client", conclave_client_key_packages(NULL, some, 1, OUT(conclave_key_packages)));
    TOO_LONG("after", conclave_client_key_packages(alice, huge, 1, OUT(conclave_key_packages)));
    BAD("after", conclave_client_key_packages(alice, nowhere, 1, OUT(conclave_key_packages)));
    BAD("output", conclave_client_key_packages(alice, some, 1, NULL));
    BAD("client", conclave_client_delete_key_packages(NULL, &some, 1));
    BAD("references", conclave_client_delete_key_packages(alice, NULL, 1));
    TOO_LONG("references", conclave_client_delete_key_packages(alice, &some, SIZE_MAX));
    BAD("client", conclave_client_key_package_status(NULL, some, SIZED(conclave_key_package_status)));
    TOO_LONG("reference", conclave_client_key_package_status(alice, huge, SIZED(conclave_key_package_status)));
    BAD("reference", conclave_client_key_package_status(alice, nowhere, SIZED(conclave_key_package_status)));
    BAD("output", conclave_client_key_package_status(alice, some, NULL));
    BAD("output", conclave_client_key_package_status(alice, some, SHORT(conclave_key_package_status)));
    BAD("output", conclave_client_key_package_status(alice, some, LONG(conclave_key_package_status)));
    BAD("client", conclave_client_peek(NULL, some, OUT(conclave_message_peek)));
    TOO_LONG("message", conclave_client_peek(alice, huge, OUT(conclave_message_peek)));
    BAD("message", conclave_client_peek(alice, nowhere, OUT(conclave_message_peek)));
    BAD("output", conclave_client_peek(alice, some, NULL));
    BAD("client", conclave_client_preview_welcome(NULL, some, some, OUT(conclave_welcome_preview)));
    TOO_LONG("welcome", conclave_client_preview_welcome(alice, huge, some, OUT(conclave_welcome_preview)));
    BAD("welcome", conclave_client_preview_welcome(alice, nowhere, some, OUT(conclave_welcome_preview)));
    TOO_LONG("tree", conclave_client_preview_welcome(alice, some, huge, OUT(conclave_welcome_preview)));
    BAD("tree", conclave_client_preview_welcome(alice, some, nowhere, OUT(conclave_welcome_preview)));
    BAD("output", conclave_client_preview_welcome(alice, some, some, NULL));
    BAD("client", conclave_client_join_external(NULL, some, NULL, OUT(conclave_external_join)));
    TOO_LONG("group_info", conclave_client_join_external(alice, huge, NULL, OUT(conclave_external_join)));
    BAD("group_info", conclave_client_join_external(alice, nowhere, NULL, OUT(conclave_external_join)));
    BAD("options",
        conclave_client_join_external(alice, some, SHORT(conclave_external_join_options), OUT(conclave_external_join)));
    BAD("options",
        conclave_client_join_external(alice, some, LONG(conclave_external_join_options), OUT(conclave_external_join)));
    BAD("output", conclave_client_join_external(alice, some, NULL, NULL));
    BAD("client", conclave_client_pending_join(NULL, some, OUT(conclave_external_join)));
    TOO_LONG("group_id", conclave_client_pending_join(alice, huge, OUT(conclave_external_join)));
    BAD("group_id", conclave_client_pending_join(alice, nowhere, OUT(conclave_external_join)));
    BAD("output", conclave_client_pending_join(alice, some, NULL));
    BAD("client", conclave_client_confirm_join(NULL, some, some, some, OUT(conclave_group)));
    TOO_LONG("group_id", conclave_client_confirm_join(alice, huge, some, some, OUT(conclave_group)));
    BAD("group_id", conclave_client_confirm_join(alice, nowhere, some, some, OUT(conclave_group)));
    TOO_LONG("commit", conclave_client_confirm_join(alice, some, huge, some, OUT(conclave_group)));
    BAD("commit", conclave_client_confirm_join(alice, some, nowhere, some, OUT(conclave_group)));
    TOO_LONG("tag", conclave_client_confirm_join(alice, some, some, huge, OUT(conclave_group)));
    BAD("tag", conclave_client_confirm_join(alice, some, some, nowhere, OUT(conclave_group)));
    BAD("output", conclave_client_confirm_join(alice, some, some, some, NULL));
    BAD("client", conclave_client_discard_join(NULL, some, some));
    TOO_LONG("group_id", conclave_client_discard_join(alice, huge, some));
    BAD("group_id", conclave_client_discard_join(alice, nowhere, some));
    TOO_LONG("commit", conclave_client_discard_join(alice, some, huge));
    BAD("commit", conclave_client_discard_join(alice, some, nowhere));
    BAD("client", conclave_client_export_archive(NULL, some, OUT(conclave_buf)));
    TOO_LONG("key", conclave_client_export_archive(alice, huge, OUT(conclave_buf)));
    BAD("key", conclave_client_export_archive(alice, nowhere, OUT(conclave_buf)));
    BAD("output", conclave_client_export_archive(alice, some, NULL));
    BAD("client", conclave_client_import_archive(NULL, some, some, 1, OUT(conclave_imported)));
    TOO_LONG("archive", conclave_client_import_archive(alice, huge, some, 1, OUT(conclave_imported)));
    BAD("archive", conclave_client_import_archive(alice, nowhere, some, 1, OUT(conclave_imported)));
    TOO_LONG("key", conclave_client_import_archive(alice, some, huge, 1, OUT(conclave_imported)));
    BAD("key", conclave_client_import_archive(alice, some, nowhere, 1, OUT(conclave_imported)));
    BAD("output", conclave_client_import_archive(alice, some, some, 1, NULL));
    BAD("client", conclave_client_external_sender(NULL, 1, OUT(conclave_external_sender)));
    BAD("output", conclave_client_external_sender(alice, 1, NULL));
    BAD("client", conclave_client_propose_join(NULL, some, some, some, OUT(conclave_join_proposal)));
    TOO_LONG("group_info", conclave_client_propose_join(alice, huge, some, some, OUT(conclave_join_proposal)));
    BAD("group_info", conclave_client_propose_join(alice, nowhere, some, some, OUT(conclave_join_proposal)));
    TOO_LONG("tree", conclave_client_propose_join(alice, some, huge, some, OUT(conclave_join_proposal)));
    BAD("tree", conclave_client_propose_join(alice, some, nowhere, some, OUT(conclave_join_proposal)));
    TOO_LONG("tag", conclave_client_propose_join(alice, some, some, huge, OUT(conclave_join_proposal)));
    BAD("tag", conclave_client_propose_join(alice, some, some, nowhere, OUT(conclave_join_proposal)));
    BAD("output", conclave_client_propose_join(alice, some, some, some, NULL));
}
