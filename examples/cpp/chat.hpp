// The chat: a line is a message, a line that begins with a slash is a command.

#ifndef EXAMPLES_CHAT_HPP
#define EXAMPLES_CHAT_HPP

#include "device.hpp"

#include <iosfwd>

namespace chat {

// A chat on the terminal, until /quit or the end of the input. What others say appears as it comes.
void on_terminal(Device &device);

// A chat with a program: a line with a dot says that it is ready, and each command is answered by some lines and a dot.
void by_script(Device &device, std::istream &input, std::ostream &out);

} // namespace chat

#endif
