/* The first predictions in words, for a first look. */
#include <math.h>

#include "base/least.h"
#include "base/log.h"
#include "predict/prediction_format.h"
#include "predict/prediction_names.h"

/* Values of a row that are named; the others are counted. */
#define WORDS_VALUES 4

/* A row of a block. */
typedef struct words_row {
    const nn_predicted *predicted;
    void *block;
    int64_t rows, row;
    nn_text *text;
} words_row;

static const void *words_cells(const words_row *of, nn_predicted_kind kind, int head)
{
    const nn_predicted_column *column = nn_predicted_find(of->predicted, kind, head);
    return column ? nn_predicted_cells(column, of->block, of->rows, of->row) : NULL;
}

static void words_name(const words_row *of, int h, int64_t value)
{
    const nn_model *model = of->predicted->trained->model;
    nn_text_append(of->text, "%s", model->heads[h].name);
    nn_prediction_append_value(model, h, value, of->text);
}

/* Of a class that is predicted; nothing where there is no such column. */
static void words_probability(const words_row *of, int h, int64_t r, int64_t class)
{
    const nn_head *head = &of->predicted->trained->model->heads[h];
    const nn_predicted_column *column = nn_predicted_find(of->predicted, NN_PREDICTED_PROBABILITY, h);
    const double *cells = words_cells(of, NN_PREDICTED_PROBABILITY, h);
    if (!column || class < 0) return;
    double share = cells[nn_predicted_is_single(of->predicted, column) ? r : r * head->columns + class];
    /* For yes and no, the probability is that of yes. */
    if (head->columns == 1 && class == 0) share = 1 - share;
    nn_text_append(of->text, " with a probability of %.1f %%", 100 * share);
}

static void words_class(const words_row *of, int h, int64_t r)
{
    const nn_head *head = &of->predicted->trained->model->heads[h];
    const int64_t *label = words_cells(of, NN_PREDICTED_LABEL, h);
    int64_t class = ((const int64_t *)words_cells(of, NN_PREDICTED_CLASS, h))[r];
    words_name(of, h, r);
    nn_text_append(of->text, class < 0 ? " has no prediction" : " is ");
    if (class >= 0) nn_prediction_append_class(&head->target, class, of->text);
    words_probability(of, h, r, class);
    if (!label || label[r] < 0) return;
    nn_text_append(of->text, label[r] == class ? ", which is right" : "; the target is ");
    if (label[r] != class)
        nn_prediction_append_class(nn_dataset_target(of->predicted->trained->data, h), label[r], of->text);
}

static void words_value(const words_row *of, int h, int64_t i)
{
    const nn_head *head = &of->predicted->trained->model->heads[h];
    const double *truth = words_cells(of, NN_PREDICTED_TRUTH, h);
    double value = ((const double *)words_cells(of, NN_PREDICTED_VALUE, h))[i];
    words_name(of, h, i);
    if (isnan(value))
        nn_text_append(of->text, " has no prediction");
    else
        nn_text_append(of->text, nn_head_is_values(head) ? " is %.6g" : " has a probability of %.4g", value);
    if (truth && !isnan(truth[i])) nn_text_append(of->text, "; the target is %.6g", truth[i]);
}

static void words_head(const words_row *of, int h)
{
    const nn_model *model = of->predicted->trained->model;
    bool is_class = model->heads[h].target.is_class;
    int64_t count = is_class ? model->heads[h].rows : nn_head_output(model, h);
    for (int64_t i = 0; i < nn_smaller(count, WORDS_VALUES); i++) {
        nn_text_append(of->text, "\n  ");
        if (is_class)
            words_class(of, h, i);
        else
            words_value(of, h, i);
    }
    if (count > WORDS_VALUES)
        nn_text_append(of->text, "\n  and %lld more of %s", (long long)(count - WORDS_VALUES),
                       model->heads[h].name);
}

void nn_prediction_explain(const nn_predicted *predicted, const nn_predicted_span *span, void *block,
                           int64_t count)
{
    for (int64_t row = 0; row < count; row++) {
        nn_text text = {0};
        words_row of = {predicted, block, span->rows, row, &text};
        const int64_t *file = words_cells(&of, NN_PREDICTED_FILE, -1);
        const int64_t *part = words_cells(&of, NN_PREDICTED_PART, -1);
        nn_text_append(&text, "row %lld of %s",
                       (long long)*(const int64_t *)words_cells(&of, NN_PREDICTED_ROW, -1),
                       predicted->files.items[file ? *file : 0]);
        if (part) nn_text_append(&text, " (%s)", nn_prediction_part(*part));
        for (int h = 0; h < predicted->trained->model->head_count; h++) words_head(&of, h);
        nn_log_line("%s", text.bytes ? text.bytes : "");
        nn_text_free(&text);
    }
}
