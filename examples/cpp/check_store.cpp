// Runs the library's conformance kit on the SQLite store, as you should on a store of your own: it finds out whether the store
// keeps its contract, with races of several threads among it. Prints what it finds; nothing is good news.

#include "sqlite_store.hpp"
#include "temporary.hpp"

#include <iostream>

int main() {
    try {
        TemporaryDirectory directory;
        auto findings = conclave::check_storage(std::make_shared<SqliteStore>(directory.path() / "store.db"));
        for (const conclave_finding &finding : conclave::each(findings->items, findings->count)) {
            std::cout << conclave::Bytes(finding.rule).text() << ": " << conclave::Bytes(finding.detail).text() << '\n';
        }
        return findings->count == 0 ? 0 : 1;
    } catch (const std::exception &exception) {
        std::cerr << exception.what() << '\n';
        return 1;
    }
}
