#include "store/driver.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#if H5_VERSION_GE(1, 13, 0)
#include <H5FDdevelop.h>
#endif

#include "base/memory.h"
#include "host/files.h"
#include "host/pulse.h"
#include "host/system.h"

/* Small enough for a slow disk to show progress. */
#define DRIVER_LARGEST_READ ((size_t)1 << 24)
#define DRIVER_LARGEST_OFFSET (((haddr_t)1 << (8 * sizeof(off_t) - 1)) - 1)
#define DRIVER_SHORTER (-1) /* instead of an errno */

struct nn_store_source {
    H5FD_t parent; /* for HDF5; must come first */
    int descriptor;
    char *path;
    struct stat facts; /* when it was opened */
    haddr_t end;       /* end of the addresses in use, according to HDF5 */
    atomic_int broken; /* error that made it unreadable; 0: readable */
};

static _Thread_local int driver_error;

int nn_store_driver_error(void)
{
    return driver_error;
}

void nn_store_driver_forget(void)
{
    driver_error = 0;
}

static void driver_push(const char *function, int line, hid_t minor, const char *what, int error)
{
    char reason[256] = "the file has become shorter since it was opened";
    if (error != DRIVER_SHORTER && strerror_r(error, reason, sizeof reason) != 0)
        snprintf(reason, sizeof reason, "error %d", error);
    H5Epush2(H5E_DEFAULT, __FILE__, function, (unsigned)line, H5E_ERR_CLS, H5E_VFL, minor,
             "unable to %s file, errno = %d, %s", what, error, reason);
}

/* ---- reading ---- */

static bool driver_is_same(const struct stat *now, const struct stat *before)
{
    return S_ISREG(now->st_mode) && now->st_size == before->st_size &&
           now->st_mtim.tv_sec == before->st_mtim.tv_sec && now->st_mtim.tv_nsec == before->st_mtim.tv_nsec;
}

/* A stale descriptor of a file server stays useless, but a new one of the same file may work. It takes over
 * the old one's number, which other threads may be using right now. */
static void driver_open_again(const nn_store_source *source)
{
    struct stat now;
    int fresh = open(source->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fresh < 0) return;
    if (fstat(fresh, &now) == 0 && driver_is_same(&now, &source->facts) &&
        dup2(fresh, source->descriptor) >= 0)
        fcntl(source->descriptor, F_SETFD, FD_CLOEXEC);
    close(fresh);
}

/* Why a read returns nothing: the server may lag behind, or the file was truncated. */
static int driver_judge_end(const nn_store_source *source)
{
    struct stat now;
    bool shorter = fstat(source->descriptor, &now) == 0 && now.st_size < source->facts.st_size;
    return shorter ? DRIVER_SHORTER : EIO;
}

static int driver_read_once(const nn_store_source *source, int64_t at, size_t size, char *bytes)
{
    while (size > 0) {
        size_t part = size < DRIVER_LARGEST_READ ? size : DRIVER_LARGEST_READ;
        ssize_t got = pread(source->descriptor, bytes, part, (off_t)at);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return got < 0 ? errno : driver_judge_end(source);
        nn_pulse();
        bytes += got;
        at += got;
        size -= (size_t)got;
    }
    return 0;
}

bool nn_store_source_read(nn_store_source *source, int64_t at, size_t size, void *bytes)
{
    nn_patience patience = {0};
    int error = atomic_load(&source->broken);
    errno = 0;
    if (at > source->facts.st_size || size > (size_t)(source->facts.st_size - at)) return false;
    while (error == 0) {
        error = driver_read_once(source, at, size, bytes);
        if (error == 0) return true;
        if (!nn_patience_lasts(&patience, error, source->path)) break;
        driver_open_again(source);
        error = 0;
    }
    atomic_store(&source->broken, error);
    driver_error = error;
    errno = error == DRIVER_SHORTER ? 0 : error;
    return false;
}

/* Beyond the end that the file had when it was opened, zeros are returned, as by HDF5's own driver: when
 * looking for the start, HDF5 reads more than it knows to exist. */
static herr_t driver_read(H5FD_t *file, H5FD_mem_t type, hid_t transfer, haddr_t at, size_t size, void *bytes)
{
    nn_store_source *source = (nn_store_source *)file;
    (void)type, (void)transfer;
    haddr_t end = (haddr_t)source->facts.st_size;
    size_t inside = at >= end ? 0 : end - at < size ? (size_t)(end - at) : size;
    if (at > DRIVER_LARGEST_OFFSET ||
        (inside > 0 && !nn_store_source_read(source, (int64_t)at, inside, bytes))) {
        driver_push(__func__, __LINE__, H5E_READERROR, "read the", driver_error);
        return -1;
    }
    memset((char *)bytes + inside, 0, size - inside);
    return 0;
}

/* ---- opening and closing ---- */

static herr_t driver_close(H5FD_t *file)
{
    nn_store_source *source = (nn_store_source *)file;
    close(source->descriptor); /* nothing was written */
    nn_free(source->path);
    nn_free(source);
    return 0;
}

static H5FD_t *driver_refuse(nn_store_source *source, int error)
{
    if (!nn_system_is_absence(error)) driver_error = error;
    driver_push(__func__, __LINE__, H5E_CANTOPENFILE, "open", error);
    if (source) nn_free(source->path);
    nn_free(source);
    return NULL;
}

static H5FD_t *driver_open(const char *path, unsigned flags, hid_t access, haddr_t largest)
{
    nn_store_source *source = NULL;
    (void)access, (void)largest;
    if (flags & (H5F_ACC_RDWR | H5F_ACC_TRUNC | H5F_ACC_EXCL | H5F_ACC_CREAT))
        return driver_refuse(source, EROFS);
    if (NN_ALLOCATE(&source, 1, "an open file") != NN_OK || nn_copy_text(path, &source->path) != NN_OK)
        return driver_refuse(source, ENOMEM);
    source->descriptor = nn_file_open(path, O_RDONLY);
    if (source->descriptor < 0) return driver_refuse(source, errno);
    if (fstat(source->descriptor, &source->facts) == 0) return &source->parent;
    int error = errno;
    close(source->descriptor);
    return driver_refuse(source, error);
}

/* ---- other operations of the driver ---- */

/* No two are the same file: HDF5 would share the chunks that it caches, and chunks that were read but never
 * written then count as written (gaps.c). Files are only read, so they need not share anything. */
static int driver_compare(const H5FD_t *a, const H5FD_t *b)
{
    return a == b ? 0 : (uintptr_t)a < (uintptr_t)b ? -1 : 1;
}

static herr_t driver_query(const H5FD_t *file, unsigned long *flags)
{
    (void)file;
    *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE |
             H5FD_FEAT_AGGREGATE_SMALLDATA | H5FD_FEAT_SUPPORTS_SWMR_IO;
    return 0;
}

static haddr_t driver_get_end(const H5FD_t *file, H5FD_mem_t type)
{
    (void)type;
    return ((const nn_store_source *)file)->end;
}

static herr_t driver_set_end(H5FD_t *file, H5FD_mem_t type, haddr_t end)
{
    (void)type;
    ((nn_store_source *)file)->end = end;
    return 0;
}

static haddr_t driver_get_size(const H5FD_t *file, H5FD_mem_t type)
{
    (void)type;
    return (haddr_t)((const nn_store_source *)file)->facts.st_size;
}

static herr_t driver_get_handle(H5FD_t *file, hid_t access, void **handle)
{
    (void)access;
    *handle = file;
    return 0;
}

static herr_t driver_write(H5FD_t *file, H5FD_mem_t type, hid_t transfer, haddr_t at, size_t size,
                           const void *bytes)
{
    (void)file, (void)type, (void)transfer, (void)at, (void)size, (void)bytes;
    driver_push(__func__, __LINE__, H5E_WRITEERROR, "write the", EROFS);
    return -1;
}

static herr_t driver_lock(H5FD_t *file, hbool_t exclusive)
{
    int descriptor = ((nn_store_source *)file)->descriptor;
    if (flock(descriptor, (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0 || errno == ENOSYS) return 0;
    driver_push(__func__, __LINE__, H5E_BADFILE, "lock", errno);
    return -1;
}

static herr_t driver_unlock(H5FD_t *file)
{
    (void)flock(((nn_store_source *)file)->descriptor, LOCK_UN); /* also released with the descriptor */
    return 0;
}

static const H5FD_class_t driver_class = {
#if H5_VERSION_GE(1, 13, 0)
    .version = H5FD_CLASS_VERSION,
    .value = (H5FD_class_value_t)511, /* one of those that need no registration */
#endif
    .name = "nntrain",
    .maxaddr = DRIVER_LARGEST_OFFSET,
    .fc_degree = H5F_CLOSE_WEAK,
    .open = driver_open,
    .close = driver_close,
    .cmp = driver_compare,
    .query = driver_query,
    .get_eoa = driver_get_end,
    .set_eoa = driver_set_end,
    .get_eof = driver_get_size,
    .get_handle = driver_get_handle,
    .read = driver_read,
    .write = driver_write,
    .lock = driver_lock,
    .unlock = driver_unlock,
    .fl_map = H5FD_FLMAP_DICHOTOMY,
};

/* ---- for the rest of store ---- */

/* Registers the driver again if the library was closed in between. */
static hid_t driver_id(void)
{
    static hid_t id = H5I_INVALID_HID;
    if (H5Iget_type(id) != H5I_VFL) id = H5FDregister(&driver_class);
    return id;
}

bool nn_store_driver_set(hid_t access)
{
    hid_t id = driver_id();
    return access >= 0 && id >= 0 && H5Pset_driver(access, id, NULL) >= 0;
}

nn_store_source *nn_store_driver_source(hid_t file)
{
    void *handle = NULL;
    hid_t access = H5Fget_access_plist(file);
    bool ours =
        access >= 0 && H5Pget_driver(access) == driver_id() && H5Fget_vfd_handle(file, access, &handle) >= 0;
    if (access >= 0) H5Pclose(access);
    return ours ? handle : NULL;
}
