/* Outputs per pixel: image, truth and prediction side by side. */
#include <math.h>
#include <stdio.h>

#include "base/memory.h"
#include "report/judged.h"
#include "report/pictures.h"
#include "report/section.h"

#define MAPS_SHOWN 8   /* samples */
#define MAPS_LEGEND 64 /* classes */

typedef struct maps_target {
    const nn_stored_evaluation *evaluation;
    const nn_evaluation_target *target;
    int t;
    int64_t height, width, channels;
} maps_target;

/* Whether the target is a map whose values the samples have. */
static bool maps_find(const nn_stored_evaluation *evaluation, int t, maps_target *map)
{
    *map = (maps_target){.evaluation = evaluation, .target = &evaluation->targets[t], .t = t};
    if (!nn_judged_is_map(evaluation, map->target, &map->height, &map->width, &map->channels)) return false;
    int64_t pixels = map->height * map->width, predicted = evaluation->worst.targets[t].predicted_count,
            truth = evaluation->worst.targets[t].truth_count;
    if (evaluation->worst.count == 0 || predicted != pixels * map->channels) return false;
    if (map->target->values)
        return truth == predicted && (map->channels == 1 || map->channels == 3 || map->channels == 4);
    return truth == pixels;
}

/* The class of each pixel that is predicted. */
static void maps_predicted(const maps_target *map, const double *probabilities, double *classes)
{
    for (int64_t p = 0; p < map->height * map->width; p++) {
        const double *own = probabilities + p * map->channels;
        int64_t best = 0;
        for (int64_t c = 1; c < map->channels; c++)
            if (own[c] > own[best]) best = c;
        classes[p] = map->channels == 1 ? own[0] > 0.5 : (double)best;
    }
}

static void maps_caption(nn_html *page, const char *what)
{
    nn_html_append(page, "<span>%s</span></li>\n", what);
}

static nn_status maps_values(const maps_target *map, int64_t sample, nn_html *page)
{
    int64_t count = map->height * map->width * map->channels;
    const double *truth = map->evaluation->worst.targets[map->t].truth + sample * count,
                 *predicted = map->evaluation->worst.targets[map->t].predicted + sample * count;
    nn_pictures pictures = nn_pictures_of_values(map->height, map->width, count, truth);
    pictures.channels = map->channels;
    nn_html_append(page, "<li>");
    NN_TRY(nn_pictures_append(page, &pictures, truth, "the true values"));
    maps_caption(page, "truth");
    nn_html_append(page, "<li>");
    NN_TRY(nn_pictures_append(page, &pictures, predicted, "the predicted values"));
    maps_caption(page, "prediction");
    return NN_OK;
}

static nn_status maps_classes(const maps_target *map, int64_t sample, nn_html *page)
{
    int64_t pixels = map->height * map->width, labelled = 0, wrong = 0;
    const double *truth = map->evaluation->worst.targets[map->t].truth + sample * pixels,
                 *predicted =
                     map->evaluation->worst.targets[map->t].predicted + sample * pixels * map->channels;
    double *classes = NULL;
    char alt[128];
    NN_TRY(NN_ALLOCATE(&classes, pixels, "an image"));
    maps_predicted(map, predicted, classes);
    for (int64_t p = 0; p < pixels; p++) {
        labelled += truth[p] >= 0;
        wrong += truth[p] >= 0 && truth[p] != classes[p];
    }
    nn_html_append(page, "<li>");
    nn_status status =
        nn_pictures_append_classes(page, map->height, map->width, truth, "the true class of each pixel");
    maps_caption(page, "truth");
    nn_html_append(page, "<li>");
    snprintf(alt, sizeof alt, "the predicted class of each pixel: %lld of %lld are wrong", (long long)wrong,
             (long long)labelled);
    if (status == NN_OK) status = nn_pictures_append_classes(page, map->height, map->width, classes, alt);
    snprintf(alt, sizeof alt, "prediction, %lld of %lld wrong", (long long)wrong, (long long)labelled);
    maps_caption(page, alt);
    nn_free(classes);
    return status;
}

static nn_status maps_sample(const maps_target *map, const nn_pictures *inputs, int64_t sample, nn_html *page)
{
    const nn_evaluation_samples *worst = &map->evaluation->worst;
    int64_t count = nn_shape_count(worst->input);
    double *values = NULL;
    char alt[64];
    NN_TRY(NN_ALLOCATE(&values, count, "an image"));
    for (int64_t i = 0; i < count; i++) values[i] = worst->inputs[sample * count + i];
    nn_html_append(page, "<ul class=\"pictures row\">\n<li>");
    snprintf(alt, sizeof alt, "the input of sample %lld", (long long)worst->position[sample]);
    nn_status status = nn_pictures_append(page, inputs, values, alt);
    snprintf(alt, sizeof alt, "sample %lld, loss %.6g", (long long)worst->position[sample],
             worst->loss[sample]);
    maps_caption(page, alt);
    if (status == NN_OK)
        status = map->target->values ? maps_values(map, sample, page) : maps_classes(map, sample, page);
    nn_html_append(page, "</ul>\n");
    nn_free(values);
    return status;
}

/* Colours of the classes, and IoU where it was requested. */
static void maps_legend(const nn_report_run *run, const maps_target *map, nn_html *page)
{
    static const nn_html_column columns[] = {
        {"class", false}, {"colour", false}, {"pixels", true}, {"iou", true}};
    nn_config_node *classes = nn_config_get(nn_judged_target(run, map->target), "classes");
    bool iou = nn_config_get(nn_config_item(classes, 0), "iou") != NULL;
    const char *of = run->evaluation.target_count > 1 ? map->target->name : "", *dot = of[0] ? "." : "";
    nn_html_table_begin(page, iou ? "Intersection over union by class" : "Classes", true, iou ? 4 : 3,
                        columns);
    for (int64_t c = 0; c < map->target->count && c < MAPS_LEGEND; c++) {
        char colour[8];
        nn_pictures_colour(c, colour);
        nn_html_row_begin(page, false);
        nn_html_row_name(page, nn_judged_name(map->target, c));
        nn_html_append(page,
                       "<td><svg class=\"swatch\" width=\"40\" height=\"16\" aria-hidden=\"true\"><rect "
                       "width=\"40\" height=\"16\" fill=\"%s\"/></svg></td>",
                       colour);
        nn_html_cell_number(page, map->target->counts ? map->target->counts[3 * c + 1] : (double)NAN);
        if (iou) nn_html_cell_number(page, nn_judged_number(nn_config_item(classes, (size_t)c), "iou"));
        nn_html_row_end(page);
    }
    nn_html_table_end(page);
    if (!iou)
        nn_html_paragraph(
            page,
            "Not measured: intersection over union. A run has it with metrics: [%s%siou]; nntrain "
            "eval %s --metrics %s%siou prints it for this one.",
            of, dot, run->word, of, dot);
}

static bool maps_apply(const nn_report *report)
{
    const nn_stored_evaluation *evaluation = &report->runs[0].evaluation;
    maps_target map;
    for (int t = 0; t < evaluation->target_count; t++)
        if (maps_find(evaluation, t, &map)) return true;
    return false;
}

static nn_status maps_append(const nn_report *report, nn_html *page)
{
    const nn_report_run *run = &report->runs[0];
    nn_pictures inputs;
    if (!nn_pictures_of_inputs(&run->evaluation.worst, &inputs)) {
        nn_html_paragraph(page, "The input has other than 1, 3 or 4 channels: it is not shown as an image.");
        return NN_OK;
    }
    for (int t = 0; t < run->evaluation.target_count; t++) {
        maps_target map;
        if (!maps_find(&run->evaluation, t, &map)) continue;
        nn_judged_heading(run, map.target, page);
        if (!map.target->values) maps_legend(run, &map, page);
        nn_html_paragraph(page, "The samples with the largest losses, the largest first.");
        for (int64_t s = 0; s < run->evaluation.worst.count && s < MAPS_SHOWN; s++)
            NN_TRY(maps_sample(&map, &inputs, s, page));
    }
    return NN_OK;
}

const nn_section nn_section_maps = {.id = "maps",
                                    .title = "Images, truth and prediction",
                                    .scope = NN_SECTION_ONE,
                                    .applies = maps_apply,
                                    .append = maps_append};
