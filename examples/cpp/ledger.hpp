// The app's own tables, in the same file as the library's records: what was received, how far, and what is to be sent.
//
// They are filled by record(), which runs inside the transaction in which the library moves its keys. So a message is in the inbox
// exactly if its key is used up, the cursor stands behind exactly what has been handled, and nothing was ever encrypted that is
// not in the outbox. That is all it takes to survive a crash at any line.

#ifndef EXAMPLES_LEDGER_HPP
#define EXAMPLES_LEDGER_HPP

#include "sqlite.hpp"

// The app's word on a call, which the library hands back in the effect.
struct Tag {
    enum class Kind {
        // The call handled the message of this number, and all before it: where to go on after a restart.
        cursor,
        // The call encrypted a message.
        message,
        // The call built a commit that ends this epoch.
        commit
    };
    Kind kind;
    std::uint64_t number = 0;

    std::string text() const;
    static Tag parse(std::string_view text);
};

// Something to send: the bytes as they are, as often as it takes, and never made again.
struct Letter {
    std::int64_t id;
    conclave::Buffer group_id;
    // What the call was about; for a Welcome, the number of the commit that added the recipient.
    Tag tag;
    // Who alone gets it; nothing for the whole group.
    std::optional<std::string> recipient;
    conclave::Buffer bytes;
    // The last message that this device had handled when it was made.
    std::uint64_t after;
};

// The app's own connection to the file.
class Ledger {
public:
    // Opens the tables in a file that a SqliteStore has opened.
    explicit Ledger(const std::string &path);

    // The number of the last message that was handled.
    std::uint64_t cursor(conclave::Bytes group_id);

    // Steps over a message that changed nothing in the library, and so had no effect to write the cursor with; `line` is what the
    // user should know of it. Does nothing if another process of this device did that or received the message.
    void skip(conclave::Bytes group_id, std::uint64_t number, const std::optional<std::string> &line);

    // The lines that no process has shown yet, in order. Each is handed out once.
    std::vector<std::string> news();

    // Everything received, shown or not, in the order in which it came.
    std::vector<std::string> inbox();

    // What has not been sent, oldest first; and noting that the delivery service has it.
    std::vector<Letter> unsent();
    void mark_sent(const Letter &letter);

private:
    sqlite::Database database_;
};

// Writes what a call of the library produced, in the transaction of that call: the store's on_effect.
void record(sqlite3 *transaction, const conclave_effect &effect);

#endif
