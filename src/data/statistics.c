/*
 * Sums over the samples of a part: in double over chunks of samples, then in the canonical tree over the
 * chunks. Each rank computes the maximal nodes of its share of the chunks, all ranks get all nodes and finish
 * the tree, so that the order of additions depends on the samples alone. The variance takes two passes.
 */
#include "data/statistics.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/tree.h"
#include "tensor/vectorize.h"

#define STATISTICS_CHUNK 1024

/* More ranks would save no time that counts, and each rank holds the nodes of all. */
#define STATISTICS_WORKERS 64

/* A way to combine values: `add` takes `count` values of a sample, one partial each, and `merge` partials. */
typedef struct statistics_kind {
    double start;
    void (*add)(int64_t count, const double *values, const double *center, double *partials);
    void (*merge)(int64_t count, const double *from, double *into);
} statistics_kind;

NN_VECTORIZED
static void statistics_add_sum(int64_t count, const double *values, const double *center, double *partials)
{
    for (int64_t i = 0; i < count; i++) partials[i] += values[i] - center[i];
}

NN_VECTORIZED
static void statistics_add_square(int64_t count, const double *values, const double *center, double *partials)
{
    for (int64_t i = 0; i < count; i++) partials[i] += (values[i] - center[i]) * (values[i] - center[i]);
}

static void statistics_merge_sum(int64_t count, const double *from, double *into)
{
    for (int64_t i = 0; i < count; i++) into[i] += from[i];
}

static void statistics_merge_minimum(int64_t count, const double *from, double *into)
{
    for (int64_t i = 0; i < count; i++) into[i] = from[i] < into[i] ? from[i] : into[i];
}

static void statistics_merge_maximum(int64_t count, const double *from, double *into)
{
    for (int64_t i = 0; i < count; i++) into[i] = from[i] > into[i] ? from[i] : into[i];
}

static void statistics_add_minimum(int64_t count, const double *values, const double *center,
                                   double *partials)
{
    (void)center;
    statistics_merge_minimum(count, values, partials);
}

static void statistics_add_maximum(int64_t count, const double *values, const double *center,
                                   double *partials)
{
    (void)center;
    statistics_merge_maximum(count, values, partials);
}

static const statistics_kind statistics_sum = {0, statistics_add_sum, statistics_merge_sum};
static const statistics_kind statistics_square = {0, statistics_add_square, statistics_merge_sum};
static const statistics_kind statistics_minimum = {INFINITY, statistics_add_minimum,
                                                   statistics_merge_minimum};
static const statistics_kind statistics_maximum = {-INFINITY, statistics_add_maximum,
                                                   statistics_merge_maximum};

/* One measurement at work. */
typedef struct statistics_work {
    const nn_samples *samples;
    const nn_array *array;
    const statistics_kind *kind;
    int64_t columns;
    double *center;         /* of each value of a sample */
    double *partials;       /* one a value of a sample */
    double *stack;          /* `columns` a level of the tree */
    nn_tree_node *nodes;    /* of all workers, from left to right */
    double *sums;           /* of the nodes */
    size_t *sizes;          /* bytes of the nodes' sums, by rank */
    int64_t own, own_count; /* the nodes of this rank */
    int64_t taken;          /* nodes that the end of the tree has used */
} statistics_work;

static int64_t statistics_chunks(const nn_samples *samples)
{
    return (samples->count - 1) / STATISTICS_CHUNK + 1;
}

/* The maximal nodes of all ranks. */
static int64_t statistics_share(nn_comm *comm, statistics_work *work)
{
    int64_t chunks = statistics_chunks(work->samples), count = 0;
    int workers = (int)nn_array_smaller(nn_comm_size(comm), STATISTICS_WORKERS);
    for (int r = 0; r < workers; r++) {
        nn_tree_node share = nn_tree_share(chunks, r, workers);
        int nodes = nn_tree_cover(chunks, share.begin, share.end, work->nodes + count);
        work->sizes[r] = (size_t)nodes * (size_t)work->columns * sizeof *work->sums;
        if (r == nn_comm_rank(comm)) {
            work->own = count;
            work->own_count = nodes;
        }
        count += nodes;
    }
    return count;
}

static nn_status statistics_create(nn_comm *comm, const nn_samples *samples, int array, int64_t columns,
                                   statistics_work *work)
{
    int64_t levels = 2;
    *work = (statistics_work){.samples = samples, .array = &samples->arrays[array], .columns = columns};
    for (int64_t chunks = statistics_chunks(samples); chunks > 1; chunks /= 2) levels++;
    int64_t workers = nn_array_smaller(nn_comm_size(comm), STATISTICS_WORKERS);
    NN_TRY(NN_ALLOCATE(&work->center, work->array->values, "statistics of the data"));
    NN_TRY(NN_ALLOCATE(&work->partials, work->array->values, "statistics of the data"));
    NN_TRY(NN_ALLOCATE(&work->stack, levels * columns, "statistics of the data"));
    NN_TRY(NN_ALLOCATE(&work->nodes, workers * NN_TREE_COVER_MAX, "statistics of the data"));
    NN_TRY(NN_ALLOCATE(&work->sizes, nn_comm_size(comm), "statistics of the data"));
    return NN_ALLOCATE(&work->sums, statistics_share(comm, work) * columns, "statistics of the data");
}

static void statistics_release(statistics_work *work)
{
    nn_free(work->center);
    nn_free(work->partials);
    nn_free(work->stack);
    nn_free(work->nodes);
    nn_free(work->sizes);
    nn_free(work->sums);
}

static void statistics_add_sample(const statistics_work *work, int64_t row)
{
    _Alignas(NN_ALIGNMENT) double values[NN_ARRAY_BLOCK];
    for (int64_t at = 0; at < work->array->values; at += NN_ARRAY_BLOCK) {
        int64_t count = nn_array_smaller(NN_ARRAY_BLOCK, work->array->values - at);
        nn_array_convert(work->array, row, at, count, values);
        work->kind->add(count, values, work->center + at, work->partials + at);
    }
}

static void statistics_chunk(const statistics_work *work, int64_t chunk, double *result)
{
    int64_t values = work->array->values, columns = work->columns;
    int64_t begin = chunk * STATISTICS_CHUNK;
    int64_t end = nn_array_smaller(begin + STATISTICS_CHUNK, work->samples->count);
    for (int64_t i = 0; i < values; i++) work->partials[i] = work->kind->start;
    for (int64_t c = 0; c < columns; c++) result[c] = work->kind->start;
    for (int64_t s = begin; s < end; s++) statistics_add_sample(work, nn_samples_row(work->samples, s));
    for (int64_t at = 0; at < values; at += columns) work->kind->merge(columns, work->partials + at, result);
}

/* The sum of a node; `stack` has room for one sum a level below. */
static void statistics_node(const statistics_work *work, nn_tree_node node, double *result, double *stack)
{
    if (node.end - node.begin == 1) {
        statistics_chunk(work, node.begin, result);
        return;
    }
    int64_t middle = nn_tree_split(node.begin, node.end);
    statistics_node(work, (nn_tree_node){node.begin, middle}, result, stack);
    statistics_node(work, (nn_tree_node){middle, node.end}, stack, stack + work->columns);
    work->kind->merge(work->columns, stack, result);
}

/* The same from the nodes that the ranks have computed, which come from left to right. */
static void statistics_finish(statistics_work *work, nn_tree_node node, double *result, double *stack)
{
    nn_tree_node done = work->nodes[work->taken];
    if (done.begin == node.begin && done.end == node.end) {
        memcpy(result, work->sums + work->taken * work->columns, (size_t)work->columns * sizeof *result);
        work->taken++;
        return;
    }
    int64_t middle = nn_tree_split(node.begin, node.end);
    statistics_finish(work, (nn_tree_node){node.begin, middle}, result, stack);
    statistics_finish(work, (nn_tree_node){middle, node.end}, stack, stack + work->columns);
    work->kind->merge(work->columns, stack, result);
}

/* `columns` results of a kind over all samples. center: of each column. Collective. */
static nn_status statistics_measure(nn_comm *comm, statistics_work *work, const statistics_kind *kind,
                                    const double *center, double *result)
{
    work->kind = kind;
    work->taken = 0;
    for (int64_t i = 0; i < work->array->values; i++) work->center[i] = center[i % work->columns];
    for (int64_t n = work->own; n < work->own + work->own_count; n++)
        statistics_node(work, work->nodes[n], work->sums + n * work->columns, work->stack);
    NN_TRY(nn_comm_gather_all(comm, work->sums + work->own * work->columns, work->sizes, work->sums));
    statistics_finish(work, (nn_tree_node){0, statistics_chunks(work->samples)}, result, work->stack);
    return NN_OK;
}

/* Divides by the number of values in a column. */
static void statistics_divide(const statistics_work *work, double *sums)
{
    int64_t of_sample = work->array->values / work->columns;
    double count = (double)work->samples->count * (double)of_sample;
    for (int64_t c = 0; c < work->columns; c++) sums[c] /= count;
}

/* Sums of the differences from the first sample: small numbers, and exactly 0 where a column is constant.
 * `first` is scratch. */
static nn_status statistics_mean(nn_comm *comm, statistics_work *work, double *first, double *mean)
{
    nn_array_convert(work->array, nn_samples_row(work->samples, 0), 0, work->columns, first);
    NN_TRY(statistics_measure(comm, work, &statistics_sum, first, mean));
    statistics_divide(work, mean);
    for (int64_t c = 0; c < work->columns; c++) mean[c] += first[c];
    return NN_OK;
}

static nn_status statistics_standardize(nn_comm *comm, statistics_work *work, nn_scaling *scaling)
{
    double *mean = scaling->offset, *variance = scaling->scale;
    NN_TRY(statistics_mean(comm, work, variance, mean));
    NN_TRY(statistics_measure(comm, work, &statistics_square, mean, variance));
    statistics_divide(work, variance);
    for (int64_t c = 0; c < work->columns; c++) {
        double deviation = sqrt(variance[c]);
        scaling->scale[c] = deviation > 0 ? 1 / deviation : 1;
        scaling->offset[c] = -mean[c] * scaling->scale[c];
    }
    return NN_OK;
}

static nn_status statistics_unit_range(nn_comm *comm, statistics_work *work, nn_scaling *scaling)
{
    double *least = scaling->offset, *most = scaling->scale;
    NN_TRY(statistics_measure(comm, work, &statistics_minimum, least, least));
    NN_TRY(statistics_measure(comm, work, &statistics_maximum, most, most));
    for (int64_t c = 0; c < work->columns; c++) {
        double range = most[c] - least[c];
        scaling->scale[c] = range > 0 ? 1 / range : 1;
        scaling->offset[c] = -least[c] * scaling->scale[c];
    }
    return NN_OK;
}

static nn_status statistics_check(const nn_array *array, const nn_scaling *scaling)
{
    for (int64_t c = 0; c < scaling->columns; c++)
        if (!isfinite(scaling->scale[c]) || !isfinite(scaling->offset[c]) || scaling->scale[c] == 0)
            return nn_array_context(
                array,
                nn_fail(NN_ERROR_DATA,
                        "the values of column %lld are too large or too close together to be normalised: "
                        "store them in other units, or set data.fields.%s.normalize: none",
                        (long long)c, array->key));
    return NN_OK;
}

nn_status nn_statistics_mean(nn_comm *comm, const nn_samples *samples, int array, int64_t columns,
                             double *mean)
{
    statistics_work work = {0};
    double *first = NULL;
    nn_status status;
    NN_TRY_TO(done, status, nn_comm_agree(comm, NN_ALLOCATE(&first, columns, "statistics of the data")));
    NN_TRY_TO(done, status, nn_comm_agree(comm, statistics_create(comm, samples, array, columns, &work)));
    status = statistics_mean(comm, &work, first, mean);
done:
    nn_free(first);
    statistics_release(&work);
    return status;
}

nn_status nn_statistics_scaling(nn_comm *comm, const nn_samples *samples, int array, nn_normalize normalize,
                                nn_scaling *scaling)
{
    statistics_work work;
    nn_status status = nn_comm_agree(comm, statistics_create(comm, samples, array, scaling->columns, &work));
    if (status == NN_OK)
        status = normalize == NN_NORMALIZE_UNIT_RANGE ? statistics_unit_range(comm, &work, scaling)
                                                      : statistics_standardize(comm, &work, scaling);
    if (status == NN_OK) status = statistics_check(work.array, scaling);
    statistics_release(&work);
    return status;
}
