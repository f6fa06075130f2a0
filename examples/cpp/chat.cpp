#include "chat.hpp"

#include <iostream>
#include <poll.h>
#include <sstream>
#include <unistd.h>

using namespace conclave;

namespace {

const char commands[] = R"(Anything that does not begin with a slash is sent to the group. Commands:
  /create          make a group with you alone in it
  /add NAME...     add people; they must have been here once, and may be away now
  /remove NAME     remove someone, who can then read nothing that is said afterwards
  /members         tell who is in the group
  /epoch           tell the epoch and its authenticator: equal for all members, and for nobody else
  /refresh         take fresh keys, which shuts out whoever may have stolen the old ones
  /help            show this
  /quit            leave the program; the group stays)";

// How often the delivery service is asked for news, in milliseconds.
constexpr int look = 100;

std::string trimmed(const std::string &line) {
    std::size_t from = line.find_first_not_of(" \t\r\n");
    return from == std::string::npos ? "" : line.substr(from, line.find_last_not_of(" \t\r\n") - from + 1);
}

void members(Device &device, std::ostream &out) {
    device.sync();
    auto members = device.group().members();
    std::string names;
    for (const conclave_member &member : each(members->items, members->count)) {
        names += (names.empty() ? "" : ", ") + std::string(Bytes(member.name.client_id).text());
    }
    out << "members: " << names << '\n';
}

void epoch(Device &device, std::ostream &out) {
    device.sync();
    auto group = device.group();
    out << "epoch " << group.status().epoch << ": " << hex(group.epoch_authenticator()) << '\n';
}

void act(Device &device, const std::string &line, std::ostream &out) {
    std::istringstream input(line);
    std::string command, word;
    input >> command;
    std::vector<std::string> names;
    while (input >> word) {
        names.push_back(word);
    }
    if (command.empty()) {
        device.sync();
    } else if (command == "/create" && names.empty()) {
        device.create_group();
    } else if (command == "/add" && !names.empty()) {
        device.add(names);
    } else if (command == "/remove" && names.size() == 1) {
        device.remove(names[0]);
    } else if (command == "/members" && names.empty()) {
        members(device, out);
    } else if (command == "/epoch" && names.empty()) {
        epoch(device, out);
    } else if (command == "/refresh" && names.empty()) {
        device.refresh();
    } else if (command == "/help" && names.empty()) {
        out << commands << '\n';
    } else if (command[0] == '/') {
        throw std::runtime_error(command + " is not understood; /help tells more");
    } else {
        device.say(line);
    }
}

// Does what the line says, and tells the news. A command that fails is told of, and ends nothing. False at the end.
bool obey(Device &device, const std::string &line, std::ostream &out) {
    if (line == "/quit") {
        return false;
    }
    try {
        act(device, line, out);
    } catch (const Error &error) {
        // In the words of the library's table, with what to do about it.
        out << "! " << error.summary() << " (" << error.status() << "): " << error.remedy() << '\n';
    } catch (const std::exception &exception) {
        out << "! " << exception.what() << '\n';
    }
    for (const std::string &news : device.news()) {
        out << news << '\n';
    }
    return true;
}

// Adds what was typed to `text`; false at its end.
bool read_more(std::string &text) {
    char bytes[4096];
    ssize_t count = read(STDIN_FILENO, bytes, sizeof bytes);
    text.append(bytes, count > 0 ? static_cast<std::size_t>(count) : 0);
    return count > 0;
}

} // namespace

void chat::on_terminal(Device &device) {
    std::cout << "* you are " << device.name() << "; /help tells what you can do\n";
    device.sync();
    if (!device.find_group()) {
        std::cout << "* you are in no group yet: /create one, or wait until someone adds you\n";
    }
    std::cout.flush();
    std::string typed;
    for (;;) {
        pollfd terminal{STDIN_FILENO, POLLIN, 0};
        bool more = poll(&terminal, 1, look) <= 0 || read_more(typed);
        std::string line;
        if (!more && !typed.empty() && typed.back() != '\n') {
            // The last line may end with the input.
            typed += '\n';
        }
        if (std::size_t end = typed.find('\n'); end != std::string::npos) {
            line = trimmed(typed.substr(0, end));
            typed.erase(0, end + 1);
        } else if (!more) {
            return;
        }
        if (!obey(device, line, std::cout)) {
            return;
        }
        std::cout.flush();
    }
}

void chat::by_script(Device &device, std::istream &input, std::ostream &out) {
    std::string line;
    do {
        out << "." << std::endl;
    } while (std::getline(input, line) && obey(device, trimmed(line), out));
}
