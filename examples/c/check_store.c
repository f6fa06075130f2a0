/*
 * Runs the library's conformance kit on the SQLite store, as you should on a store of your own: it finds out whether
 * the store keeps its contract, with races of several threads among it. Prints what it finds; nothing is good news.
 */

#include "files.h"
#include "problem.h"
#include "sqlite_store.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>

static bool check_at(const char *path, size_t *found) {
    sqlite_store *store = NULL;
    if (!sqlite_store_open(path, NULL, &store)) {
        fail("%s", sqlite_store_error(store));
        sqlite_store_free(store);
        return false;
    }
    conclave_storage storage = sqlite_store_storage(store);
    conclave_findings *findings = NULL;
    bool ok = check(conclave_check_storage(&storage, &findings));
    for (size_t i = 0; ok && i < findings->count; i++) {
        const conclave_finding *finding = findings->items[i];
        ok = print("%s: %s\n", (const char *)finding->rule.data, (const char *)finding->detail.data);
    }
    *found = ok ? findings->count : 0;
    conclave_findings_free(findings);
    if (ok && !sqlite_store_scrub(store)) {
        ok = fail("%s", sqlite_store_error(store));
    }
    sqlite_store_free(store);
    return ok;
}

int main(void) {
    char *directory = temporary_directory();
    char *path = format("%s/store.db", directory == NULL ? "" : directory);
    size_t found = 0;
    bool ok = directory != NULL && check_at(path, &found);
    free(path);
    ok = remove_directory(directory) && ok;
    free(directory);
    if (!ok) {
        complain();
    }
    return ok && found == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
