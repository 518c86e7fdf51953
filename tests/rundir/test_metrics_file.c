/* metrics.jsonl holds complete lines only, and catches up after a failure. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "../store/scratch.h"
#include "base/log.h"
#include "rundir/metrics_file.h"

static nn_rundir directory;
static nn_text history;

static void expect_file(const char *content)
{
    size_t size;
    unsigned char *bytes = scratch_read(scratch_path("metrics.jsonl"), &size);
    assert_int_equal(size, strlen(content));
    assert_memory_equal(bytes, content, size);
    free(bytes);
}

static void add(const char *line)
{
    nn_text_append(&history, "%s", line);
    expect_ok(nn_metrics_file_append(&directory, &history, line));
}

static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* Wrong: half a line stays in the file, the line is lost, or what the file lacks is not written later. */
static void test_append(void **state)
{
    (void)state;
    nn_log_enable(false);
    signal(SIGXFSZ, SIG_IGN);
    directory.path = scratch_directory;
    add("one\n");
    add("two\n");
    expect_file("one\ntwo\n");
    limit_files(10);
    add("three\n");
    expect_file("one\ntwo\n");
    assert_int_equal(directory.saving.unsaved, NN_UNSAVED_METRICS);
    add("four\n");
    expect_file("one\ntwo\n");
    limit_files(RLIM_INFINITY);
    add("five\n");
    expect_file("one\ntwo\nthree\nfour\nfive\n");
    assert_int_equal(directory.saving.unsaved, 0);
    add("six\n");
    expect_file("one\ntwo\nthree\nfour\nfive\nsix\n");
}

/* Wrong: what an earlier process wrote after the checkpoint stays. */
static void test_rewrite(void **state)
{
    (void)state;
    nn_text shorter = {0};
    nn_text_append(&shorter, "one\n");
    expect_ok(nn_metrics_file_rewrite(&directory, &shorter));
    expect_file("one\n");
    nn_text_free(&shorter);
    expect_ok(nn_metrics_file_rewrite(&directory, &shorter));
    expect_file("");
    nn_text_free(&history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_append),
        cmocka_unit_test(test_rewrite),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
