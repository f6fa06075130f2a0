// The chat as a scenario: `chat NAME DIRECTORY`.

#include "chat.hpp"
#include "process.hpp"

#include <iostream>

namespace {

std::string name, directory;

void talk() {
    if (name.empty()) {
        throw std::runtime_error("usage: chat NAME DIRECTORY");
    }
    Device device(name, {directory});
    chat::on_terminal(device);
}

} // namespace

int main(int count, char **arguments) {
    if (count == 3) {
        name = arguments[1];
        directory = arguments[2];
    }
    return run(count, arguments, talk);
}
