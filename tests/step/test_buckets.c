/* Buckets tile the flat vector; small layers have one in common, large ones several. A layer's weights are in
 * the buckets that it awaits. */
#include "../nn/build.h"

#include "step/buckets.h"

static nn_network *make_network(const char *const *layers)
{
    nn_network_spec spec = {.scalar = NN_SCALAR_REAL, .microbatch_size = 1};
    nn_network *network;
    for (; *layers; layers++) add_layer(&spec, *layers, NULL, NULL);
    spec.input.shape = (nn_shape){1, {1200}};
    expect_ok(nn_network_create(&spec, &network));
    return network;
}

static int64_t value_at(const nn_network *network, const nn_buckets *buckets, int64_t bucket)
{
    return network->block_begin[buckets->begin[bucket]];
}

static void check_layer(const nn_network *network, const nn_buckets *buckets, int l, int64_t begin)
{
    int64_t end = begin + network->layers[l].value_count, needed = buckets->needed[l];
    assert_true(value_at(network, buckets, needed) >= end);
    assert_true(needed == 0 || value_at(network, buckets, needed - 1) < end);
}

/* Returns the number of buckets. */
static int64_t check_buckets(const char *const *layers)
{
    nn_network *network = make_network(layers);
    nn_buckets buckets = {0};
    int64_t begin = 0, count;
    expect_ok(nn_buckets_make(network, &buckets));
    assert_int_equal(buckets.begin[0], 0);
    assert_int_equal(buckets.begin[buckets.count], network->block_count);
    for (int64_t b = 0; b < buckets.count; b++) {
        assert_true(buckets.begin[b] < buckets.begin[b + 1]);
        assert_true(value_at(network, &buckets, b + 1) - value_at(network, &buckets, b) < 3 << 20);
    }
    for (int l = 0; l < network->layer_count; begin += network->layers[l++].value_count)
        check_layer(network, &buckets, l, begin);
    assert_int_equal(buckets.needed[network->layer_count - 1], buckets.count);
    count = buckets.count;
    nn_buckets_release(&buckets);
    nn_network_destroy(network);
    return count;
}

static void small_layers_share_a_bucket(void **state)
{
    (void)state;
    assert_int_equal(
        check_buckets((const char *const[]){"dense: {units: 10}", "flatten", "dense: {units: 10}", NULL}), 1);
}

static void layers_without_weights_have_none(void **state)
{
    (void)state;
    assert_int_equal(check_buckets((const char *const[]){"flatten", NULL}), 0);
}

static void large_layers_are_cut(void **state)
{
    (void)state;
    int64_t count = check_buckets(
        (const char *const[]){"flatten", "dense: {units: 10}", "dense: {units: 3000}", "dense: {units: 1000}",
                              "flatten", "dense: {units: 7}", "dense: {units: 100}", NULL});
    assert_true(count >= 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_layers_share_a_bucket),
        cmocka_unit_test(layers_without_weights_have_none),
        cmocka_unit_test(large_layers_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
