/* Files model.nn: the bits of the checkpoint, the weights in place, and what is refused. */
#include <math.h>

#include "base/hash.h"
#include "model/checkpoint_file.h"
#include "model/model_file.h"
#include "nntrain/nntrain.h"
#include "saved.h"

#define ROWS (2 * SAMPLES + 1)
#define MOST_VALUES 8

static char file_path[sizeof saved_folder + 16];

/* The file of the checkpoint at saved_path, owned by the caller. */
static void make_file(const saved_kind *kind, void **bytes, size_t *size)
{
    trial t;
    nn_store_file *checkpoint;
    saved_write(kind, &t);
    trial_destroy(&t);
    expect_ok(nn_store_open(saved_path, &checkpoint));
    expect_ok(nn_model_file_of_checkpoint(checkpoint, bytes, size));
    nn_store_close(checkpoint);
}

static void write_bytes(const void *bytes, size_t size)
{
    snprintf(file_path, sizeof file_path, "%s/model.nn", saved_folder);
    FILE *stream = fopen(file_path, "wb");
    assert_non_null(stream);
    assert_true(size == 0 || fwrite(bytes, size, 1, stream) == 1);
    assert_int_equal(fclose(stream), 0);
}

static void expect_same_bits(const saved_kind *kind)
{
    nn_predictor *saved, *exported;
    float inputs[ROWS * MOST_VALUES], expected[ROWS * MOST_VALUES], found[ROWS * MOST_VALUES];
    void *bytes;
    size_t size;
    make_file(kind, &bytes, &size);
    write_bytes(bytes, size);
    nn_free(bytes);
    if (nn_predictor_open(saved_path, &saved) != NN_OK) fail_msg("%s", nn_error_text());
    size_t before = nn_memory_in_use();
    if (nn_predictor_open(file_path, &exported) != NN_OK) fail_msg("%s", nn_error_text());
    size_t used = nn_memory_in_use() - before;
    assert_true(used > 0);
    size_t count = nn_predictor_input_count(saved), outputs = nn_predictor_output_count(saved);
    assert_true(count <= MOST_VALUES && outputs <= MOST_VALUES);
    for (size_t i = 0; i < ROWS * count; i++) inputs[i] = (float)(i * 7 % 5);
    expect_ok(nn_predictor_run(saved, ROWS, inputs, expected));
    expect_ok(nn_predictor_run(exported, ROWS, inputs, found));
    assert_memory_equal(found, expected, ROWS * outputs * sizeof(float));
    assert_true(isfinite(found[0]));
    assert_string_equal(nn_predictor_graph(exported), nn_predictor_graph(saved));
    assert_true(nn_predictor_fingerprint(exported) == nn_predictor_fingerprint(saved));
    nn_predictor_close(saved);
    nn_predictor_close(exported);
    unlink(file_path);
}

/* Wrong: a model from its file predicts other bits than from its checkpoint. */
static void test_same_bits(void **state)
{
    (void)state;
    for (nn_engine engine = 0; engine < NN_ENGINES; engine++) {
        saved_kind kinds[] = {saved_pairs(), saved_sequences()};
        if (engine == NN_ENGINE_MIXED && sizeof(nn_real) == sizeof(double)) continue;
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
            kinds[k].engine = engine;
            expect_same_bits(&kinds[k]);
        }
    }
}

/* Wrong: the weights are copied instead of being used where the file is mapped. */
static void test_in_place(void **state)
{
    (void)state;
    saved_kind kind = saved_pairs();
    void *bytes;
    size_t size;
    nn_model_file *file;
    nn_model *model;
    const nn_real *weights;
    uint64_t fingerprint;
    int64_t microbatch = 0;
    make_file(&kind, &bytes, &size);
    expect_ok(nn_model_file_open_bytes(bytes, size, "image", &file));
    nn_archive archive = nn_model_file_archive(file);
    expect_ok(nn_archive_get_model(&archive, NN_SCALAR_REAL, true, &microbatch, &model));
    assert_int_equal(microbatch, SAMPLES);
    expect_ok(nn_model_file_weights(file, model, &weights, &fingerprint));
    const char *first = bytes, *at = (const char *)weights;
    assert_true(at > first && at < first + size && (uintptr_t)at % NN_MODEL_FILE_ALIGNMENT == 0);
    nn_model_destroy(model);
    nn_model_file_close(file);
    nn_free(bytes);
}

/* ---- what is refused ---- */

static void expect_refused(const void *bytes, size_t size, const char *text)
{
    nn_predictor *predictor;
    write_bytes(bytes, size);
    assert_int_equal(nn_predictor_open(file_path, &predictor), NN_ERROR_CHECKPOINT);
    assert_null(predictor);
    if (!strstr(nn_error_text(), text)) fail_msg("\"%s\" does not say \"%s\"", nn_error_text(), text);
    if (!strstr(nn_error_text(), file_path)) fail_msg("\"%s\" does not name the file", nn_error_text());
}

/* Wrong: a file that is cut short anywhere, or in which any byte is another, is taken. */
static void test_damaged(void **state)
{
    (void)state;
    saved_kind kind = saved_pairs();
    void *bytes;
    size_t size;
    make_file(&kind, &bytes, &size);
    unsigned char *changed = bytes;
    nn_model_file *file;
    for (size_t cut = 0; cut < size; cut++) {
        assert_int_equal(nn_model_file_open_bytes(bytes, cut, "cut", &file), NN_ERROR_CHECKPOINT);
        if (!strstr(nn_error_text(), "cut short")) fail_msg("%zu bytes: %s", cut, nn_error_text());
    }
    for (size_t i = 0; i < size; i++) {
        changed[i] ^= 0x10;
        nn_status status = nn_model_file_open_bytes(bytes, size, "flipped", &file);
        changed[i] ^= 0x10;
        if (status != NN_ERROR_CHECKPOINT) fail_msg("byte %zu was changed, and is not refused", i);
    }
    expect_refused(bytes, size - 1, "is cut short: it has");
    changed[size - 1] ^= 1;
    expect_refused(bytes, size, "section values is damaged");
    nn_free(bytes);
    unlink(file_path);
}

/* Changes a header, and seals it again. */
static void reseal(void *bytes, nn_model_file_header header)
{
    header.hash = nn_hash(&header, offsetof(nn_model_file_header, hash), 0);
    memcpy(bytes, &header, sizeof header);
}

/* Wrong: the file of another machine or version is taken, or the message does not say so. */
static void test_foreign(void **state)
{
    (void)state;
    saved_kind kind = saved_pairs();
    void *bytes;
    size_t size;
    make_file(&kind, &bytes, &size);
    nn_model_file_header sound, header;
    memcpy(&sound, bytes, sizeof sound);
    header = sound;
    header.order = 0x04030201u;
    reseal(bytes, header);
    expect_refused(bytes, size, "the other byte order");
    header = sound;
    header.version = NN_MODEL_FILE_VERSION + 1;
    reseal(bytes, header);
    expect_refused(bytes, size, "has version 2 of the format, and this library reads version 1");
    header = sound;
    header.entry_count = UINT64_MAX / 2;
    reseal(bytes, header);
    expect_refused(bytes, size, "the directory does not fit");
    expect_refused("something else", 14, "model.nn");
    nn_free(bytes);
    unlink(file_path);
}

/* Wrong: weights that another version has laid out are taken for this network's. */
static void test_layout(void **state)
{
    (void)state;
    saved_kind kind = saved_pairs();
    void *bytes;
    size_t size;
    make_file(&kind, &bytes, &size);
    nn_model_file_header header;
    memcpy(&header, bytes, sizeof header);
    nn_model_file_entry *entries = (void *)((char *)bytes + sizeof header);
    for (uint64_t i = 0; i < header.entry_count; i++) {
        if (strcmp((char *)bytes + entries[i].name, "layout") != 0) continue;
        char *digit = strstr((char *)bytes + entries[i].offset, "weight ") + strlen("weight ");
        *digit = *digit == '9' ? '8' : (char)(*digit + 1);
        entries[i].hash = nn_hash((char *)bytes + entries[i].offset, entries[i].bytes, 0);
    }
    header.directory_hash = nn_hash((char *)bytes + sizeof header, header.directory_bytes, 0);
    reseal(bytes, header);
    expect_refused(bytes, size, "another version of nntrain has laid out the weights");
    nn_free(bytes);
    unlink(file_path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_same_bits), cmocka_unit_test(test_in_place),
                                       cmocka_unit_test(test_damaged), cmocka_unit_test(test_foreign),
                                       cmocka_unit_test(test_layout)};
    return cmocka_run_group_tests(tests, saved_make_folder, saved_remove_folder);
}
