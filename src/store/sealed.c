/* Sealed files: the seal (magic, length, XXH64 of everything before it; numbers little-endian), and reading
 * such files. */
#include <stdint.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "host/files.h"
#include "store/seal.h"
#include "store/store.h"

static const unsigned char sealed_magic[8] = {'n', 'n', 's', 'e', 'a', 'l', '0', '1'};
static const unsigned char sealed_hdf5_magic[8] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};

/* Where the end of file is stored in a superblock of version 0 with 8-byte addresses, which is what we
 * write. */
#define SEALED_VERSION_AT 8
#define SEALED_END_AT 40
#define SEALED_SUPERBLOCK 48
/* And in one of version 2 or 3. */
#define SEALED_NEWER_END_AT 28

static void sealed_put_number(unsigned char *at, uint64_t number)
{
    for (int i = 0; i < 8; i++) at[i] = (unsigned char)(number >> (8 * i));
}

static uint64_t sealed_get_number(const unsigned char *at)
{
    uint64_t number = 0;
    for (int i = 0; i < 8; i++) number |= (uint64_t)at[i] << (8 * i);
    return number;
}

void nn_store_seal(void *bytes, size_t size)
{
    unsigned char *trailer = (unsigned char *)bytes + size;
    memcpy(trailer, sealed_magic, sizeof sealed_magic);
    sealed_put_number(trailer + 8, size);
    sealed_put_number(trailer + 16, nn_hash(bytes, size + 16, 0));
}

uint64_t nn_store_seal_of(const void *bytes, size_t size)
{
    return sealed_get_number((const unsigned char *)bytes + size - 8);
}

static bool sealed_ends(const char *path, const char *ending)
{
    size_t length = strlen(path), tail = strlen(ending);
    return length > tail && strcmp(path + length - tail, ending) == 0;
}

/* Files that a network is in, but which are not checkpoints: what they are for. */
static nn_status sealed_recognise(const unsigned char *bytes, size_t size, const char *path)
{
    static const unsigned char model_magic[8] = {0x89, 'n', 'n', 'm', '\r', '\n', 0x1a, '\n'};
    if (size >= sizeof model_magic && memcmp(bytes, model_magic, sizeof model_magic) == 0)
        NN_FAIL(NN_ERROR_CHECKPOINT,
                "%s is a model of nntrain export, without the configuration of the data: give the run "
                "directory or "
                "the checkpoint that it was exported from; nntrain info shows it, and nntrain.py and the C "
                "library "
                "predict with it (nntrain help nn)",
                path);
    if (sealed_ends(path, ".onnx"))
        NN_FAIL(NN_ERROR_CHECKPOINT,
                "%s is an ONNX model, which nntrain writes but does not read: give the run directory or the "
                "checkpoint that it was exported from, or use onnxruntime (nntrain help onnx)",
                path);
    if (sealed_ends(path, ".safetensors") || sealed_ends(path, ".weights.h5"))
        NN_FAIL(NN_ERROR_CHECKPOINT,
                "%s has weights of another program: begin a run with them (init_from: %s in the "
                "configuration, with "
                "training.epochs: 0), and give its directory",
                path, path);
    return NN_OK;
}

/* Whether a file is all of an HDF5 file, by the end that its superblock names, and has none of the hashes
 * that arrays of sealed files have. HDF5 does not see it. */
static bool sealed_is_data(const unsigned char *bytes, size_t size)
{
    static const char hash[] = "xxh64";
    size_t at =
        size > SEALED_SUPERBLOCK && bytes[SEALED_VERSION_AT] < 2 ? SEALED_END_AT : SEALED_NEWER_END_AT;
    if (size <= SEALED_SUPERBLOCK || size < sealed_get_number(bytes + at)) return false;
    for (size_t i = 0; i + sizeof hash <= size; i++)
        if (memcmp(bytes + i, hash, sizeof hash - 1) == 0) return false;
    return true;
}

/* Reports what is known of a file that does not end in a seal. */
static nn_status sealed_fail_without_seal(const unsigned char *bytes, size_t size, const char *path)
{
    bool is_hdf5 =
        size >= sizeof sealed_hdf5_magic && memcmp(bytes, sealed_hdf5_magic, sizeof sealed_hdf5_magic) == 0;
    bool has_end = is_hdf5 && size >= SEALED_SUPERBLOCK && bytes[SEALED_VERSION_AT] == 0;
    NN_TRY(sealed_recognise(bytes, size, path));
    if (!is_hdf5 && (sealed_ends(path, ".yaml") || sealed_ends(path, ".yml")))
        NN_FAIL(NN_ERROR_CHECKPOINT, "%s is a configuration, not a checkpoint: give its run directory", path);
    if (is_hdf5 && sealed_is_data(bytes, size))
        NN_FAIL(NN_ERROR_CHECKPOINT,
                "%s is a data file, not a checkpoint: give a run directory, or a checkpoint of one", path);
    if (!is_hdf5)
        NN_FAIL(NN_ERROR_CHECKPOINT, "%s is not a checkpoint, or is damaged: use another one", path);
    if (!has_end || size < sealed_get_number(bytes + SEALED_END_AT) + NN_STORE_SEAL_SIZE)
        NN_FAIL(
            NN_ERROR_CHECKPOINT,
            "%s is not sealed: it is cut short after %zu bytes, or was not written by nntrain; use another "
            "checkpoint",
            path, size);
    NN_FAIL(NN_ERROR_CHECKPOINT,
            "%s is not sealed: its end is damaged, or it was not written by nntrain; use another checkpoint",
            path);
}

nn_status nn_store_seal_check(const void *bytes, size_t size, const char *path)
{
    const unsigned char *all = bytes;
    if (size == 0) NN_FAIL(NN_ERROR_CHECKPOINT, "%s is empty: use another checkpoint", path);
    if (size < NN_STORE_SEAL_SIZE ||
        memcmp(all + size - NN_STORE_SEAL_SIZE, sealed_magic, sizeof sealed_magic) != 0)
        return sealed_fail_without_seal(all, size, path);
    const unsigned char *trailer = all + size - NN_STORE_SEAL_SIZE;
    if (sealed_get_number(trailer + 8) != size - NN_STORE_SEAL_SIZE ||
        sealed_get_number(trailer + 16) != nn_hash(bytes, size - 8, 0))
        NN_FAIL(NN_ERROR_CHECKPOINT, "%s is damaged: wrong checksum; use another checkpoint", path);
    return NN_OK;
}

nn_status nn_store_read_sealed(const char *path, void **bytes, size_t *size)
{
    NN_TRY(nn_file_load(path, SIZE_MAX / 2, "a checkpoint", bytes, size));
    nn_status status = nn_store_seal_check(*bytes, *size, path);
    if (status == NN_OK) return NN_OK;
    nn_free(*bytes);
    *bytes = NULL;
    *size = 0;
    return status;
}
