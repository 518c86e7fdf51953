/* Whether the HDF5 of this process is the one that this library was built with. */
#include "store/store_internal.h"

nn_status nn_store_expect_library(void)
{
    unsigned major = 0, minor = 0, release = 0;
    H5get_libversion(&major, &minor, &release);
    if (major == H5_VERS_MAJOR && minor == H5_VERS_MINOR && release == H5_VERS_RELEASE) return NN_OK;
    NN_FAIL(NN_ERROR_USAGE,
            "nntrain was built with HDF5 %d.%d.%d, and the program has loaded HDF5 %u.%u.%u, whose files and "
            "functions may differ; link the program with the former, or build nntrain with the latter",
            H5_VERS_MAJOR, H5_VERS_MINOR, H5_VERS_RELEASE, major, minor, release);
}
