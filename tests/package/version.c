/* The smallest program: is the library that runs the one whose header was compiled? */
#include <conclave.h>

int main(void) {
    conclave_version_info version = CONCLAVE_INIT(conclave_version_info);
    return conclave_version(&version) == CONCLAVE_OK && version.number == CONCLAVE_VERSION_NUMBER ? 0 : 1;
}
