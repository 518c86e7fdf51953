/* Data files written block by block: they contain what was given, or do not exist. */
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cmocka.h>
#include <hdf5.h>

#include "base/memory.h"
#include "scratch.h"
#include "store/writer.h"

#define ROWS 1000
#define COLUMNS 37

static float values[ROWS * COLUMNS];

static int fill(void **state)
{
    for (int i = 0; i < ROWS * COLUMNS; i++) values[i] = (float)(i % 251);
    return scratch_make(state);
}

/* A failed test may have left its disk mounted. */
static int remove_all(void **state)
{
    umount(scratch_path("disk"));
    return scratch_remove(state);
}

static nn_store_layout layout_of(nn_store_type type, int64_t rows)
{
    return (nn_store_layout){.type = type, .dimensions = 1, .extents = {COLUMNS}, .rows = rows};
}

/* Appends all rows, `at_once` at a time. */
static void append_all(nn_store_output *output, int64_t at_once)
{
    for (int64_t first = 0; first < ROWS; first += at_once) {
        int64_t rows = ROWS - first < at_once ? ROWS - first : at_once;
        expect_ok(nn_store_output_append(output, rows, NN_STORE_F32, values + first * COLUMNS));
    }
}

static nn_store_info expect_values(const char *path, const char *dataset)
{
    nn_store_file *file;
    nn_store_array *array;
    float *read = malloc(sizeof values);
    expect_ok(nn_store_open(path, &file));
    expect_ok(nn_store_array_open(file, dataset, &array));
    nn_store_info info = *nn_store_array_info(array);
    expect_ok(nn_store_read_rows(array, 0, ROWS, NN_STORE_F32, read));
    assert_memory_equal(read, values, sizeof values);
    nn_store_array_close(array);
    nn_store_close(file);
    free(read);
    return info;
}

/* Wrong: with some layout, type or split into blocks, other values come back. */
static void test_layouts(void **state)
{
    (void)state;
    const char *path = scratch_path("layouts.h5");
    const struct {
        nn_store_type type;
        bool half;
        int64_t rows, chunk_rows, compression;
        const char *name, *filters;
        int64_t chunk; /* 0: contiguous */
    } rows[] = {
        {NN_STORE_F32, false, ROWS, 0, 0, "float32", "", 0},
        {NN_STORE_F32, true, ROWS, 0, 0, "float16", "", 0},
        {NN_STORE_F64, false, ROWS, 0, 0, "float64", "", 0},
        {NN_STORE_U8, false, ROWS, 0, 9, "uint8", "shuffle deflate", ROWS},
        {NN_STORE_I16, false, -1, 0, 0, "int16", "", (256 << 10) / (2 * COLUMNS)},
        {NN_STORE_F32, true, -1, 64, 4, "float16", "shuffle deflate", 64},
        {NN_STORE_I64, false, ROWS, 333, 1, "int64", "shuffle deflate", 333},
        {NN_STORE_U32, false, ROWS, 100000, 0, "uint32", "", ROWS},
    };
    const int64_t cuts[] = {1, 63, 64, 501, ROWS};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t c = 0; c < sizeof cuts / sizeof *cuts; c++) {
            nn_store_writer *writer;
            nn_store_output *output;
            nn_store_layout layout = layout_of(rows[i].type, rows[i].rows);
            layout.half = rows[i].half;
            layout.chunk_rows = rows[i].chunk_rows;
            layout.compression = rows[i].compression;
            expect_ok(nn_store_writer_create(path, &writer));
            expect_ok(nn_store_writer_add(writer, "/group/x", &layout, &output));
            append_all(output, cuts[c]);
            expect_ok(nn_store_writer_commit(writer));
            nn_store_writer_destroy(writer);
            nn_store_info info = expect_values(path, "group/x");
            assert_string_equal(info.type_name, rows[i].name);
            assert_string_equal(info.filters, rows[i].filters);
            assert_int_equal(info.chunked ? info.chunk[0] : 0, rows[i].chunk);
            assert_int_equal(info.half, rows[i].half);
            assert_true(info.written);
        }
    assert_int_equal(scratch_count(), 1);
}

/* Wrong: several datasets at once, one value per row, large rows or no rows come back changed. */
static void test_shapes(void **state)
{
    (void)state;
    const char *path = scratch_path("shapes.h5");
    nn_store_writer *writer;
    nn_store_output *labels, *volumes, *none, *hollow;
    const nn_store_layout label = {.type = NN_STORE_U8, .rows = -1};
    const nn_store_layout volume = {
        .type = NN_STORE_U8, .dimensions = 3, .extents = {300, 300, 300}, .rows = -1};
    const nn_store_layout empty = {.type = NN_STORE_F32, .dimensions = 1, .extents = {3}, .rows = 0};
    const nn_store_layout flat = {.type = NN_STORE_F32, .dimensions = 1, .extents = {0}, .rows = 5};
    const size_t size = 300 * 300 * 300;
    uint8_t *bytes = malloc(size), *read = malloc(size), label_values[7] = {1, 2, 3, 4, 5, 6, 7}, got[7];
    for (size_t i = 0; i < size; i++) bytes[i] = (uint8_t)(i % 253);
    expect_ok(nn_store_writer_create(path, &writer));
    expect_ok(nn_store_writer_add(writer, "y", &label, &labels));
    expect_ok(nn_store_writer_add(writer, "x", &volume, &volumes));
    expect_ok(nn_store_writer_add(writer, "none", &empty, &none));
    expect_ok(nn_store_writer_add(writer, "hollow", &flat, &hollow));
    expect_ok(nn_store_output_append(labels, 3, NN_STORE_U8, label_values));
    expect_ok(nn_store_output_append(volumes, 1, NN_STORE_U8, bytes));
    expect_ok(nn_store_output_append(labels, 4, NN_STORE_U8, label_values + 3));
    expect_ok(nn_store_output_append(hollow, 5, NN_STORE_F32, bytes));
    expect_ok(nn_store_writer_commit(writer));
    nn_store_writer_destroy(writer);
    nn_store_file *file;
    expect_ok(nn_store_open(path, &file));
    expect_ok(nn_store_read(file, "y", NN_STORE_U8, 7, got));
    assert_memory_equal(got, label_values, 7);
    expect_ok(nn_store_read(file, "x", NN_STORE_U8, size, read));
    assert_memory_equal(read, bytes, size);
    expect_ok(nn_store_read(file, "none", NN_STORE_F32, 0, read));
    expect_ok(nn_store_read(file, "hollow", NN_STORE_F32, 0, read));
    nn_store_close(file);
    free(bytes);
    free(read);
}

/* Wrong: names or attributes are cut, padded or in another order. */
static void test_names(void **state)
{
    (void)state;
    const char *path = scratch_path("names.h5");
    static char *const names[] = {"cat", "", "größer", "a longer name"};
    nn_store_writer *writer;
    nn_store_output *output;
    nn_store_layout layout = layout_of(NN_STORE_F32, ROWS);
    expect_ok(nn_store_writer_create(path, &writer));
    expect_ok(nn_store_writer_add(writer, "x", &layout, &output));
    append_all(output, ROWS);
    expect_ok(nn_store_writer_put_names(writer, "deep/names", 4, names));
    expect_ok(nn_store_writer_put_names(writer, "none", 0, names));
    expect_ok(nn_store_writer_put_attribute(writer, NULL, "program", "nntrain"));
    expect_ok(nn_store_writer_put_attribute(writer, "/x", "unit", "größe"));
    char *long_text = malloc(60002);
    memset(long_text, 'a', 60001);
    long_text[60001] = '\0';
    assert_int_equal(nn_store_writer_put_attribute(writer, "x", "long", long_text), NN_ERROR_IO);
    expect_message("longer than HDF5 allows");
    free(long_text);
    expect_ok(nn_store_writer_commit(writer));
    nn_store_writer_destroy(writer);
    nn_store_file *file;
    char **read, *text;
    size_t count;
    expect_ok(nn_store_open(path, &file));
    expect_ok(nn_store_read_names(file, "/deep/names", &read, &count));
    assert_int_equal(count, 4);
    for (size_t i = 0; i < count; i++) assert_string_equal(read[i], names[i]);
    nn_store_free_names(read, count);
    expect_ok(nn_store_read_names(file, "none", &read, &count));
    assert_int_equal(count, 0);
    nn_store_free_names(read, count);
    expect_ok(nn_store_read_text(file, "@program", &text));
    assert_string_equal(text, "nntrain");
    nn_free(text);
    nn_store_close(file);
}

/* Wrong: an incomplete file replaces its predecessor, or leaves something behind. */
static void test_only_whole_files(void **state)
{
    (void)state;
    const char *path = scratch_path("whole.h5");
    nn_store_writer *writer;
    nn_store_output *output;
    nn_store_layout layout = layout_of(NN_STORE_F32, ROWS);
    scratch_write(path, "before", 6);
    int files = scratch_count();
    size_t memory = nn_memory_in_use();
    expect_ok(nn_store_writer_create(path, &writer));
    expect_ok(nn_store_writer_add(writer, "x", &layout, &output));
    expect_ok(nn_store_output_append(output, ROWS - 1, NN_STORE_F32, values));
    assert_int_equal(nn_store_output_append(output, 2, NN_STORE_F32, values), NN_ERROR_DATA);
    expect_message("has room for 1000 rows, of which 999");
    assert_int_equal(nn_store_writer_commit(writer), NN_ERROR_DATA);
    expect_message("of which only 999 were written");
    nn_store_writer_destroy(writer);
    expect_ok(nn_store_writer_create(path, &writer));
    expect_ok(nn_store_writer_add(writer, "x", &layout, &output));
    assert_int_equal(nn_store_writer_add(writer, "x", &layout, &output), NN_ERROR_IO);
    expect_message("already exists");
    assert_int_equal(nn_store_writer_commit(writer), NN_ERROR_IO);
    nn_store_writer_destroy(writer);
    size_t size;
    unsigned char *read = scratch_read(path, &size);
    assert_int_equal(size, 6);
    assert_memory_equal(read, "before", 6);
    free(read);
    assert_int_equal(scratch_count(), files);
    assert_int_equal(nn_memory_in_use(), memory);
    assert_int_equal(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL), 0);
}

static hobj_ref_t first_reference(hid_t file, const char *dataset, const char *attribute)
{
    unsigned char bytes[256] = {0};
    hobj_ref_t reference;
    hid_t opened = H5Aopen_by_name(file, dataset, attribute, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(opened >= 0);
    hid_t type = H5Aget_type(opened);
    assert_true(H5Tget_size(type) <= sizeof bytes);
    assert_true(H5Aread(opened, type, bytes) >= 0);
    memcpy(&reference, bytes, sizeof reference);
    H5Tclose(type);
    H5Aclose(opened);
    return reference;
}

/* Wrong: strings of different lengths are cut or lost between appends, or a dimension and its scale do not
 * refer to each other. */
static void test_texts_and_scales(void **state)
{
    (void)state;
    const char *path = scratch_path("scales.h5");
    static char *const words[] = {"", "größer than any other", "c"};
    const nn_store_layout layout = {.type = NN_STORE_TEXT, .rows = 3},
                          grows = {.type = NN_STORE_TEXT, .rows = -1},
                          table = {.type = NN_STORE_I32, .dimensions = 1, .extents = {3}, .rows = 1};
    const nn_store_scale_use use = {"table", 1, "word", false}, beyond = {"table", 2, "word", false};
    const int32_t numbers[3] = {1, 2, 3};
    nn_store_writer *writer;
    nn_store_output *fixed, *growing, *filled;
    expect_ok(nn_store_writer_create(path, &writer));
    expect_ok(nn_store_writer_add(writer, "word", &layout, &fixed));
    expect_ok(nn_store_writer_add(writer, "more", &grows, &growing));
    expect_ok(nn_store_writer_add(writer, "table", &table, &filled));
    expect_ok(nn_store_output_append(fixed, 2, NN_STORE_TEXT, words));
    expect_ok(nn_store_output_append(fixed, 1, NN_STORE_TEXT, words + 2));
    for (size_t i = 0; i < 3; i++) expect_ok(nn_store_output_append(growing, 1, NN_STORE_TEXT, &words[i]));
    expect_ok(nn_store_output_append(filled, 1, NN_STORE_I32, numbers));
    expect_ok(nn_store_writer_put_scales(writer, 1, &use));
    expect_ok(nn_store_writer_commit(writer));
    nn_store_writer_destroy(writer);
    nn_store_file *file;
    static const char *const datasets[] = {"word", "more"};
    expect_ok(nn_store_open(path, &file));
    for (int d = 0; d < 2; d++) {
        char **read;
        size_t count;
        expect_ok(nn_store_read_names(file, datasets[d], &read, &count));
        assert_int_equal(count, 3);
        for (size_t i = 0; i < count; i++) assert_string_equal(read[i], words[i]);
        nn_store_free_names(read, count);
    }
    nn_store_close(file);
    hid_t opened = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    hobj_ref_t user = first_reference(opened, "word", "REFERENCE_LIST"), expected;
    assert_true(H5Rcreate(&expected, opened, "table", H5R_OBJECT, -1) >= 0 && user == expected);
    assert_true(H5Aexists_by_name(opened, "word", "CLASS", H5P_DEFAULT) > 0);
    assert_true(H5Aexists_by_name(opened, "table", "DIMENSION_LIST", H5P_DEFAULT) > 0);
    H5Fclose(opened);
    expect_ok(nn_store_writer_create(path, &writer));
    expect_ok(nn_store_writer_add(writer, "word", &layout, &fixed));
    expect_ok(nn_store_writer_add(writer, "table", &table, &filled));
    assert_int_equal(nn_store_writer_put_scales(writer, 1, &beyond), NN_ERROR_IO);
    nn_store_writer_destroy(writer);
}

/* Wrong: impossible layouts and places that cannot be written are accepted, or their messages do not say
 * so. */
static void test_refusals(void **state)
{
    (void)state;
    nn_store_writer *writer;
    nn_store_output *output;
    const nn_store_layout wrong[] = {
        {.type = NN_STORE_UNSUPPORTED, .rows = 1},
        {.type = NN_STORE_U8, .rows = -2},
        {.type = NN_STORE_U8, .rows = 1, .compression = 10},
        {.type = NN_STORE_F64, .half = true, .rows = 1},
        {.type = NN_STORE_F64, .dimensions = 2, .extents = {INT64_MAX / 2, 64}, .rows = 1},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        expect_ok(nn_store_writer_create(scratch_path("wrong.h5"), &writer));
        assert_int_equal(nn_store_writer_add(writer, "x", &wrong[i], &output), NN_ERROR_USAGE);
        expect_message("\"x\" of ");
        nn_store_writer_destroy(writer);
    }
    assert_int_equal(nn_store_writer_create(scratch_directory, &writer), NN_ERROR_IO);
    expect_message("a folder has this name");
    assert_null(writer);
    assert_int_equal(nn_store_writer_create(scratch_path("none/x.h5"), &writer), NN_ERROR_IO);
    expect_message("check the path");
    const nn_store_layout huge = {
        .type = NN_STORE_U8, .dimensions = 1, .extents = {(int64_t)1 << 28}, .rows = (int64_t)1 << 30};
    expect_ok(nn_store_writer_create(scratch_path("huge.h5"), &writer));
    assert_int_equal(nn_store_writer_add(writer, "x", &huge, &output), NN_ERROR_IO);
    expect_message("256.0 PiB more are needed");
    nn_store_writer_destroy(writer);
}

/* Wrong: two processes write a file at the same time, or a killed one blocks the next. */
static void test_two_processes(void **state)
{
    (void)state;
    const char *path = scratch_path("two.h5");
    nn_store_writer *writer, *other;
    nn_store_output *output;
    nn_store_layout layout = layout_of(NN_STORE_F32, ROWS);
    int files = scratch_count(), ends[2];
    char byte = 0;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        alarm(60); /* in case the parent fails */
        bool made = nn_store_writer_create(path, &writer) == NN_OK;
        if (write(ends[1], &byte, 1) != 1 || !made) _exit(1);
        for (;;) pause();
    }
    assert_int_equal(read(ends[0], &byte, 1), 1);
    assert_int_equal(nn_store_writer_create(path, &other), NN_ERROR_BUSY);
    expect_message("is being written by another process");
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    close(ends[0]);
    close(ends[1]);
    expect_ok(nn_store_writer_create(path, &writer));
    assert_int_equal(nn_store_writer_create(path, &other), NN_ERROR_BUSY);
    expect_ok(nn_store_writer_add(writer, "x", &layout, &output));
    append_all(output, ROWS);
    expect_ok(nn_store_writer_commit(writer));
    nn_store_writer_destroy(writer);
    expect_values(path, "x");
    assert_int_equal(scratch_count(), files + 1);
}

/* ---- full disks ---- */

/* Random, so that it does not compress. */
static nn_status write_much(const char *path, const nn_store_layout *layout, bool *failed_early)
{
    nn_store_writer *writer;
    nn_store_output *output;
    uint64_t seed = 1;
    float block[64 * COLUMNS];
    expect_ok(nn_store_writer_create(path, &writer));
    nn_status status = nn_store_writer_add(writer, "x", layout, &output);
    for (int i = 0; i < 1024 && status == NN_OK; i++) {
        for (int v = 0; v < 64 * COLUMNS; v++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            block[v] = (float)(seed >> 40);
        }
        status = nn_store_output_append(output, 64, NN_STORE_F32, block);
    }
    *failed_early = status != NN_OK;
    if (status == NN_OK) status = nn_store_writer_commit(writer);
    nn_store_writer_destroy(writer);
    return status;
}

static void expect_no_room(const char *path, const char *said)
{
    const nn_store_layout layouts[] = {
        {.type = NN_STORE_F32, .dimensions = 1, .extents = {COLUMNS}, .rows = 65536},
        {.type = NN_STORE_F32, .dimensions = 1, .extents = {COLUMNS}, .rows = -1},
        {.type = NN_STORE_F32, .dimensions = 1, .extents = {COLUMNS}, .rows = -1, .compression = 1},
        {.type = NN_STORE_F32, .dimensions = 1, .extents = {COLUMNS}, .rows = 65536, .chunk_rows = 60000},
    };
    size_t memory = nn_memory_in_use();
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
        bool early;
        struct stat found;
        assert_int_equal(write_much(path, &layouts[i], &early), NN_ERROR_IO);
        expect_message(path);
        expect_message(said);
        assert_int_not_equal(stat(path, &found), 0);
        assert_int_equal(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL), 0);
        assert_int_equal(nn_memory_in_use(), memory);
    }
}

/* Wrong: a file above the size limit is reported as complete, or crashes HDF5. */
static void test_file_size_limit(void **state)
{
    (void)state;
    struct rlimit before, small;
    int files = scratch_count();
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 1 << 20;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    expect_no_room(scratch_path("limited.h5"), "ulimit -f");
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, handler);
    assert_int_equal(scratch_count(), files);
}

/* Space that exists at first and is then taken by someone else. */
static void expect_lost_room(const char *path, const char *other)
{
    nn_store_writer *writer;
    nn_store_output *output;
    nn_store_layout layout = layout_of(NN_STORE_F64, 2 * ROWS);
    char *bytes = calloc(1, 800 << 10);
    expect_ok(nn_store_writer_create(path, &writer));
    expect_ok(nn_store_writer_add(writer, "x", &layout, &output));
    scratch_write(other, bytes, 800 << 10);
    nn_status status = nn_store_output_append(output, ROWS, NN_STORE_F32, values);
    if (status == NN_OK) status = nn_store_output_append(output, ROWS, NN_STORE_F32, values);
    if (status == NN_OK) status = nn_store_writer_commit(writer);
    assert_int_equal(status, NN_ERROR_IO);
    expect_message("No space left on device");
    nn_store_writer_destroy(writer);
    assert_int_equal(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL), 0);
    remove(other);
    free(bytes);
}

/* Wrong: the same on a full disk. */
static void test_full_disk(void **state)
{
    (void)state;
    const char *disk = scratch_path("disk");
    assert_int_equal(mkdir(disk, 0777), 0);
    if (mount("tmpfs", disk, "tmpfs", 0, "size=1m") != 0) skip();
    char path[600], other[600];
    snprintf(path, sizeof path, "%s/full.h5", disk);
    expect_no_room(path, "free some space");
    snprintf(other, sizeof other, "%s/other", disk);
    expect_lost_room(path, other);
    assert_int_equal(umount(disk), 0);
}

/* Wrong: handles left open by a failure. */
static void test_no_handle_is_left(void **state)
{
    (void)state;
    assert_int_equal(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL), 0);
    for (H5I_type_t kind = H5I_FILE; kind <= H5I_GENPROP_LST; kind++) {
        hsize_t open = 0;
        if (kind != H5I_DATASET && kind != H5I_DATASPACE && kind != H5I_ATTR && kind != H5I_FILE) continue;
        if (H5Inmembers(kind, &open) >= 0) assert_int_equal(open, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layouts),
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_texts_and_scales),
        cmocka_unit_test(test_only_whole_files),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_two_processes),
        cmocka_unit_test(test_file_size_limit),
        cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_no_handle_is_left),
    };
    return cmocka_run_group_tests(tests, fill, remove_all);
}
