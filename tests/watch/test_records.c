/* metrics.jsonl as it is found while it is written: half lines, damaged ones, replaced and cut files. */
#include "watch/records.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define LINE(epoch, loss)                                                                                    \
    "{\"epoch\":" #epoch ",\"step\":" #epoch "0,\"learning_rate\":0.1,\"train\":{\"loss\":" #loss            \
    "},\"validation\":{\"loss\":null,\"confusion\":[[1,2],[3,4]]},\"skipped\":2,\"time\":{\"seconds\":2,"    \
    "\"samples_per_second\":50}}\n"

static void file_write(const char *name, const char *mode, const char *text)
{
    FILE *file = fopen(name, mode);
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void looks(nn_records *records)
{
    if (nn_records_read(records, ".", NULL) != NN_OK) fail_msg("%s", nn_error_text());
}

static int in_a_folder(void **state)
{
    static char name[] = "/tmp/nntrain-records-XXXXXX";
    (void)state;
    return mkdtemp(name) && chdir(name) == 0 ? 0 : -1;
}

static void lines_are_read_as_they_come(void **state)
{
    (void)state;
    nn_records records = {0};
    looks(&records);
    assert_false(records.there);
    file_write("metrics.jsonl", "w", LINE(1, 0.5));
    looks(&records);
    assert_int_equal(records.epoch.epoch, 1);
    assert_int_equal(records.skipped, 2);
    const char *line = LINE(2, 0.25);
    char half[512];
    snprintf(half, sizeof half, "%.*s", 30, line);
    file_write("metrics.jsonl", "a", half);
    looks(&records);
    assert_int_equal(records.lines, 1);
    assert_true(records.partial);
    file_write("metrics.jsonl", "a", line + 30);
    looks(&records);
    assert_int_equal(records.lines, 2);
    assert_false(records.partial);
    assert_int_equal(records.damaged, 0);
    const nn_record_series *loss = nn_records_find(&records, "train.loss");
    assert_non_null(loss);
    assert_int_equal(loss->count, 2);
    assert_true(loss->values[0] == 0.5 && loss->values[1] == 0.25 && loss->steps[1] == 20);
    loss = nn_records_find(&records, "validation.loss");
    assert_true(loss && loss->values[0] != loss->values[0]); /* undefined */
    nn_records_release(&records);
}

static void a_damaged_line_is_counted(void **state)
{
    (void)state;
    nn_records records = {0};
    file_write("metrics.jsonl", "w", "{\"epoch\":1,\n\n[]\nnonsense\n{\"epoch\":3}\n" LINE(4, 1));
    looks(&records);
    assert_int_equal(records.damaged, 5);
    assert_int_equal(records.epoch.epoch, 4);
    nn_records_release(&records);
}

static void a_replaced_file_is_read_again(void **state)
{
    (void)state;
    nn_records records = {0};
    file_write("metrics.jsonl", "w", LINE(1, 1) LINE(2, 1) LINE(3, 1));
    looks(&records);
    file_write("other", "w", LINE(1, 7) LINE(2, 7) LINE(3, 7));
    assert_int_equal(rename("other", "metrics.jsonl"), 0);
    looks(&records);
    assert_int_equal(records.lines, 3);
    assert_true(nn_records_find(&records, "train.loss")->values[2] == 7);
    file_write("metrics.jsonl", "w", LINE(1, 9)); /* cut, and written again */
    looks(&records);
    assert_int_equal(records.lines, 1);
    assert_int_equal(unlink("metrics.jsonl"), 0);
    looks(&records);
    assert_false(records.there);
    assert_int_equal(records.lines, 0);
    nn_records_release(&records);
}

static void lines_by_step_are_curves_of_their_own(void **state)
{
    (void)state;
    nn_records records = {0};
    file_write(
        "metrics.jsonl", "w",
        "{\"line\":\"step\",\"step\":5,\"steps\":5,\"learning_rate\":0.1,\"loss\":3,\"gradient_norm\":null,"
        "\"norms\":{\"dense1\":{\"gradient\":1}},\"time\":{\"samples_per_second\":1}}\n"
        "{\"line\":\"validation\",\"step\":7,\"validation\":{\"loss\":2},\"time\":{\"seconds\":1}}\n");
    looks(&records);
    assert_int_equal(records.epoch.epoch, 0);
    assert_int_equal(records.step, 7);
    assert_string_equal(records.kind, "validation");
    assert_true(nn_records_find(&records, "step.loss")->values[0] == 3);
    assert_true(nn_records_find(&records, "validation.loss")->values[0] == 2);
    assert_null(nn_records_find(&records, "step.steps"));
    nn_records_release(&records);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_read_as_they_come),
        cmocka_unit_test(a_damaged_line_is_counted),
        cmocka_unit_test(a_replaced_file_is_read_again),
        cmocka_unit_test(lines_by_step_are_curves_of_their_own),
    };
    return cmocka_run_group_tests(tests, in_a_folder, NULL);
}
