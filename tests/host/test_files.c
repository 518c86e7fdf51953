/* Inspecting files and folders while the system fails: this program replaces system functions. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include <cmocka.h>

#include "../store/scratch.h"
#include "base/list.h"
#include "base/memory.h"
#include "host/files.h"
#include "host/pattern.h"
#include "host/pulse.h"
#include "host/system.h"

static int failures, failure; /* how many calls will fail, and with which errno */
static double slept;

static int fails(void)
{
    if (failures <= 0) return 0;
    failures--;
    errno = failure;
    return 1;
}

/* The parameters are named as in the system's headers, because clang-tidy compares them. */
int nanosleep(const struct timespec *__requested_time, struct timespec *__remaining)
{
    (void)__remaining;
    slept += (double)__requested_time->tv_sec + 1e-9 * (double)__requested_time->tv_nsec;
    return 0;
}

ssize_t read(int __fd, void *__buf, size_t __nbytes)
{
    if (fails()) return failure == 0 ? 0 : -1;
    return pread(__fd, __buf, __nbytes > 3 ? 3 : __nbytes, lseek(__fd, 3, SEEK_CUR) - 3);
}

/* Fails after the first names. */
struct dirent *readdir(DIR *__dirp)
{
    static struct dirent names[4] = {{.d_name = "."}, {.d_name = "b"}, {.d_name = ".."}, {.d_name = "a"}};
    static long next;
    if (next == 2 && fails()) {
        next = 0;
        return NULL;
    }
    (void)__dirp;
    if (next == 4) {
        next = 0;
        return NULL;
    }
    return &names[next++];
}

static void fail_next(int count, int error)
{
    failures = count;
    failure = error;
    slept = 0;
}

/* After it has run out, patience is short for a while. */
static void recover(void)
{
    failures = 0;
    nn_patience_limit(0.5);
    struct timespec now, end;
    clock_gettime(CLOCK_MONOTONIC, &end);
    do {
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while ((double)(now.tv_sec - end.tv_sec) + 1e-9 * (double)(now.tv_nsec - end.tv_nsec) < 0.6);
}

/* Wrong: a temporary read error is a failure, or is retried without a pulse; a file that briefly appears
 * truncated is taken for a shorter one. */
static void test_load(void **state)
{
    (void)state;
    void *bytes;
    size_t size, memory = nn_memory_in_use();
    static const int errors[] = {EIO, ESTALE, ETIMEDOUT, EINTR, 0};
    scratch_write(scratch_path("file"), "ten bytes.", 10);
    for (int i = 0; i < 5; i++) {
        fail_next(3, errors[i]);
        expect_ok(nn_file_load(scratch_path("file"), 100, "a test", &bytes, &size));
        assert_int_equal(size, 10);
        assert_string_equal(bytes, "ten bytes.");
        assert_true(errors[i] == EINTR ? slept == 0 : slept > 0.6 && slept < 0.8);
        nn_free(bytes);
    }
    assert_int_equal(nn_file_load(scratch_path("file"), 9, "a test", &bytes, &size), NN_ERROR_DATA);
    assert_null(bytes);
    assert_int_equal(nn_file_load(scratch_path("none"), 9, "a test", &bytes, &size), NN_ERROR_IO);
    assert_int_equal(nn_error_number(), ENOENT);
    assert_int_equal(nn_memory_in_use(), memory);
}

/* Wrong: patience ends early, or never, or reports another cause. */
static void test_patience_ends(void **state)
{
    (void)state;
    void *bytes;
    size_t size;
    nn_pulse_marks marks = {0};
    nn_pulse_move(&marks);
    scratch_write(scratch_path("file"), "ten bytes.", 10);
    fail_next(1000, ESTALE);
    assert_int_equal(nn_file_load(scratch_path("file"), 100, "a test", &bytes, &size), NN_ERROR_IO);
    assert_true(slept > 59 && slept < 61);
    assert_true(atomic_load(&marks.count) > 500);
    nn_pulse_move(NULL);
    expect_message("Stale file handle");
    expect_message("/file");
    fail_next(1000, EIO);
    assert_int_equal(nn_file_load(scratch_path("file"), 100, "a test", &bytes, &size), NN_ERROR_IO);
    assert_true(slept == 0); /* another file that fails a moment later */
    recover();
    fail_next(1, EIO);
    expect_ok(nn_file_load(scratch_path("file"), 100, "a test", &bytes, &size));
    nn_free(bytes);
    fail_next(1, EACCES);
    assert_int_equal(nn_file_load(scratch_path("file"), 100, "a test", &bytes, &size), NN_ERROR_IO);
    assert_true(slept == 0);
    failures = 0;
}

/* Wrong: a listing that fails in the middle is taken as complete, or a missing folder fails. */
static void test_list(void **state)
{
    (void)state;
    nn_text_list names;
    bool there;
    size_t memory = nn_memory_in_use();
    fail_next(1, EIO);
    expect_ok(nn_folder_list(scratch_directory, &names, &there));
    assert_true(there);
    assert_int_equal(names.count, 2);
    assert_string_equal(names.items[0], "a");
    assert_string_equal(names.items[1], "b");
    nn_list_release(&names);
    fail_next(1, EACCES);
    assert_int_equal(nn_folder_list(scratch_directory, &names, &there), NN_ERROR_IO);
    expect_message("cannot be listed: Permission denied");
    assert_int_equal(names.count, 0);
    failures = 0;
    expect_ok(nn_folder_list(scratch_path("none"), &names, &there));
    assert_false(there);
    assert_int_equal(nn_memory_in_use(), memory);
}

/* Wrong: opening a pipe or a socket waits for its other end, or either counts as a file. */
static void test_no_file(void **state)
{
    (void)state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int length = snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", scratch_directory);
    assert_true(length < (int)sizeof address.sun_path);
    assert_int_equal(mkfifo(scratch_path("pipe"), 0666), 0);
    int server = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(server, (struct sockaddr *)&address, sizeof address), 0);
    const char *const names[] = {"pipe", "socket"};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(nn_file_open(scratch_path(names[i]), O_RDONLY), -1);
        assert_int_equal(errno, ENXIO);
        assert_int_equal(nn_file_open(scratch_path(names[i]), O_WRONLY | O_CREAT), -1);
        assert_int_equal(errno, ENXIO);
    }
    assert_int_equal(nn_file_open("/dev/null", O_RDONLY), -1);
    assert_int_equal(errno, ENXIO);
    assert_int_equal(nn_file_open(scratch_directory, O_RDONLY), -1);
    assert_int_equal(errno, EISDIR);
    int folder = nn_file_open(scratch_directory, O_RDONLY | O_DIRECTORY);
    assert_true(folder >= 0);
    close(folder);
    close(server);
    remove(scratch_path("pipe"));
    remove(scratch_path("socket"));
}

static void expect_listed(const char *pattern, const char *const *expected)
{
    nn_text_list paths;
    size_t count = 0;
    expect_ok(nn_pattern_list(scratch_path(pattern), &paths));
    for (; expected[count]; count++) {
        assert_true(count < paths.count);
        assert_string_equal(paths.items[count] + strlen(scratch_directory) + 1, expected[count]);
    }
    assert_int_equal(paths.count, count);
    nn_list_release(&paths);
}

/* Wrong: an existing name is taken for a pattern, or vice versa. (Each folder contains a and b.) */
static void test_pattern(void **state)
{
    (void)state;
    const char *const made[] = {"a", "b", "x[1]"};
    for (int i = 0; i < 3; i++) assert_int_equal(mkdir(scratch_path(made[i]), 0777), 0);
    scratch_write(scratch_path("x[1]/a"), "", 0);
    scratch_write(scratch_path("b/a"), "", 0);
    expect_listed("*", (const char *const[]){"a", "b", NULL});
    expect_listed("[b-z]", (const char *const[]){"b", NULL});
    expect_listed("x[1]", (const char *const[]){"x[1]", NULL});
    expect_listed("x[1]/?", (const char *const[]){"x[1]/a", NULL});
    expect_listed("?/a", (const char *const[]){"b/a", NULL});
    expect_listed("*/c", (const char *const[]){NULL});
    expect_listed("none/*", (const char *const[]){NULL});
    remove(scratch_path("x[1]/a"));
    remove(scratch_path("b/a"));
    for (int i = 0; i < 3; i++) remove(scratch_path(made[i]));
}

static int remove_all(void **state)
{
    (void)state;
    remove(scratch_path("file"));
    return rmdir(scratch_directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_load),    cmocka_unit_test(test_patience_ends), cmocka_unit_test(test_list),
        cmocka_unit_test(test_no_file), cmocka_unit_test(test_pattern),
    };
    return cmocka_run_group_tests(tests, scratch_make, remove_all);
}
