#include "store/reread.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "host/files.h"
#include "host/pulse.h"
#include "host/system.h"
#include "store/seal.h"

#define REREAD_BLOCK ((size_t)1 << 20)

/* *same: whether the file has exactly these bytes. */
static nn_status reread_compare(int descriptor, const char *written, const unsigned char *bytes, size_t size,
                                unsigned char *block, bool *same)
{
    size_t done = 0;
    *same = true;
    while (*same) {
        ssize_t got = read(descriptor, block, REREAD_BLOCK);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return nn_system_fail(NN_ERROR_IO, errno, "cannot reread %s", written);
        if (got == 0) break;
        *same = (size_t)got <= size - done && memcmp(block, bytes + done, (size_t)got) == 0;
        done += (size_t)got;
        nn_pulse();
    }
    *same = *same && done == size;
    return NN_OK;
}

nn_status nn_store_reread(const char *written, const char *path, const void *bytes, size_t size)
{
    bool same = false;
    unsigned char *block;
    NN_TRY(NN_ALLOCATE(&block, REREAD_BLOCK, "rereading a checkpoint"));
    int descriptor = nn_file_open(written, O_RDONLY);
    nn_status status = NN_OK;
    if (descriptor < 0) status = nn_system_fail(NN_ERROR_IO, errno, "cannot reread %s", written);
    if (status == NN_OK) {
        posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED); /* only a hint, which may be ignored */
        status = reread_compare(descriptor, written, bytes, size, block, &same);
        close(descriptor);
    }
    nn_free(block);
    NN_TRY(status);
    if (!same)
        NN_FAIL(NN_ERROR_IO,
                "%s was discarded: reading it back returned different data; is the disk failing?", path);
    if (nn_store_seal_check(bytes, size, path) != NN_OK)
        NN_FAIL(NN_ERROR_IO,
                "%s was discarded: its bytes changed in memory before they were written; is the memory of "
                "this node failing?",
                path);
    return NN_OK;
}
