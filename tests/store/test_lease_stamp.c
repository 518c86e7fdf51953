/* The lease on a file system without locks, simulated by replacing flock. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include <cmocka.h>

#include "base/memory.h"
#include "scratch.h"
#include "store/lease.h"
#include "store/lease_file.h"
#include "store/lease_stamp.h"

/* The parameters are named as in <sys/file.h>, because clang-tidy compares them. */
int flock(int __fd, int __operation)
{
    (void)__fd, (void)__operation;
    errno = ENOLCK;
    return -1;
}

static atomic_bool hurried; /* the renewing thread does not wait between its cycles */
static atomic_int turns;

/* Ends a cycle of that thread after its waiting time, or not before the lease is released. */
int pthread_cond_timedwait(pthread_cond_t *restrict __cond, pthread_mutex_t *restrict __mutex,
                           const struct timespec *restrict __abstime)
{
    static const struct timespec moment = {.tv_nsec = 5000000};
    (void)__abstime;
    if (!atomic_load(&hurried)) return pthread_cond_wait(__cond, __mutex);
    pthread_mutex_unlock(__mutex);
    nanosleep(&moment, NULL);
    pthread_mutex_lock(__mutex);
    atomic_fetch_add(&turns, 1);
    return ETIMEDOUT;
}

static void await_turns(int count)
{
    static const struct timespec moment = {.tv_nsec = 1000000};
    for (int end = atomic_load(&turns) + count; atomic_load(&turns) < end;) nanosleep(&moment, NULL);
}

static void stamp_set_age(long seconds)
{
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = time(NULL) - seconds}};
    assert_int_equal(utimensat(AT_FDCWD, scratch_path("lease"), times, 0), 0);
}

/* Wrong: two holders without locks, or a directory that remains taken after a release. */
static void test_one_holder(void **state)
{
    (void)state;
    nn_lease *lease, *second;
    size_t memory = nn_memory_in_use();
    expect_ok(nn_lease_take(scratch_directory, &lease));
    assert_int_equal(nn_lease_take(scratch_directory, &second), NN_ERROR_BUSY);
    assert_null(second);
    expect_message("process ");
    expect_message("after the crash");
    nn_lease_release(lease);
    expect_ok(nn_lease_take(scratch_directory, &lease));
    nn_lease_release(lease);
    assert_int_equal(nn_memory_in_use(), memory);
    assert_int_equal(scratch_count(), 1); /* the lease file, and no file left from reading the clock */
}

/* Wrong: a dead holder keeps the directory forever, or a living one loses it at once. */
static void test_age(void **state)
{
    (void)state;
    static const char line[] = "host n1, process 1, since 2026-01-01 00:00:00 UTC\n";
    nn_lease *lease;
    scratch_write(scratch_path("lease"), line, sizeof line - 1);
    stamp_set_age(NN_LEASE_OLD_AFTER - 30);
    assert_int_equal(nn_lease_take(scratch_directory, &lease), NN_ERROR_BUSY);
    expect_message("host n1, process 1");
    stamp_set_age(-1000); /* clocks that differ */
    assert_int_equal(nn_lease_take(scratch_directory, &lease), NN_ERROR_BUSY);
    stamp_set_age(NN_LEASE_OLD_AFTER + 30);
    expect_ok(nn_lease_take(scratch_directory, &lease));
    nn_lease_release(lease);
}

static double stamp_age(void)
{
    struct stat found;
    assert_int_equal(stat(scratch_path("lease"), &found), 0);
    return difftime(time(NULL), found.st_mtime);
}

static time_t clock_ahead;

/* The clock of this node, which is far ahead when a suspended process continues. */
time_t time(time_t *now)
{
    struct timespec spec;
    clock_gettime(CLOCK_REALTIME, &spec);
    if (now) *now = spec.tv_sec + clock_ahead;
    return spec.tv_sec + clock_ahead;
}

static void expect_line(const char *line)
{
    size_t size;
    unsigned char *found = scratch_read(scratch_path("lease"), &size);
    assert_int_equal(size, strlen(line));
    assert_memory_equal(found, line, size);
    free(found);
}

/* Wrong: a suspended job continues to write after another has taken the lease, or releases the other's lease
 * when it ends. */
static void test_taken_meanwhile(void **state)
{
    (void)state;
    static const char other[] = "host n2, process 7, since 2026-01-01 00:00:00 UTC, by time stamp\n";
    nn_lease *lease;
    expect_ok(nn_lease_take(scratch_directory, &lease));
    expect_ok(nn_lease_check(lease));
    scratch_write(scratch_path("lease"), other, sizeof other - 1);
    assert_int_equal(nn_lease_check(lease), NN_ERROR_BUSY);
    expect_message("was taken over by another job (host n2, process 7");
    nn_lease_release(lease);
    expect_line(other);
    assert_int_equal(nn_lease_take(scratch_directory, &lease), NN_ERROR_BUSY);
    /* The other one has ended and left the file empty, but it was there. */
    scratch_write(scratch_path("lease"), "", 0);
    expect_ok(nn_lease_take(scratch_directory, &lease));
    scratch_write(scratch_path("lease"), "", 0);
    assert_int_equal(nn_lease_check(lease), NN_ERROR_BUSY);
    nn_lease_release(lease);
    expect_line("");
}

/* Wrong: a job whose stamp expired while it was suspended does not renew it before writing. */
static void test_suspended(void **state)
{
    (void)state;
    nn_lease *lease;
    expect_ok(nn_lease_take(scratch_directory, &lease));
    stamp_set_age(NN_LEASE_OLD_AFTER + 30);
    clock_ahead = NN_LEASE_OLD_AFTER + 30;
    expect_ok(nn_lease_check(lease));
    clock_ahead = 0;
    assert_true(stamp_age() < 60);
    nn_lease_release(lease);
}

/* Wrong: the stamp of a living job expires; or a job that has lost the lease renews the stamp of its new
 * holder, which would keep the directory taken after that one's death. */
static void test_renewed(void **state)
{
    (void)state;
    static const char other[] = "host n2, process 7, since 2026-01-01 00:00:00 UTC, by time stamp\n";
    nn_lease *lease;
    atomic_store(&hurried, true);
    expect_ok(nn_lease_take(scratch_directory, &lease));
    stamp_set_age(NN_LEASE_OLD_AFTER - 30);
    await_turns(3);
    assert_true(stamp_age() < 60);
    scratch_write(scratch_path("lease"), other, sizeof other - 1);
    await_turns(3);
    stamp_set_age(NN_LEASE_OLD_AFTER + 30);
    await_turns(3);
    assert_true(stamp_age() > NN_LEASE_OLD_AFTER);
    nn_lease_release(lease);
    assert_true(stamp_age() > NN_LEASE_OLD_AFTER);
    expect_line(other);
    atomic_store(&hurried, false);
    scratch_write(scratch_path("lease"), "", 0);
}

/* Wrong: two jobs have the same line, as in containers with the same name and process number that start in
 * the same second: each would consider the lease its own. */
static void test_lines_differ(void **state)
{
    (void)state;
    char one[NN_LEASE_OWNER], other[NN_LEASE_OWNER];
    nn_lease_describe_self(one);
    nn_lease_describe_self(other);
    assert_string_not_equal(one, other);
    char *token = strstr(one, ", lease ");
    assert_non_null(token);
    assert_string_not_equal(token, strstr(other, ", lease "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_holder),      cmocka_unit_test(test_age),
        cmocka_unit_test(test_taken_meanwhile), cmocka_unit_test(test_suspended),
        cmocka_unit_test(test_renewed),         cmocka_unit_test(test_lines_differ),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
