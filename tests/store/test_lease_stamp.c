/* The lease on a file system without locks, which this program plays with a flock of its own. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include <cmocka.h>

#include "base/memory.h"
#include "scratch.h"
#include "store/lease.h"
#include "store/lease_stamp.h"

/* The parameters are named as in <sys/file.h>, which clang-tidy compares. */
int flock(int __fd, int __operation)
{
    (void)__fd, (void)__operation;
    errno = ENOLCK;
    return -1;
}

static void stamp_set_age(long seconds)
{
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = time(NULL) - seconds}};
    assert_int_equal(utimensat(AT_FDCWD, scratch_path("lease"), times, 0), 0);
}

/* Wrong: two holders without locks, or a directory that stays taken after a release. */
static void test_one_holder(void **state)
{
    (void)state;
    nn_lease *lease, *second;
    size_t memory = nn_memory_in_use();
    expect_ok(nn_lease_take(scratch_directory, &lease));
    assert_int_equal(nn_lease_take(scratch_directory, &second), NN_ERROR_BUSY);
    assert_null(second);
    expect_message("process ");
    expect_message("after its death");
    nn_lease_release(lease);
    expect_ok(nn_lease_take(scratch_directory, &lease));
    nn_lease_release(lease);
    assert_int_equal(nn_memory_in_use(), memory);
    assert_int_equal(scratch_count(), 1); /* the lease file, and nothing to tell the time by */
}

/* Wrong: a dead holder keeps the directory for ever, or a living one loses it at once. */
static void test_age(void **state)
{
    (void)state;
    static const char line[] = "host n1, process 1, since 2026-01-01 00:00:00 UTC\n";
    nn_lease *lease;
    scratch_write(scratch_path("lease"), line, sizeof line - 1);
    stamp_set_age(NN_LEASE_OLD_AFTER - 30);
    assert_int_equal(nn_lease_take(scratch_directory, &lease), NN_ERROR_BUSY);
    expect_message("host n1, process 1");
    stamp_set_age(-1000); /* clocks that disagree */
    assert_int_equal(nn_lease_take(scratch_directory, &lease), NN_ERROR_BUSY);
    stamp_set_age(NN_LEASE_OLD_AFTER + 30);
    expect_ok(nn_lease_take(scratch_directory, &lease));
    nn_lease_release(lease);
}

static time_t clock_ahead;

/* The clock of this node, which a suspended process finds far ahead. */
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

/* Wrong: a job that was suspended goes on writing after another has taken the lease, or takes the lease from
 * that one when it ends. */
static void test_taken_meanwhile(void **state)
{
    (void)state;
    static const char other[] = "host n2, process 7, since 2026-01-01 00:00:00 UTC, by time stamp\n";
    nn_lease *lease;
    expect_ok(nn_lease_take(scratch_directory, &lease));
    expect_ok(nn_lease_check(lease));
    scratch_write(scratch_path("lease"), other, sizeof other - 1);
    assert_int_equal(nn_lease_check(lease), NN_ERROR_BUSY);
    expect_message("was taken by another job (host n2, process 7");
    nn_lease_release(lease);
    expect_line(other);
    assert_int_equal(nn_lease_take(scratch_directory, &lease), NN_ERROR_BUSY);
    /* The other one has ended, and left the file empty: it was there all the same. */
    scratch_write(scratch_path("lease"), "", 0);
    expect_ok(nn_lease_take(scratch_directory, &lease));
    scratch_write(scratch_path("lease"), "", 0);
    assert_int_equal(nn_lease_check(lease), NN_ERROR_BUSY);
    nn_lease_release(lease);
    expect_line("");
}

/* Wrong: a job whose stamp has become old while it was suspended does not renew it before it writes. */
static void test_suspended(void **state)
{
    (void)state;
    struct stat found;
    nn_lease *lease;
    expect_ok(nn_lease_take(scratch_directory, &lease));
    stamp_set_age(NN_LEASE_OLD_AFTER + 30);
    clock_ahead = NN_LEASE_OLD_AFTER + 30;
    expect_ok(nn_lease_check(lease));
    clock_ahead = 0;
    assert_int_equal(stat(scratch_path("lease"), &found), 0);
    assert_true(difftime(time(NULL), found.st_mtime) < 60);
    nn_lease_release(lease);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_holder),
        cmocka_unit_test(test_age),
        cmocka_unit_test(test_taken_meanwhile),
        cmocka_unit_test(test_suspended),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
