// The store over SQLite of examples/cpp, when the app or SQLite does what it should not. tests/c/sqlite.c has more of it.
#include "fixture.hpp"

#include "sqlite_store.hpp"

#include <cstring>
#include <filesystem>

using namespace conclave;

namespace {

const char reading[] = "SELECT key FROM conclave_records";
const char writing[] = "INSERT INTO app (number) VALUES (7) RETURNING number";

// What the app does with an effect, and what it has seen.
struct App {
    sqlite3 *connection = nullptr;
    sqlite3_stmt *kept = nullptr;
    // What it leaves at its first row.
    const char *sql = nullptr;
    std::string words;
    bool deny = false;
    int calls = 0;

    void record(sqlite3 *transaction) {
        ++calls;
        connection = transaction;
        if (sql != nullptr && kept == nullptr) {
            CHECK(sqlite3_prepare_v2(transaction, sql, -1, &kept, nullptr) == SQLITE_OK);
        }
        if (kept != nullptr) {
            CHECK(sqlite3_step(kept) == SQLITE_ROW);
        }
        if (deny) {
            auto no_rollback = [](void *, int action, const char *what, const char *, const char *, const char *) {
                return action == SQLITE_TRANSACTION && std::strcmp(what, "ROLLBACK") == 0 ? SQLITE_DENY : SQLITE_OK;
            };
            sqlite3_set_authorizer(transaction, no_rollback, nullptr);
        }
        if (!words.empty()) {
            throw std::runtime_error(words);
        }
    }
};

// A store in a folder of its own, with somebody who is alone in a group.
struct World {
    std::filesystem::path folder, path;
    App app;
    std::optional<Group> group;

    World() {
        char pattern[] = "/tmp/conclave-sqlite-XXXXXX";
        folder = mkdtemp(pattern);
        path = folder / "store.db";
        auto store = std::make_shared<SqliteStore>(
            path, [this](sqlite3 *transaction, const conclave_effect &) { app.record(transaction); });
        sqlite::Database(path, SQLITE_OPEN_READWRITE, 5000).run("CREATE TABLE app (number INTEGER)");
        group = Client::open(ClientConfig("alice"), {std::shared_ptr<Storage>(store), std::make_shared<AcceptAll>()})
                    .create_group();
        app.calls = 0;
    }
    World(const World &) = delete;

    // No connection is left: the last one would have removed the log.
    ~World() {
        group.reset();
        sqlite3_finalize(app.kept);
        CHECK(log_length() == -1);
        std::filesystem::remove_all(folder);
    }

    long log_length() const {
        std::error_code missing;
        auto length = std::filesystem::file_size(path.string() + "-wal", missing);
        return missing ? -1 : static_cast<long>(length);
    }

    std::int64_t rows() const {
        sqlite::Database database(path, SQLITE_OPEN_READWRITE, 5000);
        sqlite::Statement query(database.c(), "SELECT count(*) FROM app");
        CHECK(query.step());
        return query.number(0);
    }

    Failure encrypt() const {
        return failure([&] { (void)group->encrypt("hello"); });
    }
};

void reading_goes_on() {
    World world;
    world.app.sql = reading;
    CHECK(world.encrypt().status == CONCLAVE_OK && world.log_length() > 0);
    (void)world.group->new_commit().build();
    (void)world.group->confirm_commit();
    world.group->prune(0);
    CHECK(world.log_length() == 0);
}

void writing_goes_on() {
    World world;
    world.app.sql = writing;
    CHECK(world.encrypt().status == CONCLAVE_OK && world.app.calls == 1 && world.rows() == 1);
}

void kept_for_too_long() {
    World world;
    world.app.sql = reading;
    CHECK(world.encrypt().status == CONCLAVE_OK && world.log_length() > 0);
    world.group.reset();
    CHECK(world.log_length() == 0);
}

void app_fails() {
    World world;
    world.app.words = "the inbox is full";
    Failure failed = world.encrypt();
    CHECK(failed.status == CONCLAVE_STORAGE_FAILED && failed.detail == "the inbox is full" && world.app.calls == 1);
    world.app.words.clear();
    CHECK(world.encrypt().status == CONCLAVE_OK);
}

void no_way_back() {
    World world;
    world.app.sql = writing;
    world.app.deny = true;
    world.app.words = "no";
    CHECK(world.encrypt().detail == "no" && sqlite3_get_autocommit(world.app.connection) == 0);
    Failure failed = world.encrypt();
    CHECK(failed.status == CONCLAVE_STORAGE_FAILED && failed.detail.find("taking back") == 0 && world.app.calls == 1);
    world.app.words.clear();
    world.app.deny = false;
    CHECK(sqlite3_set_authorizer(world.app.connection, nullptr, nullptr) == SQLITE_OK && world.rows() == 0);
    CHECK(world.encrypt().status == CONCLAVE_OK && world.app.calls == 2 && world.rows() == 1);
}

} // namespace

int main() {
    reading_goes_on();
    writing_goes_on();
    kept_for_too_long();
    app_fails();
    no_way_back();
    return report();
}
