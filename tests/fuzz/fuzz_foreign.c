/* Files of weights of another program, and maps of names: whatever their bytes, they are read or refused, and
 * what is read has as many values as it says. */
#include "fuzz.h"

#include "model/foreign.h"
#include "model/name_map.h"

enum { MOST_VALUES = 1 << 20 };

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    fuzz_make_folder();
    return 0;
}

static void read_tensor(const nn_foreign *foreign, int64_t t)
{
    const nn_foreign_tensor *tensor = &foreign->tensors[t];
    int64_t count = nn_shape_count(tensor->shape);
    double *values;
    fuzz_expect(nn_foreign_find(foreign, tensor->name) == t, "a tensor is not found by its name");
    if (count > MOST_VALUES) return;
    fuzz_expect(NN_ALLOCATE(&values, count, "values") == NN_OK, "no memory");
    fuzz_expect_told(nn_foreign_read(foreign, t, values));
    nn_free(values);
}

static void read_file(const uint8_t *data, size_t size)
{
    nn_foreign *foreign;
    fuzz_write(fuzz_path("model.safetensors"), data, size);
    nn_status status = nn_foreign_open(fuzz_path("model.safetensors"), &foreign);
    fuzz_expect((status == NN_OK) == (foreign != NULL), "a file in spite of a failure, or none");
    fuzz_expect_told(status);
    for (int64_t t = 0; foreign && t < foreign->count; t++) read_tensor(foreign, t);
    if (foreign) (void)nn_foreign_note(foreign, "format");
    nn_foreign_close(foreign);
}

/* Bytes that begin with a bracket are a header, whose length and values are then made to fit. */
static void read_header(const uint8_t *data, size_t size)
{
    uint8_t *file;
    size_t values = 64;
    if (size == 0 || data[0] != '{') return;
    fuzz_expect(NN_ALLOCATE(&file, 8 + size + values, "a file") == NN_OK, "no memory");
    for (int i = 0; i < 8; i++) file[i] = (uint8_t)(size >> 8 * i & 255);
    memcpy(file + 8, data, size);
    read_file(file, 8 + size + values);
    nn_free(file);
}

/* "OURS\nTHEIRS\nNAME" */
static void read_map(const uint8_t *data, size_t size)
{
    char text[3][100] = {{0}};
    nn_name_map map = {0};
    nn_text found = {0};
    size_t line = 0, length = 0;
    for (size_t i = 0; i < size && line < 3 && data[i]; i++) {
        if (data[i] == '\n')
            line++, length = 0;
        else if (length + 1 < sizeof text[0])
            text[line][length++] = (char)data[i];
    }
    nn_status status = nn_name_map_add(&map, text[0], text[1]);
    if (status == NN_OK && nn_name_map_find(&map, text[2], text[2], &found) != NN_NAME_NONE)
        fuzz_expect(strcmp(text[0], text[2]) == 0 || nn_name_matches(text[0], text[2]),
                    "a match that is none");
    fuzz_expect_told(status);
    nn_text_free(&found);
    nn_name_map_release(&map);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t before = nn_memory_in_use();
    if (size == 0 || data[0] != 0x89) read_file(data, size); /* HDF5 itself is not tested */
    read_header(data, size);
    read_map(data, size);
    fuzz_expect(nn_memory_in_use() == before, "memory is not given back");
    return 0;
}
