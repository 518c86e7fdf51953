/*
 * Folds for cross-validation: what the test part leaves is cut into folds, each of which is the validation
 * part of one run.
 *
 * Samples are dealt out in turn, in a random order or class by class, so that a fold is arithmetic on the
 * number of a sample and needs no table. In time, training must not see what comes after: fold k trains on
 * the blocks before the one it validates on (an expanding window; Tashman: Out-of-sample tests of forecasting
 * accuracy, International Journal of Forecasting 16, 2000).
 */
#include <stdlib.h>

#include "base/least.h"
#include "base/memory.h"
#include "data/dataset_internal.h"

/* Folds whose samples are listed; of more, the range is shown. */
#define FOLDS_LISTED 20

/* ---- single samples ---- */

int64_t nn_split_fold_count(nn_split_fold fold)
{
    return (fold.of - fold.fold + fold.folds - 1) / fold.folds;
}

int64_t nn_split_fold_sample(nn_split_fold fold, bool validation, int64_t sample)
{
    if (validation) return sample * fold.folds + fold.fold;
    int64_t others = fold.folds - 1, place = sample % others;
    return sample / others * fold.folds + place + (place >= fold.fold);
}

/* ---- in time ---- */

double nn_split_fold_edge(int64_t folds, int64_t block)
{
    return (double)block / (double)(folds + 1);
}

/* ---- whole groups ---- */

static int folds_by_size(const void *a, const void *b)
{
    const nn_split_unit *one = a, *other = b;
    if (one->size != other->size) return one->size > other->size ? -1 : 1;
    if (one->place != other->place) return one->place < other->place ? -1 : 1;
    return one->id < other->id ? -1 : one->id > other->id;
}

static int64_t folds_lightest(const int64_t *samples, int64_t folds)
{
    int64_t lightest = 0;
    for (int64_t f = 1; f < folds; f++)
        if (samples[f] < samples[lightest]) lightest = f;
    return lightest;
}

nn_status nn_split_assign_folds(const nn_split_options *split, int64_t first, int64_t count,
                                nn_split_unit *units)
{
    int64_t *samples = NULL;
    bool files = split->by == NN_SPLIT_BY_FILE;
    if (count - first < split->folds)
        NN_FAIL(NN_ERROR_DATA,
                "data.split.folds: %lld %s cannot make %lld folds, as none is divided between two: use fewer "
                "folds",
                (long long)(count - first), files ? "files" : "groups", (long long)split->folds);
    NN_TRY(NN_ALLOCATE(&samples, split->folds, "the folds of a split"));
    qsort(units + first, (size_t)(count - first), sizeof *units, folds_by_size);
    for (int64_t i = first; i < count; i++) {
        units[i].fold = folds_lightest(samples, split->folds);
        samples[units[i].fold] += units[i].size;
        if (units[i].fold == split->fold - 1) units[i].part = NN_VALIDATION;
    }
    nn_free(samples);
    return NN_OK;
}

/* ---- for people ---- */

void nn_dataset_show_folds(const nn_dataset *dataset, nn_text *text)
{
    const nn_split_folds *folds = &dataset->folds;
    if (folds->count == 0 || !folds->samples) return;
    int64_t least = folds->samples[0], most = least;
    for (int64_t f = 1; f < folds->count; f++) {
        least = nn_smaller(least, folds->samples[f]);
        most = nn_larger(most, folds->samples[f]);
    }
    nn_text_append(text, "fold %lld of %lld is the validation part; samples of the folds:",
                   (long long)folds->fold + 1, (long long)folds->count);
    if (folds->count > FOLDS_LISTED) nn_text_append(text, " %lld to %lld", (long long)least, (long long)most);
    for (int64_t f = 0; f < folds->count && folds->count <= FOLDS_LISTED; f++)
        nn_text_append(text, "%s %lld", f > 0 ? "," : "", (long long)folds->samples[f]);
}
