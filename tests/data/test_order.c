/* The order of training samples: every sample once per epoch, well mixed, without a table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/memory.h"
#include "data/order.h"
#include "opened.h"

static nn_split_runs make_runs(int64_t count, int64_t each, int64_t longer)
{
    nn_split_runs runs = {.full = count / each, .each = each};
    while (runs.full > 0 && runs.full * each + (longer < runs.full ? longer : runs.full) > count) runs.full--;
    runs.longer = longer < runs.full ? longer : runs.full;
    runs.of = runs.full;
    runs.last = count - runs.full * each - runs.longer;
    return runs;
}

static nn_order make_order(int shuffle, int64_t count, int64_t block, int64_t longer, int64_t window)
{
    return (nn_order){.shuffle = shuffle,
                      .seed = 5,
                      .count = count,
                      .blocks = make_runs(count, block, longer),
                      .window_total = window};
}

/* The block that a sample is in. */
static int64_t block_of(const nn_order *order, int64_t sample)
{
    int64_t block = 0;
    if (sample >= nn_split_runs_begin(&order->blocks, order->blocks.full)) return order->blocks.full;
    if (order->blocks.longer == 0) return sample / order->blocks.each;
    while (nn_split_runs_begin(&order->blocks, block + 1) <= sample) block++;
    return block;
}

static void check_bijection(const nn_order *order, int64_t epoch)
{
    bool *seen = calloc((size_t)order->count, sizeof *seen);
    for (int64_t p = 0; p < order->count; p++) {
        int64_t sample = nn_order_sample(order, epoch, p);
        if (sample < 0 || sample >= order->count || seen[sample])
            fail_msg("%lld samples in blocks of %lld, batch %lld, lanes %lld, shuffle %d: position %lld "
                     "gives %lld",
                     (long long)order->count, (long long)order->blocks.each, (long long)order->batch,
                     (long long)order->lanes, order->shuffle, (long long)p, (long long)sample);
        seen[sample] = true;
    }
    free(seen);
}

/* If it fails: an epoch misses samples and sees others twice. */
static void every_epoch_is_a_bijection(void **state)
{
    (void)state;
    static const int64_t counts[] = {1, 2, 7, 64, 999, 1013}, batches[] = {1, 7, 64, 2000},
                         lanes[] = {1, 2, 3, 8, 64};
    static const int64_t blocks[][2] = {{1, 0}, {10, 0}, {10, 7}, {64, 1}, {3000, 0}},
                         windows[] = {1, 100, 100000};
    for (int shuffle = NN_SHUFFLE_FULL; shuffle <= NN_SHUFFLE_NONE; shuffle++)
        for (size_t n = 0; n < 6; n++)
            for (size_t k = 0; k < 5; k++)
                for (size_t w = 0; w < 3; w++)
                    for (size_t b = 0; b < 4; b++)
                        for (size_t l = 0; l < 5; l++) {
                            nn_order order =
                                make_order(shuffle, counts[n], blocks[k][0], blocks[k][1], windows[w]);
                            nn_order_arrange(&order, batches[b], lanes[l]);
                            check_bijection(&order, (int64_t)(l + b));
                        }
}

/* If it fails: all epochs have the same order, or samples are hardly shuffled. */
static void epochs_differ(void **state)
{
    (void)state;
    for (int shuffle = NN_SHUFFLE_FULL; shuffle <= NN_SHUFFLE_BLOCK; shuffle++) {
        nn_order order = make_order(shuffle, 10000, 50, 0, 1000);
        nn_order_arrange(&order, 64, 4);
        int64_t same = 0, in_place = 0, neighbours = 0;
        for (int64_t p = 0; p < order.count; p++) {
            int64_t sample = nn_order_sample(&order, 3, p);
            same += sample == nn_order_sample(&order, 4, p);
            in_place += sample == p;
            neighbours += p > 0 && sample == nn_order_sample(&order, 3, p - 1) + 1;
        }
        assert_true(same < 30 && in_place < 30 && neighbours < 100);
        order.seed++;
        nn_order other = order;
        order.seed--;
        for (int64_t p = same = 0; p < order.count; p++)
            same += nn_order_sample(&order, 3, p) == nn_order_sample(&other, 3, p);
        assert_true(same < 30);
    }
}

/* ---- blocks ---- */

/* If it fails: every rank of a stream reads and unpacks the entire file in every epoch. */
static void a_lane_reads_its_own_blocks(void **state)
{
    (void)state;
    enum { COUNT = 100037, BLOCK = 100, BATCH = 120, LANES = 8, BLOCKS = COUNT / BLOCK + 1 };
    for (int64_t longer = 0; longer <= 333; longer += 333) {
        static bool reads[LANES][BLOCKS];
        int64_t all = 0;
        nn_order order = make_order(NN_SHUFFLE_BLOCK, COUNT, BLOCK, longer, LANES * 500);
        memset(reads, 0, sizeof reads);
        nn_order_arrange(&order, BATCH, LANES);
        assert_int_equal(order.lanes, LANES);
        for (int64_t p = 0; p < COUNT / BATCH * BATCH; p++)
            reads[p % BATCH * LANES / BATCH][block_of(&order, nn_order_sample(&order, 1, p))] = true;
        for (int64_t lane = 0; lane < LANES; lane++)
            for (int64_t b = 0; b < BLOCKS; b++) all += reads[lane][b];
        assert_true(all <= BLOCKS + LANES);
    }
}

/* If it fails: a lane's stream needs more blocks than planned, and reads them repeatedly. */
static void a_window_holds_few_blocks(void **state)
{
    (void)state;
    enum { COUNT = 64000, BLOCK = 100, BATCH = 64, LANES = 4, EACH = BATCH / LANES };
    nn_order order = make_order(NN_SHUFFLE_BLOCK, COUNT, BLOCK, 0, LANES * 1600);
    nn_order_arrange(&order, BATCH, LANES);
    for (int64_t window = 0; window < COUNT / LANES / 1600; window++) {
        bool seen[COUNT / BLOCK + 1] = {false};
        int64_t blocks = 0;
        for (int64_t i = 0; i < 1600; i++) {
            int64_t place = window * 1600 + i, position = place / EACH * BATCH + place % EACH;
            int64_t block = block_of(&order, nn_order_sample(&order, 0, position));
            blocks += !seen[block];
            seen[block] = true;
        }
        assert_true(blocks <= 1600 / BLOCK + 1);
    }
}

enum { SORTED = 65536, SORTED_CLASSES = 16, SORTED_BATCH = 64, SORTED_BLOCK = 256 };

/* For data sorted by class: the mean over batches of the chi-square of their classes, 15 if samples are drawn
 * at random; and the mean number of distinct blocks per batch. */
static void measure_mixing(const nn_order *order, double *chi_square, double *blocks)
{
    *chi_square = *blocks = 0;
    for (int64_t first = 0; first < SORTED; first += SORTED_BATCH) {
        bool seen[SORTED / SORTED_BLOCK + 1] = {false};
        double counts[SORTED_CLASSES] = {0}, expected = (double)SORTED_BATCH / SORTED_CLASSES;
        for (int64_t p = first; p < first + SORTED_BATCH; p++) {
            int64_t sample = nn_order_sample(order, 0, p), block = block_of(order, sample);
            counts[sample * SORTED_CLASSES / SORTED]++;
            *blocks += !seen[block];
            seen[block] = true;
        }
        for (int c = 0; c < SORTED_CLASSES; c++)
            *chi_square += (counts[c] - expected) * (counts[c] - expected) / expected;
    }
    *chi_square /= SORTED / SORTED_BATCH;
    *blocks /= SORTED / SORTED_BATCH;
}

/* If it fails: batches of a stream are so homogeneous that training suffers. */
static void blocks_are_mixed_well(void **state)
{
    (void)state;
    double full[2], block[2], lanes[2];
    nn_order order = make_order(NN_SHUFFLE_FULL, SORTED, SORTED_BLOCK, 0, 32 * SORTED_BLOCK);
    nn_order_arrange(&order, SORTED_BATCH, 1);
    measure_mixing(&order, &full[0], &full[1]);
    order.shuffle = NN_SHUFFLE_BLOCK;
    measure_mixing(&order, &block[0], &block[1]);
    nn_order_arrange(&order, SORTED_BATCH, 8);
    measure_mixing(&order, &lanes[0], &lanes[1]);
    print_message(
        "chi-square (15 at random) and blocks a batch of 64: full %.1f %.1f, blocks %.1f %.1f, in 8 lanes "
        "%.1f %.1f\n",
        full[0], full[1], block[0], block[1], lanes[0], lanes[1]);
    assert_true(full[0] < 17 && full[1] > 50);
    assert_true(block[0] < 3 * full[0] && block[1] > 24);
    assert_true(lanes[0] < 3 * full[0] && lanes[1] > 24);
}

/* ---- large and balanced ---- */

/* If it fails: the order of a very large data set overflows, or needs memory per sample. */
static void ten_billion_samples_need_no_memory(void **state)
{
    (void)state;
    enum { LOOKS = 5000 };
    const int64_t count = INT64_C(10000000007);
    static int64_t found[LOOKS];
    for (int shuffle = NN_SHUFFLE_FULL; shuffle <= NN_SHUFFLE_NONE; shuffle++) {
        size_t before = nn_memory_in_use();
        nn_order order = make_order(shuffle, count, 1000, 12345, 1000000);
        nn_order_arrange(&order, 4096, 256);
        int64_t far = 0;
        for (int64_t i = 0; i < LOOKS; i++) {
            int64_t position = i < 100 ? i : i < 200 ? count - 1 - (i - 100) : i * (count / LOOKS);
            found[i] = nn_order_sample(&order, 1000000, position);
            assert_true(found[i] >= 0 && found[i] < count);
            for (int64_t j = 0; j < i; j++) assert_true(found[i] != found[j]);
            far += found[i] > count / 2;
        }
        assert_true(far > LOOKS / 3 && far < LOOKS * 2 / 3);
        assert_int_equal(nn_memory_in_use(), before);
    }
}

/* If it fails: rare classes are still rare, or some of their samples are never drawn. */
static void balanced_draws_every_class_equally(void **state)
{
    (void)state;
    write_split_file();
    nn_data_options options = files_options();
    options.balanced = true;
    nn_dataset *dataset = open_ok(&options, true);
    int64_t count = nn_dataset_count(dataset, NN_TRAIN), differ = 0;
    int drawn[SPLIT_ROWS] = {0};
    assert_int_equal(count, SPLIT_ROWS);
    for (int64_t p = 0; p < count; p += 4) {
        bool seen[4] = {false};
        for (int64_t i = p; i < p + 4; i++) {
            int64_t sample = nn_dataset_order(dataset, NN_TRAIN, 2, i);
            int64_t label = split_label(nn_dataset_row(dataset, NN_TRAIN, sample));
            assert_false(seen[label]);
            seen[label] = true;
            drawn[sample]++;
            differ += sample != nn_dataset_order(dataset, NN_TRAIN, 3, i);
        }
    }
    for (int64_t s = 0; s < SPLIT_ROWS; s++) {
        static const int least[4] = {0, 0, 2, 83};
        int times = least[split_label(nn_dataset_row(dataset, NN_TRAIN, s))];
        assert_true(drawn[s] == times || drawn[s] == times + 1);
    }
    assert_true(differ > 700);
    nn_dataset_close(dataset);
}

/* If it fails: the trained bits depend on where the data is kept. */
static void the_cache_does_not_change_the_order(void **state)
{
    (void)state;
    write_split_file();
    for (int shuffle = NN_SHUFFLE_AUTO; shuffle <= NN_SHUFFLE_NONE; shuffle++)
        for (int balanced = 0; balanced < 2; balanced++) {
            nn_data_options options = files_options();
            nn_dataset *datasets[2];
            options.split.validation = 0.2;
            options.shuffle = shuffle;
            options.shuffle_window = 0.0005;
            options.balanced = balanced;
            for (int i = 0; i < 2; i++) {
                options.cache = i == 0 ? NN_CACHE_MEMORY : NN_CACHE_STREAM;
                options.memory = i == 0 ? 100 : 1;
                datasets[i] = open_ok(&options, true);
                assert_int_equal(nn_dataset_arrange(datasets[i], 30, 5), NN_OK);
            }
            for (int64_t p = 0; p < nn_dataset_count(datasets[0], NN_TRAIN); p++) {
                int64_t sample = nn_dataset_order(datasets[0], NN_TRAIN, 1, p);
                assert_int_equal(sample, nn_dataset_order(datasets[1], NN_TRAIN, 1, p));
                assert_int_equal(nn_dataset_row(datasets[0], NN_TRAIN, sample),
                                 nn_dataset_row(datasets[1], NN_TRAIN, sample));
            }
            for (int64_t p = 0; p < nn_dataset_count(datasets[0], NN_VALIDATION); p++)
                assert_int_equal(nn_dataset_order(datasets[0], NN_VALIDATION, 1, p), p);
            for (int i = 0; i < 2; i++) nn_dataset_close(datasets[i]);
        }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_epoch_is_a_bijection),
        cmocka_unit_test(epochs_differ),
        cmocka_unit_test(a_lane_reads_its_own_blocks),
        cmocka_unit_test(a_window_holds_few_blocks),
        cmocka_unit_test(blocks_are_mixed_well),
        cmocka_unit_test(ten_billion_samples_need_no_memory),
        cmocka_unit_test(balanced_draws_every_class_equally),
        cmocka_unit_test(the_cache_does_not_change_the_order),
    };
    int failures;
    RUN_TESTS(argc, argv, tests, failures);
    return failures;
}
