/* The end of a process that has used HDF5: what could not be closed is left to the system, and everything
 * else is closed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>

#include <cmocka.h>
#include <hdf5.h>

#include "scratch.h"
#include "store/store.h"

static bool close_fails;

/* Replaces HDF5's function in this program: a file that cannot be closed stays open. */
herr_t H5Fclose(hid_t file_id)
{
    return close_fails ? -1 : H5Idec_ref(file_id) < 0 ? -1 : 0;
}

static void make(const char *name)
{
    hid_t file = H5Fcreate(scratch_path(name), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t space = H5Screate(H5S_SCALAR);
    H5Dclose(H5Dcreate2(file, "x", H5T_STD_I32LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Sclose(space);
    H5Idec_ref(file);
}

/* A process that opens and closes a file, leaves a file of its own open, and calls exit; returns whether that
 * one was closed. */
static bool left_is_closed(bool fails)
{
    int outcome;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        nn_store_file *file;
        if (nn_store_open(scratch_path("sound.h5"), &file) != NN_OK) _exit(1);
        hid_t left = H5Fcreate(scratch_path("left.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
        if (left < 0 || H5Gcreate2(left, "g", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT) < 0) _exit(2);
        close_fails = fails;
        nn_store_close(file);
        exit(0);
    }
    assert_int_equal(waitpid(child, &outcome, 0), child);
    assert_true(WIFEXITED(outcome));
    assert_int_equal(WEXITSTATUS(outcome), 0);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    hid_t left = H5Fopen(scratch_path("left.h5"), H5F_ACC_RDONLY, H5P_DEFAULT);
    return left >= 0 && H5Lexists(left, "g", H5P_DEFAULT) > 0;
}

/* A process in which HDF5 has not been used, since that cannot be undone. */
static bool in_fresh_process(bool fails)
{
    int outcome;
    remove(scratch_path("left.h5"));
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) _exit(left_is_closed(fails) ? 10 : 11);
    assert_int_equal(waitpid(child, &outcome, 0), child);
    assert_true(WIFEXITED(outcome));
    assert_true(WEXITSTATUS(outcome) >= 10);
    return WEXITSTATUS(outcome) == 10;
}

/* Wrong: HDF5 is asked to close what it could not close before, which may crash; or without such a failure,
 * what a program around this library has left open is no longer closed. */
static void test_exit(void **state)
{
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        make("sound.h5");
        _exit(0);
    }
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_true(in_fresh_process(false));
    assert_false(in_fresh_process(true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_exit)};
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
