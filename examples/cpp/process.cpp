#include "process.hpp"

#include "chat.hpp"

#include <csignal>
#include <fcntl.h>
#include <iostream>
#include <poll.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

namespace {

// Ends the answer to one command.
const char end_of_answer[] = ".";

// Longest wait for a line, in milliseconds.
constexpr int patience = 30000;

[[noreturn]] void system_failed(const char *what) { throw std::system_error(errno, std::generic_category(), what); }

// Becomes the process of an actor.
[[noreturn]] void become(const std::vector<std::string> &words) {
    std::vector<char *> arguments;
    for (const std::string &word : words) {
        arguments.push_back(const_cast<char *>(word.c_str()));
    }
    arguments.push_back(nullptr);
    execv(arguments[0], arguments.data());
    _exit(EXIT_FAILURE);
}

// If the program was started by an Actor, plays that role to its end.
bool played_a_role(const std::vector<std::string> &words) {
    bool role = (words.size() == 4 || (words.size() == 6 && words[4] == "--stop")) && words[0] == "--as" && words[2] == "--dir";
    if (!role) {
        return false;
    }
    Device device(words[1], {words[3], std::nullopt, words.size() == 6 ? parse_point(words[5]) : Point::none});
    chat::by_script(device, std::cin, std::cout);
    return true;
}

} // namespace

Actor::Actor(const std::string &name, const std::filesystem::path &directory, Point stop_at) {
    std::vector<std::string> words = {std::filesystem::read_symlink("/proc/self/exe"), "--as", name, "--dir", directory};
    if (stop_at != Point::none) {
        words.insert(words.end(), {"--stop", text(stop_at)});
    }
    int to[2], from[2];
    if (pipe(to) != 0 || pipe(from) != 0) {
        system_failed("no way to talk to a process");
    }
    child_ = fork();
    if (child_ < 0) {
        system_failed("no process can be started");
    }
    if (child_ == 0) {
        dup2(to[0], STDIN_FILENO);
        dup2(from[1], STDOUT_FILENO);
        for (int end : {to[0], to[1], from[0], from[1]}) {
            close(end);
        }
        become(words);
    }
    close(to[0]);
    close(from[1]);
    input_ = to[1];
    output_ = from[0];
    // Other processes must not keep the pipes open.
    fcntl(input_, F_SETFD, FD_CLOEXEC);
    fcntl(output_, F_SETFD, FD_CLOEXEC);
    answer();
}

Actor::Actor(Actor &&other) noexcept
    : child_(std::exchange(other.child_, -1)), input_(std::exchange(other.input_, -1)),
      output_(std::exchange(other.output_, -1)), heard_(std::move(other.heard_)) {}

Actor::~Actor() {
    if (child_ > 0) {
        kill(child_, SIGKILL);
        waitpid(child_, nullptr, 0);
    }
    close(input_);
    close(output_);
}

std::vector<std::string> Actor::ask(const std::string &command) {
    tell(command);
    return answer();
}

void Actor::tell(const std::string &command) {
    std::string text = command + "\n";
    if (write(input_, text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
        system_failed("a process has ended");
    }
}

std::vector<std::string> Actor::answer() {
    std::vector<std::string> answer;
    for (std::string heard = line(); heard != end_of_answer; heard = line()) {
        answer.push_back(heard);
    }
    return answer;
}

void Actor::kill_at(Point point, const std::string &command) {
    tell(command);
    std::string heard = line();
    if (heard != "stopped " + text(point)) {
        throw std::runtime_error("the process said \"" + heard + "\" and did not stop " + text(point));
    }
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
    child_ = -1;
}

void Actor::end() {
    tell("/quit");
    int status = 0;
    waitpid(std::exchange(child_, -1), &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_SUCCESS) {
        throw std::runtime_error("a process failed");
    }
}

std::string Actor::line() {
    for (;;) {
        if (std::size_t end = heard_.find('\n'); end != std::string::npos) {
            std::string line = heard_.substr(0, end);
            heard_.erase(0, end + 1);
            return line;
        }
        pollfd output{output_, POLLIN, 0};
        char bytes[4096];
        ssize_t count = poll(&output, 1, patience) > 0 ? read(output_, bytes, sizeof bytes) : 0;
        if (count <= 0) {
            throw std::runtime_error("a process has ended, or does not answer");
        }
        heard_.append(bytes, static_cast<std::size_t>(count));
    }
}

int run(int count, char **arguments, void (*act)()) {
    std::signal(SIGPIPE, SIG_IGN);
    try {
        if (!played_a_role({arguments + 1, arguments + count})) {
            act();
        }
        return EXIT_SUCCESS;
    } catch (const std::exception &exception) {
        std::cerr << exception.what() << '\n';
        return EXIT_FAILURE;
    }
}
