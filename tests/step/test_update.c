/* Updates on the blocks of a network: what distinguishes each layer and tensor, clipping by value, the
 * average of the weights, and norms of tensors. */
#include "../nn/build.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/tree.h"
#include "step/arithmetic.h"
#include "step/buckets.h"
#include "step/norms.h"
#include "step/update.h"
#include "tensor/kernels.h"

/* A network whose first weights are two blocks, a reduction of one leaf, and an update. */
typedef struct bench {
    nn_comm *comm;
    nn_network *network;
    nn_reduction *reduction;
    nn_update *update;
    nn_norms *norms;
    nn_real *before; /* the weights before the step */
    int64_t buckets;
    int64_t step;
    void *options;
} bench;

enum { FIRST = 1, NORM, FROZEN, LAST }; /* layers */

static void add(int64_t count, const void *values, void *sum)
{
    nn_add(count, values, sum);
}

static nn_network *make_network(void)
{
    nn_network_spec spec = {.scalar = NN_SCALAR_REAL, .microbatch_size = 2};
    nn_network *network;
    add_layer(&spec, "dense: {units: 60}", NULL, NULL);
    add_layer(&spec, "batch_norm", NULL, NULL);
    add_layer(&spec, "dense: {units: 5}", NULL, NULL);
    add_layer(&spec, "dense: {units: 4}", NULL, NULL);
    spec.layers[FROZEN - 1].freeze = true;
    spec.layers[LAST - 1].rate_factor = 0.25;
    spec.input.shape = (nn_shape){1, {100}};
    expect_ok(nn_network_create(&spec, &network));
    return network;
}

static nn_real *weights_of(const bench *b)
{
    return nn_reduction_weights(b->reduction);
}

/* The optimizer as `yaml` says, with its defaults but the given learning rate. */
static void *read_optimizer(const char *yaml, const nn_optimizer_type **type)
{
    char text[256];
    void *options = NULL;
    nn_config *config;
    nn_config_node *node = NULL;
    snprintf(text, sizeof text, "optimizer:\n  %s\n", yaml);
    expect_ok(nn_config_parse(text, "test.yaml", NULL, 0, &config));
    *type = nn_optimizer_find(
        NN_SCALAR_REAL,
        nn_config_read_choice(config, nn_config_get(nn_config_root(config), "optimizer"), &node));
    assert_non_null(*type);
    expect_ok(nn_allocate(&options, 1, (*type)->options_size, "options"));
    nn_config_read(config, node, "optimizer", (*type)->options, NULL, NULL, options);
    expect_ok(nn_config_finish(config));
    nn_config_destroy(config);
    return options;
}

static bench bench_open(nn_comm *comm, const char *yaml, double clip_value, double average)
{
    bench b = {.comm = comm, .network = make_network()};
    nn_buckets buckets = {0};
    int64_t leaves = 1;
    nn_update_options options = {.clip_value = clip_value, .average = average, .threads = 2};
    b.options = read_optimizer(yaml, &options.optimizer);
    options.options = b.options;
    expect_ok(nn_buckets_make(b.network, &buckets));
    nn_reduction_layout layout = nn_buckets_layout(b.network, &buckets, &leaves, 1);
    b.buckets = buckets.count;
    expect_ok(nn_reduction_create(comm, &layout, NN_REDUCE_EXACT, (nn_reduction_arithmetic){.add = add},
                                  &b.reduction));
    expect_ok(nn_update_create(b.network, &options, b.reduction, &b.update));
    expect_ok(NN_ALLOCATE(&b.before, b.network->value_count, "weights"));
    expect_ok(nn_norms_create(comm, b.network, b.update, true, &b.norms));
    for (int l = 0; l < b.network->layer_count; l++)
        for (int p = 0; p < b.network->layers[l].parameter_count; p++)
            expect_ok(nn_network_initialize(b.network, 3, l, p, weights_of(&b)));
    nn_update_begin(b.update, weights_of(&b));
    nn_buckets_release(&buckets);
    return b;
}

static void bench_close(bench *b)
{
    nn_norms_destroy(b->norms);
    nn_update_destroy(b->update);
    nn_reduction_destroy(b->reduction);
    nn_network_destroy(b->network);
    nn_free(b->options);
    nn_free(b->before);
}

static nn_real gradient_at(int64_t i)
{
    return (nn_real)sin(0.37 * (double)i) + (nn_real)0.1;
}

/* A step with a gradient that is the same in all steps, but 0 in the gaps between tensors. */
static void bench_step(bench *b)
{
    nn_tree_node nodes[NN_TREE_COVER_MAX];
    const double *of_tensors;
    double squares;
    int node_count;
    nn_update_measure(b->update, b->step + 1, weights_of(b), nn_norms_measures(b->norms));
    memcpy(b->before, weights_of(b), (size_t)b->network->value_count * sizeof(nn_real));
    expect_ok(nn_reduction_begin(b->reduction, 1, nodes, &node_count));
    nn_real *gradient = nn_reduction_partial(b->reduction, 0);
    for (int64_t i = 0; i < b->network->value_count; i++) gradient[i] = 0;
    for (int l = 0; l < b->network->layer_count; l++)
        for (int p = 0; p < b->network->layers[l].parameter_count; p++) {
            const nn_parameter *parameter = &b->network->layers[l].parameters[p];
            int64_t begin = b->network->layers[l].offset + parameter->offset;
            for (int64_t i = begin; i < begin + parameter->count; i++) gradient[i] = gradient_at(i);
        }
    for (int64_t k = b->buckets; k-- > 0;) expect_ok(nn_reduction_start(b->reduction, k));
    expect_ok(nn_reduction_finish(b->reduction));
    nn_optimizer_step at = {
        .step = ++b->step, .learning_rate = *(const double *)b->options, .gradient_scale = 1};
    expect_ok(nn_norms_sum(b->norms, &squares, &of_tensors));
    nn_update_prepare(b->update, &at, of_tensors);
    expect_ok(nn_reduction_claim(b->reduction));
    nn_update_apply(b->update, weights_of(b));
    expect_ok(nn_reduction_share_begin(b->reduction));
    expect_ok(nn_reduction_share_finish(b->reduction));
}

/* The first value of a tensor in the flat vector. */
static int64_t tensor_at(const bench *b, int layer, const char *name)
{
    const nn_layer *self = &b->network->layers[layer];
    for (int p = 0; p < self->parameter_count; p++)
        if (strcmp(self->parameters[p].name, name) == 0) return self->offset + self->parameters[p].offset;
    fail_msg("no tensor %s", name);
    return -1;
}

static void expect_number(double value, double expected)
{
    if (!(fabs(value - expected) <= 1e-6 * (1 + fabs(expected))))
        fail_msg("%g instead of %g", value, expected);
}

/* What one step of sgd did to a value, over the learning rate. */
static double moved(const bench *b, int64_t at)
{
    return ((double)b->before[at] - (double)weights_of(b)[at]) / *(const double *)b->options;
}

/* Fails when a frozen layer moves, a layer's own factor is left out, or a bias decays. */
static void test_layers(void **state)
{
    bench b = bench_open(*state, "sgd: {learning_rate: 0.5, momentum: 0, weight_decay: 0.5}", 0, 0);
    bench_step(&b);
    int64_t first = tensor_at(&b, FIRST, "weight"), bias = tensor_at(&b, FIRST, "bias");
    int64_t last = tensor_at(&b, LAST, "weight"), last_bias = tensor_at(&b, LAST, "bias");
    int64_t scale = tensor_at(&b, NORM, "scale"), frozen = tensor_at(&b, FROZEN, "weight");
    expect_number(moved(&b, first + 7), (double)gradient_at(first + 7) + 0.5 * (double)b.before[first + 7]);
    expect_number(moved(&b, first + 5000),
                  (double)gradient_at(first + 5000) + 0.5 * (double)b.before[first + 5000]);
    expect_number(moved(&b, bias + 1), (double)gradient_at(bias + 1));
    expect_number(moved(&b, scale + 2), (double)gradient_at(scale + 2));
    expect_number(moved(&b, last), 0.25 * ((double)gradient_at(last) + 0.5 * (double)b.before[last]));
    expect_number(moved(&b, last_bias), 0.25 * (double)gradient_at(last_bias));
    size_t bytes = (size_t)b.network->layers[FROZEN].value_count * sizeof(nn_real);
    assert_memory_equal(b.before + frozen, weights_of(&b) + frozen, bytes);
    assert_int_equal(b.update->kind_count, 4); /* matrices and others, in layers of two factors */
    bench_close(&b);
}

/* Fails when a value beyond the limit is used, or one that is not finite passes for the limit. */
static void test_clip_value(void **state)
{
    bench b = bench_open(*state, "sgd: {learning_rate: 0.5, momentum: 0}", 0.3, 0);
    bench_step(&b);
    double largest = 0;
    int64_t first = tensor_at(&b, FIRST, "weight");
    for (int64_t i = 0; i < b.network->layers[FIRST].value_count; i++) {
        double g = (double)gradient_at(first + i);
        if (i < 6000) expect_number(moved(&b, first + i), g > 0.3 ? 0.3 : g < -0.3 ? -0.3 : g);
        largest = fmax(largest, fabs(moved(&b, first + i)));
    }
    assert_true(largest <= 0.3 + 1e-6);
    const nn_reduction_slice *slices;
    assert_true(nn_reduction_slices(b.reduction, &slices) > 0);
    ((nn_real *)slices[0].gradient)[first - slices[0].begin] = (nn_real)INFINITY;
    nn_step_arithmetic_of(NN_SCALAR_REAL)->measure(b.update, 0);
    assert_true(isinf(nn_norms_measures(b.norms)[0]) != 0);
    bench_close(&b);
}

/* Fails when the average is not what its definition says, or leaves out running statistics. */
static void test_average(void **state)
{
    bench b = bench_open(*state, "adam", 0, 0.4);
    int64_t first = tensor_at(&b, FIRST, "weight") + 4200, mean = tensor_at(&b, NORM, "running_mean") + 3;
    double average = (double)weights_of(&b)[first];
    static const double kept[] = {2.0 / 11, 3.0 / 12, 4.0 / 13, 5.0 / 14, 6.0 / 15, 0.4, 0.4};
    for (size_t s = 0; s < sizeof kept / sizeof *kept; s++) {
        bench_step(&b);
        average = kept[s] * average + (1 - kept[s]) * (double)weights_of(&b)[first];
        expect_number((double)b.update->average[first], average);
        assert_true(b.update->average[mean] == weights_of(&b)[mean]);
        assert_true(weights_of(&b)[mean] != b.before[mean]);
    }
    int64_t frozen = tensor_at(&b, FROZEN, "weight");
    assert_true(b.update->average[frozen] == weights_of(&b)[frozen]);
    assert_string_equal(b.update->state_groups[b.update->state_count - 1], "average");
    bench_close(&b);
}

/* Fails when a norm is of a block, or of more than a tensor. */
static void test_norms_of_tensors(void **state)
{
    bench b = bench_open(*state, "lars: {learning_rate: 0.5, trust: 0.1, momentum: 0}", 0, 0);
    bench_step(&b);
    static const int layers[] = {FIRST, LAST};
    for (int i = 0; i < 2; i++) {
        int64_t at = tensor_at(&b, layers[i], "weight"),
                count = b.network->layers[layers[i]].parameters[0].count;
        double weights = 0, gradient = 0, factor = layers[i] == LAST ? 0.25 : 1;
        for (int64_t j = at; j < at + count; j++) {
            weights += (double)b.before[j] * (double)b.before[j];
            gradient += (double)gradient_at(j) * (double)gradient_at(j);
        }
        for (int64_t j = at; j < at + count; j += 37)
            expect_number(moved(&b, j),
                          factor * 0.1 * sqrt(weights) / sqrt(gradient) * (double)gradient_at(j));
    }
    bench_close(&b);
}

/* Fails when the average does not begin as the weights, in any block. */
static void test_average_begins(void **state)
{
    bench b = bench_open(*state, "adam", 0, 0.4);
    assert_true(b.update->block_count > 2);
    for (int64_t i = 0; i < b.update->block_count; i++) {
        const nn_owned_block *block = &b.update->blocks[i];
        assert_memory_equal(b.update->average + block->state, weights_of(&b) + block->begin,
                            (size_t)(block->end - block->begin) * sizeof(nn_real));
    }
    assert_true(nn_sum_squares(b.update->owned_values, b.update->average) > 0);
    bench_close(&b);
}

/* Fails when a running statistic is not blended with that of the batch by its own decay, or takes a step of
 * the optimizer. */
static void test_statistics(void **state)
{
    bench b = bench_open(*state, "sgd: {learning_rate: 0.5, momentum: 0}", 0.01, 0);
    const nn_layer *norm = &b.network->layers[NORM];
    int found = 0;
    bench_step(&b);
    for (int p = 0; p < norm->parameter_count; p++) {
        const nn_parameter *parameter = &norm->parameters[p];
        if (!parameter->statistic) continue;
        found++;
        for (int64_t i = norm->offset + parameter->offset, n = 0; n < parameter->count; i++, n++)
            expect_number((double)weights_of(&b)[i], parameter->decay * (double)b.before[i] +
                                                         (1 - parameter->decay) * (double)gradient_at(i));
    }
    assert_int_equal(found, 2); /* mean and variance */
    bench_close(&b);
}

static int group_open(void **state)
{
    nn_comm *comm;
    expect_ok(nn_comm_start(NULL, NULL, &comm));
    *state = comm;
    return 0;
}

static int group_close(void **state)
{
    nn_comm_destroy(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layers),     cmocka_unit_test(test_clip_value),
        cmocka_unit_test(test_average),    cmocka_unit_test(test_average_begins),
        cmocka_unit_test(test_statistics), cmocka_unit_test(test_norms_of_tensors),
    };
    return cmocka_run_group_tests(tests, group_open, group_close);
}
