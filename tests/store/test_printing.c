/* HDF5's printing of errors in a program that uses HDF5 itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <hdf5.h>

#include "store/store.h"

static int printed;

static herr_t count(hid_t stack, void *context)
{
    (void)stack;
    (void)context;
    printed++;
    return 0;
}

/* Fails when the library prints HDF5's errors, or leaves a program without the function that it had set. */
static void test_kept(void **state)
{
    (void)state;
    nn_store_printing printing;
    nn_store_file *file = NULL;
    for (int round = 1; round <= 2; round++) {
        H5Eset_auto2(H5E_DEFAULT, count, NULL);
        printed = 0;
        nn_store_printing_keep(&printing);
        assert_int_not_equal(nn_store_open("nowhere/nothing.h5", &file), NN_OK);
        H5Fopen("nowhere/nothing.h5", H5F_ACC_RDONLY, H5P_DEFAULT);
        assert_int_equal(printed, 0);
        nn_store_printing_restore(&printing);
        H5Fopen("nowhere/nothing.h5", H5F_ACC_RDONLY, H5P_DEFAULT);
        assert_int_equal(printed, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_kept)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
