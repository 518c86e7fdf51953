#include "cli/gradient_table.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "check/gradients.h"

/* In double precision a wrong derivative stands out from rounding. */
static const char *const gradients_sets[] = {"training.precision=float64", "training.wire=float32"};
#define MOST_WIDE 48
#define TYPE_WIDE 64
#define SETS (sizeof gradients_sets / sizeof *gradients_sets)

static const char *gradients_verdict(const nn_gradients_row *row)
{
    if (row->wrong > 0) return "WRONG";
    if (row->size > 0) return "right";
    if (row->parameters + row->inputs > 0) return "all are 0";
    return row->skipped > 0 ? "not checked" : "none";
}

/* Columns of the longest name. */
static int gradients_width(const nn_gradients *gradients)
{
    size_t width = strlen("layer");
    for (int i = 0; i < gradients->count; i++) {
        size_t length = strlen(gradients->rows[i].name);
        if (length > width) width = length;
    }
    return width < MOST_WIDE ? (int)width : MOST_WIDE;
}

static void gradients_show_row(const nn_gradients_row *row, int width, bool loss)
{
    int64_t compared = row->parameters + row->inputs;
    char type[TYPE_WIDE];
    snprintf(type, sizeof type, "%s%s", loss ? "loss " : "", row->type);
    nn_log_line("%-*s  %-20s %10lld %7lld %8lld %8.1g  %s", width, row->name, type,
                (long long)row->parameters, (long long)row->inputs, (long long)row->skipped, row->error,
                gradients_verdict(row));
    if (row->wrong > 0)
        nn_log_line("    %s (%lld of %lld are wrong)", row->failed.bytes ? row->failed.bytes : "",
                    (long long)row->wrong, (long long)compared);
}

static void gradients_show(const nn_gradients *gradients, const char *config, int *wrong)
{
    int width = gradients_width(gradients), losses = gradients->model->head_count;
    *wrong = 0;
    nn_log_line("%-*s  %-20s %10s %7s %8s %8s", width, "layer", "", "parameters", "inputs", "skipped",
                "error");
    for (int i = 0; i < gradients->count; i++) {
        gradients_show_row(&gradients->rows[i], width, i >= gradients->count - losses);
        *wrong += gradients->rows[i].wrong > 0;
    }
    if (*wrong == 0) nn_log_line("%s: the derivatives agree with finite differences", config);
}

/* What the job has wrong otherwise; then nothing was compared. */
static void gradients_show_problems(const char *config, const nn_forecast *forecast)
{
    const char *at = forecast->problems.bytes ? forecast->problems.bytes : "";
    nn_log_line("%s: %lld problem%s", config, (long long)forecast->problem_count,
                forecast->problem_count == 1 ? "" : "s");
    nn_log_text(at);
    nn_log_line("%s", "");
}

static nn_status gradients_job(const nn_forecast_request *request)
{
    nn_gradients gradients = {0};
    nn_forecast forecast;
    int wrong = 0;
    nn_forecast_request with = *request;
    with.gradients = &gradients;
    with.brief = true;
    nn_status status = nn_check_job(&with, &forecast);
    const char *config = request->job->config_path;
    if (status == NN_OK && forecast.problem_count > 0) {
        gradients_show_problems(config, &forecast);
        status = NN_ERROR_USAGE;
        nn_error_clear();
    } else if (status == NN_OK) {
        gradients_show(&gradients, config, &wrong);
    }
    if (wrong > 0)
        status = nn_fail(NN_ERROR_USAGE,
                         "%s: the derivatives of %d %s are wrong: a network with them trains, but worse; "
                         "correct backward, gradient or evaluate",
                         config, wrong, wrong == 1 ? "layer or loss" : "layers or losses");
    nn_gradients_release(&gradients);
    nn_forecast_release(&forecast);
    return status;
}

nn_status nn_gradient_table_run(const nn_forecast_request *request)
{
    const char **overrides;
    size_t count = request->job->override_count;
    NN_TRY(NN_ALLOCATE(&overrides, count + SETS, "the settings of a job"));
    for (size_t i = 0; i < count; i++) overrides[i] = request->job->overrides[i];
    for (size_t i = 0; i < SETS; i++) overrides[count + i] = gradients_sets[i];
    nn_job job = *request->job;
    job.overrides = overrides;
    job.override_count = count + SETS;
    nn_forecast_request with = *request;
    with.job = &job;
    nn_status status = gradients_job(&with);
    nn_free(overrides);
    return status;
}
