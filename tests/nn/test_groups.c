/* A pass on several microbatches at once, in any number of shares in any order, and with packed weights has
 * the bits of a call for each microbatch: for every layer. */
#include <math.h>

#include "examples.h"

enum { MICROBATCHES = 3 };

/* One way to run a pass. */
typedef struct way {
    bool alone; /* by nn_network_forward and nn_network_backward */
    bool packed, together;
    int shares; /* of each phase, computed from the last to the first; 0: one call for the whole pass */
} way;

typedef struct group {
    run r;
    nn_microbatch *microbatches[MICROBATCHES]; /* [0] is that of the run */
    nn_real *gradients[MICROBATCHES];          /* of the weights */
    nn_real *carried[MICROBATCHES];            /* state from window to window */
    nn_real *packed;
} group;

/* Sequences of 0 to all steps; their inputs past the end are 0. */
static void group_fill_lengths(const group *g, int m)
{
    nn_microbatch *microbatch = g->microbatches[m];
    nn_shape shape = g->r.network->layers[0].output_shape;
    int64_t count = nn_shape_count(shape), steps = shape.extents[0], width = count / steps;
    for (int64_t i = 0; microbatch->lengths[0] && i < microbatch->samples; i++) {
        microbatch->lengths[0][i] = (i * 3 + m) % (steps + 1);
        for (int64_t v = microbatch->lengths[0][i] * width; v < count; v++)
            microbatch->outputs[0][i * count + v] = 0;
    }
}

static void group_fill(group *g, int m)
{
    const nn_network *network = g->r.network;
    nn_microbatch *microbatch = g->microbatches[m];
    int64_t count = nn_shape_count(network->layers[0].output_shape);
    microbatch->samples = m == 1 ? SAMPLES - 1 : SAMPLES;
    microbatch->seed = 11;
    microbatch->step = 3;
    microbatch->first_sample = m * SAMPLES;
    microbatch->batch_samples = MICROBATCHES * SAMPLES;
    microbatch->carried = g->carried[m];
    for (int64_t i = 0; m > 0 && i < microbatch->samples * count; i++)
        microbatch->outputs[0][i] = g->r.microbatch->outputs[0][(i * 5 + m) % (SAMPLES * count)];
    group_fill_lengths(g, m);
}

/* ---- what is tested: a layer, or one of these networks ---- */

/* A layer that two convolutions read: the second one to write its gradient adds to it. */
static run run_two_readers(void)
{
    nn_network_spec spec = make_spec((nn_shape){3, {6, 5, 2}}, SAMPLES);
    add_layer(&spec, "conv2d: {filters: 2, kernel: 3}", "below", NULL);
    add_layer(&spec, "conv2d: {filters: 3, kernel: 3, padding: same}", "one", "below");
    add_layer(&spec, "conv2d: {filters: 3, kernel: 1}", "two", "below");
    add_layer(&spec, "add", "sum", "one two");
    return run_create(&spec, SAMPLES);
}

/* Samples of different length. */
static run run_lengths(void)
{
    nn_network_spec spec = make_spec((nn_shape){2, {7, 4}}, SAMPLES);
    spec.has_lengths = true;
    add_layer(&spec, "conv1d: {filters: 6, kernel: 3, stride: 2, padding: 2}", NULL, NULL);
    add_layer(&spec, "batch_norm: {activation: gelu, over: microbatch}", "walk", NULL);
    add_layer(&spec, "lstm: {units: 3, bidirectional: true, output: sequence}", NULL, NULL);
    add_layer(&spec, "positional_encoding: learned", "second", NULL);
    add_layer(&spec, "multi_head_attention: {heads: 2, dropout: 0.2}", NULL, "second walk");
    add_layer(&spec, "group_norm: {groups: 2}", NULL, NULL);
    add_layer(&spec, "feed_forward: {hidden: 5}", NULL, NULL);
    add_layer(&spec, "layer_norm", NULL, NULL);
    add_layer(&spec, "max_pool: {kernel: 2, stride: 1}", NULL, NULL);
    add_layer(&spec, "dense: {units: 5, per_step: true, activation: relu}", NULL, NULL);
    add_layer(&spec, "gru: {units: 4}", NULL, NULL);
    return run_create(&spec, SAMPLES);
}

/* State that is carried from window to window. */
static run run_state(void)
{
    nn_network_spec spec = make_spec((nn_shape){2, {3, 4}}, SAMPLES);
    add_layer(&spec, "lstm: {units: 5, carry: true, output: sequence}", NULL, NULL);
    add_layer(&spec, "gru: {units: 3, carry: true}", NULL, NULL);
    return run_create(&spec, SAMPLES);
}

/* Wide enough for several tiles of columns. */
static run run_wide(void)
{
    nn_network_spec spec = make_spec((nn_shape){1, {3}}, SAMPLES);
    add_layer(&spec, "dense: {units: 1100, activation: relu}", NULL, NULL);
    add_layer(&spec, "dense: {units: 1037, activation: gelu}", NULL, NULL);
    add_layer(&spec, "dense: {units: 2}", NULL, NULL);
    return run_create(&spec, SAMPLES);
}

static const struct {
    const char *name;
    run (*create)(void);
} networks[] = {
    {"two readers", run_two_readers}, {"lengths", run_lengths}, {"state", run_state}, {"wide", run_wide}};
enum { NETWORKS = sizeof networks / sizeof *networks };

/* what: a layer as YAML, or the name of a network. */
static run run_named(const char *what)
{
    for (int i = 0; i < NETWORKS; i++)
        if (strcmp(networks[i].name, what) == 0) return networks[i].create();
    return run_tested(what);
}

static void for_all_networks(void (*check)(const char *what))
{
    for_all_layers(check);
    for (int i = 0; i < NETWORKS; i++) check(networks[i].name);
}

static void group_create(group *g, const char *what)
{
    g->r = run_named(what);
    const nn_network *network = g->r.network;
    int64_t most = 0;
    g->microbatches[0] = g->r.microbatch;
    for (int m = 0; m < MICROBATCHES; m++) {
        if (m > 0) expect_ok(nn_microbatch_create(network, SAMPLES, true, &g->microbatches[m]));
        expect_ok(NN_ALLOCATE(&g->gradients[m], network->value_count, "gradients"));
        if (network->carried_values > 0)
            expect_ok(NN_ALLOCATE(&g->carried[m], SAMPLES * network->carried_values, "state"));
        group_fill(g, m);
    }
    for (int l = 1; l < network->layer_count; l++)
        for (int pass = 0; pass < NN_PASSES; pass++)
            if (nn_network_packed_values(network, l, (nn_pass)pass) > most)
                most = nn_network_packed_values(network, l, (nn_pass)pass);
    expect_ok(NN_ALLOCATE(&g->packed, most, "packed weights"));
}

static void group_destroy(group *g)
{
    for (int m = 0; m < MICROBATCHES; m++) {
        if (m > 0) nn_microbatch_destroy(g->microbatches[m]);
        nn_free(g->gradients[m]);
        nn_free(g->carried[m]);
    }
    nn_free(g->packed);
    run_destroy(&g->r);
}

static void group_call(group *g, int l, nn_pass pass, const nn_network_group *call)
{
    if (pass == NN_FORWARD)
        nn_network_forward_group(g->r.network, l, call, g->r.scratch);
    else
        nn_network_backward_group(g->r.network, l, call, g->r.scratch);
}

static void group_pass_alone(group *g, int l, nn_pass pass)
{
    for (int m = 0; m < MICROBATCHES; m++)
        if (pass == NN_FORWARD)
            nn_network_forward(g->r.network, l, g->r.weights, g->microbatches[m], g->r.scratch);
        else
            nn_network_backward(g->r.network, l, g->r.weights, g->microbatches[m], g->r.scratch);
}

/* What one share leaves in scratch is nothing to another: it is spoilt between them. */
static void group_share(group *g, int l, nn_pass pass, int shares, const nn_network_group *call)
{
    const nn_network *network = g->r.network;
    for (int phase = 0; phase < nn_network_phases(network, l, pass); phase++)
        for (int index = shares - 1; index >= 0; index--) {
            nn_network_run_share(network, l, pass, call, (nn_network_share){phase, index, shares},
                                 g->r.scratch);
            for (int64_t i = 0; i < network->scratch_values; i++) g->r.scratch[i] = (nn_real)NAN;
        }
}

static void group_pass(group *g, int l, nn_pass pass, way how)
{
    if (how.alone) {
        group_pass_alone(g, l, pass);
        return;
    }
    const nn_network *network = g->r.network;
    nn_network_group call = {.weights = g->r.weights, .count = how.together ? MICROBATCHES : 1};
    if (how.packed && nn_network_packed_values(network, l, pass) > 0) {
        nn_network_pack(network, l, pass, g->r.weights, g->packed);
        call.packed = g->packed;
    }
    for (int64_t m = 0; m < MICROBATCHES; m += call.count) {
        call.microbatches = &g->microbatches[m];
        if (how.shares > 0)
            group_share(g, l, pass, how.shares, &call);
        else
            group_call(g, l, pass, &call);
    }
}

static void group_run(group *g, way how)
{
    const nn_network *network = g->r.network;
    int last = network->layer_count - 1;
    for (int m = 0; m < MICROBATCHES; m++)
        if (g->carried[m]) fill_random((uint32_t)(20 + m), SAMPLES * network->carried_values, g->carried[m]);
    for (int l = 1; l <= last; l++) group_pass(g, l, NN_FORWARD, how);
    for (int m = 0; m < MICROBATCHES; m++)
        memcpy(g->microbatches[m]->gradients[last], g->r.coefficients,
               (size_t)(g->microbatches[m]->samples * run_outputs(&g->r)) * sizeof(nn_real));
    for (int l = last; l > 0; l--) {
        group_pass(g, l, NN_BACKWARD, how);
        for (int m = 0; m < MICROBATCHES; m++) {
            g->r.microbatch = g->microbatches[m];
            run_parts(&g->r, l, false, g->gradients[m]);
        }
        g->r.microbatch = g->microbatches[0];
    }
}

static void expect_same(const char *yaml, const char *what, int64_t count, const nn_real *one,
                        const nn_real *other)
{
    if (memcmp(one, other, (size_t)count * sizeof *one) != 0) fail_msg("%s: other %s", yaml, what);
}

static void compare(const char *yaml, const group *one, const group *other)
{
    const nn_network *network = one->r.network;
    for (int m = 0; m < MICROBATCHES; m++) {
        const nn_microbatch *a = one->microbatches[m], *b = other->microbatches[m];
        for (int l = 1; l < network->layer_count; l++)
            expect_same(yaml, "outputs", a->samples * nn_shape_count(network->layers[l].output_shape),
                        a->outputs[l], b->outputs[l]);
        for (int l = 1; l < network->layer_count - 1; l++)
            if (a->gradients[l])
                expect_same(yaml, "gradients of outputs",
                            a->samples * nn_shape_count(network->layers[l].output_shape), a->gradients[l],
                            b->gradients[l]);
        if (one->carried[m])
            expect_same(yaml, "state", SAMPLES * network->carried_values, one->carried[m], other->carried[m]);
        expect_same(yaml, "gradients of parameters", network->value_count, one->gradients[m],
                    other->gradients[m]);
    }
}

/* Sums of gradients over all microbatches, by the layer itself where it can, and of the gradients by hand. */
static void compare_sums(const char *yaml, const group *g)
{
    const nn_network *network = g->r.network;
    for (int l = 1; l < network->layer_count; l++) {
        const nn_layer *layer = &network->layers[l];
        if (nn_network_sums(network, l) < MICROBATCHES) continue;
        for (int part = 0; part < layer->part_count; part++) {
            int64_t at = layer->offset + layer->part_begin[part];
            int64_t values = layer->part_begin[part + 1] - layer->part_begin[part];
            nn_real *sum = g->r.gradient + at;
            nn_network_gradient_sum(network, l, part, g->r.weights, g->microbatches, MICROBATCHES,
                                    g->r.scratch, sum);
            for (int64_t i = 0; i < values; i++) {
                nn_real left = g->gradients[0][at + i] + g->gradients[1][at + i];
                if (sum[i] != left + g->gradients[2][at + i]) fail_msg("%s: another sum of gradients", yaml);
            }
        }
    }
}

static void check_groups(const char *yaml)
{
    static const way ways[] = {{.packed = true},
                               {.together = true},
                               {.packed = true, .together = true},
                               {.shares = 1},
                               {.shares = 2},
                               {.shares = 4},
                               {.packed = true, .shares = 5},
                               {.together = true, .shares = 2},
                               {.packed = true, .together = true, .shares = 3}};
    group alone = {0}, grouped = {0};
    group_create(&alone, yaml);
    group_create(&grouped, yaml);
    group_run(&alone, (way){.alone = true});
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        group_run(&grouped, ways[i]);
        compare(yaml, &alone, &grouped);
        compare_sums(yaml, &grouped);
    }
    group_destroy(&alone);
    group_destroy(&grouped);
}

static void test_groups_have_the_bits_of_calls_alone(void **state)
{
    (void)state;
    for_all_networks(check_groups);
}

/* The gradient of the last layer, each part in pieces, from the last to the first. */
static void gradient_in_pieces(group *g, int pieces, nn_real *gradient)
{
    const nn_network *network = g->r.network;
    int l = network->layer_count - 1;
    const nn_layer *layer = &network->layers[l];
    for (int part = 0; part < layer->part_count; part++)
        for (int index = pieces - 1; index >= 0; index--) {
            nn_network_gradient_piece(network, l, part, (nn_network_piece){index, pieces}, g->r.weights,
                                      g->r.microbatch, g->r.scratch,
                                      gradient + layer->offset + layer->part_begin[part]);
            for (int64_t i = 0; i < network->scratch_values; i++) g->r.scratch[i] = (nn_real)NAN;
        }
}

static void check_pieces(const char *yaml)
{
    group g = {0};
    group_create(&g, yaml);
    group_run(&g, (way){.alone = true});
    const nn_network *network = g.r.network;
    const nn_layer *layer = &network->layers[network->layer_count - 1];
    for (int pieces = 1; nn_network_cuts(network, network->layer_count - 1) && pieces <= 5; pieces++) {
        for (int64_t i = 0; i < network->value_count; i++) g.gradients[1][i] = (nn_real)NAN;
        gradient_in_pieces(&g, pieces, g.gradients[1]);
        expect_same(yaml, "gradient in pieces", layer->value_count, g.gradients[0] + layer->offset,
                    g.gradients[1] + layer->offset);
    }
    group_destroy(&g);
}

static void test_pieces_have_the_bits_of_the_part(void **state)
{
    (void)state;
    for_all_networks(check_pieces);
    run r = run_tested("conv2d: {filters: 3, kernel: 3}");
    assert_true(nn_network_cuts(r.network, r.network->layer_count - 1));
    run_destroy(&r);
}

/* There is something to share: a share of two is not empty and not all, by layer. Convolutions and recurrent
 * layers pack. */
static void test_layers_are_shared_and_pack(void **state)
{
    (void)state;
    static const struct {
        const char *yaml;
        bool packs;
    } layers[] = {{"conv2d: {filters: 3, kernel: 3}", true},
                  {"lstm: 5", true},
                  {"gru: {units: 3}", true},
                  {"max_pool: 2", false},
                  {"prelu", false},
                  {"dropout: 0.5", false},
                  {"activation: gelu", false},
                  {"upsample", false},
                  {"concat", false}};
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) {
        run r = run_tested(layers[i].yaml);
        int tested = r.network->layer_count - 1;
        for (int pass = 0; pass < NN_PASSES; pass++) {
            assert_int_equal(nn_network_packed_values(r.network, tested, (nn_pass)pass) > 0, layers[i].packs);
            assert_true(r.network->layers[tested].division[pass][0].by_sample);
        }
        run_destroy(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_groups_have_the_bits_of_calls_alone),
        cmocka_unit_test(test_pieces_have_the_bits_of_the_part),
        cmocka_unit_test(test_layers_are_shared_and_pack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
