/* Sealed files: what was put in comes out, and no damage goes undetected. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <hdf5.h>

#include "base/memory.h"
#include "scratch.h"
#include "store/store.h"

#define WEIGHTS 300

static float weights[WEIGHTS];
static const int64_t steps[2] = {INT64_MAX, -7};

static void seal(void **bytes, size_t *size)
{
    nn_store_image *image;
    for (int i = 0; i < WEIGHTS; i++) weights[i] = (float)sin(i);
    expect_ok(nn_store_image_create(&image));
    expect_ok(
        nn_store_image_put(image, "layers/dense/weight", NN_STORE_F32, 2, (int64_t[]){30, 10}, weights));
    expect_ok(nn_store_image_put(image, "steps", NN_STORE_I64, 1, (int64_t[]){2}, steps));
    expect_ok(nn_store_image_put(image, "scalar", NN_STORE_F64, 0, NULL, (double[]){1.5}));
    expect_ok(nn_store_image_put(image, "nothing", NN_STORE_F64, 2, (int64_t[]){0, 3}, weights));
    expect_ok(nn_store_image_put_text(image, "configuration", "network:\n  - dense: 10\n"));
    expect_ok(nn_store_image_put_attribute(image, "program", "nntrain"));
    expect_ok(nn_store_image_put_attribute(image, "empty", ""));
    expect_ok(nn_store_image_seal(image, bytes, size));
    nn_store_image_destroy(image);
}

static void expect_text(nn_store_file *file, const char *name, const char *expected)
{
    char *text;
    expect_ok(nn_store_read_text(file, name, &text));
    assert_string_equal(text, expected);
    nn_free(text);
}

static void expect_content(nn_store_file *file)
{
    float read[WEIGHTS];
    int64_t read_steps[2];
    double scalar, nothing[1] = {42};
    expect_ok(nn_store_read_verified(file, "layers/dense/weight", NN_STORE_F32, WEIGHTS, read));
    assert_memory_equal(read, weights, sizeof weights);
    expect_ok(nn_store_read_verified(file, "steps", NN_STORE_I64, 2, read_steps));
    assert_memory_equal(read_steps, steps, sizeof steps);
    expect_ok(nn_store_read_verified(file, "scalar", NN_STORE_F64, 1, &scalar));
    assert_true(scalar == 1.5);
    expect_ok(nn_store_read_verified(file, "nothing", NN_STORE_F64, 0, nothing));
    assert_true(nothing[0] == 42);
    expect_text(file, "configuration", "network:\n  - dense: 10\n");
    expect_text(file, "@program", "nntrain");
    expect_text(file, "@empty", "");
}

/* Wrong: a checkpoint does not return what was stored, even if another type is requested. */
static void test_round_trip(void **state)
{
    (void)state;
    void *bytes, *read;
    size_t size, read_size;
    double widened[WEIGHTS];
    nn_store_file *file;
    seal(&bytes, &size);
    expect_ok(nn_store_commit(scratch_path("a.h5"), bytes, size));
    expect_ok(nn_store_read_sealed(scratch_path("a.h5"), &read, &read_size));
    assert_int_equal(read_size, size);
    assert_memory_equal(read, bytes, size);
    expect_ok(nn_store_open_image(read, read_size, scratch_path("a.h5"), &file));
    assert_string_equal(nn_store_path(file), scratch_path("a.h5"));
    expect_content(file);
    expect_ok(nn_store_read_verified(file, "layers/dense/weight", NN_STORE_F64, WEIGHTS, widened));
    for (int i = 0; i < WEIGHTS; i++) assert_true(widened[i] == (double)weights[i]);
    nn_store_close(file);
    assert_memory_equal(read, bytes, size);
    nn_free(read);
    nn_free(bytes);
}

/* Wrong: the trailer keeps other programs from opening the file, or two open images are confused. */
static void test_opens_as_plain_hdf5(void **state)
{
    (void)state;
    void *bytes;
    size_t size;
    nn_store_file *file, *first, *second;
    seal(&bytes, &size);
    scratch_write(scratch_path("plain.h5"), bytes, size);
    hid_t plain = H5Fopen(scratch_path("plain.h5"), H5F_ACC_RDONLY, H5P_DEFAULT);
    assert_true(plain >= 0);
    assert_true(H5Lexists(plain, "layers/dense", H5P_DEFAULT) > 0);
    H5Fclose(plain);
    expect_ok(nn_store_open(scratch_path("plain.h5"), &file));
    expect_content(file);
    nn_store_close(file);

    nn_store_image *other;
    void *other_bytes;
    size_t other_size;
    expect_ok(nn_store_image_create(&other));
    expect_ok(nn_store_image_put_attribute(other, "program", "another"));
    expect_ok(nn_store_image_seal(other, &other_bytes, &other_size));
    nn_store_image_destroy(other);
    expect_ok(nn_store_open_image(bytes, size, "same name", &first));
    expect_ok(nn_store_open_image(other_bytes, other_size, "same name", &second));
    expect_text(first, "@program", "nntrain");
    expect_text(second, "@program", "another");
    nn_store_close(first);
    expect_text(second, "@program", "another");
    nn_store_close(second);
    nn_free(other_bytes);
    nn_free(bytes);
}

/* Wrong: two checkpoints of the same state differ in their bytes. */
static void test_same_content_same_bytes(void **state)
{
    (void)state;
    void *one, *two;
    size_t one_size, two_size;
    seal(&one, &one_size);
    sleep(1); /* a stored time would have a resolution of one second */
    seal(&two, &two_size);
    assert_int_equal(one_size, two_size);
    assert_memory_equal(one, two, one_size);
    nn_free(one);
    nn_free(two);
}

static void expect_refused(const char *path, size_t where)
{
    void *read;
    size_t size;
    if (nn_store_read_sealed(path, &read, &size) != NN_ERROR_CHECKPOINT)
        fail_msg("damage at byte %zu was not seen", where);
    assert_null(read);
    expect_message(path);
}

/* Wrong: a flipped byte goes undetected; tries every one of the trailer, and every 97th before it. */
static void test_flipped_bytes(void **state)
{
    (void)state;
    void *sealed;
    size_t size;
    seal(&sealed, &size);
    unsigned char *bytes = sealed;
    for (size_t at = 0; at < size; at += at + 97 < size - 24 ? 97 : 1) {
        bytes[at] ^= (unsigned char)(1 << at % 8);
        scratch_write(scratch_path("flipped.h5"), bytes, size);
        expect_refused(scratch_path("flipped.h5"), at);
        bytes[at] ^= (unsigned char)(1 << at % 8);
    }
    nn_free(sealed);
}

/* Wrong: a file of another length is accepted, or a shorter one is not reported as cut short. */
static void test_cut_and_lengthened(void **state)
{
    (void)state;
    void *bytes;
    size_t size;
    seal(&bytes, &size);
    for (size_t length = 0; length < size; length += length < 64 || length + 64 > size ? 1 : 89) {
        scratch_write(scratch_path("cut.h5"), bytes, length);
        expect_refused(scratch_path("cut.h5"), length);
        if (length >= 48) expect_message("cut short");
    }
    unsigned char *longer = calloc(1, size + 100);
    memcpy(longer, bytes, size);
    scratch_write(scratch_path("longer.h5"), longer, size + 100);
    expect_refused(scratch_path("longer.h5"), size);
    memcpy(longer + 100, bytes, size);
    scratch_write(scratch_path("longer.h5"), longer, size + 100);
    expect_refused(scratch_path("longer.h5"), 0);
    free(longer);
    nn_free(bytes);
    assert_int_equal(nn_store_read_sealed(scratch_path("none.h5"), &bytes, &size), NN_ERROR_IO);
    assert_int_equal(nn_store_read_sealed(scratch_directory, &bytes, &size), NN_ERROR_IO);
    expect_message("choose another name");
}

/* Wrong: an array that no longer matches its checksum, or has none, is read as verified. */
static void test_array_checksum(void **state)
{
    (void)state;
    void *bytes;
    size_t size;
    nn_store_file *file;
    float values[WEIGHTS];
    double wide[WEIGHTS];
    seal(&bytes, &size);
    scratch_write(scratch_path("changed.h5"), bytes, size);
    nn_free(bytes);
    hid_t plain = H5Fopen(scratch_path("changed.h5"), H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t dataset = H5Dopen2(plain, "layers/dense/weight", H5P_DEFAULT);
    memcpy(values, weights, sizeof values);
    values[17] += 1;
    H5Dwrite(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    H5Dclose(dataset);
    dataset = H5Dopen2(plain, "steps", H5P_DEFAULT);
    H5Adelete(dataset, "xxh64");
    H5Dclose(dataset);
    H5Fclose(plain);
    expect_ok(nn_store_open(scratch_path("changed.h5"), &file));
    assert_int_equal(nn_store_read_verified(file, "layers/dense/weight", NN_STORE_F32, WEIGHTS, values),
                     NN_ERROR_CHECKPOINT);
    expect_message("layers/dense/weight");
    assert_int_equal(nn_store_read_verified(file, "layers/dense/weight", NN_STORE_F64, WEIGHTS, wide),
                     NN_ERROR_CHECKPOINT);
    int64_t read_steps[2];
    assert_int_equal(nn_store_read_verified(file, "steps", NN_STORE_I64, 2, read_steps), NN_ERROR_CHECKPOINT);
    expect_message("no checksum");
    nn_store_close(file);
}

#define PLACED ((size_t)3 << 20)

/* Whether a file of this many placed values, expected to be of `expected` bytes, is read as it was written.
 */
static void place(size_t expected)
{
    nn_store_image *image;
    nn_store_file *file;
    unsigned char *image_bytes;
    void *bytes;
    size_t size, offset[2];
    float *values, *read;
    const int64_t count[] = {PLACED, 3};
    expect_ok(NN_ALLOCATE(&values, PLACED, "values"));
    expect_ok(NN_ALLOCATE(&read, PLACED, "values"));
    for (size_t i = 0; i < PLACED; i++) values[i] = (float)i;
    expect_ok(nn_store_image_create(&image));
    nn_store_image_expect(image, expected);
    expect_ok(nn_store_image_put(image, "before", NN_STORE_F32, 1, &count[1], values));
    expect_ok(nn_store_image_place(image, "a/large", NN_STORE_F32, 1, count, &offset[0]));
    expect_ok(nn_store_image_place(image, "a/small", NN_STORE_F32, 1, &count[1], &offset[1]));
    expect_ok(nn_store_image_bytes(image, &image_bytes));
    memcpy(image_bytes + offset[0], values, PLACED * sizeof *values);
    memcpy(image_bytes + offset[1], values + 7, 3 * sizeof *values);
    expect_ok(nn_store_image_hash(image, "a/small"));
    expect_ok(nn_store_image_hash(image, "a/large"));
    expect_ok(nn_store_image_put(image, "after", NN_STORE_F32, 1, &count[1], values));
    size_t before = nn_memory_in_use();
    expect_ok(nn_store_image_seal(image, &bytes, &size));
    if (expected > 0) assert_true(nn_memory_in_use() <= before); /* it is not copied */
    if (expected > 0) assert_ptr_equal(bytes, image_bytes);
    nn_store_image_destroy(image);
    scratch_write(scratch_path("placed.h5"), bytes, size);
    nn_free(bytes);
    expect_ok(nn_store_read_sealed(scratch_path("placed.h5"), &bytes, &size));
    expect_ok(nn_store_open_image(bytes, size, "placed.h5", &file));
    expect_ok(nn_store_read_verified(file, "a/large", NN_STORE_F32, PLACED, read));
    assert_memory_equal(read, values, PLACED * sizeof *values);
    expect_ok(nn_store_read_verified(file, "a/small", NN_STORE_F32, 3, read));
    assert_memory_equal(read, values + 7, 3 * sizeof *values);
    expect_ok(nn_store_read_verified(file, "after", NN_STORE_F32, 3, read));
    nn_store_close(file);
    nn_free(bytes);
    nn_free(values);
    nn_free(read);
}

/* Wrong: what the caller has written into the image is lost when it grows, or the image is copied. */
static void test_placed(void **state)
{
    (void)state;
    size_t before = nn_memory_in_use();
    place(0);
    place(PLACED * sizeof(float) + ((size_t)8 << 20));
    assert_int_equal(nn_memory_in_use(), before);
}

/* Wrong: an array without values passes for one that has its hash. */
static void test_placed_without_hash(void **state)
{
    (void)state;
    nn_store_image *image;
    nn_store_file *file;
    void *bytes;
    size_t size, offset;
    float read[3];
    const int64_t count = 3, none = 0;
    expect_ok(nn_store_image_create(&image));
    expect_ok(nn_store_image_place(image, "array", NN_STORE_F32, 1, &count, &offset));
    assert_int_equal(nn_store_image_place(image, "array", NN_STORE_F32, 1, &count, &offset), NN_ERROR_IO);
    expect_message("already exists");
    assert_int_equal(nn_store_image_place(image, "empty", NN_STORE_F32, 1, &none, &offset), NN_ERROR_IO);
    assert_int_equal(nn_store_image_hash(image, "missing"), NN_ERROR_IO);
    expect_message("missing");
    expect_ok(nn_store_image_seal(image, &bytes, &size));
    expect_ok(nn_store_open_image(bytes, size, "array.h5", &file));
    assert_int_equal(nn_store_read_verified(file, "array", NN_STORE_F32, 3, read), NN_ERROR_CHECKPOINT);
    nn_store_close(file);
    nn_store_image_destroy(image);
    nn_free(bytes);
}

/* Wrong: a failure without HDF5's reason, a long attribute that HDF5 would drop, or leaked memory. */
static void test_failures(void **state)
{
    (void)state;
    nn_store_image *image;
    nn_store_file *file;
    size_t before = nn_memory_in_use();
    char *long_text = malloc(70001);
    memset(long_text, 'a', 70000);
    long_text[70000] = '\0';
    expect_ok(nn_store_image_create(&image));
    expect_ok(nn_store_image_put_text(image, "a/text", long_text));
    assert_int_equal(nn_store_image_put_text(image, "a/text", "again"), NN_ERROR_IO);
    expect_message("already exists");
    assert_int_equal(nn_store_image_put_attribute(image, "long", long_text), NN_ERROR_IO);
    long_text[60000] = '\0';
    expect_ok(nn_store_image_put_attribute(image, "long", long_text));
    expect_ok(nn_store_image_put_attribute(image, "long as well", long_text));
    nn_store_image_destroy(image);
    free(long_text);
    assert_int_equal(nn_store_open_image("no HDF5 at all", 14, "name.h5", &file), NN_ERROR_DATA);
    assert_null(file);
    expect_message("name.h5");
    assert_int_equal(nn_memory_in_use(), before);
    assert_int_equal(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL), 0);
}

/* Wrong: a failed allocation crashes, leaks, or is reported as something else. */
static void test_allocation_failures(void **state)
{
    (void)state;
    void *bytes, *read;
    size_t size, before = nn_memory_in_use();
    const int64_t large = PLACED;
    seal(&bytes, &size);
    expect_ok(nn_store_commit(scratch_path("memory.h5"), bytes, size));
    nn_free(bytes);
    for (int64_t n = 1;; n++) {
        nn_memory_fail_at(n);
        nn_store_image *image = NULL;
        nn_store_file *file = NULL;
        bytes = read = NULL;
        size_t offset;
        unsigned char *image_bytes;
        nn_status status = nn_store_image_create(&image);
        if (status == NN_OK) status = nn_store_image_place(image, "placed", NN_STORE_F32, 1, &large, &offset);
        if (status == NN_OK) status = nn_store_image_bytes(image, &image_bytes);
        if (status == NN_OK) status = nn_store_image_seal(image, &bytes, &size);
        if (status == NN_OK) status = nn_store_commit(scratch_path("memory2.h5"), bytes, size);
        if (status == NN_OK) status = nn_store_read_sealed(scratch_path("memory.h5"), &read, &size);
        if (status == NN_OK) status = nn_store_open_image(read, size, "memory.h5", &file);
        float values[WEIGHTS];
        if (status == NN_OK)
            status = nn_store_read(file, "layers/dense/weight", NN_STORE_F32, WEIGHTS, values);
        nn_memory_fail_at(0);
        nn_store_close(file);
        nn_store_image_destroy(image);
        nn_free(bytes);
        nn_free(read);
        assert_int_equal(nn_memory_in_use(), before);
        assert_int_equal(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL), 0);
        if (status == NN_OK) break;
        assert_int_equal(status, NN_ERROR_MEMORY);
        assert_true(n < 100);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_opens_as_plain_hdf5),
        cmocka_unit_test(test_same_content_same_bytes),
        cmocka_unit_test(test_flipped_bytes),
        cmocka_unit_test(test_cut_and_lengthened),
        cmocka_unit_test(test_array_checksum),
        cmocka_unit_test(test_placed),
        cmocka_unit_test(test_placed_without_hash),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_allocation_failures),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
