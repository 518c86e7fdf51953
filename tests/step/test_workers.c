/* A rank's compute: the gradient of a share of leaves has the same bits with any number of threads, in waves
 * of any size, and cut anywhere, rounded to bfloat16 or not; and buckets cover the network. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

#include "base/memory.h"
#include "precision.h"
#include "settings/settings.h"
#include "step/heads.h"
#include "step/workers.h"
#include "tensor/kernels.h"

#define LEAVES 13
#define LEAVES_MAX 16
#define SAMPLES 75 /* of the batch: its leaves hold 6 or 5 samples */
#define MICROBATCH 6

static const char *const text = "data:\n"
                                "  file: " NN_SOURCE_DIR "/scripts/examples/digits/digits.h5\n"
                                "  train: {x: x_train, y: y_train}\n"
                                "  fields: {x: {layout: NHW}}\n"
                                "network:\n"
                                "  - conv2d: {filters: 3, kernel: 3, padding: same, activation: gelu}\n"
                                "  - conv2d: {filters: 4, kernel: 2, stride: 2, activation: relu}\n"
                                "  - reshape: {shape: [4, 16]}\n"
                                "  - lstm: {units: 7, bidirectional: true}\n"
                                "  - dense: {units: 130, activation: relu}\n"
                                "  - dropout: 0.3\n"
                                "  - dense: {units: 50, activation: gelu}\n"
                                "  - dense: {units: classes}\n"
                                "loss: cross_entropy\n"
                                "metrics: [accuracy]\n";

typedef struct bench {
    nn_comm *comm;
    nn_config *config;
    nn_settings settings;
    nn_dataset *data;
    nn_model *model;
    nn_real *weights;
} bench;

static void expect_ok(nn_status status)
{
    if (status != NN_OK) fail_msg("%s", nn_error_text());
}

/* setting: of its configuration. */
static void bench_make(bench *b, nn_comm *comm, const char *setting)
{
    b->comm = comm;
    expect_ok(nn_config_parse(text, "test", &setting, 1, &b->config));
    expect_ok(nn_settings_read(b->config, &b->settings));
    expect_ok(nn_dataset_open(b->comm, &b->settings.data,
                              &(nn_dataset_setup){.scalar = NN_SCALAR_REAL,
                                                  .directory = ".",
                                                  .seed = 1,
                                                  .wanted = &(nn_target_wanted){.classes = true},
                                                  .wanted_count = 1},
                              &b->data));
    expect_ok(nn_heads_model(&b->settings.model, b->data, MICROBATCH, &b->model));
    expect_ok(NN_ALLOCATE(&b->weights, b->model->network->value_count, "weights"));
}

static void bench_release(bench *b)
{
    nn_free(b->weights);
    nn_model_destroy(b->model);
    nn_dataset_close(b->data);
    nn_settings_release(&b->settings);
    nn_config_destroy(b->config);
}

static int bench_open(void **state)
{
    static bench made;
    nn_comm *comm;
    expect_ok(nn_comm_start(NULL, NULL, &comm));
    bench_make(&made, comm, own_precision[0]);
    *state = &made;
    return 0;
}

static int bench_close(void **state)
{
    bench *b = *state;
    bench_release(b);
    nn_comm_destroy(b->comm);
    return 0;
}

/* A batch, and how many of its leaves a sum needs to be rounded (0: none is). */
typedef struct trial {
    int64_t leaves, samples, wire_leaves;
} trial;

static const trial usual = {LEAVES, SAMPLES, 0};

static nn_batch batch_of(trial of)
{
    return (nn_batch){.epoch = 2, .first = 100, .samples = of.samples, .microbatches = of.leaves};
}

typedef struct outcome {
    nn_real *gradient;
    double figures[LEAVES_MAX * 16];
} outcome;

/* Gradients become final from the last to the first. */
static nn_status note_final(void *context, int64_t begin)
{
    int64_t *final = context;
    assert_true(begin <= *final);
    *final = begin;
    return NN_OK;
}

/* The gradient of one whole batch. */
static void compute(const bench *b, trial of, int threads, double memory, outcome *result)
{
    nn_workers *workers;
    nn_tree_node share = {0, of.leaves}, nodes[NN_TREE_COVER_MAX];
    int node_count = nn_tree_cover(of.leaves, 0, of.leaves, nodes);
    int64_t final = INT64_MAX;
    nn_workers_request request = {threads, of.leaves, MICROBATCH, memory, 7, of.wire_leaves, NULL};
    assert_int_equal(node_count, 1);
    expect_ok(nn_workers_create(b->model, b->data, &request, &workers));
    expect_ok(nn_workers_initialize(workers, b->weights));
    expect_ok(NN_ALLOCATE(&result->gradient, b->model->network->value_count, "a gradient"));
    nn_gradient_call call = {.batch = batch_of(of),
                             .step = 5,
                             .share = share,
                             .nodes = nodes,
                             .node_count = node_count,
                             .weights = b->weights,
                             .denominators = (const double[]){(double)of.samples},
                             .hooks = {.gradient_done = note_final, .context = &final},
                             .partials = &result->gradient,
                             .results = result->figures};
    expect_ok(nn_workers_gradient(workers, &call));
    assert_int_equal(final, 0);
    assert_true(call.nonfinite.position < 0);
    nn_workers_destroy(workers);
}

static void assert_same(const bench *b, const outcome *a, const outcome *c)
{
    size_t bytes = (size_t)b->model->network->value_count * sizeof(nn_real);
    assert_memory_equal(a->gradient, c->gradient, bytes);
    size_t width = (size_t)nn_results_width(b->model, true);
    assert_memory_equal(a->figures, c->figures, LEAVES * width * sizeof(double));
}

static void threads_and_waves_do_not_change_the_bits(void **state)
{
    const bench *b = *state;
    outcome reference = {0};
    compute(b, usual, 1, 1e9, &reference);
    assert_true(nn_sum_squares(b->model->network->value_count, reference.gradient) > 0);
    static const int teams[] = {1, 2, 3, 4, 16, 31}; /* 16 and 31: several share the tiles of a microbatch */
    for (size_t i = 0; i < sizeof teams / sizeof *teams; i++)
        for (int small = 0; small <= 1; small++) {
            outcome other = {0};
            compute(b, usual, teams[i], small ? 1 : 1e9, &other);
            assert_same(b, &reference, &other);
            nn_free(other.gradient);
        }
    nn_free(reference.gradient);
}

/* The nearest of the values with 8 bits, ties to even: the definition, in double precision. */
static nn_real to_bfloat(nn_real value)
{
    int exponent;
    if (!isfinite(value)) return value;
    (void)frexp((double)value, &exponent);
    double unit = ldexp(1, (exponent < -125 ? -125 : exponent) - 8);
    return (nn_real)(nearbyint((double)value / unit) * unit);
}

static void round_by_hand(const bench *b, trial of, nn_tree_node node, nn_real *sum)
{
    if (of.wire_leaves == 0 || node.end - node.begin < of.wire_leaves) return;
    for (int64_t i = 0; i < b->model->network->value_count; i++) sum[i] = to_bfloat(sum[i]);
}

/* Each leaf alone, added by hand in the canonical order: what ranks of one leaf each would send. The workers
 * do not round. */
static void sum_by_hand(nn_workers *workers, const bench *b, trial of, nn_tree_node node, nn_real *sum)
{
    int64_t count = b->model->network->value_count;
    if (node.end - node.begin > 1) {
        nn_real *right;
        int64_t middle = nn_tree_split(node.begin, node.end);
        expect_ok(NN_ALLOCATE(&right, count, "a gradient"));
        sum_by_hand(workers, b, of, (nn_tree_node){node.begin, middle}, sum);
        sum_by_hand(workers, b, of, (nn_tree_node){middle, node.end}, right);
        nn_add(count, right, sum);
        round_by_hand(b, of, node, sum);
        nn_free(right);
        return;
    }
    double figures[16];
    nn_gradient_call call = {.batch = batch_of(of),
                             .step = 5,
                             .share = node,
                             .nodes = &node,
                             .node_count = 1,
                             .weights = b->weights,
                             .denominators = (const double[]){(double)of.samples},
                             .partials = &sum,
                             .results = figures};
    expect_ok(nn_workers_gradient(workers, &call));
    round_by_hand(b, of, node, sum);
}

static nn_real *compute_by_hand(const bench *b, trial of)
{
    nn_workers *workers;
    nn_real *sum;
    expect_ok(NN_ALLOCATE(&sum, b->model->network->value_count, "a gradient"));
    expect_ok(nn_workers_create(b->model, b->data, &(nn_workers_request){1, 1, MICROBATCH, 1, 7, 0, NULL},
                                &workers));
    expect_ok(nn_workers_initialize(workers, b->weights));
    sum_by_hand(workers, b, of, (nn_tree_node){0, of.leaves}, sum);
    nn_workers_destroy(workers);
    return sum;
}

static void check_by_hand(const bench *b, trial of, int threads, double memory, const nn_real *expected)
{
    outcome found = {0};
    compute(b, of, threads, memory, &found);
    assert_memory_equal(found.gradient, expected, (size_t)b->model->network->value_count * sizeof *expected);
    nn_free(found.gradient);
}

static void leaves_alone_give_the_same_sum(void **state)
{
    const bench *b = *state;
    nn_real *sum = compute_by_hand(b, usual);
    check_by_hand(b, usual, 2, 1e9, sum);
    nn_free(sum);
}

#ifndef NN_REAL_DOUBLE
/* Sums are rounded where the definition says so, whatever the layers sum by themselves: for each engine, for
 * batches that are a power of two of leaves, that are not, and with uneven leaves. */
static void sums_are_rounded_as_defined(void **state)
{
    static const char *const engines[] = {"training.kernels=blas", "training.kernels=portable",
                                          "training.precision=mixed"};
    static const trial batches[] = {{LEAVES, SAMPLES, 0}, {16, 96, 0}, {3, 17, 0}, {1, 5, 0}};
    nn_comm *comm = ((const bench *)*state)->comm;
    for (size_t e = 0; e < sizeof engines / sizeof *engines; e++) {
        bench b;
        bench_make(&b, comm, engines[e]);
        for (size_t i = 0; i < sizeof batches / sizeof *batches; i++)
            for (int64_t wire_leaves = 1; wire_leaves <= 8; wire_leaves *= 2) {
                trial of = {batches[i].leaves, batches[i].samples, wire_leaves};
                nn_real *sum = compute_by_hand(&b, of);
                for (int threads = 1; threads <= 16; threads *= 4) {
                    check_by_hand(&b, of, threads, 1e9, sum);
                    check_by_hand(&b, of, threads, 1, sum);
                }
                nn_free(sum);
            }
        bench_release(&b);
    }
}
#endif

static void evaluation_does_not_depend_on_threads(void **state)
{
    const bench *b = *state;
    int64_t leaves = (nn_dataset_count(b->data, NN_TRAIN) + MICROBATCH - 1) / MICROBATCH;
    size_t count = (size_t)leaves * (size_t)nn_results_width(b->model, false);
    double *figures[2];
    for (int i = 0; i < 2; i++) {
        nn_workers *workers;
        nn_nonfinite found;
        expect_ok(NN_ALLOCATE(&figures[i], count, "figures"));
        expect_ok(nn_workers_create(
            b->model, b->data, &(nn_workers_request){1 + 2 * i, 4, MICROBATCH, 1e9, 7, 0, NULL}, &workers));
        expect_ok(nn_workers_initialize(workers, b->weights));
        found = (nn_nonfinite){.position = -1};
        nn_workers_evaluate(workers, &(nn_evaluate_call){.part = NN_TRAIN,
                                                         .microbatches = leaves,
                                                         .share = {0, leaves},
                                                         .some = {0, leaves},
                                                         .weights = b->weights,
                                                         .results = figures[i],
                                                         .nonfinite = &found});
        assert_true(found.position < 0);
        nn_workers_destroy(workers);
    }
    assert_memory_equal(figures[0], figures[1], count * sizeof(double));
    nn_free(figures[0]);
    nn_free(figures[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_and_waves_do_not_change_the_bits),
        cmocka_unit_test(leaves_alone_give_the_same_sum),
#ifndef NN_REAL_DOUBLE
        cmocka_unit_test(sums_are_rounded_as_defined),
#endif
        cmocka_unit_test(evaluation_does_not_depend_on_threads),
    };
    return cmocka_run_group_tests(tests, bench_open, bench_close);
}
