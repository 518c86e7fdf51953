/* Layouts: files with sparse matrices, sequences, members of groups, texts and categories whose numbers are
 * those of the input, so that they are often wrong. Whatever opens is read: all rows at once, and one by one,
 * must give the same values. */
#include "fuzz.h"

#include "../data/files.h"
#include "base/list.h"
#include "data/layouts.h"

enum { MOST = 40, MOST_VALUES = 1 << 14 };

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    fuzz_make_folder();
    snprintf(files_directory, sizeof files_directory, "%s", fuzz_folder);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    return 0;
}

/* ---- the file ---- */

/* Numbers that grow by small steps, or do not. */
static hsize_t make_numbers(fuzz_bytes *bytes, bool grow, int64_t *numbers)
{
    hsize_t count = 1 + fuzz_below(bytes, MOST - 1);
    int64_t last = 0;
    for (hsize_t i = 0; i < count; i++) {
        int64_t step = (int64_t)fuzz_below(bytes, 6);
        if (fuzz_below(bytes, 64) == 63) step = fuzz_int64(bytes);
        numbers[i] = last = grow && step < 6 && step >= 0 ? last + (i > 0 ? step : 0) : step;
    }
    return count;
}

static void add_numbers(fuzz_bytes *bytes, hid_t file, const char *name, bool grow)
{
    static const hid_t *const types[] = {&H5T_NATIVE_INT64_g, &H5T_NATIVE_INT32_g, &H5T_NATIVE_UINT8_g,
                                         &H5T_NATIVE_FLOAT_g};
    int64_t numbers[MOST];
    hsize_t count = make_numbers(bytes, grow, numbers), chunk = fuzz_below(bytes, 5);
    files_add(file, name, *types[fuzz_below(bytes, 4)], H5T_NATIVE_INT64, 1, &count,
              chunk < count ? chunk : count, numbers);
}

static void add_variable(fuzz_bytes *bytes, hid_t file, const char *name)
{
    int64_t numbers[MOST];
    hvl_t sequences[8];
    hsize_t count = 1 + fuzz_below(bytes, 8), all = make_numbers(bytes, false, numbers);
    hid_t type = H5Tvlen_create(H5T_NATIVE_INT64);
    for (hsize_t i = 0; i < count; i++)
        sequences[i] = (hvl_t){.len = fuzz_below(bytes, (size_t)all + 1), .p = numbers};
    files_add(file, name, type, type, 1, &count, 0, sequences);
    H5Tclose(type);
}

static void add_texts(fuzz_bytes *bytes, hid_t file, const char *name)
{
    char room[8][16] = {{0}};
    char *texts[8];
    hsize_t count = 1 + fuzz_below(bytes, 8);
    bool variable = fuzz_below(bytes, 2) == 0;
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, variable ? H5T_VARIABLE : sizeof room[0]);
    for (hsize_t i = 0; i < count; i++) {
        texts[i] = room[i];
        for (size_t k = 0, length = fuzz_below(bytes, sizeof room[0]); k < length; k++)
            room[i][k] = (char)fuzz_byte(bytes);
    }
    files_add(file, name, type, type, 1, &count, 0, variable ? (void *)texts : (void *)room);
    H5Tclose(type);
}

static void add_shape(fuzz_bytes *bytes, hid_t group)
{
    const int64_t shape[2] = {(int64_t)fuzz_below(bytes, 20), (int64_t)fuzz_below(bytes, 8)};
    const hsize_t two = 2;
    hid_t space = H5Screate_simple(1, &two, NULL);
    hid_t attribute = H5Acreate2(group, "shape", H5T_NATIVE_INT64, space, H5P_DEFAULT, H5P_DEFAULT);
    if (H5Awrite(attribute, H5T_NATIVE_INT64, shape) < 0) abort();
    H5Aclose(attribute);
    H5Sclose(space);
}

static void write_file(fuzz_bytes *bytes)
{
    static const char *const groups[] = {"sparse", "kind", "s_0", "s_1", "s_2", "s_3", "s_x"};
    static const char *const numbers[] = {"sparse/data", "sparse/indices", "kind/codes", "s_0/x", "s_1/x",
                                          "s_2/x",       "s_3/x",          "values",     "label"};
    hid_t file = files_create("a.h5");
    for (size_t g = 0; g < sizeof groups / sizeof *groups; g++) {
        hid_t group = H5Gcreate2(file, groups[g], H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
        if (g == 0) add_shape(bytes, group);
        H5Gclose(group);
    }
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (fuzz_below(bytes, 16) < 15) add_numbers(bytes, file, numbers[i], false);
    add_numbers(bytes, file, "sparse/indptr", true);
    add_numbers(bytes, file, "offsets", true);
    add_numbers(bytes, file, "lengths", false);
    add_texts(bytes, file, "kind/categories");
    add_texts(bytes, file, "text");
    add_variable(bytes, file, "vlen");
    H5Fclose(file);
}

/* ---- reading ---- */

static void read_all(nn_store_array *array)
{
    const nn_store_info *info = nn_store_array_info(array);
    int64_t values = 1, rows = info->dimensions > 0 ? info->extents[0] : 0;
    for (int d = 0; d < info->dimensions; d++)
        values = values > MOST_VALUES || info->extents[d] > MOST_VALUES ? MOST_VALUES + 1
                                                                        : values * info->extents[d];
    if (rows == 0 || values <= 0 || values > MOST_VALUES || info->type >= NN_STORE_TEXT) return;
    double *all = calloc((size_t)values, sizeof *all), *one = calloc((size_t)values, sizeof *one);
    int64_t row = values / rows;
    bool read = nn_store_read_rows(array, 0, rows, NN_STORE_F64, all) == NN_OK;
    fuzz_expect(read || nn_error_text()[0], "a failure without a text");
    for (int64_t r = 0; r < rows && read; r++)
        fuzz_expect(nn_store_read_rows(array, r, 1, NN_STORE_F64, one + r * row) == NN_OK,
                    "a row cannot be read by itself");
    fuzz_expect(!read || memcmp(all, one, (size_t)values * sizeof *all) == 0,
                "rows have other values when they are read one by one");
    nn_error_clear();
    free(all);
    free(one);
}

static void use(nn_store_file *file, const nn_store_spec *spec)
{
    nn_store_array *array, *again;
    nn_text text = {0};
    nn_text_list names = {0};
    nn_status status = nn_store_array_open_as(file, spec, &array);
    fuzz_expect_told(status);
    if (status != NN_OK) return;
    read_all(array);
    nn_store_array_describe(array, &text);
    fuzz_expect_told(nn_store_array_classes(array, &names));
    nn_store_spec known = *spec;
    known.facts = nn_store_array_facts(array);
    if (known.facts.bytes) {
        fuzz_expect(nn_store_array_open_as(file, &known, &again) == NN_OK, "what is known does not open");
        fuzz_expect(nn_store_info_hash(nn_store_array_info(array)) ==
                        nn_store_info_hash(nn_store_array_info(again)),
                    "what is known has another shape");
        nn_store_array_close(again);
        known.dataset = "label";
        known.repeated = NN_STORE_REPEATED_ROWS;
        status = nn_store_array_open_as(file, &known, &again);
        fuzz_expect_told(status);
        if (status == NN_OK) read_all(again);
        if (status == NN_OK) nn_store_array_close(again);
    }
    nn_list_release(&names);
    nn_text_free(&text);
    nn_store_array_close(array);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const arrays[] = {
        "sparse", "values by offsets offsets", "values by lengths lengths", "vlen", "s_*/x", "text", "kind",
        "s_*/y"};
    fuzz_bytes bytes = {data, data + size};
    size_t before = nn_memory_in_use();
    nn_store_file *file;
    nn_layouts layouts = {0};
    nn_store_spec spec = {.steps = (int64_t)fuzz_below(&bytes, 6),
                          .longer = (int)fuzz_below(&bytes, 4),
                          .members = (int)fuzz_below(&bytes, 3),
                          .axis = (int)fuzz_below(&bytes, 2),
                          .codes = fuzz_below(&bytes, 2) == 0,
                          .unit = (int)fuzz_below(&bytes, 3),
                          .hashed = fuzz_below(&bytes, 4) == 3};
    write_file(&bytes);
    fuzz_expect(nn_store_open(files_path("a.h5"), &file) == NN_OK, "the file does not open");
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        spec.dataset = arrays[i];
        use(file, &spec);
    }
    fuzz_expect_told(nn_layouts_find(file, &layouts));
    nn_layouts_release(&layouts);
    nn_store_close(file);
    fuzz_clear(fuzz_folder);
    fuzz_expect(nn_memory_in_use() == before, "memory is not given back");
    return 0;
}
