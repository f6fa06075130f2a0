// Whole processes for the demonstrations: a program starts itself again in the role of someone, talks to that process line by line,
// and kills it where it likes.

#ifndef EXAMPLES_PROCESS_HPP
#define EXAMPLES_PROCESS_HPP

#include "device.hpp"

#include <sys/types.h>

// A process in the role of someone.
class Actor {
public:
    // Starts this program again as the device of `name`, and waits until it is ready; it may be made to stop at a point.
    Actor(const std::string &name, const std::filesystem::path &directory, Point stop_at = Point::none);
    Actor(Actor &&other) noexcept;
    // No process outlives the program that started it.
    ~Actor();

    // Gives a command, and waits for the whole answer; or does either alone.
    std::vector<std::string> ask(const std::string &command);
    void tell(const std::string &command);
    std::vector<std::string> answer();

    // Gives a command, waits until the process stops at the point in the middle of it, and kills it there: SIGKILL, which a process
    // does not notice and cannot delay.
    void kill_at(Point point, const std::string &command);

    // Lets the process end by itself.
    void end();

private:
    std::string line();

    pid_t child_ = -1;
    int input_ = -1, output_ = -1;
    std::string heard_;
};

// Runs a program: its role if an Actor started it, else its act. Tells what went wrong; gives the exit status.
int run(int count, char **arguments, void (*act)());

#endif
