/* Reports what a scan found: the first bad value of each array, and the number of missing values. */
#include <math.h>
#include <string.h>

#include "base/log.h"
#include "data/scan_internal.h"

/* Appends how much is missing, over all ranks; for a described data set, according to its files. */
static void scan_explain_share(const nn_scan_work *work, const nn_scan_view *view, nn_text *text)
{
    const nn_source *source = work->samples->source;
    int64_t gaps = 0;
    for (int i = 0; i < source->piece_count; i++)
        gaps += nn_store_gaps_count(source->pieces[i].gaps[view->view->array]);
    if (!work->dataset->describes && view->missing == 1)
        nn_text_append(text, " (the only missing value of %lld)", (long long)view->seen);
    else if (!work->dataset->describes)
        nn_text_append(text, " (the first of %lld missing values, %.3g %% of %lld, in %lld of %lld %s)",
                       (long long)view->missing, 100.0 * (double)view->missing / (double)view->seen,
                       (long long)view->seen, (long long)view->missing_samples,
                       (long long)work->samples->count, work->windows ? "windows" : "samples");
    else if (gaps > 0)
        nn_text_append(text, " (%lld of its values were never written)", (long long)gaps);
}

/* Appends the remedies for a missing value, by its cause. */
static void scan_advise_missing(const nn_scan_work *work, const nn_scan_view *view, const char *why,
                                nn_text *text)
{
    const char *key = view->array->key;
    nn_text_append(text, ": repair the data, or set data.fields.%s.missing: drop (such %s are left out)", key,
                   work->windows ? "windows" : "samples");
    if (!view->view->index)
        nn_text_append(text, ", mask (%s)",
                       view->view->input ? "they become 0 after normalisation" : "they are ignored");
    if (!view->view->index && !view->array->label) nn_text_append(text, ", mean (of its column in training)");
    if (view->view->input && !view->view->index)
        nn_text_append(text, ", impute (a number: data.fields.%s.impute)", key);
    if (!work->windows) nn_text_append(text, ", or data.on_bad_sample: skip");
    if (strncmp(why, "missing", 7) == 0)
        nn_text_append(text, "; if zeros were left out on purpose, set data.fields.%s.unwritten: fill_value",
                       key);
    else if (strncmp(why, "NaN", 3) != 0)
        nn_text_append(text, "; if it is an ordinary number, set data.fields.%s.attributes: ignore", key);
}

static nn_status scan_explain_missing(const nn_scan_work *work, const nn_scan_view *view, int64_t row,
                                      int64_t at)
{
    const nn_view *of = view->view;
    int64_t column = at % of->picked, bad = row + of->first_row + of->seen + at / of->picked;
    nn_text why = {0}, text = {0};
    nn_status status = nn_source_explain_missing(work->samples->source, of->array, bad,
                                                 of->columns ? of->columns[column] : column, &why);
    if (view->array->label)
        nn_text_append(&text, "the label of sample %lld", (long long)bad);
    else
        nn_text_append(&text, "sample %lld, column %lld", (long long)bad, (long long)column);
    nn_text_append(&text, " is %s", why.bytes ? why.bytes : "missing");
    scan_explain_share(work, view, &text);
    scan_advise_missing(work, view, why.bytes ? why.bytes : "", &text);
    if (status == NN_OK)
        status = nn_fail(NN_ERROR_DATA, "%s", text.bytes ? text.bytes : "a value is missing");
    nn_text_free(&why);
    nn_text_free(&text);
    return status;
}

static nn_status scan_explain_one_hot(const nn_scan_view *view, int64_t row, int64_t at)
{
    const char *key = view->array->key;
    if (view->array->values > 1)
        NN_FAIL(NN_ERROR_DATA,
                "label %lld of sample %lld is not one-hot (the first such label): of the %lld values along "
                "the last dimension one must be 1 and the others 0; for labels that are integers, set "
                "data.fields.%s.kind: class; for class probabilities that sum to 1, kind: value",
                (long long)at, (long long)row, (long long)view->array->one_hot, key);
    NN_FAIL(NN_ERROR_DATA,
            "the label of sample %lld is not one-hot (the first such label): a row needs one 1 and zeros "
            "elsewhere; if several classes may apply at once, use binary_cross_entropy; for a label per "
            "step, set data.fields.%s.layout: NT; for class probabilities that sum to 1, set "
            "data.fields.%s.kind: value; for other values, use a loss such as mse",
            (long long)row, key, key);
}

static nn_status scan_explain_label(const nn_scan_work *work, const nn_scan_view *view, int64_t row,
                                    int64_t at)
{
    nn_source *source = work->samples->source;
    double value = NAN;
    NN_TRY(
        nn_source_read(source, view->view->array, row + view->view->first_row, view->view->rows, view->raw));
    nn_view_values(view->view, view->array, view->raw, at, 1, &value);
    if (value == NN_LABEL_MISSING) return scan_explain_missing(work, view, row, at);
    if (view->array->one_hot > 0) return scan_explain_one_hot(view, row, at);
    int64_t bad = row + view->view->first_row + at / view->view->picked;
    NN_TRY(nn_source_explain(source, view->view->array, bad, at % view->view->picked, &value));
    if (view->array->listed)
        NN_FAIL(NN_ERROR_DATA,
                "the label of sample %lld is %.17g (the first such label), which is not among the %lld in "
                "data.fields.%s.labels: add it there, or set ignored_label",
                (long long)bad, value, (long long)view->array->listed_count, view->array->key);
    if (value == -1)
        NN_FAIL(NN_ERROR_DATA,
                "the label of sample %lld is -1 (the first such label): for two classes -1 and 1, set "
                "data.fields.%s.labels: [-1, 1]; if -1 means no class, set data.fields.%s.ignored_label: -1; "
                "or use a loss for values, such as mse",
                (long long)bad, view->array->key, view->array->key);
    NN_FAIL(NN_ERROR_DATA,
            "the label of sample %lld is %.17g (the first such label): labels are integers from %lld; list "
            "the labels in class order in data.fields.%s.labels: [...], set ignored_label if this one means "
            "no class, or use a loss for values, such as mse",
            (long long)bad, value, (long long)view->array->first_label, view->array->key);
}

/* The rows of the sample are in view->raw. */
static nn_status scan_explain_range(const nn_scan_view *view, int64_t sample, int64_t column, double value,
                                    int64_t at)
{
    const nn_taken *range = &view->view->taken;
    double sum = 0, share;
    for (int64_t i = range->classes > 0 ? at / range->classes * range->classes : at; i <= at; i++) {
        nn_view_values(view->view, view->array, view->raw, i, 1, &share);
        sum += share * range->scale + range->offset;
    }
    return nn_taken_fail(range, view->array->key, sample, column, value, sum);
}

static nn_status scan_explain_value(const nn_scan_work *work, const nn_scan_view *view, int64_t row,
                                    int64_t at)
{
    nn_source *source = work->samples->source;
    double value;
    int64_t in_window = at / view->view->picked, column = at % view->view->picked;
    int64_t bad = row + view->view->first_row + view->view->seen + in_window;
    NN_TRY(
        nn_source_read(source, view->view->array, row + view->view->first_row, view->view->rows, view->raw));
    nn_view_values(view->view, view->array, view->raw, at, 1, &value);
    if (isnan(value)) return scan_explain_missing(work, view, row, at);
    if (isfinite(value) && !view->view->index) return scan_explain_range(view, bad, column, value, at);
    if (view->view->index)
        NN_FAIL(NN_ERROR_DATA,
                "sample %lld, value %lld is %.17g (the first such value): an index is an integer from 0 to "
                "%.0f; renumber the data, set data.fields.%s.classes, or remove kind: index",
                (long long)bad, (long long)column, value, view->indices - 1, view->array->key);
    NN_FAIL(NN_ERROR_DATA,
            "sample %lld, column %lld is %s (the first such value): repair the data, or skip such samples "
            "with data.on_bad_sample: skip",
            (long long)bad, (long long)column, value > 0 ? "Inf" : "-Inf");
}

/* Sums counts over all ranks, exact in any order. Collective. */
static nn_status scan_count(nn_comm *comm, nn_scan_view *view)
{
    uint64_t counts[3] = {(uint64_t)view->seen, (uint64_t)view->missing, (uint64_t)view->missing_samples};
    NN_TRY(nn_comm_sum_integers(comm, counts, 3));
    view->seen = (int64_t)counts[0];
    view->missing = (int64_t)counts[1];
    view->missing_samples = (int64_t)counts[2];
    return NN_OK;
}

/* Logs how missing values are handled. */
static void scan_log_missing(const nn_samples *samples, const nn_scan_view *view, int64_t samples_count)
{
    const nn_view *of = view->view;
    if (view->missing == 0 || of->missing == NN_MISSING_ERROR || of->missing == NN_MISSING_DROP) return;
    nn_log_line("data.%s.%s: %lld of %lld values are missing (%.3g %%, in %lld of %lld samples): %s",
                nn_part_names[samples->part], view->array->key, (long long)view->missing,
                (long long)view->seen, 100.0 * (double)view->missing / (double)view->seen,
                (long long)view->missing_samples, (long long)samples_count,
                of->missing == NN_MISSING_MEAN     ? "each becomes the mean of its column in training"
                : of->missing == NN_MISSING_IMPUTE ? "each becomes the number that impute gives"
                : of->input                        ? "each becomes 0 after normalisation"
                                                   : "they are ignored");
}

/* Missing values of a field are reported for the first part that has them, since one remedy serves all. Any
 * other fault is reported once for the parts that a dataset is split into. */
static bool scan_was_reported(const nn_scan_work *work, const nn_scan_view *view)
{
    nn_dataset *dataset = work->dataset;
    bool missing = view->missing > 0 && view->refuses_missing;
    unsigned bit = 1u << view->view->array;
    unsigned *reported = missing ? &dataset->reported_missing
                                 : &dataset->reported_bad[work->samples->source - dataset->sources];
    bool before = (*reported & bit) != 0;
    *reported |= bit;
    return before;
}

/* See scan_internal.h. Rank 0 reads the value again and explains it. Collective. */
nn_status nn_scan_report(nn_comm *comm, nn_scan_work *work, nn_scan_view *view, nn_problems *problems)
{
    int64_t found[4] = {-view->bad_row, 0, (int64_t)view->largest, -view->rounded_row};
    NN_TRY(nn_comm_maximum(comm, &found[0], 1));
    found[1] = view->bad_row == -found[0] ? -view->bad_value : INT64_MIN;
    NN_TRY(nn_comm_maximum(comm, &found[1], 3));
    view->largest = (double)found[2];
    nn_scan_warn_of_rounded(work->dataset, view, -found[3]);
    NN_TRY(scan_count(comm, view));
    scan_log_missing(work->samples, view, work->samples->count);
    if (found[0] == -INT64_MAX || scan_was_reported(work, view)) return NN_OK;
    if (nn_comm_rank(comm) == 0) {
        nn_status status = view->array->label ? scan_explain_label(work, view, -found[0], -found[1])
                                              : scan_explain_value(work, view, -found[0], -found[1]);
        nn_problems_collect(problems, nn_array_context(view->array, status));
    }
    return nn_problems_share(comm, problems);
}
