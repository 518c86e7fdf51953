/* Norms of gradients, weights and updates by layer. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "report/curves.h"
#include "report/figure.h"
#include "report/section.h"

#define NORMS "step/norms/"
#define NORMS_MOST 7 /* curves at most: the others are in the table */

/* The layer of a series "step/norms/LAYER/gradient"; false: it is another one. */
static bool norms_layer(const nn_history *history, const char *kind, char layer[NN_HISTORY_NAME])
{
    size_t begin = strlen(NORMS), length = strlen(history->name), end = strlen(kind);
    if (strncmp(history->name, NORMS, begin) != 0 || length < begin + end + 2) return false;
    if (strcmp(history->name + length - end, kind) != 0 || history->name[length - end - 1] != '/')
        return false;
    snprintf(layer, NN_HISTORY_NAME, "%.*s", (int)(length - begin - end - 1), history->name + begin);
    return true;
}

/* Of many layers first, last, and evenly between. */
static bool norms_is_shown(size_t layer, size_t layers)
{
    if (layers <= NORMS_MOST) return true;
    for (size_t k = 0; k < NORMS_MOST; k++)
        if (layer == k * (layers - 1) / (NORMS_MOST - 1)) return true;
    return false;
}

static size_t norms_count(const nn_histories *histories, const char *kind)
{
    char layer[NN_HISTORY_NAME];
    size_t count = 0;
    for (size_t h = 0; h < histories->count; h++) count += norms_layer(&histories->items[h], kind, layer);
    return count;
}

static nn_status norms_append_figure(const nn_report_run *run, const char *kind, const char *title,
                                     nn_html *page)
{
    const nn_histories *histories = &run->histories;
    size_t layers = norms_count(histories, kind), at = 0;
    char(*names)[NN_HISTORY_NAME];
    nn_curves curves = {0};
    NN_TRY(NN_ALLOCATE(&names, NORMS_MOST, "names of layers"));
    nn_status status = NN_OK;
    for (size_t h = 0; h < histories->count && status == NN_OK && curves.count < NORMS_MOST; h++) {
        char *name = names[curves.count];
        if (!norms_layer(&histories->items[h], kind, name)) continue;
        if (norms_is_shown(at++, layers))
            status = nn_curves_add(&curves, histories, &histories->items[h], name, true, 1);
    }
    const nn_chart chart = {.x_name = "step", .log_y = true, .curves = curves.items, .count = curves.count};
    if (status == NN_OK)
        status = nn_figure_append(page, &chart, title,
                                  "A curve per layer; the same values are in the table below.");
    nn_curves_release(&curves);
    nn_free(names);
    return status;
}

/* ---- the last step that was logged ---- */

static double norms_last(const nn_histories *histories, const char *layer, const char *kind)
{
    char name[NN_HISTORY_NAME + 16];
    snprintf(name, sizeof name, NORMS "%.150s/%s", layer, kind);
    const nn_history *history = nn_histories_find(histories, name);
    return history && history->count > 0 ? history->values[history->count - 1] : (double)NAN;
}

static void norms_append_table(const nn_histories *histories, nn_html *page)
{
    static const nn_html_column columns[] = {{"layer", false},
                                             {"gradient", true},
                                             {"weights", true},
                                             {"update", true},
                                             {"update / weights", true}};
    char layer[NN_HISTORY_NAME];
    nn_html_table_begin(page, "Norms by layer in the last step that was logged", true, 5, columns);
    for (size_t h = 0; h < histories->count; h++) {
        if (!norms_layer(&histories->items[h], "weights", layer)) continue;
        double weights = norms_last(histories, layer, "weights"),
               update = norms_last(histories, layer, "update");
        nn_html_row_begin(page, false);
        nn_html_row_name(page, layer);
        nn_html_cell_number(page, norms_last(histories, layer, "gradient"));
        nn_html_cell_number(page, weights);
        nn_html_cell_number(page, update);
        nn_html_cell_number(page, update / weights);
        nn_html_row_end(page);
    }
    nn_html_table_end(page);
}

static nn_status norms_append(const nn_report *report, nn_html *page)
{
    const nn_report_run *run = &report->runs[0];
    size_t layers = norms_count(&run->histories, "weights");
    if (layers == 0) {
        nn_html_missing(page, "Not recorded: logging: {every: 50 steps, norms: true} records them.");
        return NN_OK;
    }
    nn_html_figures_begin(page);
    NN_TRY(norms_append_figure(run, "gradient", "Norm of the gradient by layer", page));
    NN_TRY(norms_append_figure(run, "weights", "Norm of the weights by layer", page));
    NN_TRY(norms_append_figure(run, "update", "Norm of the update by layer", page));
    nn_html_figures_end(page);
    if (layers > NORMS_MOST)
        nn_html_hint(page, "The curves are those of %d of %zu layers, evenly from first to last.", NORMS_MOST,
                     layers);
    norms_append_table(&run->histories, page);
    nn_html_hint(page, "An update of about a thousandth of the weights is usual.");
    return NN_OK;
}

const nn_section nn_section_norms = {
    .id = "norms", .title = "Norms by layer", .scope = NN_SECTION_ONE, .append = norms_append};
