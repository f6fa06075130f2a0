/* Wrong arguments for the functions on a group. */
#include "arguments.h"

void group_arguments(void)
{
    BAD("group", conclave_group_id(NULL, OUT(conclave_buf)));
    BAD("output", conclave_group_id(group, NULL));
    BAD("group", conclave_group_status(NULL, SIZED(conclave_group_standing)));
    BAD("output", conclave_group_status(group, NULL));
    BAD("output", conclave_group_status(group, SHORT(conclave_group_standing)));
    BAD("output", conclave_group_status(group, LONG(conclave_group_standing)));
    BAD("group", conclave_group_encrypt(NULL, some, some, some, OUT(conclave_buf)));
    TOO_LONG("plaintext", conclave_group_encrypt(group, huge, some, some, OUT(conclave_buf)));
    BAD("plaintext", conclave_group_encrypt(group, nowhere, some, some, OUT(conclave_buf)));
    TOO_LONG("aad", conclave_group_encrypt(group, some, huge, some, OUT(conclave_buf)));
    BAD("aad", conclave_group_encrypt(group, some, nowhere, some, OUT(conclave_buf)));
    TOO_LONG("tag", conclave_group_encrypt(group, some, some, huge, OUT(conclave_buf)));
    BAD("tag", conclave_group_encrypt(group, some, some, nowhere, OUT(conclave_buf)));
    BAD("output", conclave_group_encrypt(group, some, some, some, NULL));
    BAD("group", conclave_group_export_secret(NULL, "label", some, secret, 32));
    BAD("label", conclave_group_export_secret(group, NULL, some, secret, 32));
    TOO_LONG("context", conclave_group_export_secret(group, "label", huge, secret, 32));
    BAD("context", conclave_group_export_secret(group, "label", nowhere, secret, 32));
    BAD("secret", conclave_group_export_secret(group, "label", some, NULL, 32));
    BAD("group", conclave_group_epoch_authenticator(NULL, OUT(conclave_buf)));
    BAD("output", conclave_group_epoch_authenticator(group, NULL));
    BAD("group", conclave_group_info(NULL, 1, OUT(conclave_buf)));
    BAD("output", conclave_group_info(group, 1, NULL));
    BAD("group", conclave_group_export_tree(NULL, OUT(conclave_buf)));
    BAD("output", conclave_group_export_tree(group, NULL));
    BAD("group", conclave_group_prune(NULL, 1));
    BAD("group", conclave_group_delete(NULL));
    BAD("group", conclave_group_receive(NULL, some, some, OUT(conclave_event)));
    TOO_LONG("message", conclave_group_receive(group, huge, some, OUT(conclave_event)));
    BAD("message", conclave_group_receive(group, nowhere, some, OUT(conclave_event)));
    TOO_LONG("tag", conclave_group_receive(group, some, huge, OUT(conclave_event)));
    BAD("tag", conclave_group_receive(group, some, nowhere, OUT(conclave_event)));
    BAD("output", conclave_group_receive(group, some, some, NULL));
    BAD("group", conclave_group_next_deferred(NULL, some, OUT(conclave_event)));
    TOO_LONG("tag", conclave_group_next_deferred(group, huge, OUT(conclave_event)));
    BAD("tag", conclave_group_next_deferred(group, nowhere, OUT(conclave_event)));
    BAD("output", conclave_group_next_deferred(group, some, NULL));
    BAD("group", conclave_group_clear_deferred(NULL));
    BAD("group", conclave_group_preview(NULL, some, OUT(conclave_event)));
    TOO_LONG("message", conclave_group_preview(group, huge, OUT(conclave_event)));
    BAD("message", conclave_group_preview(group, nowhere, OUT(conclave_event)));
    BAD("output", conclave_group_preview(group, some, NULL));
    BAD("group", conclave_group_members(NULL, 1, 1, OUT(conclave_members)));
    BAD("output", conclave_group_members(group, 1, 1, NULL));
    BAD("group", conclave_group_find_member(NULL, some, OUT(conclave_members)));
    TOO_LONG("client_id", conclave_group_find_member(group, huge, OUT(conclave_members)));
    BAD("client_id", conclave_group_find_member(group, nowhere, OUT(conclave_members)));
    BAD("output", conclave_group_find_member(group, some, NULL));
    BAD("group", conclave_group_find_members(NULL, some, 1, 1, OUT(conclave_members)));
    TOO_LONG("user_id", conclave_group_find_members(group, huge, 1, 1, OUT(conclave_members)));
    BAD("user_id", conclave_group_find_members(group, nowhere, 1, 1, OUT(conclave_members)));
    BAD("output", conclave_group_find_members(group, some, 1, 1, NULL));
    BAD("group", conclave_group_new_commit(NULL, OUT(conclave_commit)));
    BAD("output", conclave_group_new_commit(group, NULL));
    BAD("group", conclave_group_confirm_commit(NULL, some, some, OUT(conclave_event)));
    TOO_LONG("commit", conclave_group_confirm_commit(group, huge, some, OUT(conclave_event)));
    BAD("commit", conclave_group_confirm_commit(group, nowhere, some, OUT(conclave_event)));
    TOO_LONG("tag", conclave_group_confirm_commit(group, some, huge, OUT(conclave_event)));
    BAD("tag", conclave_group_confirm_commit(group, some, nowhere, OUT(conclave_event)));
    BAD("output", conclave_group_confirm_commit(group, some, some, NULL));
    BAD("group", conclave_group_discard_commit(NULL, some));
    TOO_LONG("commit", conclave_group_discard_commit(group, huge));
    BAD("commit", conclave_group_discard_commit(group, nowhere));
    BAD("group", conclave_group_pending_commit(NULL, OUT(conclave_pending_commit)));
    BAD("output", conclave_group_pending_commit(group, NULL));
    BAD("group", conclave_group_propose_add(NULL, some, some, OUT(conclave_buf)));
    TOO_LONG("key_package", conclave_group_propose_add(group, huge, some, OUT(conclave_buf)));
    BAD("key_package", conclave_group_propose_add(group, nowhere, some, OUT(conclave_buf)));
    TOO_LONG("tag", conclave_group_propose_add(group, some, huge, OUT(conclave_buf)));
    BAD("tag", conclave_group_propose_add(group, some, nowhere, OUT(conclave_buf)));
    BAD("output", conclave_group_propose_add(group, some, some, NULL));
    BAD("group", conclave_group_propose_remove(NULL, 1, some, OUT(conclave_buf)));
    TOO_LONG("tag", conclave_group_propose_remove(group, 1, huge, OUT(conclave_buf)));
    BAD("tag", conclave_group_propose_remove(group, 1, nowhere, OUT(conclave_buf)));
    BAD("output", conclave_group_propose_remove(group, 1, some, NULL));
    BAD("group", conclave_group_propose_leave(NULL, some, OUT(conclave_buf)));
    TOO_LONG("tag", conclave_group_propose_leave(group, huge, OUT(conclave_buf)));
    BAD("tag", conclave_group_propose_leave(group, nowhere, OUT(conclave_buf)));
    BAD("output", conclave_group_propose_leave(group, some, NULL));
    BAD("group", conclave_group_propose_update(NULL, some, OUT(conclave_buf)));
    TOO_LONG("tag", conclave_group_propose_update(group, huge, OUT(conclave_buf)));
    BAD("tag", conclave_group_propose_update(group, nowhere, OUT(conclave_buf)));
    BAD("output", conclave_group_propose_update(group, some, NULL));
    BAD("group", conclave_group_propose_psk(NULL, some, some, OUT(conclave_buf)));
    TOO_LONG("psk_id", conclave_group_propose_psk(group, huge, some, OUT(conclave_buf)));
    BAD("psk_id", conclave_group_propose_psk(group, nowhere, some, OUT(conclave_buf)));
    TOO_LONG("tag", conclave_group_propose_psk(group, some, huge, OUT(conclave_buf)));
    BAD("tag", conclave_group_propose_psk(group, some, nowhere, OUT(conclave_buf)));
    BAD("output", conclave_group_propose_psk(group, some, some, NULL));
    BAD("group", conclave_group_propose_resumption_psk(NULL, psk, some, OUT(conclave_buf)));
    TOO_LONG("psk.group_id", conclave_group_propose_resumption_psk(group, bad_psk, some, OUT(conclave_buf)));
    TOO_LONG("tag", conclave_group_propose_resumption_psk(group, psk, huge, OUT(conclave_buf)));
    BAD("tag", conclave_group_propose_resumption_psk(group, psk, nowhere, OUT(conclave_buf)));
    BAD("output", conclave_group_propose_resumption_psk(group, psk, some, NULL));
    BAD("group", conclave_group_propose_extensions(NULL, some, some, OUT(conclave_buf)));
    TOO_LONG("extensions", conclave_group_propose_extensions(group, huge, some, OUT(conclave_buf)));
    BAD("extensions", conclave_group_propose_extensions(group, nowhere, some, OUT(conclave_buf)));
    TOO_LONG("tag", conclave_group_propose_extensions(group, some, huge, OUT(conclave_buf)));
    BAD("tag", conclave_group_propose_extensions(group, some, nowhere, OUT(conclave_buf)));
    BAD("output", conclave_group_propose_extensions(group, some, some, NULL));
    BAD("group", conclave_group_propose_custom(NULL, 0xff00, some, some, OUT(conclave_buf)));
    TOO_LONG("content", conclave_group_propose_custom(group, 0xff00, huge, some, OUT(conclave_buf)));
    BAD("content", conclave_group_propose_custom(group, 0xff00, nowhere, some, OUT(conclave_buf)));
    TOO_LONG("tag", conclave_group_propose_custom(group, 0xff00, some, huge, OUT(conclave_buf)));
    BAD("tag", conclave_group_propose_custom(group, 0xff00, some, nowhere, OUT(conclave_buf)));
    BAD("output", conclave_group_propose_custom(group, 0xff00, some, some, NULL));
    BAD("group", conclave_group_propose_reinit(NULL, NULL, some, OUT(conclave_buf)));
    BAD("options", conclave_group_propose_reinit(group, SHORT(conclave_reinit_options), some, OUT(conclave_buf)));
    BAD("options", conclave_group_propose_reinit(group, LONG(conclave_reinit_options), some, OUT(conclave_buf)));
    TOO_LONG("tag", conclave_group_propose_reinit(group, NULL, huge, OUT(conclave_buf)));
    BAD("tag", conclave_group_propose_reinit(group, NULL, nowhere, OUT(conclave_buf)));
    BAD("output", conclave_group_propose_reinit(group, NULL, some, NULL));
    BAD("group", conclave_group_pending_proposals(NULL, OUT(conclave_pending_proposals)));
    BAD("output", conclave_group_pending_proposals(group, NULL));
    BAD("group", conclave_group_clear_proposals(NULL));
    BAD("group", conclave_group_create_successor(NULL, &successor, OUT(conclave_group),
            OUT(conclave_commit_result)));
    BAD("options",
        conclave_group_create_successor(group, SHORT(conclave_successor_options), OUT(conclave_group),
            OUT(conclave_commit_result)));
    BAD("options",
        conclave_group_create_successor(group, LONG(conclave_successor_options), OUT(conclave_group),
            OUT(conclave_commit_result)));
    BAD("the new group", conclave_group_create_successor(group, &successor, NULL, OUT(conclave_commit_result)));
    BAD("result", conclave_group_create_successor(group, &successor, OUT(conclave_group), NULL));
    BAD("group", conclave_group_branch(NULL, &successor, OUT(conclave_group),
            OUT(conclave_commit_result)));
    BAD("options",
        conclave_group_branch(group, SHORT(conclave_successor_options), OUT(conclave_group),
            OUT(conclave_commit_result)));
    BAD("options",
        conclave_group_branch(group, LONG(conclave_successor_options), OUT(conclave_group),
            OUT(conclave_commit_result)));
    BAD("the new group", conclave_group_branch(group, &successor, NULL, OUT(conclave_commit_result)));
    BAD("result", conclave_group_branch(group, &successor, OUT(conclave_group), NULL));
    BAD("group", conclave_group_export_archive(NULL, some, OUT(conclave_buf)));
    TOO_LONG("key", conclave_group_export_archive(group, huge, OUT(conclave_buf)));
    BAD("key", conclave_group_export_archive(group, nowhere, OUT(conclave_buf)));
    BAD("output", conclave_group_export_archive(group, some, NULL));
    BAD("group", conclave_group_extensions(NULL, OUT(conclave_extensions)));
    BAD("output", conclave_group_extensions(group, NULL));
}
