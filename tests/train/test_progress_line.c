/* The progress line in windows of every width, and which epochs have a line in the log. */
#include "train/progress_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/terminal.h"
#include "train/epoch_lines.h"

static const nn_progress_line facts = {.epoch = 12,
                                       .epochs = 300,
                                       .share = 0.5,
                                       .loss = "loss 0.1234",
                                       .metric = "accuracy 97.20 %",
                                       .rate = 123456,
                                       .left = 200};

static void composed(int columns, const char *expected)
{
    nn_text line = {0};
    nn_progress_line_compose(&facts, columns, &line);
    assert_string_equal(line.bytes ? line.bytes : "", expected);
    nn_text_free(&line);
}

static void the_least_important_goes_first(void **state)
{
    (void)state;
    composed(120,
             "epoch 12/300  [############............]  loss 0.1234  accuracy 97.20 %  123456 samples/s  "
             "3 min 20 s left");
    composed(79, "epoch 12/300  loss 0.1234  accuracy 97.20 %  123456 samples/s  3 min 20 s left");
    composed(77, "12/300  loss 0.1234  accuracy 97.20 %  123456 samples/s  3 min 20 s left");
    composed(71, "epoch 12/300  loss 0.1234  accuracy 97.20 %  3 min 20 s left");
    composed(53, "epoch 12/300  loss 0.1234  3 min 20 s left");
    composed(35, "epoch 12/300  loss 0.1234");
    composed(24, "12/300  loss 0.1234");
    composed(18, "epoch 12/300");
    composed(11, "12/300");
    composed(5, "");
}

/* Fails if a line is wider than it may be, for any width. */
static void it_always_fits(void **state)
{
    (void)state;
    for (int columns = 0; columns < 200; columns++) {
        nn_text line = {0};
        nn_progress_line_compose(&facts, columns, &line);
        assert_true(nn_display_width(line.bytes ? line.bytes : "") <= columns);
        nn_text_free(&line);
    }
}

/* ---- epochs ---- */

/* Runs epochs of `seconds` each, the best of which is `best`, and returns what was printed. */
static const char *logged(int64_t epochs, double seconds, int64_t best)
{
    static char text[65536];
    nn_epoch_lines lines = {0};
    fflush(stdout);
    FILE *file = tmpfile();
    int screen = dup(STDOUT_FILENO);
    dup2(fileno(file), STDOUT_FILENO);
    for (int64_t e = 1; e <= epochs; e++) {
        char line[32];
        snprintf(line, sizeof line, "<%d>", (int)e);
        nn_epoch_lines_take(&lines, e, line, e <= 3 || e == best, (double)e * seconds);
    }
    nn_epoch_lines_end(&lines, false, "run/metrics.jsonl");
    fflush(stdout);
    dup2(screen, STDOUT_FILENO);
    close(screen);
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

static void slow_epochs_have_all_lines(void **state)
{
    (void)state;
    const char *text = logged(100, 1.0, 50);
    for (int e = 1; e <= 100; e++) {
        char line[32];
        snprintf(line, sizeof line, "<%d>\n", e);
        assert_non_null(strstr(text, line));
    }
    assert_null(strstr(text, "no line"));
}

static void fast_epochs_are_thinned_out(void **state)
{
    (void)state;
    const char *text = logged(10000, 0.01, 4321);
    assert_memory_equal(text, "<1>\n<2>\n", 8);
    assert_non_null(strstr(text, "<20>\n"));
    assert_null(strstr(text, "<21>\n"));
    assert_non_null(strstr(text, "<4321>\n")); /* the best */
    assert_non_null(strstr(text, "<10000>\n9"));
    int lines = 0;
    for (const char *at = text; *at; at++) lines += *at == '\n';
    /* 20, one for each of 100 seconds, the best, the last, and how many are left out. */
    assert_in_range(lines, 115, 124);
    char last[96];
    snprintf(last, sizeof last,
             "\n%d of 10000 epochs, which took less than a second each, have no line here: run/",
             10000 - (lines - 1));
    assert_non_null(strstr(text, last));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_least_important_goes_first),
        cmocka_unit_test(it_always_fits),
        cmocka_unit_test(slow_epochs_have_all_lines),
        cmocka_unit_test(fast_epochs_are_thinned_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
