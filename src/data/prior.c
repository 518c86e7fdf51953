/* The constant prediction of the baselines. */
#include <stdio.h>
#include <string.h>

#include "base/least.h"
#include "base/log.h"
#include "base/memory.h"
#include "data/blocks.h"
#include "data/request.h"

void nn_dataset_prior(const nn_dataset *dataset, int target, double *values)
{
    const nn_data_target *self = &dataset->targets[target];
    memcpy(values, self->prior, (size_t)self->prior_count * sizeof *values);
}

bool nn_dataset_knows_prior(const nn_dataset *dataset, int target)
{
    return dataset->targets[target].prior_known;
}

bool nn_dataset_counts(const nn_dataset *dataset, int target, const double *class_weights)
{
    const nn_data_target *self = &dataset->targets[target];
    if (!self->weighted) return true;
    for (int64_t c = 0; c < self->prior_count; c++)
        if (self->weighted[c] && (!class_weights || class_weights[c] > 0)) return true;
    return false;
}

/* Counts are exact in any order. At most this many ranks count, since each holds the counts of all; and only
 * as many as have this many samples each, since each may have to open the files. */
#define PRIOR_COUNTERS 64
#define PRIOR_SAMPLES ((int64_t)1 << 16)

/* Counts labels per class, then again those of samples with a positive weight. */
static nn_status prior_count_labels(const nn_dataset *dataset, nn_part part, const nn_view *view,
                                    int64_t begin, int64_t end, int64_t *counts)
{
    const nn_samples *samples = &dataset->parts[part];
    const nn_real *weights = dataset->weights[part].bytes;
    unsigned char *raw = NULL;
    int64_t *labels = NULL, classes = dataset->targets[view->target].prior_count;
    nn_blocks *blocks = NULL;
    nn_status status;
    NN_TRY_TO(done, status, nn_allocate((void **)&raw, view->raw_size, 1, "labels"));
    NN_TRY_TO(done, status, NN_ALLOCATE(&labels, view->values, "labels"));
    NN_TRY_TO(done, status, nn_blocks_create(samples->source, 1u << view->array, 2, &blocks));
    for (int64_t s = begin; s < end; s++) {
        int64_t row = nn_samples_row(samples, s) + view->first_row;
        NN_TRY_TO(done, status, nn_blocks_copy(blocks, view->array, row, view->rows, raw));
        nn_view_labels(view, &samples->source->arrays[view->array], raw, labels);
        int64_t labelled = nn_view_end(view, nn_dataset_length(dataset, part, s));
        for (int64_t i = 0; i < labelled; i++) {
            if (labels[i] < 0 || labels[i] >= classes) continue; /* ignored, or reported elsewhere */
            counts[labels[i]]++;
            counts[classes + labels[i]] += !weights || nn_scalar_get(dataset->scalar, weights, (size_t)s) > 0;
        }
    }
done:
    nn_blocks_destroy(blocks);
    nn_free(raw);
    nn_free(labels);
    return status;
}

/* counts: 2 x `classes` per counter; on return those of all counters. */
static nn_status prior_gather_counts(nn_comm *comm, const nn_dataset *dataset, nn_part part,
                                     const nn_view *view, int64_t classes, int64_t counters, size_t *sizes,
                                     int64_t *counts)
{
    int64_t rank = nn_comm_rank(comm), samples = dataset->parts[part].count;
    int64_t each = samples / counters, longer = samples % counters, *own = counts + rank * 2 * classes;
    nn_status status = NN_OK;
    for (int64_t r = 0; r < counters; r++) sizes[r] = (size_t)(2 * classes) * sizeof *counts;
    if (rank < counters) {
        int64_t begin = rank * each + nn_smaller(rank, longer);
        status = prior_count_labels(dataset, part, view, begin, begin + each + (rank < longer), own);
    }
    NN_TRY(nn_comm_agree(comm, status));
    return nn_comm_gather_all(comm, rank < counters ? own : NULL, sizes, counts);
}

/* totals: 2 x classes, zeros before: labels of each class, and those of samples with a positive weight. */
static nn_status prior_count(nn_comm *comm, const nn_dataset *dataset, nn_part part,
                             const nn_data_target *target, int64_t *totals)
{
    const nn_view *view = &dataset->views[target->first_view];
    int64_t classes = target->prior_count, counters = nn_smaller(nn_comm_size(comm), PRIOR_COUNTERS);
    counters = nn_smaller(counters, dataset->parts[part].count / PRIOR_SAMPLES + 1);
    int64_t *counts = NULL;
    size_t *sizes = NULL;
    nn_status status = NN_ALLOCATE(&counts, counters * 2 * classes, "the class proportions");
    if (status == NN_OK) status = NN_ALLOCATE(&sizes, nn_comm_size(comm), "the class proportions");
    NN_TRY_TO(done, status, nn_comm_agree(comm, status));
    NN_TRY_TO(done, status, prior_gather_counts(comm, dataset, part, view, classes, counters, sizes, counts));
    for (int64_t i = 0; i < counters * 2 * classes; i++) totals[i % (2 * classes)] += counts[i];
done:
    nn_free(counts);
    nn_free(sizes);
    return status;
}

static nn_status prior_classes(nn_comm *comm, const nn_dataset *dataset, nn_data_target *target)
{
    int64_t classes = target->prior_count, *totals = NULL;
    nn_status status = NN_ALLOCATE(&totals, 2 * classes, "the class proportions");
    if (status == NN_OK) status = NN_ALLOCATE(&target->weighted, classes, "the class proportions");
    NN_TRY_TO(done, status, nn_comm_agree(comm, status));
    NN_TRY_TO(done, status, prior_count(comm, dataset, NN_TRAIN, target, totals));
    for (int64_t c = 0; c < classes; c++) {
        target->prior[c] += (double)totals[c];
        target->weighted[c] = totals[classes + c] > 0;
    }
done:
    nn_free(totals);
    return status;
}

bool nn_dataset_counts_classes(const nn_dataset *dataset, nn_part part, int target)
{
    const nn_data_target *self = &dataset->targets[target];
    const nn_view *view = &dataset->views[self->first_view];
    const nn_samples *samples = &dataset->parts[part];
    return self->field.is_class && samples->count > 0 && !dataset->lenient && !dataset->describes &&
           nn_array_is_small(&samples->source->arrays[view->array]);
}

nn_status nn_dataset_count_classes(nn_comm *comm, const nn_dataset *dataset, nn_part part, int target,
                                   int64_t *counts)
{
    int64_t classes = dataset->targets[target].prior_count, *totals = NULL;
    nn_status status = NN_ALLOCATE(&totals, 2 * classes, "the class proportions");
    NN_TRY_TO(done, status, nn_comm_agree(comm, status));
    NN_TRY_TO(done, status, prior_count(comm, dataset, part, &dataset->targets[target], totals));
    memcpy(counts, totals, (size_t)classes * sizeof *counts);
done:
    nn_free(totals);
    return status;
}

/* Bad labels are reported as such; warnings about the remaining ones would mislead. */
static bool prior_is_spoilt(const nn_array *array, const nn_problems *problems)
{
    char start[512];
    snprintf(start, sizeof start, "data.%s.%s: ", array->part, array->key);
    return nn_problems_mention(problems, start, "the label ");
}

static void prior_warn(const char *name, const double *counts, int64_t classes)
{
    int64_t absent = 0, first = 0, present = 0;
    for (int64_t c = 0; c < classes; c++) present = counts[c] > 0 ? c : present;
    for (int64_t c = classes - 1; c >= 0; c--)
        if (counts[c] == 0) {
            absent++;
            first = c;
        }
    if (absent == classes - 1)
        nn_log_warning("all labels of data.train.%s are of class %lld: there is nothing to distinguish; is "
                       "this intended?",
                       name, (long long)present);
    else if (absent > 0)
        nn_log_warning("%lld of %lld classes %s no training sample (the first: class %lld): are the labels "
                       "numbered from 0 without gaps? If not, set data.fields.%s.first_label to the first "
                       "label, or list labels with gaps in data.fields.%s.labels, such as [10, 20, 30]",
                       (long long)absent, (long long)classes, absent == 1 ? "has" : "have", (long long)first,
                       name, name);
}

nn_status nn_prior_measure(nn_comm *comm, nn_dataset *dataset, const nn_problems *problems)
{
    if (dataset->parts[NN_TRAIN].count == 0) return NN_OK;
    for (int t = 0; t < dataset->target_count; t++) {
        nn_data_target *target = &dataset->targets[t];
        const nn_array *array = &dataset->sources[NN_TRAIN].arrays[dataset->views[target->first_view].array];
        double total = 0;
        if (!target->field.is_class || !nn_data_measures(dataset, target->first_view)) continue;
        NN_TRY(prior_classes(comm, dataset, target));
        for (int64_t c = 0; c < target->prior_count; c++) total += target->prior[c];
        bool spoilt = prior_is_spoilt(array, problems);
        if (spoilt && target->prior_count == 0) return nn_fail(NN_ERROR_DATA, "%s", problems->text.bytes);
        if (spoilt && total == 0) {
            nn_free(target->weighted); /* nor are their weights known */
            target->weighted = NULL;
            continue;
        }
        if (total == 0)
            return nn_array_context(array, nn_fail(NN_ERROR_DATA,
                                                   "no training sample has a label: all are ignored; repair "
                                                   "the labels, or change data.fields.%s.ignored_label",
                                                   array->key));
        if (!spoilt) prior_warn(target->field.name, target->prior, target->prior_count);
        for (int64_t c = 0; c < target->prior_count; c++) target->prior[c] /= total;
        target->prior_known = true;
    }
    return NN_OK;
}
