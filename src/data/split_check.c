/* Checks of data.split. */
#include <math.h>

#include "data/split_parts.h"
#include "data/stretches.h"

int64_t nn_split_share(double share, int64_t count)
{
    return (int64_t)floor(share * (double)count + 0.5);
}

bool nn_split_is_given(const nn_split_options *split)
{
    return split->validation > 0 || split->test > 0 || split->folds > 0;
}

bool nn_split_is_chronological(const nn_data_options *options)
{
    int order = options->split.order;
    return order == NN_SPLIT_CHRONOLOGICAL || (order == NN_SPLIT_AUTO && options->window.length > 0);
}

static nn_status split_check_share(const nn_split_options *split, const nn_source *sources, int part)
{
    const char *name = nn_part_names[part];
    double share = part == NN_VALIDATION ? split->validation : split->test;
    int64_t rows = sources[NN_TRAIN].rows;
    bool folded = part == NN_VALIDATION && split->folds > 0;
    if (share == 0 && !folded) return NN_OK;
    if (sources[part].given && folded)
        NN_FAIL(NN_ERROR_USAGE,
                "data.split.folds and data.validation cannot both be given: the fold is the validation part; "
                "remove one of them");
    if (sources[part].given)
        NN_FAIL(NN_ERROR_USAGE, "data.split.%s and data.%s cannot both be given: remove one of them", name,
                name);
    if (share > 0 && rows > 0 && nn_split_share(share, rows) == 0)
        NN_FAIL(NN_ERROR_USAGE,
                "data.split.%s: a fraction of %g of %lld samples is less than one sample: make it larger",
                name, share, (long long)rows);
    return NN_OK;
}

static nn_status split_check_rest(const nn_split_options *split, const nn_source *sources)
{
    int64_t rows = sources[NN_TRAIN].rows;
    bool none =
        rows > 0 && nn_split_share(split->validation, rows) + nn_split_share(split->test, rows) >= rows;
    if (!(split->validation + split->test < 1) || none)
        NN_FAIL(NN_ERROR_USAGE,
                "data.split: fractions of %g for validation and %g for test leave nothing to train on: make "
                "them smaller",
                split->validation, split->test);
    rows -= nn_split_share(split->test, rows);
    if (split->folds > 0 && rows > 0 && split->folds > rows)
        NN_FAIL(NN_ERROR_USAGE, "data.split.folds: %lld samples cannot make %lld folds: use fewer folds",
                (long long)rows, (long long)split->folds);
    return NN_OK;
}

static nn_status split_check_kind(const nn_data_options *options, const nn_source *train)
{
    const nn_split_options *split = &options->split;
    int labels = 0, alone = nn_source_class_array(train);
    for (int a = train->inputs; a < train->fields; a++) labels += train->arrays[a].label;
    if (split->stratified && alone >= 0 && train->arrays[alone].sound && train->arrays[alone].values > 1)
        NN_FAIL(NN_ERROR_USAGE, "data.split.stratified: samples have several labels, not one: remove it");
    bool windows = options->window.length > 0;
    if (split->stratified && train->listed && labels != 1)
        NN_FAIL(NN_ERROR_USAGE, "data.split.stratified: the targets are %s; remove it",
                labels == 0 ? "values, not classes" : "several sets of classes");
    if (split->stratified &&
        (windows || nn_split_is_chronological(options) || split->by != NN_SPLIT_BY_SAMPLE))
        NN_FAIL(NN_ERROR_USAGE,
                "data.split.stratified: only a random split by single samples can be stratified; remove it");
    bool cuts = nn_source_cuts_windows(options, train);
    if (cuts && split->by == NN_SPLIT_BY_SAMPLE)
        NN_FAIL(NN_ERROR_USAGE,
                "data.split: with longer: window, windows of one sequence would be in several parts: set by: "
                "group, for whole sequences (or those of the groups in data.split.group)");
    if (split->by == NN_SPLIT_BY_GROUP && !split->group && !cuts && !(windows && nn_stretches_given(options)))
        NN_FAIL(NN_ERROR_USAGE, "data.split.by: group: needs data.split.group, the dataset of %s",
                windows ? "each row's group number, or data.window.by, which tells series apart"
                        : "each sample's group number");
    bool random = split->by != NN_SPLIT_BY_FILE && !nn_split_is_chronological(options);
    if (options->shuffle == NN_SHUFFLE_STATEFUL && random)
        NN_FAIL(NN_ERROR_USAGE, "data.shuffle: stateful: after a random split, samples are no longer "
                                "consecutive: set data.split.order: chronological");
    if (split->by != NN_SPLIT_BY_SAMPLE && split->order == NN_SPLIT_CHRONOLOGICAL)
        NN_FAIL(NN_ERROR_USAGE, "data.split.by: files and groups are always chosen at random; remove order");
    return NN_OK;
}

void nn_split_check(const nn_data_options *options, const nn_source *sources, nn_problems *problems)
{
    const nn_split_options *split = &options->split;
    if (options->window.length > 0 && options->on_bad_sample == NN_BAD_SKIP)
        nn_problems_collect(
            problems,
            nn_fail(NN_ERROR_USAGE,
                    "data.on_bad_sample: skip: rows of a series cannot be skipped; repair the data"));
    if (!nn_split_is_given(split)) return;
    bool fits = nn_problems_collect(problems, split_check_share(split, sources, NN_VALIDATION));
    fits &= nn_problems_collect(problems, split_check_share(split, sources, NN_TEST));
    if (fits) nn_problems_collect(problems, split_check_rest(split, sources));
    nn_problems_collect(problems, split_check_kind(options, &sources[NN_TRAIN]));
}
