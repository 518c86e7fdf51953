/*
 * nntrain explain --method permutation: how much worse the network becomes without what a column says
 * (Breiman: Random forests; Machine Learning 2001). The column's values are permuted among the samples, so
 * that its distribution stays.
 */
#include <math.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "predict/explain.h"
#include "step/evaluate.h"
#include "step/loaded.h"
#include "step/replaced.h"
#include "step/step_threads.h"
#include "store/store.h"

/* Samples that are gathered at a time. */
#define PERMUTATION_BLOCK 64

/* More values than this do not become a table in memory. */
#define PERMUTATION_VALUES ((int64_t)1 << 27)

typedef struct permutation_column {
    int input;
    int64_t column;
    double worse, deviation; /* mean and standard deviation over the repetitions */
} permutation_column;

typedef struct permutation {
    nn_explain *explain;
    nn_evaluate_request evaluation;
    nn_loaded leaf;
    nn_real *values; /* samples x inputs, normalised */
    nn_real *column; /* samples x places of a column */
    int64_t samples, inputs;
    double whole; /* the metric as it is */
    int count;
    permutation_column *columns;
} permutation;

/* ---- the metric ---- */

/* The first metric that was asked for; otherwise the loss. */
static const nn_model_metric *permutation_metric(const nn_model *model, int *index)
{
    for (*index = 0; *index < model->metric_count; (*index)++)
        if (!model->metrics[*index].extra) return &model->metrics[*index];
    *index = -1;
    return NULL;
}

static const char *permutation_metric_name(const nn_model *model)
{
    int index;
    const nn_model_metric *metric = permutation_metric(model, &index);
    return metric ? metric->name : "loss";
}

/* Collective. */
static nn_status permutation_evaluate(permutation *of, const nn_replaced *replaced, double *value)
{
    nn_trained *trained = &of->explain->trained;
    nn_results results;
    int index;
    nn_evaluate_request evaluation = of->evaluation;
    evaluation.replaced = replaced;
    NN_TRY(nn_evaluate_part(&evaluation, trained->weights, &results));
    nn_status status = nn_evaluate_check(trained->model, trained->part, &results);
    *value = permutation_metric(trained->model, &index) ? results.metrics[index] : results.loss;
    nn_results_release(&results);
    return status;
}

/* ---- the values ---- */

static bool permutation_schedule(const void *context, int64_t index, nn_data_span *span)
{
    const permutation *of = context;
    int64_t first = index * PERMUTATION_BLOCK, left = of->samples - first;
    *span = (nn_data_span){.epoch = NN_DATA_IN_ORDER,
                           .first = first,
                           .count = left < PERMUTATION_BLOCK ? left : PERMUTATION_BLOCK};
    return left > 0;
}

/* Every rank reads all samples: any of them may be put into any other. */
static nn_status permutation_read(permutation *of)
{
    nn_trained *trained = &of->explain->trained;
    size_t size = nn_scalar_size(trained->model->scalar);
    NN_TRY(nn_dataset_follow(trained->data, trained->part, permutation_schedule, of, 0, 1, true));
    nn_data_span span;
    for (int64_t b = 0; permutation_schedule(of, b, &span); b++) {
        nn_loaded_place place = {
            .part = trained->part, .epoch = NN_DATA_IN_ORDER, .range = {span.first, span.first + span.count}};
        nn_loaded_fill(&of->leaf, trained->model, trained->data, &place, true);
        nn_dataset_release(trained->data, trained->part, b);
        memcpy(nn_scalar_at(trained->model->scalar, of->values, (size_t)(span.first * of->inputs)),
               of->leaf.microbatch->outputs[0], (size_t)(span.count * of->inputs) * size);
    }
    nn_status status = nn_dataset_status(trained->data, trained->part);
    nn_dataset_unfollow(trained->data, trained->part);
    return status;
}

static void permutation_take_column(permutation *of, const nn_replaced *replaced)
{
    nn_scalar scalar = of->explain->trained.model->scalar;
    for (int64_t sample = 0; sample < of->samples; sample++)
        for (int64_t p = 0; p < replaced->places; p++)
            memcpy(nn_scalar_at(scalar, of->column, (size_t)(sample * replaced->places + p)),
                   nn_scalar_at(scalar, of->values,
                                (size_t)(sample * of->inputs + replaced->first + p * replaced->stride)),
                   nn_scalar_size(scalar));
}

/* ---- the columns ---- */

/* Mean and standard deviation over the repetitions of how much worse the metric is. Collective. */
static nn_status permutation_of_column(permutation *of, int number)
{
    const nn_model *model = of->explain->trained.model;
    permutation_column *column = &of->columns[number];
    const nn_field *field = nn_explain_input(model, column->input);
    int repetitions = (int)of->explain->request->repetitions, index;
    const nn_model_metric *metric = permutation_metric(model, &index);
    double sign = metric && metric->type->higher_is_better ? -1 : 1, sum = 0, squares = 0;
    nn_replaced replaced = {.samples = of->samples,
                            .first = (column->input > 0 ? field->begin : 0) + column->column,
                            .stride = nn_explain_columns(field),
                            .values = of->column};
    replaced.places = nn_shape_count(field->shape) / replaced.stride;
    permutation_take_column(of, &replaced);
    for (int r = 0; r < repetitions; r++) {
        double value;
        replaced.stream = (nn_random){(uint64_t)of->explain->trained.settings.training.seed,
                                      NN_RANDOM_EXPLAIN, (uint32_t)(number * repetitions + r)};
        NN_TRY(permutation_evaluate(of, &replaced, &value));
        double worse = sign * (value - of->whole);
        sum += worse;
        squares += worse * worse;
    }
    column->worse = sum / repetitions;
    double variance = repetitions > 1 ? (squares - sum * column->worse) / (repetitions - 1) : 0;
    column->deviation = variance > 0 ? sqrt(variance) : 0;
    return NN_OK;
}

/* The worst first; equal ones in the order of the data; NaN last. */
static void permutation_sort(permutation *of)
{
    for (int i = 1; i < of->count; i++) {
        permutation_column column = of->columns[i];
        int at = i;
        while (at > 0 && !(of->columns[at - 1].worse >= column.worse) && !isnan(column.worse)) {
            of->columns[at] = of->columns[at - 1];
            at--;
        }
        of->columns[at] = column;
    }
}

/* ---- the report ---- */

static nn_status permutation_write(const permutation *of, const char *path)
{
    const nn_model *model = of->explain->trained.model;
    nn_text text = {0};
    nn_text_append(&text, "column,%s_worse_by,deviation\n", permutation_metric_name(model));
    for (int i = 0; i < of->count; i++) {
        nn_explain_append_column(model, of->columns[i].input, of->columns[i].column, &text);
        nn_text_append(&text, ",%.17g,%.17g\n", of->columns[i].worse, of->columns[i].deviation);
    }
    nn_status status = text.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for the text of %s", path)
                                   : nn_store_commit(path, text.bytes, text.length);
    nn_text_free(&text);
    NN_TRY(status);
    nn_log_line("wrote %s", path);
    return NN_OK;
}

static nn_status permutation_report(const permutation *of)
{
    const nn_explain *explain = of->explain;
    const nn_model *model = explain->trained.model;
    nn_text source = {0};
    nn_trained_describe(&explain->trained, explain->request->files, &source);
    nn_log_line("%s: %s of %lld samples of %s is %.6g; by how much it is worse when a column is permuted "
                "(mean and deviation of %lld):",
                explain->trained.path, permutation_metric_name(model), (long long)of->samples,
                source.bytes ? source.bytes : "", of->whole, (long long)explain->request->repetitions);
    nn_text_free(&source);
    for (int i = 0; i < of->count; i++) {
        nn_text name = {0};
        nn_explain_append_column(model, of->columns[i].input, of->columns[i].column, &name);
        nn_log_line("  %-24s %12.4g +- %.2g", name.bytes ? name.bytes : "", of->columns[i].worse,
                    of->columns[i].deviation);
        nn_text_free(&name);
    }
    return explain->request->path ? permutation_write(of, explain->request->path) : NN_OK;
}

/* ---- running ---- */

static nn_status permutation_list(permutation *of)
{
    const nn_model *model = of->explain->trained.model;
    int64_t count = 0;
    for (int p = 0; p < nn_explain_inputs(model); p++)
        count += nn_explain_columns(nn_explain_input(model, p));
    if (count > 10000)
        NN_FAIL(NN_ERROR_USAGE,
                "explain: permuting %lld columns, each several times, is too much; use --method gradient",
                (long long)count);
    NN_TRY(NN_ALLOCATE(&of->columns, count, "the columns of an explanation"));
    for (int p = 0; p < nn_explain_inputs(model); p++)
        for (int64_t c = 0; c < nn_explain_columns(nn_explain_input(model, p)); c++)
            of->columns[of->count++] = (permutation_column){.input = p, .column = c};
    return NN_OK;
}

static nn_status permutation_create(permutation *of, int threads)
{
    nn_trained *trained = &of->explain->trained;
    const nn_model *model = trained->model;
    nn_loaded_needs needs = nn_loaded_needs_of(model, trained->data);
    nn_workers_request workers = {
        .threads = threads, .share_max = threads, .microbatch_size = trained->microbatch_size, .memory = 1e9};
    of->samples = nn_dataset_count(trained->data, trained->part);
    of->inputs = nn_shape_count(model->input.shape);
    if (of->samples > PERMUTATION_VALUES / of->inputs)
        NN_FAIL(NN_ERROR_USAGE,
                "explain: %lld samples of %lld values are more than a permutation keeps in memory; give a "
                "smaller file, or another --part",
                (long long)of->samples, (long long)of->inputs);
    NN_TRY(permutation_list(of));
    NN_TRY(NN_ALLOCATE_VALUES(model->scalar, &of->values, of->samples * of->inputs, "the inputs"));
    NN_TRY(NN_ALLOCATE_VALUES(model->scalar, &of->column, of->samples * of->inputs, "a column"));
    NN_TRY(nn_loaded_create(model, &needs, PERMUTATION_BLOCK, &of->leaf));
    return nn_workers_create(model, trained->data, &workers, &trained->workers);
}

static nn_status permutation_run(permutation *of)
{
    nn_explain *explain = of->explain;
    nn_trained *trained = &explain->trained;
    int threads = 1;
    bool first = nn_comm_rank(explain->comm) == 0;
    NN_TRY(nn_comm_agree(explain->comm, first ? nn_explain_check_output(explain) : NN_OK));
    NN_TRY(nn_step_threads_choose(explain->comm, 0, &threads));
    NN_TRY(nn_comm_agree(explain->comm, permutation_create(of, threads)));
    NN_TRY(nn_comm_agree(explain->comm, permutation_read(of)));
    of->evaluation =
        (nn_evaluate_request){explain->comm, trained->workers,         trained->model, trained->data,
                              trained->part, trained->microbatch_size, NULL,           NULL};
    NN_TRY(permutation_evaluate(of, NULL, &of->whole));
    for (int c = 0; c < of->count; c++) NN_TRY(permutation_of_column(of, c));
    permutation_sort(of);
    return nn_comm_agree(explain->comm, first ? permutation_report(of) : NN_OK);
}

nn_status nn_explain_permutation(nn_explain *explain)
{
    permutation of = {.explain = explain};
    nn_status status = permutation_run(&of);
    nn_loaded_destroy(&of.leaf);
    nn_free(of.values);
    nn_free(of.column);
    nn_free(of.columns);
    return status;
}
