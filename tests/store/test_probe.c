/* The look at files in a child process: what would bring HDF5 down is named, what merely fails is not. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <hdf5.h>

#include "store/probe.h"
#include "store/writer.h"

#define DIGITS NN_SOURCE_DIR "/scripts/examples/digits/digits.h5"

static void look_well(const char *path)
{
    (void)path;
    fprintf(stderr, "this must not be seen\n");
}

static void look_crashing(const char *path)
{
    (void)path;
    signal(SIGSEGV, SIG_DFL);
    raise(SIGSEGV);
}

static void look_aborting(const char *path)
{
    (void)path;
    raise(SIGABRT);
}

static void look_hanging(const char *path)
{
    volatile const char *still = path;
    while (still) continue;
}

static void expect_part(const char *part)
{
    if (!strstr(nn_error_text(), part)) fail_msg("lacks %s: %s", part, nn_error_text());
}

/* Would be wrong: a library that crashes takes the program with it, or is not told from one that hangs. */
static void test_endings(void **state)
{
    (void)state;
    assert_int_equal(nn_probe_with("a.h5", look_well, 5), NN_OK);
    assert_int_equal(nn_probe_with("a.h5", look_crashing, 5), NN_ERROR_DATA);
    expect_part("a.h5 makes the HDF5 library itself crash (signal 11");
    expect_part("h5repack");
    assert_int_equal(nn_probe_with("a.h5", look_aborting, 5), NN_ERROR_DATA);
    expect_part("crash (signal 6");
    assert_int_equal(nn_probe_with("b.h5", look_hanging, 1), NN_ERROR_DATA);
    expect_part("b.h5 makes the HDF5 library itself hang");
}

/* Would be wrong: a sound file, or one that opens with an ordinary failure, called malformed; or a look that
 * is felt. */
static void test_ordinary_files(void **state)
{
    (void)state;
    static const char *const paths[] = {DIGITS, "/nowhere/at/all.h5", "/tmp", __FILE__, "/dev/null"};
    struct timespec begin, end;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    assert_int_equal(nn_probe_files(sizeof paths / sizeof *paths, paths), NN_OK);
    clock_gettime(CLOCK_MONOTONIC, &end);
    assert_true(end.tv_sec - begin.tv_sec < 10);
}

/* A dataset of one dimension in chunks, whose layout then says that the chunks have none: HDF5 1.10.8 divides
 * by zero. */
static void write_malformed(const char *path)
{
    static const unsigned char layout[3] = {3, 2, 2}; /* version, chunked, dimensions */
    static unsigned char bytes[65536];
    nn_store_writer *writer;
    nn_store_output *output;
    const nn_store_layout chunked = {.type = NN_STORE_I32, .rows = -1, .chunk_rows = 4};
    assert_int_equal(nn_store_writer_create(path, &writer), NN_OK);
    assert_int_equal(nn_store_writer_add(writer, "x", &chunked, &output), NN_OK);
    assert_int_equal(nn_store_output_append(output, 8, NN_STORE_I32, (int32_t[8]){1, 2, 3}), NN_OK);
    assert_int_equal(nn_store_writer_commit(writer), NN_OK);
    nn_store_writer_destroy(writer);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    size_t size = fread(bytes, 1, sizeof bytes, file), at = 0;
    while (at + 3 < size && memcmp(bytes + at, layout, 3) != 0) at++;
    assert_int_equal(fseek(file, (long)at + 2, SEEK_SET), 0);
    assert_int_equal(fputc(0, file), 0);
    assert_int_equal(fclose(file), 0);
}

/* Would be wrong: a file that kills HDF5 kills the program that was to look at it. */
static void test_malformed_file(void **state)
{
    (void)state;
    char path[300];
    const char *parent = getenv("TMPDIR"), *const paths[] = {DIGITS, path};
    snprintf(path, sizeof path, "%s/nn-probe-%ld.h5", parent ? parent : "/tmp", (long)getpid());
    write_malformed(path);
    nn_status status = nn_probe_files(2, paths);
    remove(path);
    /* Another HDF5 may refuse it as it should. */
    if (status == NN_OK && H5_VERSION_GE(1, 10, 9)) skip();
    assert_int_equal(status, NN_ERROR_DATA);
    expect_part(path);
    expect_part("makes the HDF5 library itself crash");
}

/* Would be wrong: every rank of a job forks. */
static void test_first_of_a_job(void **state)
{
    (void)state;
    assert_int_equal(setenv("PMIX_RANK", "3", 1), 0);
    assert_false(nn_probe_is_first());
    assert_int_equal(setenv("PMIX_RANK", "0", 1), 0);
    assert_true(nn_probe_is_first());
    unsetenv("PMIX_RANK");
    assert_true(nn_probe_is_first());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_endings),
        cmocka_unit_test(test_ordinary_files),
        cmocka_unit_test(test_malformed_file),
        cmocka_unit_test(test_first_of_a_job),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
