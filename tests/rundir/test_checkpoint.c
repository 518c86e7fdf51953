/* Checkpoints: what is built is loaded again to the last byte, and what does not fit is refused. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench.h"
#include "rundir/compare.h"

static void build(const bench *b, void **bytes, size_t *size, nn_store_file **file)
{
    expect_ok(nn_checkpoint_build(&b->parts, bytes, size));
    expect_ok(nn_store_open_image(*bytes, *size, "built", file));
}

/* State as in the middle of a run: each value another one. */
static void fill(bench *b)
{
    nn_run_state *state = &b->run.state;
    const nn_update *update = b->run.stepper->update;
    state->step = 7;
    state->best[0] = (nn_best){3, 0.25, 0.5};
    state->skipped = (nn_skipped){1, 2, 3};
    state->watch.early.waited = 4;
    for (int i = 0; i < b->run.stepper->width; i++) state->epoch_figures[i] = i + 0.125;
    nn_text_append(&state->history, "{\"epoch\":1}\n");
    for (int64_t i = 0; i < b->run.model->network->value_count; i++)
        bench_set(b, bench_weights(b), i, sin((double)i));
    for (int s = 0; s < update->state_count; s++)
        for (int64_t i = 0; i < update->owned_values; i++)
            bench_set(b, update->states[s], i, s + (double)i / 64);
}

static void clear(bench *b)
{
    const nn_update *update = b->run.stepper->update;
    nn_text_free(&b->run.state.history);
    b->run.state = (nn_run_state){0};
    memset(bench_weights(b), 0, bench_weights_size(b));
    for (int s = 0; s < update->state_count; s++)
        memset(update->states[s], 0, (size_t)update->owned_values * nn_scalar_size(update->scalar));
}

/* Wrong: something that the next step reads is not saved, not loaded, or changed on the way. */
static void test_round_trip(void **state)
{
    (void)state;
    for (int p = 0; p < 2; p++) {
        bench b;
        void *first, *second, *zeros;
        size_t size, again, none;
        nn_store_file *file, *other;
        bench_fresh(NULL);
        bench_open(&b, bench_precisions[p]);
        fill(&b);
        build(&b, &first, &size, &file);
        expect_ok(nn_checkpoint_complete(&b.parts, file));
        clear(&b);
        expect_ok(nn_checkpoint_build(&b.parts, &zeros, &none));
        assert_true(none != size || memcmp(zeros, first, size) != 0);
        expect_ok(nn_checkpoint_load(&b.parts, file));
        assert_int_equal(b.run.state.step, 7);
        const nn_best *best = b.run.state.best;
        assert_true(best->step == 3 && best->value == 0.25 && best->loss == 0.5);
        assert_int_equal(b.run.state.skipped.in_a_row, 2);
        assert_int_equal(b.run.state.watch.early.waited, 4);
        assert_string_equal(b.run.state.history.bytes, "{\"epoch\":1}\n");
        build(&b, &second, &again, &other);
        assert_int_equal(again, size);
        assert_memory_equal(second, first, size);
        nn_store_close(file);
        nn_store_close(other);
        nn_free(first);
        nn_free(second);
        nn_free(zeros);
        bench_close(&b);
    }
}

/* Wrong: a run continues from a checkpoint of other settings or other data. */
static void test_other_run(void **state)
{
    (void)state;
    bench b;
    void *bytes;
    size_t size;
    nn_store_file *file;
    bench_fresh(NULL);
    bench_open(&b, bench_precisions[0]);
    build(&b, &bytes, &size, &file);
    expect_ok(nn_checkpoint_compare(&b.parts, file));
    nn_checkpoint_parts other = b.parts;
    const char *const set[] = {"optimizer.adam.learning_rate=0.02", bench_precisions[0]};
    nn_config *config;
    nn_settings settings;
    expect_ok(nn_config_load(b.job.config_path, set, 2, &config));
    expect_ok(nn_settings_read(config, &settings));
    other.config = config;
    assert_int_equal(nn_checkpoint_compare(&other, file), NN_ERROR_USAGE);
    expect_message("optimizer.adam.learning_rate");
    nn_settings_release(&settings);
    nn_config_destroy(config);
    other = b.parts;
    other.data_identity++;
    assert_int_equal(nn_checkpoint_compare(&other, file), NN_ERROR_USAGE);
    expect_message("data");
    nn_store_close(file);
    nn_free(bytes);
    bench_close(&b);
}

/* Wrong: a checkpoint passes that lacks a vector, has a damaged one, or weights that are not those that its
 * fingerprint is of. */
static void test_incomplete(void **state)
{
    (void)state;
    bench b, plain;
    unsigned char *bytes;
    void *built;
    size_t size, at = 0, width;
    nn_store_file *file;
    bench_fresh(NULL);
    expect_ok(bench_try(&plain, bench_precisions[1], "optimizer=sgd"));
    build(&plain, &built, &size, &file);
    bench_close(&plain);
    bench_fresh(NULL);
    bench_open(&b, bench_precisions[1]);
    assert_int_not_equal(nn_checkpoint_complete(&b.parts, file), NN_OK);
    expect_message("optimizer/");
    nn_store_close(file);
    nn_free(built);
    fill(&b);
    build(&b, &built, &size, &file);
    bench_set(&b, bench_weights(&b), 2, 5);
    assert_int_equal(nn_checkpoint_compare_fingerprint(b.run.model->network, file, bench_weights(&b)),
                     NN_ERROR_CHECKPOINT);
    expect_message("fingerprint");
    nn_store_close(file);
    bytes = built;
    width = 8 * sizeof(double);
    const double *states = (const double *)(const void *)b.run.stepper->update->states[0];
    while (at + width < size && memcmp(bytes + at, states, width) != 0) at++;
    assert_true(at + width < size);
    bytes[at + 8] ^= 1;
    expect_ok(nn_store_open_image(bytes, size, "damaged", &file));
    assert_int_not_equal(nn_checkpoint_complete(&b.parts, file), NN_OK);
    nn_store_close(file);
    nn_free(built);
    bench_close(&b);
}

/* Wrong: the memory of an average shard is announced, where parts differ: the four tensors begin at multiples
 * of 16 values, and three shards have one, two and one of them. */
static void test_memory_of_largest_shard(void **state)
{
    (void)state;
    bench b;
    bench_fresh(NULL);
    bench_open(&b, bench_precisions[0]);
    const nn_model *model = b.run.model;
    assert_int_equal(model->network->value_count, 64);
    assert_int_equal(nn_checkpoint_memory(model, 3, 3), 4 * 32 * sizeof(float));
    assert_int_equal(nn_checkpoint_memory(model, 3, 4), 4 * 16 * sizeof(float));
    assert_int_equal(nn_checkpoint_memory(model, 3, 0), (4 + 2) * 64 * sizeof(float));
    assert_int_equal(nn_checkpoint_memory(model, 0, 0), 64 * sizeof(float));
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_other_run),
        cmocka_unit_test(test_incomplete),
        cmocka_unit_test(test_memory_of_largest_shard),
    };
    return cmocka_run_group_tests(tests, scratch_make, bench_remove);
}
