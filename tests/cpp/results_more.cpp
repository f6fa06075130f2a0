// A second part of a program without exceptions.
#define CONCLAVE_NO_EXCEPTIONS
#include <conclave.hpp>

std::string encrypted_elsewhere(const conclave::Group &group);

std::string encrypted_elsewhere(const conclave::Group &group) {
    auto message = group.encrypt("hello");
    auto words = message ? conclave::inspect(message.value()) : conclave::Result<std::string>(message.error());
    return words ? words.value() : "";
}
