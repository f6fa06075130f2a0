/* The chat: a line is a message, a line that begins with a slash is a command. */

#ifndef EXAMPLES_CHAT_H
#define EXAMPLES_CHAT_H

#include "device.h"

/* The line that ends the answer to one command of a script. */
#define CHAT_END "."

/* A chat on the terminal, until /quit or the end of the input. What others say appears as it comes. */
bool chat_on_terminal(const struct device *device);

/* A chat with a program: a line with a dot says that it is ready, and each command is answered by some lines and a
   dot. */
bool chat_by_script(const struct device *device);

#endif
