/* The best constant guess. */
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "data/internal.h"
#include "data/statistics.h"

void nn_dataset_prior(const nn_dataset *dataset, double *values)
{
    memcpy(values, dataset->prior, (size_t)dataset->prior_count * sizeof *values);
}

static nn_status prior_values(nn_comm *comm, nn_dataset *dataset)
{
    const nn_scaling *scaling = &dataset->fields[NN_Y].scaling;
    double *prior = dataset->prior;
    NN_TRY(nn_statistics_mean(comm, &dataset->parts[NN_TRAIN], NN_Y, dataset->prior_count, prior));
    for (int64_t i = 0; scaling->columns > 0 && i < dataset->prior_count; i++) {
        int64_t column = i % scaling->columns;
        prior[i] = prior[i] * scaling->scale[column] + scaling->offset[column];
    }
    return NN_OK;
}

/* Numbers of samples, which are exact in any order; no more ranks than this count, as each holds the counts
 * of all. */
#define PRIOR_COUNTERS 64

static void prior_count_labels(const nn_samples *train, int64_t begin, int64_t end, int64_t *counts)
{
    for (int64_t s = begin; s < end; s++) {
        double label;
        nn_array_convert(&train->arrays[NN_Y], nn_samples_row(train, s), 0, 1, &label);
        counts[(int64_t)label]++;
    }
}

/* counts: `classes` a counter, those of all counters in the end. */
static nn_status prior_gather_counts(nn_comm *comm, const nn_samples *train, int64_t classes,
                                     int64_t counters, size_t *sizes, int64_t *counts)
{
    int64_t rank = nn_comm_rank(comm), each = train->count / counters, longer = train->count % counters;
    for (int64_t r = 0; r < counters; r++) sizes[r] = (size_t)classes * sizeof *counts;
    if (rank < counters) {
        int64_t begin = rank * each + nn_array_smaller(rank, longer);
        prior_count_labels(train, begin, begin + each + (rank < longer), counts + rank * classes);
    }
    const int64_t *own = rank < counters ? counts + rank * classes : NULL;
    return nn_comm_gather_all(comm, own, sizes, counts);
}

static nn_status prior_classes(nn_comm *comm, nn_dataset *dataset)
{
    const nn_samples *train = &dataset->parts[NN_TRAIN];
    int64_t classes = dataset->prior_count, counters = nn_array_smaller(nn_comm_size(comm), PRIOR_COUNTERS);
    int64_t *counts = NULL;
    size_t *sizes = NULL;
    nn_status status;
    NN_TRY_TO(done, status,
              nn_comm_agree(comm, NN_ALLOCATE(&counts, counters * classes, "the shares of the classes")));
    NN_TRY_TO(done, status,
              nn_comm_agree(comm, NN_ALLOCATE(&sizes, nn_comm_size(comm), "the shares of the classes")));
    NN_TRY_TO(done, status, prior_gather_counts(comm, train, classes, counters, sizes, counts));
    for (int64_t i = 0; i < counters * classes; i++) dataset->prior[i % classes] += (double)counts[i];
done:
    nn_free(counts);
    nn_free(sizes);
    return status;
}

static void prior_warn(const double *counts, int64_t classes)
{
    int64_t absent = 0, first = 0;
    for (int64_t c = classes - 1; c >= 0; c--)
        if (counts[c] == 0) {
            absent++;
            first = c;
        }
    if (absent > 0)
        nn_log_warning("%lld of %lld classes have no sample to train on, class %lld the first: labels count "
                       "from 0 without gaps",
                       (long long)absent, (long long)classes, (long long)first);
}

nn_status nn_prior_measure(nn_comm *comm, nn_dataset *dataset)
{
    const nn_field *target = &dataset->fields[NN_Y].field;
    const nn_samples *train = &dataset->parts[NN_TRAIN];
    dataset->prior_count = target->is_class ? target->classes : nn_shape_count(target->shape);
    NN_TRY(
        nn_comm_agree(comm, NN_ALLOCATE(&dataset->prior, dataset->prior_count, "the best constant guess")));
    if (train->count == 0) return NN_OK;
    if (!target->is_class) return prior_values(comm, dataset);
    NN_TRY(prior_classes(comm, dataset));
    prior_warn(dataset->prior, target->classes);
    for (int64_t c = 0; c < target->classes; c++) dataset->prior[c] /= (double)train->count;
    return NN_OK;
}
