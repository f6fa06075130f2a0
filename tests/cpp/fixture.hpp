// What the tests of conclave.hpp share: counting, and people.
#ifndef FIXTURE_HPP
#define FIXTURE_HPP

#include <conclave.hpp>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <new>

inline int passed = 0, failed = 0;

inline void check(bool holds, const char *what, const char *file, int line) {
    holds ? ++passed : ++failed;
    if (!holds) {
        std::printf("%s:%d: not so: %s\n", file, line, what);
    }
}

#define CHECK(condition) check((condition), #condition, __FILE__, __LINE__)

// Prints the counts; the exit status of the program.
inline int report() {
    std::printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#ifndef CONCLAVE_NO_EXCEPTIONS

// The status that the act fails with, and the detail; CONCLAVE_OK if it does not fail.
struct Failure {
    conclave_status status;
    std::string detail;
};

inline Failure failure(const std::function<void()> &act) {
    try {
        act();
    } catch (const conclave::Error &error) {
        return {error.status(), error.detail()};
    }
    return {CONCLAVE_OK, ""};
}

inline bool fails(conclave_status status, const std::function<void()> &act) { return failure(act).status == status; }

// A client that accepts everybody, over a storage in memory of its own.
inline conclave::Client person(const char *name) {
    return conclave::Client::open(conclave::ClientConfig(name),
                                  {conclave::memory_storage(), std::make_shared<conclave::AcceptAll>()});
}

// Adds the other client to the group, and gives the group as the other has it.
inline conclave::Group add(const conclave::Group &group, const conclave::Client &other) {
    auto key_packages = other.create_key_packages(1);
    auto commit = group.new_commit();
    commit.add(key_packages->items[0]->message);
    auto built = commit.build();
    group.confirm_commit(built->commit);
    return other.join(built->welcome);
}

#endif
#endif
