/* Bytes of any kind in the place of a model.nn: as they are, and with checksums that hold, so that what is
 * wrong in the sections is found by those who read them. A predictor opens the file and computes. */
#include "fuzz.h"

#include <stddef.h>

#include "base/hash.h"
#include "model/model_file.h"
#include "nntrain/nntrain.h"

enum { MOST_VALUES = 1 << 16 };

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    fuzz_make_folder();
    return 0;
}

/* Runs a sample of ones. */
static nn_status predict(nn_predictor *predictor)
{
    size_t inputs = nn_predictor_input_count(predictor), outputs = nn_predictor_output_count(predictor);
    if (inputs > MOST_VALUES || outputs > MOST_VALUES) return NN_OK;
    float *x = calloc(inputs + 1, sizeof *x), *y = calloc(outputs + 1, sizeof *y);
    for (size_t i = 0; i < inputs; i++) x[i] = 1;
    nn_status status = nn_predictor_run(predictor, 1, x, y);
    for (size_t i = 0; i < nn_predictor_output_number(predictor); i++) {
        nn_predictor_field field;
        fuzz_expect(nn_predictor_output(predictor, i, &field) == NN_OK && field.name &&
                        field.begin + field.count <= outputs,
                    "an output that is not among the outputs");
    }
    free(x);
    free(y);
    return status;
}

static void read_file(const void *bytes, size_t size)
{
    nn_predictor *predictor = NULL;
    const char *path = fuzz_path("model.nn");
    fuzz_write(path, bytes, size);
    nn_status status = nn_predictor_open(path, &predictor);
    fuzz_expect((status == NN_OK) == (predictor != NULL), "a predictor in spite of a failure");
    if (status == NN_OK) status = predict(predictor);
    fuzz_expect_told(status);
    nn_predictor_close(predictor);
}

/* Makes the checksums hold, as far as sections lie within the file. */
static void seal(unsigned char *bytes, size_t size)
{
    nn_model_file_header header;
    memcpy(&header, bytes, sizeof header);
    memcpy(header.magic, NN_MODEL_FILE_MAGIC, sizeof header.magic);
    header.order = NN_MODEL_FILE_ORDER;
    header.version = NN_MODEL_FILE_VERSION;
    header.size = size;
    size_t room = size - sizeof header;
    for (uint64_t i = 0; i < header.entry_count && (i + 1) * sizeof(nn_model_file_entry) <= room; i++) {
        nn_model_file_entry entry;
        unsigned char *at = bytes + sizeof header + i * sizeof entry;
        memcpy(&entry, at, sizeof entry);
        if (entry.offset > size || entry.bytes > size - entry.offset) continue;
        entry.hash = nn_hash(bytes + entry.offset, entry.bytes, 0);
        memcpy(at, &entry, sizeof entry);
    }
    if (header.directory_bytes <= room)
        header.directory_hash = nn_hash(bytes + sizeof header, header.directory_bytes, 0);
    header.hash = nn_hash(&header, offsetof(nn_model_file_header, hash), 0);
    memcpy(bytes, &header, sizeof header);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t before = nn_memory_in_use();
    unsigned char *copy;
    read_file(data, size);
    if (size >= sizeof(nn_model_file_header)) {
        fuzz_expect(NN_ALLOCATE(&copy, size, "an input") == NN_OK, "no memory");
        memcpy(copy, data, size);
        seal(copy, size);
        read_file(copy, size);
        nn_free(copy);
    }
    fuzz_expect(nn_memory_in_use() == before, "memory is not given back");
    return 0;
}
