// The chat as a scenario: `chat NAME DIRECTORY`.

#include "chat.hpp"
#include "process.hpp"

#include <iostream>

namespace {

std::string name, directory;

void talk() {
    Device device(name, {directory});
    chat::on_terminal(device);
}

} // namespace

int main(int count, char **arguments) {
    if (played_a_role(count, arguments)) {
        return EXIT_SUCCESS;
    }
    if (count != 3) {
        std::cerr << "usage: chat NAME DIRECTORY\n";
        return EXIT_FAILURE;
    }
    name = arguments[1];
    directory = arguments[2];
    return run(talk);
}
