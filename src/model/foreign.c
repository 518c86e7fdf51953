#include "model/foreign.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "host/files.h"
#include "host/system.h"
#include "model/foreign_internal.h"
#include "store/store.h"

static const char foreign_hdf5[] = "\x89HDF\r\n\x1a\n";

bool nn_foreign_is_name(const char *path)
{
    static const char *const endings[] = {".safetensors", ".weights.h5"};
    size_t length = strlen(path);
    for (size_t e = 0; e < sizeof endings / sizeof *endings; e++) {
        size_t ending = strlen(endings[e]);
        if (length > ending && strcmp(path + length - ending, endings[e]) == 0) return true;
    }
    return false;
}

/* ---- the list of tensors ---- */

nn_status nn_foreign_add(nn_foreign *foreign, const char *name, nn_foreign_tensor **tensor)
{
    int64_t count = foreign->count;
    bool full = count == 0 || (count >= 16 && (count & (count - 1)) == 0); /* room for 16, 32, 64, ... */
    if (full)
        NN_TRY(nn_reallocate((void **)&foreign->tensors, (size_t)count, count == 0 ? 16 : (size_t)(2 * count),
                             sizeof *foreign->tensors, "the names of tensors"));
    *tensor = &foreign->tensors[count];
    NN_TRY(nn_copy_text(name, &(*tensor)->name));
    foreign->count++;
    return NN_OK;
}

static int foreign_compare(const void *a, const void *b)
{
    return strcmp(((const nn_foreign_tensor *)a)->name, ((const nn_foreign_tensor *)b)->name);
}

nn_status nn_foreign_sort(nn_foreign *foreign)
{
    nn_foreign_tensor *tensors = foreign->tensors;
    if (foreign->count > 0) qsort(tensors, (size_t)foreign->count, sizeof *tensors, foreign_compare);
    for (int64_t t = 1; t < foreign->count; t++)
        if (strcmp(tensors[t - 1].name, tensors[t].name) == 0)
            NN_FAIL(NN_ERROR_DATA, "%s has two tensors of the name %s", foreign->path, tensors[t].name);
    return NN_OK;
}

int64_t nn_foreign_find(const nn_foreign *foreign, const char *name)
{
    int64_t low = 0, high = foreign->count;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        int order = strcmp(foreign->tensors[middle].name, name);
        if (order == 0) return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (int64_t t = 0; t < foreign->count; t++)
        if (foreign->tensors[t].path && strcmp(foreign->tensors[t].path, name) == 0) return t;
    return -1;
}

const char *nn_foreign_note(const nn_foreign *foreign, const char *key)
{
    for (int64_t n = 0; n < foreign->note_count; n++)
        if (strcmp(foreign->note_keys[n], key) == 0) return foreign->notes[n];
    return NULL;
}

/* ---- files ---- */

/* Whether it begins as safetensors does: the length of a header that the file can hold, low byte first, then
 * a bracket. That length may begin like any other kind of file. */
static bool foreign_has_header(const unsigned char first[9], int64_t size)
{
    uint64_t length = 0;
    for (int i = 7; i >= 0; i--) length = length << 8 | first[i];
    return size > 8 && first[8] == '{' && length <= (uint64_t)size - 8;
}

/* What a file of another kind needs. */
static nn_status foreign_refuse(const char *path, const unsigned char first[9])
{
    if (memcmp(first, "PK", 2) == 0)
        NN_FAIL(NN_ERROR_DATA,
                "%s is a zip archive: convert a file of torch.save with python3 from_pytorch.py MODEL.pt "
                "OUT.safetensors (installed in share/nntrain); from a .keras archive take out "
                "model.weights.h5 (unzip)",
                path);
    if (first[0] == 0x80)
        NN_FAIL(NN_ERROR_DATA,
                "%s is a file of Python's pickle: convert it with python3 from_pytorch.py MODEL.pt "
                "OUT.safetensors (installed in share/nntrain)",
                path);
    return NN_OK;
}

static nn_status foreign_open_file(nn_foreign *foreign)
{
    unsigned char first[9] = {0};
    struct stat facts;
    ssize_t got;
    foreign->descriptor = nn_file_open(foreign->path, O_RDONLY);
    if (foreign->descriptor < 0) return nn_system_fail(NN_ERROR_IO, errno, "cannot open %s", foreign->path);
    do {
        got = pread(foreign->descriptor, first, sizeof first, 0);
    } while (got < 0 && errno == EINTR);
    if (got < 0 || fstat(foreign->descriptor, &facts) != 0)
        return nn_system_fail(NN_ERROR_IO, errno, "cannot read %s", foreign->path);
    if (foreign_has_header(first, (int64_t)facts.st_size)) return nn_foreign_open_safetensors(foreign);
    NN_TRY(foreign_refuse(foreign->path, first));
    if (memcmp(first, foreign_hdf5, sizeof foreign_hdf5 - 1) != 0)
        return nn_foreign_open_safetensors(foreign);
    foreign->format = NN_FOREIGN_KERAS;
    return nn_foreign_open_keras(foreign);
}

nn_status nn_foreign_open(const char *path, nn_foreign **foreign)
{
    *foreign = NULL;
    nn_foreign *opened;
    NN_TRY(NN_ALLOCATE(&opened, 1, "a file of weights"));
    opened->descriptor = -1;
    nn_status status = nn_copy_text(path, &opened->path);
    if (status == NN_OK) status = foreign_open_file(opened);
    if (status == NN_OK)
        *foreign = opened;
    else
        nn_foreign_close(opened);
    return status;
}

void nn_foreign_close(nn_foreign *foreign)
{
    if (!foreign) return;
    for (int64_t t = 0; t < foreign->count; t++) {
        nn_free(foreign->tensors[t].name);
        nn_free(foreign->tensors[t].path);
    }
    for (int64_t n = 0; n < foreign->note_count; n++) {
        nn_free(foreign->note_keys[n]);
        nn_free(foreign->notes[n]);
    }
    nn_free(foreign->tensors);
    nn_free(foreign->note_keys);
    nn_free(foreign->notes);
    nn_store_close(foreign->stored);
    if (foreign->descriptor >= 0) close(foreign->descriptor);
    nn_free(foreign->path);
    nn_free(foreign);
}

/* ---- values ---- */

nn_status nn_foreign_read(const nn_foreign *foreign, int64_t tensor, double *values)
{
    const nn_foreign_tensor *found = &foreign->tensors[tensor];
    int64_t count = nn_shape_count(found->shape), wrong = 0, first = 0;
    if (!found->readable)
        NN_FAIL(NN_ERROR_DATA,
                "tensor %s of %s has values of type %s: weights are float32, float64, float16 or bfloat16; "
                "convert it (tensor.float() in PyTorch)",
                found->name, foreign->path, found->type);
    NN_TRY(foreign->format == NN_FOREIGN_KERAS ? nn_foreign_read_keras(foreign, found, values)
                                               : nn_foreign_read_safetensors(foreign, found, values));
    for (int64_t i = 0; i < count; i++) {
        if (isfinite(values[i])) continue;
        if (wrong++ == 0) first = i;
    }
    if (wrong == 0) return NN_OK;
    NN_FAIL(NN_ERROR_DATA,
            "tensor %s of %s has %lld values that are NaN or infinite, the first at index %lld: the run that "
            "wrote it has diverged; use an earlier state",
            found->name, foreign->path, (long long)wrong, (long long)first);
}
