#include "host/mapped.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/files.h"
#include "host/system.h"

nn_status nn_mapped_open(const char *path, nn_mapped *mapped)
{
    struct stat facts = {0};
    *mapped = (nn_mapped){0};
    int descriptor = nn_file_open(path, O_RDONLY);
    int error = descriptor < 0 || fstat(descriptor, &facts) != 0 ? errno : 0;
    if (error == 0 && (uint64_t)facts.st_size > SIZE_MAX) error = EFBIG;
    if (error == 0 && facts.st_size > 0) {
        void *bytes = mmap(NULL, (size_t)facts.st_size, PROT_READ, MAP_SHARED, descriptor, 0);
        if (bytes == MAP_FAILED)
            error = errno;
        else
            *mapped = (nn_mapped){bytes, (size_t)facts.st_size};
    }
    if (descriptor >= 0) close(descriptor);
    return error == 0 ? NN_OK : nn_system_fail(NN_ERROR_IO, error, "cannot read %s", path);
}

void nn_mapped_close(nn_mapped *mapped)
{
    if (mapped->bytes) munmap((void *)(uintptr_t)mapped->bytes, mapped->size);
    *mapped = (nn_mapped){0};
}
