#include "ledger.hpp"

#include <algorithm>

using conclave::Bytes;
using conclave::each;

namespace {

const char tables[] = R"(
    CREATE TABLE IF NOT EXISTS app_cursor (group_id BLOB PRIMARY KEY, number INTEGER NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS app_inbox (
        id INTEGER PRIMARY KEY, group_id BLOB NOT NULL, number INTEGER NOT NULL, line TEXT NOT NULL,
        shown INTEGER NOT NULL DEFAULT 0, UNIQUE (group_id, number)) STRICT;
    CREATE TABLE IF NOT EXISTS app_outbox (
        id INTEGER PRIMARY KEY, group_id BLOB NOT NULL, tag TEXT NOT NULL, recipient TEXT, bytes BLOB NOT NULL,
        after INTEGER NOT NULL, sent INTEGER NOT NULL DEFAULT 0) STRICT;)";

// A letter keeps the cursor of the moment at which it was made: whatever is posted of it comes behind that.
const char outbox_row[] = "INSERT INTO app_outbox (group_id, tag, recipient, bytes, after) VALUES (?1, ?2, ?3, ?4, "
                          "coalesce((SELECT number FROM app_cursor WHERE group_id = ?1), 0))";

// A number that is there already is refused: no message is received twice.
const char inbox_row[] = "INSERT INTO app_inbox (group_id, number, line) VALUES (?1, ?2, ?3)";

std::int64_t as_signed(std::uint64_t number) { return static_cast<std::int64_t>(number); }

std::string name(const conclave_member_name &member) { return std::string(Bytes(member.client_id).text()); }

std::string names(const conclave_member_name *members, std::size_t count) {
    std::string joined;
    for (const conclave_member_name &member : each(members, count)) {
        joined += (joined.empty() ? "" : " and ") + name(member);
    }
    return joined;
}

// What the user reads.
std::string words_of_change(const conclave_epoch_change &change) {
    std::string done;
    if (change.added_count > 0) {
        done = "added " + names(change.added, change.added_count);
    }
    if (change.removed_count > 0) {
        done += (done.empty() ? "" : " and ") + ("removed " + names(change.removed, change.removed_count));
    }
    if (done.empty()) {
        done = "refreshed the keys";
    }
    auto lost = each(change.lost_commit, change.lost_commit_count);
    bool worth_telling = lost.size() > 1 || (lost.size() == 1 && lost[0].kind != CONCLAVE_PROPOSAL_UPDATE);
    return "* " + name(change.committer) + " " + done
        + (worth_telling ? " (your own change came too late: make it again)" : "");
}

std::string words(const conclave_event &event) {
    switch (event.kind) {
    case CONCLAVE_EVENT_MESSAGE:
        return name(event.message->sender) + ": " + std::string(Bytes(event.message->plaintext).text());
    case CONCLAVE_EVENT_EPOCH_CHANGED:
        return words_of_change(*event.change);
    case CONCLAVE_EVENT_REMOVED:
        return "* you were removed from the group";
    case CONCLAVE_EVENT_REINIT:
        return "* the group was closed";
    case CONCLAVE_EVENT_PROPOSAL:
        return "* a change was proposed";
    default:
        return "*";
    }
}

void arrived(sqlite3 *transaction, const conclave_effect &effect, const std::string &line) {
    Tag tag = Tag::parse(Bytes(effect.tag).text());
    if (tag.kind != Tag::Kind::cursor) {
        return;
    }
    sqlite::Statement(transaction, inbox_row).bind(Bytes(effect.group_id), as_signed(tag.number), line).run();
    sqlite::Statement(transaction, "INSERT OR REPLACE INTO app_cursor (group_id, number) VALUES (?1, ?2)")
        .bind(Bytes(effect.group_id), as_signed(tag.number))
        .run();
}

void send(sqlite3 *transaction, const conclave_effect &effect, const std::string *recipient, Bytes bytes) {
    sqlite::Statement insert(transaction, outbox_row);
    std::string tag(Bytes(effect.tag).text());
    if (recipient == nullptr) {
        insert.bind(Bytes(effect.group_id), tag, nullptr, bytes).run();
    } else {
        insert.bind(Bytes(effect.group_id), tag, *recipient, bytes).run();
    }
}

// The Welcome goes to each of those who were added.
void send_welcomes(sqlite3 *transaction, const conclave_effect &effect) {
    if (effect.event->kind != CONCLAVE_EVENT_EPOCH_CHANGED || Bytes(effect.welcome).absent()) {
        return;
    }
    for (const conclave_member_name &member : each(effect.event->change->added, effect.event->change->added_count)) {
        std::string recipient = name(member);
        send(transaction, effect, &recipient, effect.welcome);
    }
}

} // namespace

std::string Tag::text() const {
    switch (kind) {
    case Kind::cursor:
        return "cursor " + std::to_string(number);
    case Kind::commit:
        return "commit " + std::to_string(number);
    default:
        return "message";
    }
}

Tag Tag::parse(std::string_view text) {
    std::string_view word = text.substr(0, text.find(' '));
    if (text == "message") {
        return {Kind::message};
    }
    if ((word != "cursor" && word != "commit") || word.size() == text.size()) {
        throw std::runtime_error("a tag that this app never wrote");
    }
    std::uint64_t number = std::stoull(std::string(text.substr(word.size() + 1)));
    return {word == "cursor" ? Kind::cursor : Kind::commit, number};
}

Ledger::Ledger(const std::string &path)
    : database_(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, 5000) {
    database_.run(tables);
}

std::uint64_t Ledger::cursor(Bytes group_id) {
    sqlite::Statement query(database_.c(), "SELECT number FROM app_cursor WHERE group_id = ?1");
    return query.bind(group_id).step() ? static_cast<std::uint64_t>(query.number(0)) : 0;
}

void Ledger::skip(Bytes group_id, std::uint64_t number, const std::optional<std::string> &line) {
    sqlite::Transaction transaction(database_, "BEGIN IMMEDIATE");
    sqlite::Statement(database_.c(), "UPDATE app_cursor SET number = ?2 WHERE group_id = ?1 AND number = ?2 - 1")
        .bind(group_id, as_signed(number))
        .run();
    if (sqlite3_changes(database_.c()) == 1 && line) {
        sqlite::Statement(database_.c(), inbox_row).bind(group_id, as_signed(number), *line).run();
    }
    transaction.commit();
}

std::vector<std::string> Ledger::news() {
    sqlite::Statement claim(database_.c(), "UPDATE app_inbox SET shown = 1 WHERE shown = 0 RETURNING id, line");
    std::vector<std::pair<std::int64_t, std::string>> found;
    while (claim.step()) {
        found.emplace_back(claim.number(0), claim.text(1));
    }
    std::sort(found.begin(), found.end());
    std::vector<std::string> lines;
    for (auto &[id, line] : found) {
        lines.push_back(std::move(line));
    }
    return lines;
}

std::vector<std::string> Ledger::inbox() {
    sqlite::Statement query(database_.c(), "SELECT line FROM app_inbox ORDER BY id");
    std::vector<std::string> lines;
    while (query.step()) {
        lines.push_back(query.text(0));
    }
    return lines;
}

std::vector<Letter> Ledger::unsent() {
    sqlite::Statement query(database_.c(),
                            "SELECT id, group_id, tag, recipient, bytes, after FROM app_outbox WHERE sent = 0 ORDER BY id");
    std::vector<Letter> letters;
    while (query.step()) {
        std::optional<std::string> recipient;
        if (!query.null(3)) {
            recipient = query.text(3);
        }
        letters.push_back({query.number(0), query.bytes(1).copy(), Tag::parse(query.text(2)), recipient,
                           query.bytes(4).copy(), static_cast<std::uint64_t>(query.number(5))});
    }
    return letters;
}

void Ledger::mark_sent(const Letter &letter) {
    sqlite::Statement(database_.c(), "UPDATE app_outbox SET sent = 1 WHERE id = ?1").bind(letter.id).run();
}

void record(sqlite3 *transaction, const conclave_effect &effect) {
    switch (effect.kind) {
    case CONCLAVE_EFFECT_RECEIVED:
        arrived(transaction, effect, words(*effect.event));
        break;
    case CONCLAVE_EFFECT_CONFIRMED:
        arrived(transaction, effect, words(*effect.event));
        send_welcomes(transaction, effect);
        break;
    case CONCLAVE_EFFECT_OUTBOUND:
        send(transaction, effect, nullptr, effect.message);
        break;
    case CONCLAVE_EFFECT_JOINED:
        arrived(transaction, effect, effect.epoch == 0 ? "* you made the group" : "* you joined the group");
        break;
    default:
        // The library lists unused key packages itself, so they need no row to be published from.
        break;
    }
}
