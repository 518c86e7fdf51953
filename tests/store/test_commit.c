/* The atomic commit: afterwards either the new file is complete, or the old one is unchanged and nothing else
 * is left. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "base/memory.h"
#include "scratch.h"
#include "store/store.h"

#define BIG ((size_t)1 << 20)

static unsigned char *pattern(size_t size, int seed)
{
    unsigned char *bytes = malloc(size);
    for (size_t i = 0; i < size; i++) bytes[i] = (unsigned char)(i * 31 + (size_t)seed);
    return bytes;
}

static void expect_file(const char *path, const void *bytes, size_t size)
{
    size_t found;
    unsigned char *read = scratch_read(path, &found);
    assert_int_equal(found, size);
    assert_memory_equal(read, bytes, size);
    free(read);
}

/* Wrong: bytes other than those given, remains of an older and longer file, or a temporary file left
 * behind. */
static void test_writes_and_replaces(void **state)
{
    (void)state;
    unsigned char *old = pattern(BIG, 1), *new = pattern(1000, 2);
    const char *path = scratch_path("file");
    int before = scratch_count();
    scratch_write(scratch_path("file.nntrain.tmp"), old, BIG); /* left by a killed process */
    expect_ok(nn_store_commit(path, old, BIG));
    expect_file(path, old, BIG);
    expect_ok(nn_store_commit(path, new, 1000));
    expect_file(path, new, 1000);
    expect_ok(nn_store_commit(path, "", 0));
    expect_file(path, "", 0);
    assert_int_equal(scratch_count(), before + 1);
    free(old);
    free(new);
}

/* Wrong: a target without a folder in its name is not written to the current directory. */
static void test_bare_name(void **state)
{
    (void)state;
    char here[512];
    assert_non_null(getcwd(here, sizeof here));
    assert_int_equal(chdir(scratch_directory), 0);
    expect_ok(nn_store_commit("bare", "abc", 3));
    assert_int_equal(chdir(here), 0);
    expect_file(scratch_path("bare"), "abc", 3);
}

/* Wrong: on a full disk, a changed target, a file left behind, or a message without cause and remedy. */
static void test_no_room(void **state)
{
    (void)state;
    struct rlimit before, small;
    unsigned char *old = pattern(1000, 3), *big = pattern(BIG, 4);
    const char *path = scratch_path("room");
    expect_ok(nn_store_commit(path, old, 1000));
    int files = scratch_count();
    size_t memory = nn_memory_in_use();
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = BIG / 2;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    nn_status status = nn_store_commit(path, big, BIG);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, handler);
    assert_int_equal(status, NN_ERROR_IO);
    expect_message(path);
    expect_message("1.0 MiB");
    expect_message("File too large");
    expect_message("ulimit -f");
    expect_file(path, old, 1000);
    assert_int_equal(scratch_count(), files);
    assert_int_equal(nn_memory_in_use(), memory);
    free(old);
    free(big);
}

/* Wrong: a missing directory is taken for a full disk, or silently created. */
static void test_missing_directory(void **state)
{
    (void)state;
    const char *path = scratch_path("none/file");
    assert_int_equal(nn_store_commit(path, "abc", 3), NN_ERROR_IO);
    expect_message(path);
    expect_message("No such file or directory");
    expect_message("check the path");
}

/* Wrong: a folder with the target's name is overwritten, or the temporary file remains when the rename
 * fails. */
static void test_target_is_a_folder(void **state)
{
    (void)state;
    const char *path = scratch_path("folder");
    assert_int_equal(mkdir(path, 0777), 0);
    int files = scratch_count();
    assert_int_equal(nn_store_commit(path, "abc", 3), NN_ERROR_IO);
    expect_message("renaming");
    expect_message("a folder has this name");
    assert_int_equal(scratch_count(), files);
}

/* Wrong: a directory without write permission is not named as the cause. */
static void test_read_only_directory(void **state)
{
    (void)state;
    if (geteuid() == 0) skip();
    const char *folder = scratch_path("locked");
    assert_int_equal(mkdir(folder, 0555), 0);
    assert_int_equal(nn_store_commit(scratch_path("locked/file"), "abc", 3), NN_ERROR_IO);
    expect_message("Permission denied");
    expect_message("check the permissions");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writes_and_replaces),
        cmocka_unit_test(test_bare_name),
        cmocka_unit_test(test_no_room),
        cmocka_unit_test(test_missing_directory),
        cmocka_unit_test(test_target_is_a_folder),
        cmocka_unit_test(test_read_only_directory),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
