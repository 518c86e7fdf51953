/* Vectors of a model in shards: read back to the last bit for any number of shards, and not at all where one
 * is missing, damaged, cut short or another one. */
#include "trial.h"

#include "model/checkpoint_shards.h"
#include "store/kept.h"
#include "store/seal.h"

#define STEP 42
#define MOST 6

static const char yaml[] =
    "network:\n  - flatten\n  - dense: {units: 120}\n  - batch_norm: {over: microbatch}\n"
    "  - dense: {units: 80}\n  - dense: {units: classes}\n"
    "loss:\n  cross_entropy\nmetrics: [accuracy]\ntraining: {epochs: 3}\n";
static const char *const groups[] = {"weights", "optimizer/momentum"};

/* A vector for each group. */
typedef struct vectors {
    trial t;
    nn_text config;
    nn_real *momentum;
    nn_model_tensors tensors;
} vectors;

static void vectors_make(vectors *v)
{
    *v = (vectors){0};
    expect_ok(trial_build(yaml, (nn_shape){2, {8, 16}}, &problems[0], &v->config, &v->t));
    trial_allocate(&v->t, 0);
    trial_fill_weights(&v->t);
    v->momentum = v->t.gradient;
    for (int64_t i = 0; i < v->t.model->network->value_count; i++) v->momentum[i] = (nn_real)i;
    expect_ok(nn_model_list_tensors(v->t.model, &v->tensors));
}

static void vectors_release(vectors *v)
{
    nn_model_release_tensors(&v->tensors);
    trial_destroy(&v->t);
    nn_text_free(&v->config);
}

static const char *shard_path(int index, int count)
{
    char name[NN_SHARD_NAME];
    nn_sharded_name(STEP, index, count, name);
    return scratch_path(name);
}

static void write_shard(const vectors *v, int index, int count, nn_shard *shard)
{
    const nn_real *const values[] = {v->t.weights, v->momentum};
    nn_store_image *image;
    void *bytes;
    unsigned char *place;
    size_t size, *offsets[2];
    expect_ok(nn_store_image_create(&image));
    for (int g = 0; g < 2; g++) {
        expect_ok(NN_ALLOCATE(&offsets[g], v->tensors.count, "places"));
        expect_ok(nn_model_place_shard(v->t.model, &v->tensors, image, groups[g], shard->begin, shard->end,
                                       offsets[g]));
    }
    expect_ok(nn_store_image_bytes(image, &place));
    for (int g = 0; g < 2; g++) {
        nn_model_fill_shard(v->t.model, &v->tensors, offsets[g], shard->begin, shard->end,
                            values[g] + shard->begin, place);
        nn_free(offsets[g]);
    }
    for (int g = 0; g < 2; g++)
        expect_ok(nn_model_hash_shard(&v->tensors, image, groups[g], shard->begin, shard->end));
    expect_ok(nn_store_image_seal(image, &bytes, &size));
    expect_ok(nn_store_commit(shard_path(index, count), bytes, size));
    shard->size = size;
    shard->seal = nn_store_seal_of(bytes, size);
    nn_store_image_destroy(image);
    nn_free(bytes);
}

static void write_main(const vectors *v, const nn_shard *shards, int count)
{
    const int64_t state[NN_KEPT_STATE] = {STEP, 0, 0}, extent = NN_KEPT_STATE;
    const nn_sharded_content content = {.step = STEP,
                                        .values = v->t.model->network->value_count,
                                        .folder = "",
                                        .shard_count = count,
                                        .shards = shards,
                                        .group_count = 2,
                                        .groups = groups,
                                        .tensor_count = v->tensors.count,
                                        .tensors = v->tensors.items};
    nn_store_image *image;
    void *bytes;
    size_t size;
    expect_ok(nn_store_image_create(&image));
    expect_ok(nn_store_image_put(image, NN_KEPT_STATE_NAME, NN_STORE_I64, 1, &extent, state));
    expect_ok(nn_sharded_put(image, &content));
    expect_ok(nn_store_image_seal(image, &bytes, &size));
    expect_ok(nn_store_commit(scratch_path("main.h5"), bytes, size));
    nn_store_image_destroy(image);
    nn_free(bytes);
}

static void write_all(const vectors *v, int count)
{
    nn_shard shards[MOST];
    int64_t begin[MOST + 1];
    const nn_network *network = v->t.model->network;
    nn_model_cut(v->t.model, count, begin);
    for (int i = 0; i < count; i++) {
        shards[i] = (nn_shard){network->block_begin[begin[i]], network->block_begin[begin[i + 1]], 0, 0};
        write_shard(v, i, count, &shards[i]);
    }
    write_main(v, shards, count);
}

/* Whether both vectors can be read as they were written. */
static nn_status read_all(const vectors *v)
{
    nn_kept_checkpoint opened;
    const nn_network *network = v->t.model->network;
    nn_real *read;
    const nn_real *const written[] = {v->t.weights, v->momentum};
    expect_ok(NN_ALLOCATE(&read, network->value_count, "values"));
    nn_status status = nn_kept_open(scratch_path("main.h5"), STEP, &opened);
    for (int g = 0; status == NN_OK && g < 2; g++) {
        memset(read, 0xff, (size_t)network->value_count * sizeof *read);
        status = nn_model_get_values(v->t.model, opened.file, groups[g], read);
        for (int l = 0; status == NN_OK && l < network->layer_count; l++)
            for (int p = 0; p < network->layers[l].parameter_count; p++) {
                const nn_parameter *parameter = &network->layers[l].parameters[p];
                int64_t at = network->layers[l].offset + parameter->offset;
                assert_memory_equal(read + at, written[g] + at, (size_t)parameter->count * sizeof *read);
            }
    }
    if (status == NN_OK) status = nn_kept_check_shards(opened.file);
    nn_kept_close(&opened);
    nn_free(read);
    return status;
}

/* Wrong: a value is lost or moved where a tensor is cut. */
static void test_round_trip(void **state)
{
    (void)state;
    vectors v;
    vectors_make(&v);
    for (int count = 1; count <= MOST; count++) {
        write_all(&v, count);
        expect_ok(read_all(&v));
    }
    vectors_release(&v);
}

/* Wrong: a shard has nothing, or much more than its part. */
static void test_cut(void **state)
{
    (void)state;
    vectors v;
    vectors_make(&v);
    const nn_network *network = v.t.model->network;
    for (int count = 1; count <= network->block_count; count++) {
        int64_t begin[64], most = 0;
        assert_true(network->block_count < 64);
        nn_model_cut(v.t.model, count, begin);
        assert_true(begin[0] == 0 && begin[count] == network->block_count);
        for (int k = 0; k < count; k++) {
            int64_t values = network->block_begin[begin[k + 1]] - network->block_begin[begin[k]];
            assert_true(begin[k] < begin[k + 1]);
            if (values > most) most = values;
        }
        assert_true(most <= network->value_count / count * 5 / 4 + NN_BLOCK_VALUES);
    }
    vectors_release(&v);
}

static void damage(const char *path, size_t at)
{
    size_t size;
    unsigned char *bytes = scratch_read(path, &size);
    bytes[at < size ? at : size - 1] ^= 1;
    scratch_write(path, bytes, size);
    free(bytes);
}

static void refused(const vectors *v, const char *message)
{
    assert_int_equal(read_all(v), NN_ERROR_CHECKPOINT);
    expect_message(message);
    write_all(v, 3);
    expect_ok(read_all(v));
}

/* Wrong: a checkpoint is read that lacks a shard, or has another one in its place. */
static void test_lost_shards(void **state)
{
    (void)state;
    vectors v;
    vectors_make(&v);
    write_all(&v, 3);
    unlink(shard_path(1, 3));
    refused(&v, "shard 2 of 3");
    damage(shard_path(2, 3), 3000);
    refused(&v, "shard-3-of-3.h5 is damaged");
    assert_int_equal(truncate(shard_path(0, 3), 5000), 0);
    refused(&v, "shard-1-of-3.h5");
    scratch_write(shard_path(0, 3), "", 0);
    refused(&v, "empty");
    size_t size;
    unsigned char *first = scratch_read(shard_path(0, 3), &size);
    scratch_write(shard_path(1, 3), first, size);
    free(first);
    refused(&v, "is not the shard 2 that");
    /* An intact file of the same shape and of another moment. */
    nn_shard other = {0, v.t.model->network->block_begin[1], 0, 0};
    v.momentum[0] += 1;
    int64_t begin[MOST + 1];
    nn_model_cut(v.t.model, 3, begin);
    other.end = v.t.model->network->block_begin[begin[1]];
    write_shard(&v, 0, 3, &other);
    refused(&v, "is not the shard 1 that");
    vectors_release(&v);
}

/* Wrong: a file is taken for a shard by its name, or not taken. */
static void test_names(void **state)
{
    (void)state;
    char name[NN_SHARD_NAME];
    int64_t step;
    int index, count;
    nn_sharded_name(1200, 1, 12, name);
    assert_true(nn_sharded_is_name(name, &step, &index, &count));
    assert_true(step == 1200 && index == 1 && count == 12);
    assert_false(nn_sharded_is_name("step-0000001200.h5", &step, &index, &count));
    assert_false(nn_sharded_is_name("step-0000001200.shard-2-of-12.h5.tmp", &step, &index, &count));
    assert_false(nn_sharded_is_name("step-1200.shard-2-of-12.h5", &step, &index, &count));
    nn_sharded_name(123456789012, 0, 1, name);
    assert_true(nn_sharded_is_name(name, &step, &index, &count));
    assert_true(step == 123456789012);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_lost_shards),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
