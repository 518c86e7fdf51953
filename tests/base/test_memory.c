/* Blocks are aligned, zeroed and counted, and a failure is an error with a text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"

/* Fails when a block is not aligned or not zeroed, or its bytes are not counted and released. */
static void test_blocks(void **state)
{
    (void)state;
    size_t before = nn_memory_in_use();
    for (size_t count = 0; count < 600; count++) {
        int32_t *block;
        assert_int_equal(NN_ALLOCATE(&block, count, "numbers"), NN_OK);
        assert_non_null(block);
        assert_int_equal((uintptr_t)block % NN_ALIGNMENT, 0);
        assert_int_equal(nn_memory_in_use(), before + count * sizeof(*block));
        for (size_t i = 0; i < count; i++) assert_int_equal(block[i], 0);
        memset(block, 0xFF, count * sizeof(*block)); /* the next block must be zeroed anyway */
        nn_free(block);
        assert_int_equal(nn_memory_in_use(), before);
    }
    nn_free(NULL);
}

/* Fails when the peak is not the largest amount in use at any time. */
static void test_peak(void **state)
{
    (void)state;
    char *first, *second;
    size_t held = nn_memory_in_use();
    assert_int_equal(NN_ALLOCATE(&first, 1 << 20, "one"), NN_OK);
    assert_int_equal(NN_ALLOCATE(&second, 1 << 20, "two"), NN_OK);
    size_t peak = nn_memory_peak();
    assert_true(peak >= held + (2 << 20));
    nn_free(first);
    nn_free(second);
    assert_int_equal(nn_memory_peak(), peak);
}

/* Fails when an untouched block of more than 2^32 bytes takes real memory (the machine may have less), or
 * when its size was truncated to 32 bits. */
static void test_large_block(void **state)
{
    (void)state;
    size_t before = nn_memory_in_use();
    double *block;
    size_t count = ((size_t)1 << 30) + 7;
    if (NN_ALLOCATE(&block, count, "a large block") != NN_OK) skip();
    assert_int_equal(nn_memory_in_use() - before, count * sizeof(*block));
    assert_true(block[count - 1] == 0.0);
    nn_free(block);
}

/* Fails when a product that exceeds size_t gives a small block, or when the error does not say what it was
 * for. */
static void test_overflow(void **state)
{
    (void)state;
    double pointee = 1.0, *block = &pointee;
    assert_int_equal(NN_ALLOCATE(&block, SIZE_MAX / 4, "gradients"), NN_ERROR_MEMORY);
    assert_null(block);
    assert_non_null(strstr(nn_error_text(), "gradients"));
    assert_non_null(strstr(nn_error_text(), "EiB"));
    char *bytes;
    assert_int_equal(NN_ALLOCATE(&bytes, SIZE_MAX, "bytes"), NN_ERROR_MEMORY);
    assert_int_equal(NN_ALLOCATE(&bytes, SIZE_MAX - 70, "bytes"), NN_ERROR_MEMORY);
}

/* Fails when contents are lost, or new bytes are not zero. */
static void test_reallocate(void **state)
{
    (void)state;
    size_t before = nn_memory_in_use();
    int *block = NULL;
    assert_int_equal(nn_reallocate((void **)&block, 0, 3, sizeof(int), "list"), NN_OK);
    for (int i = 0; i < 3; i++) block[i] = i + 1;
    assert_int_equal(nn_reallocate((void **)&block, 3, 1000, sizeof(int), "list"), NN_OK);
    for (int i = 0; i < 1000; i++) assert_int_equal(block[i], i < 3 ? i + 1 : 0);
    assert_int_equal(nn_reallocate((void **)&block, 1000, 2, sizeof(int), "list"), NN_OK);
    assert_int_equal(block[1], 2);
    assert_int_equal(nn_memory_in_use() - before, 2 * sizeof(int));
    /* A failure leaves the old block unchanged. */
    assert_int_equal(nn_reallocate((void **)&block, 2, SIZE_MAX / 2, sizeof(int), "list"), NN_ERROR_MEMORY);
    assert_int_equal(block[0], 1);
    nn_free(block);
    assert_int_equal(nn_memory_in_use(), before);
}

/* Fails when an allocation other than the n-th fails, or more than one does. */
static void test_fail_at(void **state)
{
    (void)state;
    char *block;
    nn_memory_fail_at(3);
    for (int i = 1; i <= 5; i++) {
        nn_status expected = i == 3 ? NN_ERROR_MEMORY : NN_OK;
        assert_int_equal(NN_ALLOCATE(&block, 10, "something"), expected);
        nn_free(block);
    }
    nn_memory_fail_at(1);
    nn_memory_fail_at(0);
    assert_int_equal(NN_ALLOCATE(&block, 10, "something"), NN_OK);
    nn_free(block);
}

static void test_copy_text(void **state)
{
    (void)state;
    char *copy;
    assert_int_equal(nn_copy_text("dense_1", &copy), NN_OK);
    assert_string_equal(copy, "dense_1");
    nn_free(copy);
    nn_memory_fail_at(1);
    assert_int_equal(nn_copy_text("dense_1", &copy), NN_ERROR_MEMORY);
    assert_null(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks),      cmocka_unit_test(test_peak),
        cmocka_unit_test(test_large_block), cmocka_unit_test(test_overflow),
        cmocka_unit_test(test_reallocate),  cmocka_unit_test(test_fail_at),
        cmocka_unit_test(test_copy_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
