/* The paired bootstrap and McNemar's test. */
#include "judge/comparison.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/least.h"
#include "base/memory.h"
#include "base/philox.h"
#include "host/pulse.h"
#include "step/each.h"

/* ---- replicates ---- */

/* What a thread draws in. */
typedef struct comparison_thread {
    uint32_t *times;
    double *scratch;
} comparison_thread;

typedef struct comparison_work {
    const nn_states *a, *b;
    const nn_comparison *comparison;
    int rank, ranks;
    comparison_thread *threads;
    double *differences; /* of each result, the replicates; bits of 0 where another rank computes them */
} comparison_work;

/* How often each sample is drawn. 64 bits for each draw: the product of 128 bits is taken in halves, and its
 * upper half is uniform to within 2^-32. */
static void comparison_draw(uint64_t seed, int64_t replicate, int64_t samples, uint32_t *times)
{
    const nn_random stream = {seed, NN_RANDOM_RESAMPLE, (uint32_t)replicate};
    uint64_t count = (uint64_t)samples; /* below 2^32 */
    memset(times, 0, (size_t)samples * sizeof *times);
    for (int64_t i = 0; i < samples; i += 2) {
        uint32_t words[4];
        nn_random_words(stream, (uint64_t)i / 2, words);
        for (int64_t d = 0; d < 2 && i + d < samples; d++) {
            uint64_t low = (words[2 * d] * count) >> 32;
            times[(words[2 * d + 1] * count + low) >> 32]++;
        }
    }
}

/* A replicate of this rank. */
static void comparison_replicate(void *context, int64_t index, int thread)
{
    const comparison_work *work = context;
    const nn_comparison *comparison = work->comparison;
    const comparison_thread *own = &work->threads[thread];
    int64_t replicate = work->rank + index * work->ranks;
    double of_a[NN_STATES_RESULTS], of_b[NN_STATES_RESULTS];
    comparison_draw(comparison->seed, replicate, comparison->samples, own->times);
    nn_states_draw(work->a, own->times, own->scratch, of_a);
    nn_states_draw(work->b, own->times, own->scratch, of_b);
    for (int r = 0; r < comparison->count; r++) {
        double difference = of_b[comparison->results[r].at[1]] - of_a[comparison->results[r].at[0]];
        work->differences[r * comparison->replicates + replicate] =
            isfinite(difference) ? difference : (double)NAN;
    }
    nn_pulse();
}

static nn_status comparison_reserve(const comparison_work *work, int threads)
{
    int64_t scratch = nn_larger(nn_states_scratch(work->a), nn_states_scratch(work->b));
    for (int t = 0; t < threads; t++) {
        NN_TRY(NN_ALLOCATE(&work->threads[t].times, work->comparison->samples, "the samples of a bootstrap"));
        NN_TRY(NN_ALLOCATE(&work->threads[t].scratch, scratch, "a bootstrap"));
    }
    return NN_OK;
}

static nn_status comparison_replicates(const nn_states *a, const nn_states *b, int threads,
                                       const nn_comparison *comparison, double *differences)
{
    comparison_work work = {.a = a,
                            .b = b,
                            .comparison = comparison,
                            .rank = nn_comm_rank(a->comm),
                            .ranks = nn_comm_size(a->comm),
                            .differences = differences};
    nn_status status = NN_ALLOCATE(&work.threads, threads, "the threads of a bootstrap");
    if (status == NN_OK) status = comparison_reserve(&work, threads);
    status = nn_comm_agree(a->comm, status);
    if (status == NN_OK) {
        int64_t own = (comparison->replicates - work.rank + work.ranks - 1) / work.ranks;
        nn_step_each(threads, own, comparison_replicate, &work);
        status = nn_comm_sum_integers(a->comm, (uint64_t *)(void *)differences,
                                      (size_t)(comparison->count * comparison->replicates));
    }
    for (int t = 0; work.threads && t < threads; t++) {
        nn_free(work.threads[t].times);
        nn_free(work.threads[t].scratch);
    }
    nn_free(work.threads);
    return status;
}

/* ---- intervals ---- */

static int comparison_ascend(const void *x, const void *y)
{
    double left = *(const double *)x, right = *(const double *)y;
    return (left > right) - (left < right);
}

/* Between the two nearest of sorted values, as numpy and R do (Hyndman, Fan 1996: definition 7). */
static double comparison_quantile(int64_t count, const double *sorted, double fraction)
{
    double place = fraction * (double)(count - 1);
    int64_t below = (int64_t)place;
    if (below + 1 >= count) return sorted[count - 1];
    return sorted[below] + (place - (double)below) * (sorted[below + 1] - sorted[below]);
}

static void comparison_interval(int64_t replicates, double *differences, nn_compared *result)
{
    int64_t count = 0;
    double better = 0, tail = (1 - NN_COMPARISON_LEVEL) / 2;
    double point = result->values[1] - result->values[0];
    for (int64_t r = 0; r < replicates; r++) {
        double difference = differences[r];
        if (isnan(difference)) continue;
        better += difference == 0 ? 0.5 : (difference > 0) == result->higher_is_better;
        differences[count++] = difference;
    }
    result->undefined = replicates - count;
    result->low = result->high = result->basic_low = result->basic_high = result->better = NAN;
    if (count == 0 || !isfinite(point)) return;
    qsort(differences, (size_t)count, sizeof *differences, comparison_ascend);
    result->low = comparison_quantile(count, differences, tail);
    result->high = comparison_quantile(count, differences, 1 - tail);
    result->basic_low = 2 * point - result->high;
    result->basic_high = 2 * point - result->low;
    result->better = better / (double)count;
}

const char *nn_compared_verdict(const nn_compared *result)
{
    if (isnan(result->low)) return "undefined";
    if (result->low <= 0 && result->high >= 0) return "none";
    return (result->low > 0) == result->higher_is_better ? "b" : "a";
}

/* ---- McNemar's test ---- */

/* Twice the probability of at most `fewer` of `count` flips of a coin, below 25 of them. */
static double mcnemar_binomial(int64_t count, int64_t fewer)
{
    double ways = 1, sum = 0;
    for (int64_t k = 0; k <= fewer; k++) {
        sum += ways;
        ways = ways * (double)(count - k) / (double)(k + 1);
    }
    double p = ldexp(2 * sum, -(int)count);
    return p < 1 ? p : 1;
}

static void mcnemar_test(nn_mcnemar *test)
{
    int64_t count = test->only_a + test->only_b;
    double distance = fabs((double)(test->only_a - test->only_b)) - 1;
    test->exact = count < NN_MCNEMAR_EXACT;
    test->statistic = NAN;
    if (test->exact) {
        test->p = mcnemar_binomial(count, nn_smaller(test->only_a, test->only_b));
        return;
    }
    if (distance < 0) distance = 0;
    test->statistic = distance * distance / (double)count;
    test->p = erfc(sqrt(test->statistic / 2));
}

static void mcnemar_head(const nn_states *a, const nn_states *b, int of_a, int of_b, nn_mcnemar *test)
{
    *test = (nn_mcnemar){.name = a->model->heads[of_a].name, .possible = true};
    for (int64_t i = 0; i < a->samples; i++) {
        int hit_a = nn_states_hit(a, of_a, i), hit_b = nn_states_hit(b, of_b, i);
        test->possible &= hit_a != -2 && hit_b != -2;
        test->only_a += hit_a == 1 && hit_b == 0;
        test->only_b += hit_a == 0 && hit_b == 1;
    }
    if (test->possible) mcnemar_test(test);
}

static void comparison_tests(const nn_states *a, const nn_states *b, nn_comparison *comparison)
{
    for (int h = 0; h < a->model->head_count; h++) {
        if (a->layout.answers[h] < 0) continue;
        for (int other = 0; other < b->model->head_count; other++)
            if (strcmp(a->model->heads[h].name, b->model->heads[other].name) == 0 &&
                b->layout.answers[other] >= 0)
                mcnemar_head(a, b, h, other, &comparison->mcnemar[comparison->tests++]);
    }
}

nn_status nn_comparison_run(const nn_states *a, const nn_states *b, int threads, nn_comparison *comparison)
{
    double *differences = NULL;
    int64_t size = nn_larger(comparison->count, 1) * comparison->replicates;
    comparison->samples = a->samples;
    nn_status status =
        nn_comm_agree(a->comm, NN_ALLOCATE(&differences, size, "the replicates of a bootstrap"));
    if (status == NN_OK) status = comparison_replicates(a, b, threads, comparison, differences);
    for (int r = 0; status == NN_OK && r < comparison->count; r++)
        comparison_interval(comparison->replicates, differences + r * comparison->replicates,
                            &comparison->results[r]);
    if (status == NN_OK) comparison_tests(a, b, comparison);
    nn_free(differences);
    return status;
}
