/* Predictions next to their targets, as a CSV file: one line per sample. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/least.h"
#include "base/log.h"
#include "base/memory.h"
#include "model/arithmetic.h"
#include "step/loaded.h"
#include "tensor/arithmetic.h"
#include "train/train.h"
#include "train/trained.h"

/* What is needed to predict a part, leaf by leaf. */
typedef struct predictions {
    const nn_trained *trained;
    nn_loaded leaf;
    nn_scalar scalar;
    nn_real *scratch;
    double *values; /* of one sample */
    int64_t samples, leaves;
    bool lenient; /* a row of a file may hold anything */
    bool located; /* each line says where it is from */
    bool *bad;    /* of a leaf: samples without a prediction */
    int64_t bad_count, first_bad;
    nn_text text;
} predictions;

/* ---- columns ---- */

/* Quoted where the text would otherwise not stay in its column. */
static void predictions_word(const char *word, size_t length, nn_text *text)
{
    bool plain = true;
    for (size_t i = 0; i < length; i++) plain = plain && !strchr(",\"\r\n", word[i]);
    if (plain) {
        nn_text_append(text, "%.*s", (int)length, word);
        return;
    }
    nn_text_append(text, "\"");
    for (size_t i = 0; i < length; i++) nn_text_append(text, word[i] == '"' ? "\"\"" : "%c", word[i]);
    nn_text_append(text, "\"");
}

/* The name of a class, or its number; as a word of the table if it is not followed by probabilities. */
static void predictions_class(const nn_field *target, int64_t class, bool alone, nn_text *text)
{
    const char *name = target->class_names;
    for (int64_t i = 0; name && i < class; i++) {
        name = strchr(name, '\n');
        if (name) name++;
    }
    if (name && *name && alone)
        predictions_word(name, strcspn(name, "\n"), text);
    else if (name && *name)
        nn_text_append(text, "%.*s", (int)strcspn(name, "\n"), name);
    else
        nn_text_append(text, "%lld", (long long)class);
}

/* "y", or "y_3" where a target has several places. */
static void predictions_name(const nn_head *head, int64_t places, int64_t place, const char *ending,
                             nn_text *text)
{
    nn_text name = {0};
    nn_text_append(&name, "%s", head->name);
    if (places > 1) nn_text_append(&name, "_%lld", (long long)place);
    nn_text_append(&name, "%s", ending);
    nn_text_append(text, ",");
    predictions_word(name.bytes ? name.bytes : "", name.length, text);
    text->failed |= name.failed;
    nn_text_free(&name);
}

static void predictions_class_header(const nn_head *head, bool truth, nn_text *text)
{
    for (int64_t r = 0; r < head->rows; r++) {
        if (truth) predictions_name(head, head->rows, r, "", text);
        predictions_name(head, head->rows, r, "_predicted", text);
        if (head->rows > 1 || head->columns == 1) {
            predictions_name(head, head->rows, r, "_probability", text);
            continue;
        }
        for (int64_t c = 0; c < head->columns; c++) {
            nn_text ending = {0};
            nn_text_append(&ending, "_probability_");
            predictions_class(&head->target, c, false, &ending);
            predictions_name(head, 1, 0, ending.bytes ? ending.bytes : "", text);
            nn_text_free(&ending);
        }
    }
}

static void predictions_header(predictions *of)
{
    const nn_model *model = of->trained->model;
    nn_text *text = &of->text;
    nn_text_append(text, "sample%s", of->located ? ",file,row" : "");
    for (int h = 0; h < model->head_count; h++) {
        const nn_head *head = &model->heads[h];
        bool truth = of->trained->has_target[h];
        if (head->target.is_class) {
            predictions_class_header(head, truth, text);
            continue;
        }
        int64_t values = head->rows * head->columns;
        const char *ending = nn_head_is_values(head) ? "_predicted" : "_probability";
        for (int64_t i = 0; i < values; i++) {
            if (truth) predictions_name(head, values, i, "", text);
            predictions_name(head, values, i, ending, text);
        }
    }
    nn_text_append(text, "\n");
}

/* ---- lines ---- */

/* The fewest digits, at most `most`, that reproduce the number. */
static void predictions_digits(double number, bool is_float, int most, nn_text *text)
{
    char digits[40];
    nn_text_append(text, ",");
    if (isnan(number)) return;
    for (int count = is_float ? 6 : 15; count <= most; count++) {
        snprintf(digits, sizeof digits, "%.*g", count, number);
        double again = strtod(digits, NULL);
        if (is_float ? (float)again == (float)number : again == number) break;
    }
    nn_text_append(text, "%s", digits);
}

static void predictions_number(double number, nn_scalar scalar, nn_text *text)
{
    bool is_float = scalar == NN_SCALAR_F32;
    predictions_digits(number, is_float, is_float ? 9 : 17, text);
}

/* A target as it is in the file. */
static void predictions_observed(double value, bool single, nn_text *text)
{
    bool whole = value == floor(value) && fabs(value) < 0x1p53;
    if (whole)
        nn_text_append(text, ",%.0f", value);
    else
        predictions_digits(value, single, single ? 9 : 17, text);
}

/* As many digits as the network's own numbers give, which are relative to the spread of the target. */
static void predictions_predicted(const nn_head *head, nn_scalar scalar, int64_t i, double value,
                                  nn_text *text)
{
    const nn_scaling *scaling = &head->scaling;
    int digits = scalar == NN_SCALAR_F32 ? 9 : 17;
    double spreads = scaling->columns > 0 ? fabs(value * scaling->scale[i % scaling->columns]) : 1;
    if (spreads > 1 && isfinite(spreads)) digits += (int)ceil(log10(spreads));
    nn_text_append(text, isnan(value) ? ",nan" : ",%.*g", digits > 17 ? 17 : digits, value);
}

/* The position of value `i` of the leaf among those of all targets. */
static int64_t predictions_place(const predictions *of, int h, int64_t i)
{
    const nn_model *model = of->trained->model;
    int64_t count = nn_head_output(model, h), all = 0;
    for (int t = 0; t < model->head_count; t++)
        if (!model->heads[t].target.is_class) all += nn_shape_count(model->heads[t].target.shape);
    return i / count * all + nn_dataset_target(of->trained->data, h)->begin + i % count;
}

/* The value as in the file; next to a probability, as a fraction. */
static double predictions_truth(const predictions *of, int h, int64_t i)
{
    const nn_scaling *scaling = &of->trained->model->heads[h].scaling;
    double value = of->leaf.observed[predictions_place(of, h, i)];
    if (of->leaf.heads[h].predicted || scaling->columns == 0) return value;
    return value * scaling->scale[i % scaling->columns] + scaling->offset[i % scaling->columns];
}

/* Truth, unless it is not there, and prediction of value `i` of the leaf: values in the target's own units,
 * or a probability. */
static void predictions_pair(predictions *of, int h, int64_t i, bool known, bool bad, double output)
{
    const nn_head *head = &of->trained->model->heads[h];
    const nn_loaded_head *own = &of->leaf.heads[h];
    if (of->trained->has_target[h])
        predictions_observed(known ? predictions_truth(of, h, i) : (double)NAN,
                             nn_dataset_is_single(of->trained->data, of->trained->part, h), &of->text);
    if (bad)
        nn_text_append(&of->text, ",nan");
    else if (own->predicted)
        predictions_predicted(head, of->scalar, i, own->predicted[i], &of->text);
    else
        predictions_number(output, of->scalar, &of->text);
}

static void predictions_probability(predictions *of, bool bad, double value)
{
    if (bad)
        nn_text_append(&of->text, ",nan");
    else
        predictions_number(value, of->scalar, &of->text);
}

/* The predicted class, and the probabilities: of all classes of a sample, of the predicted one of a step, of
 * yes for yes and no. */
static void predictions_class_row(predictions *of, const nn_head *head, bool bad, const double *output)
{
    int64_t predicted = 0;
    for (int64_t c = 1; c < head->columns; c++)
        if (output[c] > output[predicted]) predicted = c;
    if (head->columns == 1) predicted = output[0] > 0.5;
    nn_text_append(&of->text, ",");
    if (!bad) predictions_class(&head->target, predicted, true, &of->text);
    if (head->rows > 1 || head->columns == 1) {
        predictions_probability(of, bad, output[head->columns == 1 ? 0 : predicted]);
        return;
    }
    for (int64_t c = 0; c < head->columns; c++) predictions_probability(of, bad, output[c]);
}

static void predictions_label(const nn_field *target, int64_t label, nn_text *text)
{
    nn_text_append(text, ",");
    if (label >= 0) predictions_class(target, label, true, text);
}

/* Values [first, first + count) of an array, up to the next call. */
static const double *predictions_values(predictions *of, const nn_real *values, int64_t first, int64_t count)
{
    nn_tensor_arithmetic_of(of->scalar)
        ->to_doubles(count, nn_scalar_at(of->scalar, values, (size_t)first), of->values);
    return of->values;
}

static void predictions_head(predictions *of, int64_t i, int h)
{
    const nn_head *head = &of->trained->model->heads[h];
    const nn_loaded_head *leaf = &of->leaf.heads[h];
    int64_t outputs = head->rows * head->columns;
    const double *output =
        predictions_values(of, of->leaf.microbatch->outputs[head->layer], i * outputs, outputs);
    /* With the names of classes that only the data has. */
    const nn_field *target = nn_dataset_target(of->trained->data, h);
    bool truth = of->trained->has_target[h], bad = of->bad[i];
    int64_t sample = of->leaf.samples[i];
    bool known =
        !of->lenient || !(nn_dataset_is_beyond(of->trained->data, of->trained->part, sample, h) ||
                          (bad && nn_dataset_is_unreadable(of->trained->data, of->trained->part, sample)));
    for (int64_t r = 0; head->target.is_class && r < head->rows; r++) {
        if (truth) predictions_label(target, known ? leaf->labels[i * head->rows + r] : -1, &of->text);
        predictions_class_row(of, head, bad, output + r * head->columns);
    }
    int64_t values = head->target.is_class ? 0 : outputs;
    for (int64_t v = 0; v < values; v++) predictions_pair(of, h, i * values + v, known, bad, output[v]);
}

static void predictions_sample(predictions *of, int64_t i)
{
    nn_text_append(&of->text, "%lld", (long long)of->leaf.samples[i]);
    if (of->located) {
        const char *path;
        int64_t row;
        nn_dataset_locate(of->trained->data, of->trained->part, of->leaf.samples[i], &path, &row);
        nn_text_append(&of->text, ",");
        predictions_word(path, strlen(path), &of->text);
        nn_text_append(&of->text, ",%lld", (long long)row);
    }
    for (int h = 0; h < of->trained->model->head_count; h++) predictions_head(of, i, h);
    nn_text_append(&of->text, "\n");
}

/* ---- rows that cannot be predicted ---- */

/* Whether the values of an input can be fed to the network. */
static bool predictions_fit(const nn_field *field, const double *values)
{
    for (int64_t i = 0; i < nn_shape_count(field->shape); i++) {
        double value = values[i];
        if (!isfinite(value)) return false;
        if (field->is_class && !(value >= 0 && value < (double)field->classes && value == floor(value)))
            return false;
    }
    return true;
}

/* Finds the bad samples of a leaf; zeros take the place of their inputs. */
static void predictions_find_bad(predictions *of)
{
    const nn_trained *trained = of->trained;
    const nn_field *input = &trained->model->input;
    int64_t count = nn_shape_count(input->shape);
    for (int64_t i = 0; of->lenient && i < of->leaf.microbatch->samples; i++) {
        nn_real *inputs = of->leaf.microbatch->outputs[0];
        const double *values = predictions_values(of, inputs, i * count, count);
        int64_t sample = of->leaf.samples[i];
        bool fits = !nn_dataset_is_unreadable(trained->data, trained->part, sample);
        for (int p = 0; fits && p < input->part_count; p++)
            fits = predictions_fit(&input->parts[p], values + input->parts[p].begin);
        if (fits && input->part_count == 0) fits = predictions_fit(input, values);
        of->bad[i] = !fits;
        if (fits) continue;
        memset(nn_scalar_at(of->scalar, inputs, (size_t)(i * count)), 0,
               (size_t)count * nn_scalar_size(of->scalar));
        if (of->bad_count++ == 0) of->first_bad = sample;
    }
}

static void predictions_tell_bad(const predictions *of)
{
    const char *path;
    int64_t row;
    if (of->bad_count == 0) return;
    nn_dataset_locate(of->trained->data, of->trained->part, of->first_bad, &path, &row);
    nn_log_warning("%lld of %lld rows have no prediction: their inputs contain NaN, Inf or an index out of "
                   "range, or cannot be read; the first is row %lld of %s",
                   (long long)of->bad_count, (long long)of->samples, (long long)row, path);
}

/* ---- the part ---- */

/* Converts the output of the network to predictions; a difference becomes a value again. */
static void predictions_finish(predictions *of, int h)
{
    const nn_model *model = of->trained->model;
    const nn_head *head = &model->heads[h];
    nn_loaded_head *own = &of->leaf.heads[h];
    nn_real *output = of->leaf.microbatch->outputs[head->layer];
    int64_t samples = of->leaf.microbatch->samples, count = head->rows * head->columns;
    if (head->loss->predict)
        head->loss->predict(head->loss_options, samples * head->rows, head->columns, output);
    if (!own->predicted) return;
    nn_model_arithmetic_of(of->scalar)->undo(head, samples * count, output, own->predicted);
    for (int64_t i = 0; i < samples * count; i++)
        own->predicted[i] += of->leaf.bases[predictions_place(of, h, i)];
}

static void predictions_leaf(predictions *of, int64_t index)
{
    const nn_trained *trained = of->trained;
    const nn_model *model = trained->model;
    nn_loaded_place place = {.part = trained->part,
                             .epoch = NN_DATA_IN_ORDER,
                             .range = nn_tree_leaf_samples(of->samples, of->leaves, index)};
    nn_loaded_fill(&of->leaf, model, trained->data, &place, true);
    predictions_find_bad(of);
    nn_dataset_release(trained->data, trained->part, index);
    for (int l = 1; l < model->network->layer_count; l++)
        nn_network_forward(model->network, l, trained->weights, of->leaf.microbatch, of->scratch);
    for (int h = 0; h < model->head_count; h++) predictions_finish(of, h);
    for (int64_t i = 0; i < of->leaf.microbatch->samples; i++) predictions_sample(of, i);
}

static bool predictions_schedule(const void *context, int64_t index, nn_data_span *span)
{
    const predictions *of = context;
    if (index >= of->leaves) return false;
    nn_tree_node range = nn_tree_leaf_samples(of->samples, of->leaves, index);
    *span = (nn_data_span){.epoch = NN_DATA_IN_ORDER, .first = range.begin, .count = range.end - range.begin};
    return true;
}

/* Of a sample, or of a head's outputs for it. */
static int64_t predictions_most_values(const nn_model *model)
{
    int64_t most = nn_shape_count(model->input.shape);
    for (int h = 0; h < model->head_count; h++)
        most = nn_larger(most, model->heads[h].rows * model->heads[h].columns);
    return most;
}

static nn_status predictions_write(predictions *of, const char *path)
{
    const nn_trained *trained = of->trained;
    nn_loaded_needs needs = nn_loaded_needs_of(trained->model, trained->data);
    needs.bases = true;
    NN_TRY(nn_loaded_create(trained->model, &needs, trained->microbatch_size, &of->leaf));
    NN_TRY(NN_ALLOCATE_VALUES(of->scalar, &of->scratch, trained->model->network->scratch_values, "scratch"));
    NN_TRY(NN_ALLOCATE(&of->values, predictions_most_values(trained->model), "the values of a sample"));
    NN_TRY(NN_ALLOCATE(&of->bad, trained->microbatch_size, "the samples of a microbatch"));
    NN_TRY(nn_dataset_follow(trained->data, trained->part, predictions_schedule, of, 0, 2, true));
    predictions_header(of);
    for (int64_t index = 0; index < of->leaves; index++) predictions_leaf(of, index);
    nn_status status = nn_dataset_status(trained->data, trained->part);
    nn_dataset_unfollow(trained->data, trained->part);
    NN_TRY(status);
    if (of->text.failed)
        NN_FAIL(NN_ERROR_MEMORY, "out of memory for the predictions of %lld samples", (long long)of->samples);
    return nn_store_commit(path, of->text.bytes, of->text.length);
}

/* Whether the samples come from several files. */
static bool predictions_are_spread(const nn_trained *trained, int64_t samples)
{
    const char *first, *last;
    int64_t row;
    nn_dataset_locate(trained->data, trained->part, 0, &first, &row);
    nn_dataset_locate(trained->data, trained->part, samples - 1, &last, &row);
    return first != last;
}

static nn_status predictions_make(const nn_trained *trained, bool lenient, const char *path)
{
    predictions of = {.trained = trained,
                      .scalar = trained->model->scalar,
                      .lenient = lenient,
                      .samples = nn_dataset_count(trained->data, trained->part)};
    of.located = lenient && predictions_are_spread(trained, of.samples);
    of.leaves = (of.samples + trained->microbatch_size - 1) / trained->microbatch_size;
    nn_status status = predictions_write(&of, path);
    if (status == NN_OK) predictions_tell_bad(&of);
    nn_free(of.bad);
    nn_loaded_destroy(&of.leaf);
    nn_free(of.scratch);
    nn_free(of.values);
    nn_text_free(&of.text);
    return status;
}

/* NN_PARTS where none is named. */
static nn_status predictions_part(const char *name, nn_part *part)
{
    static const char *const names[NN_PARTS] = {"train", "validation", "test"};
    *part = NN_PARTS;
    if (!name) return NN_OK;
    for (int p = 0; p < NN_PARTS; p++)
        if (strcmp(name, names[p]) == 0) *part = (nn_part)p;
    if (*part == NN_PARTS)
        NN_FAIL(NN_ERROR_USAGE, "predict: --part must be train, validation or test, not '%s'", name);
    return NN_OK;
}

/* A file whose name promises another format would be taken for it. */
static nn_status predictions_check_output(const char *path)
{
    const char *name = strrchr(path, '/');
    const char *ending = strrchr(name ? name + 1 : path, '.');
    if (ending && strcasecmp(ending, ".csv") == 0) return NN_OK;
    NN_FAIL(NN_ERROR_USAGE, "predict: -o %s: the name must end in .csv, the only format that is written",
            path);
}

nn_status nn_train_predict(nn_comm *comm, const nn_prediction *prediction)
{
    nn_trained trained = {0};
    nn_trained_request request = {.files = prediction->files, .sets = prediction->sets, .predicts = true};
    nn_text source = {0};
    NN_TRY(predictions_check_output(prediction->output));
    NN_TRY(predictions_part(prediction->part, &request.part));
    nn_status status = nn_trained_open(comm, prediction->run_or_checkpoint, &request, &trained);
    if (status == NN_OK && nn_comm_rank(comm) == 0)
        status = predictions_make(&trained, request.files != NULL, prediction->output);
    status = nn_comm_agree(comm, status);
    if (status == NN_OK) {
        nn_trained_describe(&trained, request.files, &source);
        nn_log_line("%s: predictions for %lld samples of %s by %s", prediction->output,
                    (long long)nn_dataset_count(trained.data, trained.part), source.bytes ? source.bytes : "",
                    trained.path);
        nn_text_free(&source);
    }
    nn_trained_close(&trained);
    return status;
}
