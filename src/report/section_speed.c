/* Throughput, and where the time goes. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "config/config.h"
#include "report/curves.h"
#include "report/figure.h"
#include "report/section.h"

/* ---- by epoch ---- */

static nn_status speed_append_series(const nn_report_run *run, const char *name, double factor,
                                     const char *title, nn_html *page)
{
    const nn_history *history = nn_histories_find(&run->histories, name);
    nn_curves curves = {0};
    nn_marks marks;
    nn_marks_find(run, false, &marks);
    nn_status status = nn_curves_add(&curves, &run->histories, history, title, false, factor);
    const nn_chart chart = {.x_name = "epoch",
                            .curves = curves.items,
                            .count = curves.count,
                            .marks = marks.items,
                            .mark_count = marks.count};
    if (status == NN_OK && curves.count > 0)
        status = nn_figure_append(page, &chart, title, "A curve; the same values are in the table below.");
    nn_curves_release(&curves);
    return status;
}

/* Turns the seconds of a curve into the share of their epochs, in percent. */
static void speed_share(nn_curves *curves, size_t c, const nn_history *seconds)
{
    double *values = curves->numbers[c] + curves->items[c].points.count;
    for (size_t i = 0; i < curves->items[c].points.count; i++)
        values[i] = i < seconds->count && seconds->values[i] > 0
                        ? fmin(100, 100 * values[i] / seconds->values[i])
                        : (double)NAN;
}

/* Lines of epochs have the same members but for communication, which one rank alone does not have. */
static bool speed_matches(const nn_history *history, const nn_history *seconds)
{
    return history && history->count == seconds->count &&
           memcmp(history->steps, seconds->steps, seconds->count * sizeof *seconds->steps) == 0;
}

static nn_status speed_append_shares(const nn_report_run *run, nn_html *page)
{
    static const char *const series[][2] = {{"time/waited_for_data", "waiting for data"},
                                            {"time/communication_waited", "waiting for communication"}};
    const nn_histories *histories = &run->histories;
    const nn_history *seconds = nn_histories_find(histories, "time/seconds");
    nn_curves curves = {0};
    nn_status status = NN_OK;
    for (size_t s = 0; s < 2 && status == NN_OK && seconds; s++) {
        const nn_history *history = nn_histories_find(histories, series[s][0]);
        if (!speed_matches(history, seconds)) continue;
        status = nn_curves_add(&curves, histories, history, series[s][1], false, 1);
        if (status == NN_OK) speed_share(&curves, curves.count - 1, seconds);
    }
    const nn_chart chart = {
        .x_name = "epoch", .y_name = "% of the time", .curves = curves.items, .count = curves.count};
    if (status == NN_OK && curves.count > 0)
        status =
            nn_figure_append(page, &chart, "Share of the time spent waiting, by epoch",
                             "Curves of the time in which the ranks waited for data and for one another, in "
                             "percent of the epoch; the rest is computation.");
    nn_curves_release(&curves);
    return status;
}

/* ---- all epochs together ---- */

static double speed_sum(const nn_histories *histories, const char *name)
{
    const nn_history *history = nn_histories_find(histories, name);
    double sum = 0;
    for (size_t i = 0; history && i < history->count; i++) sum += history->values[i];
    return history ? sum : (double)NAN;
}

static void speed_append_row(nn_html *page, const char *name, double seconds, double all)
{
    if (isnan(seconds)) return;
    nn_html_row_begin(page, false);
    nn_html_row_name(page, name);
    nn_html_cell_number(page, seconds);
    nn_html_cell_number(page, 100 * seconds / all);
    nn_html_row_end(page);
}

static void speed_append_sums(const nn_report_run *run, nn_html *page)
{
    static const nn_html_column columns[] = {{"", false}, {"seconds", true}, {"% of the time", true}};
    double all = speed_sum(&run->histories, "time/seconds");
    double data = speed_sum(&run->histories, "time/waited_for_data");
    double waited = speed_sum(&run->histories, "time/communication_waited");
    double rest = all - (isnan(data) ? 0 : data) - (isnan(waited) ? 0 : waited);
    nn_html_table_begin(page, "Time of all epochs", false, 3, columns);
    speed_append_row(page, "computing, and the rest", rest > 0 ? rest : 0, all);
    speed_append_row(page, "waiting for data", data, all);
    speed_append_row(page, "waiting for communication", waited, all);
    speed_append_row(page, "all", all, all);
    nn_html_table_end(page);
}

/* ---- by layer ---- */

static void speed_append_layers(nn_config_node *time, nn_html *page)
{
    static const nn_html_column columns[] = {{"layer", false},       {"forward, ms", true},
                                             {"backward, ms", true}, {"gradient, ms", true},
                                             {"GFLOP/s", true},      {"% of the peak", true}};
    static const char *const lists[] = {"profile_forward_ms", "profile_backward_ms", "profile_gradient_ms",
                                        "profile_gflops", "profile_of_peak"};
    nn_config_node *layers = nn_config_get(time, "profile_layers");
    nn_html_table_begin(page, "Time of a step by layer, in the last epoch with a profile", true, 6, columns);
    for (size_t l = 0; l < nn_config_count(layers); l++) {
        const char *name = nn_config_text(nn_config_item(layers, l));
        nn_html_row_begin(page, false);
        nn_html_row_name(page, name ? name : "");
        for (size_t i = 0; i < 5; i++) {
            double value = nn_config_number(nn_config_item(nn_config_get(time, lists[i]), l));
            nn_html_cell_number(page, i == 4 ? 100 * value : value);
        }
        nn_html_row_end(page);
    }
    nn_html_table_end(page);
}

/* "profile_data_wait_ms" as "data wait". */
static void speed_append_parts(nn_config_node *time, nn_html *page)
{
    static const nn_html_column columns[] = {{"part", false}, {"ms", true}};
    static const char begin[] = "profile_", end[] = "_ms";
    nn_html_table_begin(page, "The other parts of a step", true, 2, columns);
    for (size_t i = 0; i < nn_config_count(time); i++) {
        char name[64];
        const char *key = nn_config_key(time, i), *text = nn_config_text(nn_config_item(time, i));
        size_t length = key ? strlen(key) : 0;
        if (!text || length < strlen(begin) + strlen(end) || strncmp(key, begin, strlen(begin)) != 0)
            continue;
        snprintf(name, sizeof name, "%.*s", (int)(length - strlen(begin) - strlen(end)), key + strlen(begin));
        for (char *at = name; *at; at++)
            if (*at == '_') *at = ' ';
        nn_html_row_begin(page, false);
        nn_html_row_name(page, name);
        nn_html_cell_number(page, strtod(text, NULL));
        nn_html_row_end(page);
    }
    nn_html_table_end(page);
}

static nn_status speed_append_profile(const nn_report_run *run, nn_html *page)
{
    nn_config *line = NULL;
    const char *profile = run->histories.profile;
    nn_html_heading(page, "By layer");
    if (!profile) {
        nn_html_hint(page, "The time of each layer is recorded with nntrain train --profile.");
        return NN_OK;
    }
    nn_status status = nn_config_parse_json(profile, strlen(profile), "metrics.jsonl", &line);
    if (status == NN_OK) {
        nn_config_node *time = nn_config_get(nn_config_root(line), "time");
        speed_append_layers(time, page);
        speed_append_parts(time, page);
    } else if (status != NN_ERROR_MEMORY) {
        nn_html_missing(page, "The profile in metrics.jsonl cannot be read.");
        nn_error_clear();
        status = NN_OK;
    }
    nn_config_destroy(line);
    return status;
}

static nn_status speed_append(const nn_report *report, nn_html *page)
{
    const nn_report_run *run = &report->runs[0];
    if (!nn_histories_find(&run->histories, "time/seconds")) {
        nn_html_missing(page, "No epoch has ended yet: metrics.jsonl has the times of each.");
        return NN_OK;
    }
    nn_html_figures_begin(page);
    NN_TRY(speed_append_series(run, "time/samples_per_second", 1, "Samples per second, by epoch", page));
    NN_TRY(speed_append_series(run, "time/utilisation", 100,
                               "Utilisation, % of the measured rate of matrix products, by epoch", page));
    NN_TRY(speed_append_shares(run, page));
    nn_html_figures_end(page);
    speed_append_sums(run, page);
    return speed_append_profile(run, page);
}

const nn_section nn_section_speed = {
    .id = "speed", .title = "Speed", .scope = NN_SECTION_ONE, .append = speed_append};
