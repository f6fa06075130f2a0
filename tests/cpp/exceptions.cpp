// An exception that leaves a callback comes back as the status of that callback, with what it said, and the client can be used
// afterwards.
#include "fixture.hpp"

#include <map>
#include <mutex>

using namespace conclave;

namespace {

// What the next callback throws; nothing if it is empty.
std::function<void()> thrower;
// Callbacks that let this many calls pass first.
int spare = 0;

void maybe_throw() {
    if (thrower && spare-- <= 0) {
        thrower();
    }
}

// A storage over a map, which throws from one of its callbacks.
class Store final : public Storage {
public:
    enum class Where { nowhere, read, scan, write };
    Where where = Where::nowhere;
    Answer answer;
    // Gives what is not taken; and says nothing of it, if it is to be silent.
    bool misplaced = false, silent = false;
    // The last effect that a write brought along; 0 if it brought none.
    conclave_effect_kind effect = 0;

    Answer read(List<conclave_bytes> keys, Values found) override {
        std::lock_guard lock(mutex_);
        at(Where::read);
        if (misplaced) {
            lenient([&] { found.put(keys.size(), "value"); });
        }
        for (std::size_t index = 0; index < keys.size(); ++index) {
            auto record = records_.find(Bytes(keys[index]).copy());
            if (record != records_.end()) {
                found.put(index, record->second);
            }
        }
        return {};
    }

    Answer scan(Bytes prefix, Bytes after, std::uint32_t limit, Records found) override {
        std::lock_guard lock(mutex_);
        at(Where::scan);
        if (misplaced) {
            lenient([&] { found.put("key", Bytes(nullptr, 64)); });
        }
        for (const auto &[key, value] : records_) {
            bool fits = key.size() >= prefix.size() && Bytes(key.data(), prefix.size()) == prefix;
            if (limit > 0 && fits && (after.empty() || key > after.copy())) {
                found.put(key, value);
                --limit;
            }
        }
        return {};
    }

    Answer write(WriteBatch batch) override {
        std::lock_guard lock(mutex_);
        at(Where::write);
        if (answer.tell(CONCLAVE_STORAGE_FAILED) != CONCLAVE_OK) {
            return std::exchange(answer, {});
        }
        for (const conclave_guard &guard : batch.guards()) {
            auto record = records_.find(Bytes(guard.key).copy());
            bool absent = record == records_.end();
            if (absent != Bytes(guard.expected).absent() || (!absent && Bytes(record->second) != guard.expected)) {
                return Answer::conflict();
            }
        }
        CHECK(batch.size().ops > 0);
        effect = batch.effect() == nullptr ? 0 : batch.effect()->kind;
        (void)batch.next();
        batch.rewind();
        for (auto ops = batch.next(2); !ops.empty(); ops = batch.next(2)) {
            for (const conclave_write_op &op : ops) {
                apply(op);
            }
        }
        return {};
    }

private:
    void at(Where here) {
        if (here == where) {
            maybe_throw();
        }
    }

    void lenient(const std::function<void()> &act) {
        try {
            act();
        } catch (const Error &) {
            if (!silent) {
                throw;
            }
        }
    }

    void apply(const conclave_write_op &op) {
        Buffer key = Bytes(op.key).copy();
        switch (op.kind) {
        case CONCLAVE_WRITE_PUT:
            records_[key] = Bytes(op.value).copy();
            break;
        case CONCLAVE_WRITE_DELETE:
            records_.erase(key);
            break;
        default:
            records_.erase(records_.lower_bound(key), records_.lower_bound(Bytes(op.to).copy()));
        }
    }

    std::mutex mutex_;
    std::map<Buffer, Buffer> records_;
};

struct Throwing final : Validator, Signer, Policy, Clock, Observer, Logger {
    // What each callback returns that does not throw.
    Answer answer;
    Bytes refused;
    bool in_validate = false, in_successor = false, in_sign = false, in_permit = false, in_clock = false,
         in_progress = false;

    Answer validate(List<conclave_candidate> candidates, Verdicts verdicts) override {
        if (in_validate) {
            maybe_throw();
        }
        for (std::size_t index = 0; index < candidates.size(); ++index) {
            Bytes name = candidates[index].identity.content;
            name == refused ? verdicts.reject(index, "an unknown name") : verdicts.accept(index, name, name);
        }
        return answer;
    }
    Answer is_successor(const conclave_candidate &, const conclave_candidate &, bool &yes) override {
        if (in_successor) {
            maybe_throw();
        }
        yes = true;
        return answer;
    }
    Answer sign(Bytes, conclave_sign_purpose, Bytes, Buffer &signature) override {
        if (in_sign) {
            maybe_throw();
        }
        signature.assign(64, 0);
        return answer;
    }
    Answer permit(const conclave_change_request &, bool &yes) override {
        if (in_permit) {
            maybe_throw();
        }
        yes = true;
        return answer;
    }
    Answer now(std::uint64_t &seconds) override {
        if (in_clock) {
            maybe_throw();
        }
        seconds = 1900000000;
        return answer;
    }
    Answer progress(std::uint64_t, std::uint64_t, bool &) override {
        if (in_progress) {
            maybe_throw();
        }
        return in_progress ? answer : Answer();
    }
    void log(conclave_log_level, std::string_view, std::string_view) override {
        ++lines;
        throw std::runtime_error("the log is full");
    }
    int lines = 0;
};

// Whatever is thrown, the act fails with the status, and says what was said; and then it succeeds.
void each_throw(conclave_status status, const std::function<void()> &act) {
    thrower = [] { throw std::runtime_error("in so many words"); };
    spare = 0;
    Failure failed = failure(act);
    CHECK(failed.status == status && failed.detail == "in so many words");
    thrower = [] { throw std::bad_alloc(); };
    failed = failure(act);
    CHECK(failed.status == status && failed.detail == std::bad_alloc().what());
    thrower = [] { throw 7; };
    failed = failure(act);
    CHECK(failed.status == status && failed.detail.find("no std::exception") != std::string::npos);
    thrower = nullptr;
    act();
    CHECK(true);
}

// The same for the answers of a callback that does not throw. Only a storage can be locked: elsewhere that is a failure.
void each_answer(Throwing &host, conclave_status status, const std::function<void()> &act) {
    for (Answer answer : {Answer::failed("not today"), Answer::locked("not today")}) {
        host.answer = answer;
        Failure failed = failure(act);
        CHECK(failed.status == status && failed.detail == "not today");
    }
    host.answer = {};
    act();
    CHECK(true);
}

void storages() {
    auto store = std::make_shared<Store>();
    auto client = Client::open(ClientConfig("alice"), {store, std::make_shared<AcceptAll>()});
    auto group = client.create_group();
    CHECK(store->effect == CONCLAVE_EFFECT_JOINED);
    auto encrypt = [&] { (void)group.encrypt("hello"); };
    store->where = Store::Where::read;
    each_throw(CONCLAVE_STORAGE_FAILED, encrypt);
    store->where = Store::Where::write;
    each_throw(CONCLAVE_STORAGE_FAILED, encrypt);
    store->where = Store::Where::scan;
    each_throw(CONCLAVE_STORAGE_FAILED, [&] { (void)client.groups(); });
    store->where = Store::Where::nowhere;
    store->answer = Answer::failed("no more room");
    CHECK(failure(encrypt).detail == "no more room");
    store->answer = Answer::locked("locked");
    CHECK(fails(CONCLAVE_STORAGE_LOCKED, encrypt));
    store->answer = Answer::conflict();
    encrypt();
    auto found = check_storage(store);
    CHECK(found->count == 0);
}

// What is not taken is no success, even if the callback says so.
void misplaced() {
    auto store = std::make_shared<Store>();
    auto client = Client::open(ClientConfig("alice"), {store, std::make_shared<AcceptAll>()});
    auto group = client.create_group();
    for (bool silent : {false, true}) {
        store->misplaced = true;
        store->silent = silent;
        Failure failed = failure([&] { (void)group.encrypt("hello"); });
        CHECK(failed.status == CONCLAVE_STORAGE_FAILED && failed.detail.find("index") != std::string::npos);
        failed = failure([&] { (void)client.groups(); });
        CHECK(failed.status == CONCLAVE_STORAGE_FAILED && failed.detail.find("value") != std::string::npos);
        store->misplaced = false;
        (void)group.encrypt("hello");
        CHECK(client.groups()->count == 1);
    }
    WriteBatch nothing(nullptr);
    CHECK(fails(CONCLAVE_BAD_ARGUMENT, [&] { (void)nothing.guards(); }));
    CHECK(fails(CONCLAVE_BAD_ARGUMENT, [&] { (void)nothing.next(); }));
    CHECK(fails(CONCLAVE_BAD_ARGUMENT, [&] { (void)nothing.effect(); }));
    CHECK(fails(CONCLAVE_BAD_ARGUMENT, [&] { nothing.rewind(); }));
    CHECK(fails(CONCLAVE_BAD_ARGUMENT, [&] { (void)nothing.size(); }));
}

void validators() {
    auto host = std::make_shared<Throwing>();
    host->in_validate = true;
    auto storage = memory_storage();
    auto client = Client::open(ClientConfig("alice"), {storage, std::shared_ptr<Validator>(host)});
    each_throw(CONCLAVE_VALIDATOR_FAILED, [&] { (void)client.create_group(); });
    each_answer(*host, CONCLAVE_VALIDATOR_FAILED, [&] { (void)client.create_group(); });
    host->in_validate = false;
    host->refused = "alice";
    Failure refused = failure([&] { (void)client.create_group(); });
    CHECK(refused.status == CONCLAVE_CREDENTIAL_REJECTED && refused.detail.find("an unknown name") != std::string::npos);
    host->refused = {};
    auto group = client.create_group();

    // The same client comes back with another name, which a commit puts into its leaf.
    ClientConfig renamed("alice");
    renamed.identity.content = Bytes("alice the second");
    auto again = Client::open(renamed, {storage, std::shared_ptr<Validator>(host)});
    auto reopened = again.open_group(group.id());
    host->in_successor = true;
    each_throw(CONCLAVE_VALIDATOR_FAILED, [&] { (void)reopened.new_commit().build(); });
}

void the_others() {
    auto host = std::make_shared<Throwing>();
    auto storage = memory_storage();
    Host lent{storage, std::make_shared<AcceptAll>()};
    lent.policy = host;
    lent.clock = host;
    lent.observer = host;
    auto client = Client::open(ClientConfig("alice"), lent);
    auto group = client.create_group();
    host->in_permit = true;
    each_throw(CONCLAVE_VALIDATOR_FAILED, [&] { (void)group.propose_update(); });
    each_answer(*host, CONCLAVE_VALIDATOR_FAILED, [&] { (void)group.propose_update(); });
    host->in_clock = true;
    each_throw(CONCLAVE_CLOCK_FAILED, [&] { (void)client.create_key_packages(1); });
    each_answer(*host, CONCLAVE_CLOCK_FAILED, [&] { (void)client.create_key_packages(1); });
    host->in_progress = true;
    each_throw(CONCLAVE_OBSERVER_FAILED, [&] { (void)group.export_tree(); });
    each_answer(*host, CONCLAVE_OBSERVER_FAILED, [&] { (void)group.export_tree(); });
}

void signers() {
    auto host = std::make_shared<Throwing>();
    auto sender = person("somebody").external_sender();
    ClientConfig config("alice");
    config.signing_keys = {{"key", sender->sender.signature_key, 1}};
    auto storage = memory_storage();
    Host lent{storage, std::make_shared<AcceptAll>()};
    lent.signer = host;
    auto client = Client::open(config, lent);
    host->in_sign = true;
    each_throw(CONCLAVE_SIGNER_FAILED, [&] { (void)client.create_group(); });
    each_answer(*host, CONCLAVE_SIGNER_FAILED, [&] { (void)client.create_group(); });
}

// What goes wrong in a logger is ignored.
void loggers() {
    auto host = std::make_shared<Throwing>();
    auto store = std::make_shared<Store>();
    auto client = Client::open(ClientConfig("alice"), {store, std::make_shared<AcceptAll>()});
    auto group = client.create_group();
    set_logger(host, CONCLAVE_LOG_DEBUG);
    store->answer = Answer::conflict();
    (void)group.encrypt("hello");
    CHECK(host->lines == 1);
    set_logger(std::make_shared<Throwing>(), CONCLAVE_LOG_ERROR);
    CHECK(host.use_count() == 1);
}

void errors() {
    CHECK(conclave_group_encrypt(nullptr, Bytes("hello"), Bytes(), Bytes(), nullptr) == CONCLAVE_BAD_ARGUMENT);
    CHECK(!Error::last(CONCLAVE_BAD_ARGUMENT).detail().empty());
    // Of another status there is nothing to tell.
    CHECK(Error::last(CONCLAVE_BUSY).detail().empty() && Error::last(CONCLAVE_BUSY).status() == CONCLAVE_BUSY);
    try {
        (void)person("alice").open_group("no such group");
        CHECK(false);
    } catch (const Error &error) {
        CHECK(error.status() == CONCLAVE_NO_SUCH_GROUP && error.category() == 4);
        CHECK(std::string(error.name()) == "NoSuchGroup" && std::string(error.remedy()).size() > 5);
        CHECK(std::string(error.what()).find("NoSuchGroup (401): ") == 0 && std::string(error.summary()).size() > 5);
    }
}

} // namespace

int main() {
    storages();
    misplaced();
    validators();
    the_others();
    signers();
    loggers();
    errors();
    return report();
}
