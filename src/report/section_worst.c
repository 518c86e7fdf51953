/* The samples with the largest losses, as pictures where the input is an image. */
#include <math.h>
#include <stdio.h>

#include "base/memory.h"
#include "report/judged.h"
#include "report/pictures.h"
#include "report/section.h"

/* ---- what the network said of a sample ---- */

/* Whether a target has one class per sample, or one question of yes or no. */
static bool worst_is_class(const nn_stored_evaluation *evaluation, int t)
{
    const nn_evaluation_target *target = &evaluation->targets[t];
    int64_t predicted = evaluation->worst.targets[t].predicted_count;
    return !target->values && evaluation->worst.targets[t].truth_count == 1 &&
           (predicted == target->count || (predicted == 1 && target->count == 2));
}

/* The class that is predicted, and the probability of a class. */
static double worst_probability(const nn_stored_evaluation *evaluation, int t, int64_t sample,
                                int64_t class_number)
{
    int64_t count = evaluation->worst.targets[t].predicted_count;
    const double *predicted = evaluation->worst.targets[t].predicted + sample * count;
    if (class_number < 0) return NAN;
    return count == 1 ? (class_number == 1 ? predicted[0] : 1 - predicted[0]) : predicted[class_number];
}

static int64_t worst_predicted(const nn_stored_evaluation *evaluation, int t, int64_t sample)
{
    int64_t best = 0;
    for (int64_t c = 1; c < evaluation->targets[t].count; c++)
        if (worst_probability(evaluation, t, sample, c) > worst_probability(evaluation, t, sample, best))
            best = c;
    return best;
}

static int64_t worst_truth(const nn_stored_evaluation *evaluation, int t, int64_t sample)
{
    double truth = evaluation->worst.targets[t].truth[sample];
    return truth >= 0 && truth < (double)evaluation->targets[t].count ? (int64_t)truth : -1;
}

/* "y: 8, predicted as 1 with probability 0.998", for all targets of classes; names of at most
 * `letters` letters. */
static void worst_append_words(const nn_stored_evaluation *evaluation, int64_t sample, size_t letters,
                               nn_text *text)
{
    char true_name[NN_JUDGED_SHORT], predicted_name[NN_JUDGED_SHORT];
    for (int t = 0; t < evaluation->target_count; t++) {
        if (!worst_is_class(evaluation, t)) continue;
        const nn_evaluation_target *target = &evaluation->targets[t];
        int64_t truth = worst_truth(evaluation, t, sample),
                predicted = worst_predicted(evaluation, t, sample);
        if (text->length > 0) nn_text_append(text, "; ");
        if (evaluation->target_count > 1) nn_text_append(text, "%s: ", target->name);
        nn_judged_short(nn_judged_name(target, truth), letters, true_name);
        nn_judged_short(nn_judged_name(target, predicted), letters, predicted_name);
        nn_text_append(text, "%s, predicted as %s with probability %.6g", true_name, predicted_name,
                       worst_probability(evaluation, t, sample, predicted));
    }
}

/* ---- pictures ---- */

static nn_status worst_picture(const nn_stored_evaluation *evaluation, const nn_pictures *pictures,
                               int64_t sample, nn_html *page)
{
    int64_t count = nn_shape_count(evaluation->worst.input);
    double *values = NULL;
    nn_text words = {0}, caption = {0};
    NN_TRY(NN_ALLOCATE(&values, count, "an image"));
    for (int64_t i = 0; i < count; i++) values[i] = evaluation->worst.inputs[sample * count + i];
    worst_append_words(evaluation, sample, 100, &words);
    worst_append_words(evaluation, sample, 24, &caption);
    if (words.length == 0) {
        nn_text_append(&words, "sample %lld, loss %.6g", (long long)evaluation->worst.position[sample],
                       evaluation->worst.loss[sample]);
        nn_text_append(&caption, "%s", words.bytes ? words.bytes : "");
    }
    nn_html_append(page, "<li>");
    nn_status status =
        nn_pictures_append(page, pictures, values, words.bytes ? words.bytes : "the input of the sample");
    nn_html_append(page, "<span>");
    if (caption.bytes) nn_html_append_name(page, caption.bytes);
    nn_html_append(page, "</span></li>\n");
    nn_text_free(&words);
    nn_text_free(&caption);
    nn_free(values);
    return status;
}

static nn_status worst_pictures(const nn_stored_evaluation *evaluation, nn_html *page)
{
    nn_pictures pictures;
    if (!nn_pictures_of_inputs(&evaluation->worst, &pictures)) return NN_OK;
    nn_html_paragraph(page, "Black is %.6g, white %.6g, in the units of the data; the largest loss is first.",
                      pictures.black, pictures.white);
    nn_html_append(page, "<ol class=\"pictures\">\n");
    for (int64_t s = 0; s < evaluation->worst.count && s < NN_PICTURES; s++)
        NN_TRY(worst_picture(evaluation, &pictures, s, page));
    nn_html_append(page, "</ol>\n");
    return NN_OK;
}

/* ---- the table ---- */

static void worst_class_cells(const nn_stored_evaluation *evaluation, int t, int64_t sample, nn_html *page)
{
    const nn_evaluation_target *target = &evaluation->targets[t];
    int64_t truth = worst_truth(evaluation, t, sample), predicted = worst_predicted(evaluation, t, sample);
    nn_html_append(page, "<td>");
    nn_html_append_name(page, nn_judged_name(target, truth));
    nn_html_append(page, "</td><td>");
    nn_html_append_name(page, nn_judged_name(target, predicted));
    nn_html_append(page, "</td>");
    nn_html_cell_number(page, worst_probability(evaluation, t, sample, predicted));
    nn_html_cell_number(page, worst_probability(evaluation, t, sample, truth));
}

/* Of a target with a single value. */
static void worst_value_cells(const nn_stored_evaluation *evaluation, int t, int64_t sample, nn_html *page)
{
    double truth = evaluation->worst.targets[t].truth[sample],
           predicted = evaluation->worst.targets[t].predicted[sample];
    nn_html_cell_number(page, truth);
    nn_html_cell_number(page, predicted);
    nn_html_cell_number(page, predicted - truth);
}

static bool worst_is_value(const nn_stored_evaluation *evaluation, int t)
{
    return evaluation->targets[t].values && evaluation->worst.targets[t].predicted_count == 1 &&
           evaluation->worst.targets[t].truth_count == 1;
}

#define WORST_COLUMNS (4 + 4 * NN_MODEL_HEADS)
#define WORST_NAME 160

/* The columns of all targets; names are kept in `names`. */
static size_t worst_columns(const nn_stored_evaluation *evaluation, char names[][WORST_NAME],
                            nn_html_column *columns)
{
    static const char *const of_class[] = {"class", "predicted as", "probability",
                                           "probability of the class"},
                             *const of_value[] = {"truth", "predicted", "residual"};
    size_t count = 0;
    columns[count++] = (nn_html_column){"sample", true};
    columns[count++] = (nn_html_column){"row", true};
    if (evaluation->file_count > 1) columns[count++] = (nn_html_column){"file", false};
    columns[count++] = (nn_html_column){"loss", true};
    for (int t = 0; t < evaluation->target_count; t++) {
        bool is_class = worst_is_class(evaluation, t);
        int own = is_class ? 4 : worst_is_value(evaluation, t) ? 3 : 0;
        for (int i = 0; i < own; i++, count++) {
            bool several = evaluation->target_count > 1;
            snprintf(names[count], WORST_NAME, "%.100s%s%s", several ? evaluation->targets[t].name : "",
                     several ? ": " : "", is_class ? of_class[i] : of_value[i]);
            columns[count] = (nn_html_column){names[count], !is_class || i > 1};
        }
    }
    return count;
}

static void worst_table(const nn_stored_evaluation *evaluation, nn_html *page)
{
    char names[WORST_COLUMNS][WORST_NAME];
    nn_html_column columns[WORST_COLUMNS];
    const nn_evaluation_samples *worst = &evaluation->worst;
    size_t count = worst_columns(evaluation, names, columns);
    nn_html_table_begin(page, "Samples with the largest losses", true, count, columns);
    for (int64_t s = 0; s < worst->count; s++) {
        nn_html_row_begin(page, false);
        nn_html_cell_integer(page, worst->position[s]);
        nn_html_cell_integer(page, worst->row[s]);
        if (evaluation->file_count > 1) {
            bool known = worst->file[s] >= 0 && worst->file[s] < (int64_t)evaluation->file_count;
            nn_html_cell(page, "%s", known ? evaluation->files[worst->file[s]] : "");
        }
        nn_html_cell_number(page, worst->loss[s]);
        for (int t = 0; t < evaluation->target_count; t++) {
            if (worst_is_class(evaluation, t)) worst_class_cells(evaluation, t, s, page);
            if (worst_is_value(evaluation, t)) worst_value_cells(evaluation, t, s, page);
        }
        nn_html_row_end(page);
    }
    nn_html_table_end(page);
}

/* ---- the section ---- */

static bool worst_apply(const nn_report *report)
{
    return report->runs[0].evaluation.worst.count > 0;
}

static nn_status worst_append(const nn_report *report, nn_html *page)
{
    const nn_stored_evaluation *evaluation = &report->runs[0].evaluation;
    nn_html_paragraph(page,
                      "The %lld samples of the %s part, of %lld, with the largest loss%s. Samples and rows "
                      "are counted from 0: the position in the part, and the row of the file.",
                      (long long)evaluation->worst.count, evaluation->part, (long long)evaluation->samples,
                      evaluation->target_count > 1 ? " of all targets together" : "");
    NN_TRY(worst_pictures(evaluation, page));
    worst_table(evaluation, page);
    return NN_OK;
}

const nn_section nn_section_worst = {.id = "worst",
                                     .title = "Largest losses",
                                     .scope = NN_SECTION_ONE,
                                     .applies = worst_apply,
                                     .append = worst_append};
