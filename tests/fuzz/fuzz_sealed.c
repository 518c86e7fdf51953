/* Bytes of any kind in the place of a checkpoint, of a manifest and of a lease: nothing of them is used
 * unless their seals hold. */
#include "fuzz.h"

#include <inttypes.h>

#include "base/hash.h"
#include "base/text.h"
#include "rundir/manifest.h"
#include "store/lease.h"
#include "store/seal.h"
#include "store/store.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    fuzz_make_folder();
    return 0;
}

static void read_sealed(const char *path, const uint8_t *data, size_t size)
{
    void *bytes = NULL;
    size_t found = 0;
    fuzz_write(path, data, size);
    nn_status status = nn_store_read_sealed(path, &bytes, &found);
    fuzz_expect(status != NN_OK || (found == size && memcmp(bytes, data, size) == 0),
                "other bytes than the file's");
    fuzz_expect(status == NN_OK || bytes == NULL, "bytes in spite of a failure");
    fuzz_expect_told(status);
    nn_free(bytes);
}

/* What was read must be written and read as the same. */
static void read_manifest(const uint8_t *data, size_t size)
{
    nn_manifest manifest = {0}, again = {0};
    bool there = false;
    fuzz_write(fuzz_path(NN_MANIFEST_NAME), data, size);
    nn_status status = nn_manifest_read(fuzz_folder, &manifest, &there);
    fuzz_expect(there, "a manifest that is not seen");
    if (status == NN_OK) {
        fuzz_expect(nn_manifest_write(fuzz_folder, &manifest) == NN_OK, "it cannot be written");
        fuzz_expect(nn_manifest_read(fuzz_folder, &again, &there) == NN_OK, "it cannot be read again");
        fuzz_expect(again.count == manifest.count && again.run == manifest.run, "it is another one");
    }
    fuzz_expect_told(status);
    nn_manifest_release(&manifest);
    nn_manifest_release(&again);
}

/* What precedes the seal is then parsed. */
static void read_sealed_manifest(const uint8_t *data, size_t size)
{
    nn_text text = {0};
    nn_text_append(&text, "%.*s", (int)size, (const char *)data);
    nn_text_append(&text, "manifest xxh64 %016" PRIx64 "\n", nn_hash(text.bytes, text.length, 0));
    read_manifest((const uint8_t *)text.bytes, text.length);
    nn_text_free(&text);
}

static void take_lease(const uint8_t *data, size_t size)
{
    nn_lease *lease = NULL;
    fuzz_write(fuzz_path("lease"), data, size);
    fuzz_expect_told(nn_lease_take(fuzz_folder, &lease));
    nn_lease_release(lease);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t before = nn_memory_in_use();
    read_sealed(fuzz_path("sealed.h5"), data, size);
    read_manifest(data, size);
    read_sealed_manifest(data, size);
    if (size < 2000) take_lease(data, size);
    fuzz_expect(nn_memory_in_use() == before, "memory is not given back");
    return 0;
}
