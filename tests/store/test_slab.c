/* Reading along any dimension, from every layout, gives the values of a plain read, permuted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <hdf5.h>

#include "base/memory.h"
#include "scratch.h"
#include "store/store.h"

#define DIMENSIONS 4

static const hsize_t extents[DIMENSIONS] = {5, 37, 6, 41};
#define COUNT (5 * 37 * 6 * 41)

static int32_t values[COUNT];

static void make(const char *name, hid_t type, hid_t creation)
{
    hid_t file = H5Fcreate(scratch_path(name), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t space = H5Screate_simple(DIMENSIONS, extents, NULL);
    hid_t dataset = H5Dcreate2(file, "x", type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    for (int i = 0; i < COUNT; i++) values[i] = i;
    assert_true(H5Dwrite(dataset, H5T_NATIVE_INT32, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
    H5Dclose(dataset);
    H5Sclose(space);
    H5Fclose(file);
}

/* The position in the array of element `at` of the slab, in the order of the contract. */
static int64_t place_of(int axis, int64_t first, int64_t at)
{
    int64_t index[DIMENSIONS], place = 0;
    for (int d = DIMENSIONS - 1; d >= 0; d--) {
        if (d == axis) continue;
        index[d] = at % (int64_t)extents[d];
        at /= (int64_t)extents[d];
    }
    index[axis] = first + at;
    for (int d = 0; d < DIMENSIONS; d++) place = place * (int64_t)extents[d] + index[d];
    return place;
}

static void expect_slab(nn_store_array *array, int axis, int64_t first, int64_t count)
{
    static float single[COUNT + 1];
    static double wide[COUNT + 1];
    int64_t size = COUNT / (int64_t)extents[axis] * count;
    single[size] = -1;
    wide[size] = -1;
    expect_ok(nn_store_read_slab(array, axis, first, count, NN_STORE_F32, single));
    expect_ok(nn_store_read_slab(array, axis, first, count, NN_STORE_F64, wide));
    for (int64_t i = 0; i < size; i++) {
        int64_t expected = place_of(axis, first, i);
        if ((int64_t)single[i] != expected || (int64_t)wide[i] != expected)
            fail_msg("axis %d from %d: element %d is %g and %g, not %d", axis, (int)first, (int)i,
                     (double)single[i], wide[i], (int)expected);
    }
    assert_true(single[size] == -1 && wide[size] == -1);
}

/* Wrong: some axis, range or layout puts a value in the wrong place. */
static void test_every_axis(void **state)
{
    (void)state;
    hid_t packed = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(packed, DIMENSIONS, (hsize_t[]){2, 10, 4, 16});
    H5Pset_shuffle(packed);
    H5Pset_deflate(packed, 1);
    const struct {
        const char *name;
        hid_t type, creation;
    } files[] = {{"plain.h5", H5T_IEEE_F32LE, H5P_DEFAULT},
                 {"big.h5", H5T_STD_I32BE, H5P_DEFAULT},
                 {"packed.h5", H5T_STD_U16LE, packed}};
    for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
        nn_store_file *file;
        nn_store_array *array;
        make(files[f].name, files[f].type, files[f].creation);
        expect_ok(nn_store_open(scratch_path(files[f].name), &file));
        expect_ok(nn_store_array_open(file, "x", &array));
        for (int axis = 0; axis < DIMENSIONS; axis++) {
            int64_t extent = (int64_t)extents[axis];
            expect_slab(array, axis, 0, extent);
            expect_slab(array, axis, 1, extent - 2);
            expect_slab(array, axis, extent - 1, 1);
            expect_slab(array, axis, 3, 0);
        }
        nn_store_array_close(array);
        nn_store_close(file);
    }
    H5Pclose(packed);
}

/* Wrong: the blocks of an array larger than the block memory do not fit together; split along every dimension
 * before, at and after the axis. */
static void test_large(void **state)
{
    (void)state;
    const hsize_t shapes[][3] = {{3000, 1000, 1}, {2, 3, 2000000}, {3, 2000000, 2}, {700, 70, 90}};
    uint16_t *made = malloc(12000000 * sizeof *made), *read = malloc(12000000 * sizeof *read);
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        size_t count = (size_t)(shapes[s][0] * shapes[s][1] * shapes[s][2]);
        hid_t file = H5Fcreate(scratch_path("large.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
        hid_t space = H5Screate_simple(3, shapes[s], NULL);
        hid_t dataset = H5Dcreate2(file, "x", H5T_STD_U16LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
        for (size_t i = 0; i < count; i++) made[i] = (uint16_t)(i * 2654435761u >> 7);
        assert_true(H5Dwrite(dataset, H5T_NATIVE_UINT16, H5S_ALL, H5S_ALL, H5P_DEFAULT, made) >= 0);
        H5Dclose(dataset);
        H5Sclose(space);
        H5Fclose(file);
        nn_store_file *opened;
        nn_store_array *array;
        size_t memory = nn_memory_in_use();
        expect_ok(nn_store_open(scratch_path("large.h5"), &opened));
        expect_ok(nn_store_array_open(opened, "x", &array));
        size_t a = (size_t)shapes[s][0], b = (size_t)shapes[s][1], c = (size_t)shapes[s][2];
        expect_ok(nn_store_read_slab(array, 1, 0, (int64_t)b, NN_STORE_U16, read));
        for (size_t i = 0; i < count; i++)
            assert_int_equal(read[i], made[(i / c % a * b + i / c / a) * c + i % c]);
        expect_ok(nn_store_read_slab(array, 2, 0, (int64_t)c, NN_STORE_U16, read));
        for (size_t i = 0; i < count; i++) assert_int_equal(read[i], made[i % (a * b) * c + i / (a * b)]);
        nn_store_array_close(array);
        nn_store_close(opened);
        assert_int_equal(nn_memory_in_use(), memory);
        assert_true(nn_memory_peak() < memory + (6 << 20));
    }
    free(made);
    free(read);
}

/* Wrong: something that does not exist is read, or the message does not say what exists. */
static void test_refusals(void **state)
{
    (void)state;
    nn_store_file *file;
    nn_store_array *array;
    float read[1];
    make("refused.h5", H5T_STD_U8LE, H5P_DEFAULT);
    expect_ok(nn_store_open(scratch_path("refused.h5"), &file));
    expect_ok(nn_store_array_open(file, "x", &array));
    assert_int_equal(nn_store_read_slab(array, 4, 0, 1, NN_STORE_F32, read), NN_ERROR_DATA);
    expect_message("has no dimension 4: it has 4");
    assert_int_equal(nn_store_read_slab(array, -1, 0, 1, NN_STORE_F32, read), NN_ERROR_DATA);
    assert_int_equal(nn_store_read_slab(array, 3, 41, 1, NN_STORE_F32, read), NN_ERROR_DATA);
    expect_message("which has 41 there");
    assert_int_equal(nn_store_read_slab(array, 3, 0, -1, NN_STORE_F32, read), NN_ERROR_DATA);
    nn_store_array_close(array);
    nn_store_close(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_axis),
        cmocka_unit_test(test_large),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
