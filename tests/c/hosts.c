/* The other parts of a host: validator, signer, policy, clock, observer and logger. */
#include "fixture.h"

/* What the callbacks are to do, and what they have seen. `answer` of a validator: 1 accepts, 0 rejects, 2 accepts and then rejects,
   3 rejects and then accepts, with reasons that are no text; 4 accepts and then gives names that cannot be read; -1 says nothing. */
struct host {
    conclave_status status;
    const char *words;
    int answer;
    int calls;
    int released;
    conclave_memory_storage *storage;
};

static struct host control;

static conclave_status outcome(void)
{
    control.calls++;
    return control.words == NULL ? control.status : conclave_host_error(control.status, control.words);
}

static void release(void *context)
{
    ((struct host *)context)->released++;
}

static conclave_status validate(void *context, const conclave_candidate *candidates, size_t count,
    conclave_verdicts *verdicts)
{
    size_t i;

    (void)context;
    FAILS(CONCLAVE_BAD_ARGUMENT, conclave_verdicts_accept(verdicts, count, conclave_absent(), conclave_absent()));
    for (i = 0; i < count && control.answer >= 0; i++) {
        conclave_bytes name = candidates[i].identity.content;

        CHECK(candidates[i].identity.credential_type == CONCLAVE_CREDENTIAL_BASIC);
        CHECK(candidates[i].cipher_suite == 1 && candidates[i].signature_key.len == 32);
        if (control.answer >= 1) {
            if (control.answer == 3) {
                CHECK(conclave_verdicts_reject(verdicts, i, conclave_text("not \xff text")) == CONCLAVE_OK);
            }
            CHECK(conclave_verdicts_accept(verdicts, i, name, conclave_text("user")) == CONCLAVE_OK);
            if (control.answer == 2) {
                CHECK(conclave_verdicts_reject(verdicts, i, conclave_text("not \xff text")) == CONCLAVE_OK);
            } else if (control.answer == 4) {
                conclave_bytes nowhere = {NULL, 1};

                FAILS(CONCLAVE_BAD_ARGUMENT, conclave_verdicts_accept(verdicts, i, nowhere, conclave_text("user")));
            }
        } else {
            CHECK(conclave_verdicts_reject(verdicts, i, conclave_text("unheard of")) == CONCLAVE_OK);
        }
    }
    return outcome();
}

static conclave_status is_successor(void *context, const conclave_candidate *older, const conclave_candidate *newer,
    bool *yes)
{
    (void)context;
    (void)older;
    (void)newer;
    *yes = true;
    return outcome();
}

static conclave_status permit(void *context, const conclave_change_request *request, bool *yes)
{
    (void)context;
    CHECK(request->in_group.len == 16 && request->proposer.kind == CONCLAVE_PARTY_MEMBER);
    *yes = control.answer == 1;
    return outcome();
}

static conclave_status now(void *context, uint64_t *seconds)
{
    (void)context;
    *seconds = 2000000000;
    return outcome();
}

static conclave_status progress(void *context, uint64_t done, uint64_t total, bool *go_on)
{
    (void)context;
    CHECK(done <= total);
    *go_on = control.answer == 1;
    return outcome();
}

static void log_line(void *context, conclave_log_level level, const char *target, const char *message)
{
    (void)context;
    (void)level;
    (void)target;
    (void)message;
}

static void reset(int answer)
{
    control.status = CONCLAVE_OK;
    control.words = NULL;
    control.answer = answer;
    control.calls = 0;
}

static conclave_host host_with(const conclave_validator *validator)
{
    conclave_host host = CONCLAVE_INIT(conclave_host);

    host.memory_storage = control.storage;
    host.validator = validator;
    return host;
}

static void validators(void)
{
    conclave_validator validator = CONCLAVE_INIT(conclave_validator);
    conclave_host host;
    conclave_client *client;
    conclave_group *group;
    conclave_members *members;

    validator.context = &control;
    validator.release = release;
    validator.validate = validate;
    validator.is_successor = is_successor;
    host = host_with(&validator);
    client = client_of("validated", &host);
    reset(0);
    FAILS(CONCLAVE_CREDENTIAL_REJECTED, conclave_client_create_group(client, NULL, &group));
    CHECK(strstr(detail(), "unheard of") != NULL);
    reset(2);
    FAILS(CONCLAVE_CREDENTIAL_REJECTED, conclave_client_create_group(client, NULL, &group));
    reset(3);
    FAILS(CONCLAVE_CREDENTIAL_REJECTED, conclave_client_create_group(client, NULL, &group));
    reset(4);
    FAILS(CONCLAVE_VALIDATOR_FAILED, conclave_client_create_group(client, NULL, &group));
    reset(-1);
    FAILS(CONCLAVE_VALIDATOR_FAILED, conclave_client_create_group(client, NULL, &group));
    reset(1);
    control.status = CONCLAVE_VALIDATOR_FAILED;
    control.words = "the directory is away";
    FAILS(CONCLAVE_VALIDATOR_FAILED, conclave_client_create_group(client, NULL, &group));
    CHECK(strstr(detail(), "the directory is away") != NULL);
    reset(1);
    MUST(conclave_client_create_group(client, NULL, &group));
    MUST(conclave_group_find_members(group, conclave_text("user"), CONCLAVE_NO_LEAF, 10, &members));
    CHECK(members->count == 1 && equal(members->items[0]->name.client_id, "validated"));
    conclave_members_free(members);
    leave(client, group);
    CHECK(control.released == 1);
}

static void policies(void)
{
    conclave_policy policy = CONCLAVE_INIT(conclave_policy);
    conclave_host host = host_with(conclave_accept_all());
    conclave_client *client;
    conclave_group *group;
    conclave_buf *message;

    policy.permit = permit;
    host.policy = &policy;
    client = client_of("governed", &host);
    reset(0);
    MUST(conclave_client_create_group(client, NULL, &group));
    FAILS(CONCLAVE_POLICY_REJECTED, conclave_group_propose_update(group, conclave_absent(), &message));
    control.status = CONCLAVE_VALIDATOR_FAILED;
    control.words = "no rules today";
    FAILS(CONCLAVE_VALIDATOR_FAILED, conclave_group_propose_update(group, conclave_absent(), &message));
    CHECK(strstr(detail(), "no rules today") != NULL);
    reset(1);
    MUST(conclave_group_propose_update(group, conclave_absent(), &message));
    CHECK(control.calls > 0);
    conclave_buf_free(message);
    leave(client, group);
}

static void clocks_and_observers(void)
{
    conclave_clock clock = CONCLAVE_INIT(conclave_clock);
    conclave_observer observer = CONCLAVE_INIT(conclave_observer);
    conclave_host host = host_with(conclave_accept_all());
    conclave_key_packages *made;
    conclave_client *client;
    conclave_group *group;
    conclave_buf *tree;

    clock.now = now;
    observer.progress = progress;
    host.clock = &clock;
    host.observer = &observer;
    client = client_of("watched", &host);
    reset(1);
    MUST(conclave_client_create_key_packages(client, 1, NULL, &made));
    CHECK(control.calls > 0 && made->items[0]->not_after > 2000000000);
    conclave_key_packages_free(made);
    control.status = CONCLAVE_CLOCK_FAILED;
    control.words = "the battery is out";
    FAILS(CONCLAVE_CLOCK_FAILED, conclave_client_create_key_packages(client, 1, NULL, &made));
    CHECK(strstr(detail(), "the battery is out") != NULL);
    reset(1);
    MUST(conclave_client_create_group(client, NULL, &group));
    reset(0);
    FAILS(CONCLAVE_CANCELLED, conclave_group_export_tree(group, &tree));
    control.status = CONCLAVE_OBSERVER_FAILED;
    control.words = "nobody looks";
    FAILS(CONCLAVE_OBSERVER_FAILED, conclave_group_export_tree(group, &tree));
    CHECK(strstr(detail(), "nobody looks") != NULL);
    reset(1);
    MUST(conclave_group_export_tree(group, &tree));
    CHECK(control.calls > 0);
    conclave_buf_free(tree);
    leave(client, group);
}

/* A signer that gives `answer` bytes of nonsense. */
static conclave_status sign(void *context, conclave_bytes key_id, conclave_sign_purpose purpose, conclave_bytes content,
    conclave_signature *signature)
{
    static const uint8_t nonsense[64];
    conclave_bytes bytes = {nonsense, sizeof nonsense};

    (void)context;
    CHECK(equal(key_id, "key") && content.len > 0 && purpose >= CONCLAVE_SIGN_KEY_PACKAGE);
    CHECK(purpose <= CONCLAVE_SIGN_GROUP_INFO);
    if (control.answer == 1) {
        CHECK(conclave_signature_put(signature, bytes) == CONCLAVE_OK);
    }
    return outcome();
}

/* The public key of somebody, which is a valid one. */
static conclave_external_sender *public_key(void)
{
    conclave_client *client = person("somebody");
    conclave_external_sender *sender;

    MUST(conclave_client_external_sender(client, 0, &sender));
    conclave_client_free(client);
    return sender;
}

static void signers(void)
{
    conclave_signer signer = CONCLAVE_INIT(conclave_signer);
    conclave_host host = host_with(conclave_accept_all());
    conclave_external_sender *key = public_key();
    conclave_signing_key signing_key = {{NULL, 0}, {NULL, 0}, 1};
    conclave_client_config config;
    conclave_client *client;
    conclave_group *group;

    signing_key.key_id = conclave_text("key");
    signing_key.public_key = key->sender.signature_key;
    signer.sign = sign;
    host.signer = &signer;
    MUST(conclave_client_config_init(&config, sizeof config, conclave_text("signed")));
    config.signing_keys = &signing_key;
    config.signing_key_count = 1;
    MUST(conclave_client_new(CONCLAVE_VERSION_NUMBER, &config, &host, &client));
    reset(0);
    FAILS(CONCLAVE_SIGNER_FAILED, conclave_client_create_group(client, NULL, &group));
    control.status = CONCLAVE_SIGNER_FAILED;
    control.words = "the user said no";
    FAILS(CONCLAVE_SIGNER_FAILED, conclave_client_create_group(client, NULL, &group));
    CHECK(strstr(detail(), "the user said no") != NULL);
    reset(1);
    CHECK(conclave_client_create_group(client, NULL, &group) == CONCLAVE_OK);
    CHECK(control.calls > 0);
    leave(client, group);
    conclave_external_sender_free(key);
}

/* The last logger wins, and the one before is let go. (callbacks.c reads what one is told.) */
static void loggers(void)
{
    conclave_logger logger = CONCLAVE_INIT(conclave_logger), quiet;

    logger.context = &control;
    logger.release = release;
    logger.log = log_line;
    quiet = logger;
    control.released = 0;
    MUST(conclave_set_logger(&logger, CONCLAVE_LOG_DEBUG));
    CHECK(control.released == 0);
    MUST(conclave_set_logger(&quiet, CONCLAVE_LOG_ERROR));
    CHECK(control.released == 1);
}

int main(void)
{
    MUST(conclave_memory_storage_new(&control.storage));
    validators();
    policies();
    clocks_and_observers();
    signers();
    loggers();
    conclave_memory_storage_free(control.storage);
    return report();
}
