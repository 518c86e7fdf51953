/* What nntrain info says of a data set, of a checkpoint and of a run directory, whole and damaged. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <hdf5.h>

#include "base/memory.h"
#include "cli/info.h"
#include "store/seal.h"
#include "store/writer.h"

#define DIGITS NN_SOURCE_DIR "/scripts/examples/digits/digits.h5"
#define FINGERPRINT "0123456789abcdef"

/* A run directory: checkpoints/, where the files of the other tests lie too. */
static char run_directory[256], folder[300];

static const char *path_of(const char *name)
{
    static char path[600];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void expect_ok(nn_status status)
{
    if (status != NN_OK) fail_msg("status %d: %s", (int)status, nn_error_text());
}

static void expect_part(const nn_facts *facts, const char *part)
{
    if (!strstr(facts->text.bytes, part)) fail_msg("lacks %s:\n%s", part, facts->text.bytes);
}

static void write_bytes(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* Ends an image; without its seal it is a file as others write them. */
static void write_image(nn_store_image *image, const char *path, bool sealed)
{
    void *bytes;
    size_t size;
    expect_ok(nn_store_image_seal(image, &bytes, &size));
    write_bytes(path, bytes, sealed ? size : size - NN_STORE_SEAL_SIZE);
    nn_store_image_destroy(image);
    nn_free(bytes);
}

static void write_data(const char *path)
{
    nn_store_image *image;
    const float x[6] = {1.5f, NAN, -2, INFINITY, 0, 0.25f};
    const double empty[2] = {NAN, NAN};
    const uint8_t y[5] = {2, 0, 2, 1, 2};
    const int64_t numbers[3] = {7, -9, 8};
    const int64_t extents[] = {2, 3}, five = 5, three = 3, two = 2, none = 0;
    expect_ok(nn_store_image_create(&image));
    expect_ok(nn_store_image_put(image, "group/x", NN_STORE_F32, 2, extents, x));
    expect_ok(nn_store_image_put(image, "empty", NN_STORE_F64, 1, &two, empty));
    expect_ok(nn_store_image_put(image, "none", NN_STORE_F32, 1, &none, empty));
    expect_ok(nn_store_image_put(image, "numbers", NN_STORE_I64, 1, &three, numbers));
    expect_ok(nn_store_image_put(image, "y", NN_STORE_U8, 1, &five, y));
    expect_ok(nn_store_image_put_text(image, "words", "some \"words\""));
    write_image(image, path, false);
}

/* What training puts into a checkpoint, as far as it is shown. */
static void write_checkpoint(const char *path, int64_t step)
{
    static const char *const attributes[][2] = {
        {"format", "nntrain checkpoint 1"}, {"version", "9.8.7"},
        {"precision", "float32"},           {"kernels", "test"},
        {"data_folder", "/data"},           {"fingerprint", FINGERPRINT}};
    nn_store_image *image;
    const int64_t integers[3] = {step, 2, 255}, three = 3, one = 1, microbatch_size = 16, extents[] = {2, 3};
    const double best = 0.5;
    const float weight[6] = {1, 2, 3, 4, 5, 6};
    expect_ok(nn_store_image_create(&image));
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++)
        expect_ok(nn_store_image_put_attribute(image, attributes[i][0], attributes[i][1]));
    expect_ok(nn_store_image_put(image, "state/step_best_identity", NN_STORE_I64, 1, &three, integers));
    expect_ok(nn_store_image_put(image, "state/best_value", NN_STORE_F64, 1, &one, &best));
    expect_ok(nn_store_image_put_text(
        image, "state/history",
        "{\"epoch\":1}\n{\"line\":\"step\",\"step\":7}\n{\"epoch\":2}\n{\"epoch\":3}\n"));
    expect_ok(nn_store_image_put(image, "microbatch_size", NN_STORE_I64, 1, &one, &microbatch_size));
    expect_ok(nn_store_image_put_text(image, "config", "loss: mse\nmetrics: [mae]\n"));
    expect_ok(nn_store_image_put(image, "weights/dense1/weight", NN_STORE_F32, 2, extents, weight));
    expect_ok(
        nn_store_image_put(image, "optimizer/momentum/dense1/weight", NN_STORE_F32, 2, extents, weight));
    write_image(image, path, true);
}

/* Turns a bit around in the middle of a file. */
static void damage(const char *path)
{
    struct stat facts;
    assert_int_equal(stat(path, &facts), 0);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, (long)facts.st_size / 2, SEEK_SET), 0);
    int byte = fgetc(file);
    assert_int_equal(fseek(file, -1, SEEK_CUR), 0);
    fputc(byte ^ 1, file);
    assert_int_equal(fclose(file), 0);
}

/* ---- data sets ---- */

/* Would be wrong: figures of a data set that are not those of its values. */
static void test_data_json(void **state)
{
    (void)state;
    const char *path = path_of("data.h5");
    nn_facts facts = {.json = true};
    write_data(path);
    expect_ok(nn_info_append(&facts, path));
    expect_part(&facts, "\"kind\":\"data\"");
    expect_part(
        &facts,
        "{\"name\":\"group/x\",\"shape\":[2,3],\"type\":\"float32\",\"chunks\":null,\"filters\":\"\","
        "\"storage_bytes\":24,\"written\":true,\"external\":false,\"virtual\":false,\"problem\":null,"
        "\"rows_read\":2,\"minimum\":-2,\"maximum\":1.5,\"nan\":1,\"infinite\":1,"
        "\"missing\":1,\"unwritten\":0,\"attributes\":null,\"first_nan_or_infinite\":[0,1],\"constant\":0}");
    expect_part(
        &facts,
        "\"minimum\":null,\"maximum\":null,\"nan\":2,\"infinite\":0,"
        "\"missing\":2,\"unwritten\":0,\"attributes\":null,\"first_nan_or_infinite\":[0],\"constant\":0}");
    expect_part(&facts, "{\"name\":\"none\",\"shape\":[0],\"type\":\"float32\"");
    expect_part(&facts, "\"minimum\":-9,\"maximum\":8,\"nan\":0,\"infinite\":0,"
                        "\"missing\":0,\"unwritten\":0,\"attributes\":null,\"constant\":0}");
    expect_part(&facts, "\"classes\":[{\"label\":0,\"count\":1},{\"label\":1,\"count\":1},"
                        "{\"label\":2,\"count\":3}]}],\"layouts\":[]}\n");
    expect_part(&facts, "{\"name\":\"words\",\"shape\":[],\"type\":\"text\"");
    nn_text_free(&facts.text);
}

static void test_data_lines(void **state)
{
    (void)state;
    const char *path = path_of("data.h5");
    nn_facts facts = {.json = false};
    write_data(path);
    expect_ok(nn_info_append(&facts, path));
    expect_part(&facts, "group/x: 2 x 3 float32, 24 B\n    -2 to 1.5, 1 NaN, 1 Inf, the first at [0, 1]\n");
    expect_part(&facts, "empty: 2 float64, 16 B\n    no finite value, 2 NaN, 0 Inf, the first at [0]\n"
                        "    missing: 2 of 2 values (100 %)\n");
    expect_part(&facts, "y: 5 uint8, 5 B\n    0 to 2\n    3 distinct values: 0 (1), 1 (1), 2 (3)\n");
    nn_text_free(&facts.text);
}

/* Would be wrong: more values than are read at a time counted twice or not at all. */
static void test_data_in_pieces(void **state)
{
    (void)state;
    const char *path = path_of("large.h5");
    const int64_t count = 5000000;
    nn_store_image *image;
    uint8_t *labels;
    nn_facts facts = {.json = true};
    expect_ok(NN_ALLOCATE(&labels, count, "labels"));
    labels[count - 1] = 3;
    expect_ok(nn_store_image_create(&image));
    expect_ok(nn_store_image_put(image, "y", NN_STORE_U8, 1, &count, labels));
    write_image(image, path, false);
    nn_free(labels);
    expect_ok(nn_info_append(&facts, path));
    expect_part(&facts, "\"classes\":[{\"label\":0,\"count\":4999999},{\"label\":3,\"count\":1}]");
    nn_text_free(&facts.text);
}

static void write_table(const char *path, int64_t rows)
{
    nn_store_writer *writer;
    nn_store_output *table, *unwritten;
    static char *const names[] = {"open", "high", "low"};
    float values[3] = {1, 5, 0};
    const nn_store_layout layout = {.type = NN_STORE_F32, .dimensions = 1, .extents = {3}, .rows = -1};
    const nn_store_layout empty = {.type = NN_STORE_F32, .rows = 0};
    expect_ok(nn_store_writer_create(path, &writer));
    expect_ok(nn_store_writer_add(writer, "table", &layout, &table));
    expect_ok(nn_store_writer_add(writer, "unwritten", &empty, &unwritten));
    for (int64_t i = 0; i < rows; i++) {
        values[0] = (float)i;
        expect_ok(nn_store_output_append(table, 1, NN_STORE_F32, values));
    }
    expect_ok(nn_store_writer_put_names(writer, "table_columns", 3, names));
    expect_ok(nn_store_writer_commit(writer));
    nn_store_writer_destroy(writer);
}

/* Would be wrong: a column that says nothing, or names, that info keeps to itself. */
static void test_table(void **state)
{
    (void)state;
    const char *path = path_of("table.h5");
    nn_facts facts = {.json = true}, lines = {.json = false};
    write_table(path, 10);
    expect_ok(nn_info_append(&facts, path));
    expect_part(&facts, "\"rows_read\":10,\"minimum\":0,\"maximum\":9,\"nan\":0,\"infinite\":0,"
                        "\"missing\":0,\"unwritten\":0,\"attributes\":null,\"constant\":2}");
    expect_part(&facts, "\"names\":[\"open\",\"high\",\"low\"]}");
    expect_ok(nn_info_append(&lines, path));
    expect_part(&lines, "    2 of the 3 values of a row are the same in all rows; the first is number 1\n");
    expect_part(&lines, "\n    \"open\", \"high\", \"low\"\n");
    nn_text_free(&facts.text);
    nn_text_free(&lines.text);
}

/* Would be wrong: zeros that nobody wrote shown as values. */
static void test_never_written(void **state)
{
    (void)state;
    const char *path = path_of("unwritten.h5");
    nn_facts lines = {.json = false};
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t space = H5Screate_simple(2, (hsize_t[]){5, 2}, NULL);
    H5Dclose(H5Dcreate2(file, "x", H5T_IEEE_F32LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Sclose(space);
    H5Fclose(file);
    expect_ok(nn_info_append(&lines, path));
    expect_part(&lines, "x: 5 x 2 float32, 0 B\n    never written: all values are the fill value\n");
    nn_text_free(&lines.text);
}

/* Would be wrong: a large dataset read for minutes, a sample taken for the whole, or one that --full samples.
 * The dataset is not written, so that it takes no room. */
static void test_large_is_sampled(void **state)
{
    (void)state;
    const char *path = path_of("huge.h5");
    const hsize_t count = (hsize_t)3 << 30;
    nn_facts lines = {.json = false}, facts = {.json = true};
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t space = H5Screate_simple(1, &count, NULL);
    H5Dclose(H5Dcreate2(file, "x", H5T_IEEE_F32LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Sclose(space);
    H5Fclose(file);
    expect_ok(nn_info_append(&lines, path));
    expect_part(&lines, "these values are from 50331648 rows spread evenly (--full reads all)\n");
    expect_ok(nn_info_append(&facts, path));
    expect_part(&facts, "\"rows_read\":50331648,");
    nn_text_free(&lines.text);
    nn_text_free(&facts.text);
}

/* A file that others have written, as people have them. */
static void test_digits(void **state)
{
    (void)state;
    nn_facts facts = {.json = true};
    expect_ok(nn_info_append(&facts, DIGITS));
    expect_part(&facts, "\"name\":\"x_train\"");
    expect_part(&facts, "\"classes\":[{\"label\":0,");
    nn_text_free(&facts.text);
}

static void test_not_hdf5(void **state)
{
    (void)state;
    const char *path = path_of("text.txt");
    nn_facts facts = {.json = true};
    write_bytes(path, "some text\n", 10);
    assert_int_equal(nn_info_append(&facts, path), NN_ERROR_DATA);
    assert_non_null(strstr(nn_error_text(), "is not an HDF5 file"));
    assert_int_equal(facts.text.length, 0);
    assert_int_equal(nn_info_append(&facts, path_of("missing.h5")), NN_ERROR_IO);
    assert_int_equal(facts.text.length, 0);
}

/* ---- checkpoints ---- */

static void test_checkpoint(void **state)
{
    (void)state;
    const char *path = path_of("saved.h5");
    nn_facts facts = {.json = true}, lines = {.json = false};
    write_checkpoint(path, 30);
    expect_ok(nn_info_append(&facts, path));
    expect_part(&facts, "\"kind\":\"checkpoint\"");
    expect_part(&facts, "\"format\":\"nntrain checkpoint 1\",\"version\":\"9.8.7\",\"precision\":\"float32\","
                        "\"kernels\":\"test\",\"data_folder\":\"/data\",\"fingerprint\":\"" FINGERPRINT "\","
                        "\"step\":30,\"epochs\":3,\"ended\":\"no\",\"best_epoch\":2,\"best_value\":0.5,"
                        "\"microbatch_size\":16,"
                        "\"data_identity\":\"00000000000000ff\"");
    expect_part(&facts, "\"weights\":[{\"name\":\"dense1/weight\",\"shape\":[2,3]}],\"parameters\":6,"
                        "\"optimizer_bytes\":24,\"config\":\"loss: mse\\u000ametrics: [mae]\\u000a\"}\n");
    expect_ok(nn_info_append(&lines, path));
    expect_part(&lines, "\nfingerprint: " FINGERPRINT "\n");
    expect_part(&lines, "    dense1/weight: 2 x 3\n");
    expect_part(&lines, "\nconfig:\nloss: mse\nmetrics: [mae]\n");
    nn_text_free(&facts.text);
    nn_text_free(&lines.text);
}

/* Would be wrong: figures of a checkpoint that is not what was written. */
static void test_damaged_checkpoint(void **state)
{
    (void)state;
    const char *path = path_of("damaged.h5");
    struct stat found;
    nn_facts facts = {.json = false};
    write_checkpoint(path, 30);
    damage(path);
    assert_int_equal(nn_info_append(&facts, path), NN_ERROR_CHECKPOINT);
    assert_non_null(strstr(nn_error_text(), "damaged"));
    assert_int_equal(facts.text.length, 0);
    /* A seal that has been cut off does not make a data set of it. */
    write_checkpoint(path, 30);
    assert_int_equal(stat(path, &found), 0);
    assert_int_equal(truncate(path, found.st_size - 10), 0);
    assert_int_equal(nn_info_append(&facts, path), NN_ERROR_CHECKPOINT);
    assert_int_equal(facts.text.length, 0);
    assert_int_equal(truncate(path, found.st_size / 2), 0);
    assert_int_equal(nn_info_append(&facts, path), NN_ERROR_DATA);
    assert_non_null(strstr(nn_error_text(), "cut short"));
}

/* ---- run directories ---- */

static void write_run(void)
{
    char path[600];
    write_checkpoint(path_of("step-0000000010.h5"), 10);
    write_checkpoint(path_of("step-0000000020.h5"), 20);
    damage(path_of("step-0000000020.h5"));
    snprintf(path, sizeof path, "%s/best.h5", run_directory);
    write_checkpoint(path, 5);
    snprintf(path, sizeof path, "%s/metrics.jsonl", run_directory);
    write_bytes(path, "{\"epoch\":1}\n{\"epoch\":2}\n{\"ep", 28);
}

/* Would be wrong: the newest checkpoint taken for whole, or a line of metrics that is half written for the
 * last. */
static void test_run(void **state)
{
    (void)state;
    nn_facts facts = {.json = true}, lines = {.json = false};
    write_run();
    expect_ok(nn_info_append(&facts, run_directory));
    expect_part(&facts, "\"kind\":\"run\",\"checkpoints\":[{\"path\":");
    expect_part(&facts, "step-0000000020.h5\",\"bytes\":");
    expect_part(&facts, "\"whole\":false,\"problem\":\"");
    expect_part(&facts, "\"whole\":true,\"problem\":null,\"step\":10,\"epochs\":3,\"ended\":\"no\","
                        "\"fingerprint\":\"" FINGERPRINT "\"}],"
                        "\"fingerprint\":\"" FINGERPRINT "\",\"best\":{\"path\":");
    expect_part(&facts, "\"step\":5,");
    expect_part(&facts, ",\"best_epoch\":2,\"best_value\":0.5,\"results_state\":\"missing\",");
    expect_part(&facts, ",\"results\":null,\"evaluation\":\"missing\",\"status\":null,"
                        "\"last_metrics\":{\"epoch\":2}}\n");
    expect_ok(nn_info_append(&lines, run_directory));
    expect_part(&lines, "checkpoints: 2\n    step-0000000020.h5: not intact: ");
    expect_part(&lines, "is damaged");
    expect_part(&lines, "    step-0000000010.h5: step 10, 3 epochs done, intact, ");
    expect_part(&lines, "\nresults: missing: ");
    expect_part(&lines, "\nevaluation: missing; nntrain eval --store writes it\n");
    expect_part(&lines, "\nlast_metrics: {\"epoch\":2}\n");
    nn_text_free(&facts.text);
    nn_text_free(&lines.text);
}

static void test_other_folder(void **state)
{
    (void)state;
    nn_facts facts = {.json = true};
    assert_int_equal(nn_info_append(&facts, folder), NN_ERROR_USAGE);
    assert_int_equal(facts.text.length, 0);
}

static int make_folders(void **state)
{
    (void)state;
    const char *parent = getenv("TMPDIR");
    snprintf(run_directory, sizeof run_directory, "%s/nn-info-XXXXXX", parent ? parent : "/tmp");
    if (!mkdtemp(run_directory)) return -1;
    snprintf(folder, sizeof folder, "%s/checkpoints", run_directory);
    return mkdir(folder, 0777);
}

static int remove_folders(void **state)
{
    (void)state;
    static const char *const names[] = {
        "table.h5",           "unwritten.h5",       "huge.h5",    "data.h5",
        "large.h5",           "text.txt",           "saved.h5",   "damaged.h5",
        "step-0000000010.h5", "step-0000000020.h5", "../best.h5", "../metrics.jsonl"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) remove(path_of(names[i]));
    return rmdir(folder) || rmdir(run_directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_data_json),
        cmocka_unit_test(test_data_lines),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_never_written),
        cmocka_unit_test(test_large_is_sampled),
        cmocka_unit_test(test_data_in_pieces),
        cmocka_unit_test(test_digits),
        cmocka_unit_test(test_not_hdf5),
        cmocka_unit_test(test_checkpoint),
        cmocka_unit_test(test_damaged_checkpoint),
        cmocka_unit_test(test_run),
        cmocka_unit_test(test_other_folder),
    };
    return cmocka_run_group_tests(tests, make_folders, remove_folders);
}
