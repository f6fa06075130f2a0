// One user's device: a client of the library, the app's ledger in the same file, and the delivery service.
//
// It is in one group at most, which is all the examples need. Every act is built so that it can be cut off anywhere: first goes out
// what lies in the outbox, then comes in what the delivery service has, and only then something new is made.

#ifndef EXAMPLES_DEVICE_HPP
#define EXAMPLES_DEVICE_HPP

#include "ledger.hpp"
#include "spool.hpp"

#include <functional>

// Where a process can be made to stop and wait for its end.
enum class Point {
    // A message is encrypted, and its key used up; nothing has been sent.
    before_sending,
    // A message is sent; nothing says so.
    after_sending,
    // In the transaction of a message received: all is written, nothing is committed.
    inside_receiving,
    // The transaction is committed; nobody has seen the message.
    after_receiving,
    // Nowhere.
    none
};

std::string text(Point point);
Point parse_point(const std::string &text);

// Says that the point is reached, and waits to be killed.
[[noreturn]] void stop(Point point);

// Where a device lives, and how: a directory that everyone shares, 32 bytes under which the library seals what it stores or nothing,
// and where to stop, for demonstrations.
struct Place {
    std::filesystem::path directory;
    std::optional<conclave::Buffer> storage_key = std::nullopt;
    Point stop_at = Point::none;
};

class Device {
public:
    // Opens the device, makes it if it is new, and keeps key packages in stock, so that others can add it while it is off.
    Device(const std::string &name, const Place &place);

    const std::string &name() const { return name_; }

    // The group, if the device is or was in one; and the group, or an exception.
    std::optional<conclave::Group> find_group() const;
    conclave::Group group() const;

    void create_group() const;
    // Adds others by name, whether they are running or not.
    void add(const std::vector<std::string> &names);
    void remove(const std::string &name);
    // Gives this device fresh keys, which shuts out whoever may have stolen the old ones.
    void refresh();
    // Writes to the group: as it is now, not as it was when this device last looked.
    void say(const std::string &text);
    // Sends what is in the outbox and receives what the delivery service has.
    void sync();

    // What has happened since anyone looked.
    std::vector<std::string> news() { return ledger_->news(); }
    const Spool &spool() const { return spool_; }

private:
    using Change = std::function<void(conclave::Commit &)>;

    conclave::Client open_store(const std::filesystem::path &path, const Place &place);
    void publish() const;
    void commit(const Change &change);
    bool came_back(const conclave::Group &group, conclave::Bytes commit);
    void flush();
    void send(const Letter &letter);
    void welcome(const Letter &letter);
    void answer_invitations();
    bool receive_next(const conclave::Group &group);
    void stop_at(Point point) const;

    std::string name_;
    Point stop_at_;
    Spool spool_;
    std::optional<Ledger> ledger_;
    conclave::Client client_;
};

#endif
