#include "judge/evaluation_file.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/list.h"
#include "base/memory.h"
#include "host/files.h"
#include "nntrain/nntrain.h"
#include "store/kept.h"

#define FILE_NAME 256

/* An image in the making. */
typedef struct file_work {
    nn_store_image *image;
    const nn_gathering *gathering;
} file_work;

/* ---- samples ---- */

/* Columns [begin, begin + count) of records, as a dataset of `records` rows. */
static nn_status file_put_columns(const file_work *of, const char *group, const char *name,
                                  const double *records, int64_t rows, int64_t width, int64_t begin,
                                  int64_t count)
{
    char path[FILE_NAME];
    double *values = NULL;
    const int64_t extents[2] = {rows, count};
    snprintf(path, sizeof path, "%s/%s", group, name);
    NN_TRY(NN_ALLOCATE(&values, rows * count, "the samples of an evaluation"));
    for (int64_t r = 0; r < rows; r++)
        memcpy(values + r * count, records + r * width + begin, (size_t)count * sizeof *values);
    nn_status status = nn_store_image_put(of->image, path, NN_STORE_F64, count > 1 ? 2 : 1, extents, values);
    nn_free(values);
    return status;
}

/* Where the samples are from: position in the part, number of the file, row in it. */
static nn_status file_put_ids(const file_work *of, const char *group, const double *records, int64_t rows,
                              int64_t width)
{
    static const char *const names[] = {"position", "file", "row"};
    char path[FILE_NAME];
    int64_t *ids = NULL;
    NN_TRY(NN_ALLOCATE(&ids, 3 * rows, "the samples of an evaluation"));
    for (int64_t r = 0; r < rows; r++) {
        int64_t sample = nn_dataset_order(of->gathering->data, of->gathering->part, NN_DATA_IN_ORDER,
                                          (int64_t)records[r * width + NN_RECORD_POSITION]);
        ids[r] = (int64_t)records[r * width + NN_RECORD_POSITION];
        ids[rows + r] =
            nn_dataset_file_of(of->gathering->data, of->gathering->part, sample, &ids[2 * rows + r]);
    }
    nn_status status = NN_OK;
    for (int i = 0; i < 3 && status == NN_OK; i++) {
        snprintf(path, sizeof path, "%s/%s", group, names[i]);
        status = nn_store_image_put(of->image, path, NN_STORE_I64, 1, &rows, ids + i * rows);
    }
    nn_free(ids);
    return status;
}

static nn_status file_put_records(const file_work *of, const char *group, const double *records, int64_t rows,
                                  int64_t width)
{
    const nn_record_layout *layout = &of->gathering->layout;
    if (rows == 0) return NN_OK;
    NN_TRY(file_put_ids(of, group, records, rows, width));
    NN_TRY(file_put_columns(of, group, "loss", records, rows, width, NN_RECORD_LOSS, 1));
    for (int h = 0; h < of->gathering->model->head_count; h++) {
        char name[FILE_NAME];
        snprintf(name, sizeof name, "%.200s/predicted", of->gathering->model->heads[h].name);
        NN_TRY(file_put_columns(of, group, name, records, rows, width, layout->predicted[h],
                                layout->predicted_count[h]));
        snprintf(name, sizeof name, "%.200s/truth", of->gathering->model->heads[h].name);
        NN_TRY(file_put_columns(of, group, name, records, rows, width, layout->truth[h],
                                layout->truth_count[h]));
    }
    return NN_OK;
}

/* The rows of the targets of windows, and how far they are from the last row that a window sees. */
static nn_status file_put_windows(const file_work *of)
{
    const nn_gathering *gathering = of->gathering;
    const nn_chosen_samples *series = &gathering->series;
    const int64_t one = 1, horizon = gathering->window->horizon;
    int64_t *rows = NULL;
    if (series->count == 0) return NN_OK;
    NN_TRY(NN_ALLOCATE(&rows, series->count, "the samples of an evaluation"));
    for (int64_t r = 0; r < series->count; r++) {
        int64_t sample =
            nn_dataset_order(gathering->data, gathering->part, NN_DATA_IN_ORDER, series->positions[r]);
        nn_dataset_file_of(gathering->data, gathering->part, sample, &rows[r]);
        rows[r] += gathering->window->length - 1 + horizon;
    }
    nn_status status =
        nn_store_image_put(of->image, "series/target_row", NN_STORE_I64, 1, &series->count, rows);
    if (status == NN_OK)
        status = nn_store_image_put(of->image, "series/horizon", NN_STORE_I64, 1, &one, &horizon);
    nn_free(rows);
    return status;
}

/* The inputs of the worst samples, in the shape that the network has them. */
static nn_status file_put_inputs(const file_work *of, const nn_worst *worst)
{
    const nn_record_layout *layout = &of->gathering->layout;
    const nn_shape *shape = &of->gathering->model->input.shape;
    int64_t extents[NN_MAX_DIMENSIONS + 1] = {worst->count};
    float *inputs = NULL;
    if (worst->width == layout->width || worst->count == 0) return NN_OK;
    for (int d = 0; d < shape->dimensions; d++) extents[1 + d] = shape->extents[d];
    NN_TRY(NN_ALLOCATE(&inputs, worst->count * layout->inputs, "the inputs of an evaluation"));
    for (int64_t r = 0; r < worst->count; r++)
        for (int64_t i = 0; i < layout->inputs; i++)
            inputs[r * layout->inputs + i] = (float)worst->records[r * worst->width + layout->width + i];
    nn_status status =
        nn_store_image_put(of->image, "worst/input", NN_STORE_F32, 1 + shape->dimensions, extents, inputs);
    nn_free(inputs);
    return status;
}

static nn_status file_put_files(const file_work *of)
{
    nn_text_list files = {0};
    nn_status status = NN_OK;
    int count = nn_dataset_file_count(of->gathering->data, of->gathering->part);
    for (int f = 0; f < count && status == NN_OK; f++)
        status = nn_list_add(&files, nn_dataset_file(of->gathering->data, of->gathering->part, f));
    if (status == NN_OK) status = nn_store_image_put_names(of->image, "files", files.count, files.items);
    nn_list_release(&files);
    return status;
}

/* How many samples each part has. */
static nn_status file_put_parts(const file_work *of)
{
    static char *const names[NN_PARTS] = {
        [NN_TRAIN] = "training", [NN_VALIDATION] = "validation", [NN_TEST] = "test"};
    const int64_t parts = NN_PARTS;
    int64_t samples[NN_PARTS];
    for (int p = 0; p < NN_PARTS; p++) samples[p] = nn_dataset_count(of->gathering->data, (nn_part)p);
    NN_TRY(nn_store_image_put_names(of->image, "parts", NN_PARTS, names));
    return nn_store_image_put(of->image, "part_samples", NN_STORE_I64, 1, &parts, samples);
}

/* ---- ranges of the fields ---- */

static nn_status file_put_range(const file_work *of, const nn_field_extremes *field, const char *what,
                                nn_store_type type, int64_t columns, const void *values)
{
    char path[FILE_NAME];
    const int64_t extents[2] = {NN_PARTS, columns};
    snprintf(path, sizeof path, "ranges/%.200s/%s", field->key, what);
    return nn_store_image_put(of->image, path, type, columns > 0 ? 2 : 1, extents, values);
}

/* Names of columns where they have any: all of them, as one list. */
static nn_status file_put_range_names(const file_work *of, const nn_field_extremes *field)
{
    char path[FILE_NAME];
    const nn_names *names = nn_names_set_find(nn_dataset_names(of->gathering->data), field->key);
    snprintf(path, sizeof path, "ranges/%.200s/columns", field->key);
    if (!names || (int64_t)names->columns.count != field->columns) return NN_OK;
    return nn_store_image_put_names(of->image, path, names->columns.count, names->columns.items);
}

static nn_status file_put_field_ranges(const file_work *of, const nn_field_extremes *field)
{
    int64_t count = NN_PARTS * field->columns;
    double *bounds = NULL;
    int64_t *counts = NULL;
    nn_status status;
    NN_TRY_TO(done, status, NN_ALLOCATE(&bounds, 2 * count, "the ranges of an evaluation"));
    NN_TRY_TO(done, status, NN_ALLOCATE(&counts, 2 * count, "the ranges of an evaluation"));
    for (int64_t i = 0; i < count; i++) {
        const nn_extreme *own = &field->extremes[i];
        bounds[i] = own->values > own->missing ? own->least : NAN;
        bounds[count + i] = own->values > own->missing ? own->most : NAN;
        counts[i] = own->values;
        counts[count + i] = own->missing;
    }
    NN_TRY_TO(done, status, file_put_range_names(of, field));
    NN_TRY_TO(done, status, file_put_range(of, field, "samples", NN_STORE_I64, 0, field->samples));
    NN_TRY_TO(done, status, file_put_range(of, field, "least", NN_STORE_F64, field->columns, bounds));
    NN_TRY_TO(done, status, file_put_range(of, field, "most", NN_STORE_F64, field->columns, bounds + count));
    NN_TRY_TO(done, status, file_put_range(of, field, "values", NN_STORE_I64, field->columns, counts));
    NN_TRY_TO(done, status,
              file_put_range(of, field, "missing", NN_STORE_I64, field->columns, counts + count));
done:
    nn_free(bounds);
    nn_free(counts);
    return status;
}

static nn_status file_put_ranges(const file_work *of)
{
    const nn_extremes *extremes = &of->gathering->extremes;
    for (int f = 0; f < extremes->count; f++) NN_TRY(file_put_field_ranges(of, &extremes->fields[f]));
    return NN_OK;
}

/* ---- a text ---- */

static nn_status file_put_continued(const file_work *of)
{
    const nn_continued *continued = &of->gathering->continued;
    if (!continued->text.bytes) return NN_OK;
    NN_TRY(nn_store_image_put_text(of->image, "text/prompt", continued->prompt.bytes));
    return nn_store_image_put_text(of->image, "text/written", continued->text.bytes);
}

/* ---- targets ---- */

/* The names of outputs or classes, and units. */
static nn_status file_put_names(const file_work *of, int h, const char *what, int64_t count,
                                void (*append)(const nn_model *model, int head, int64_t i, nn_text *text))
{
    char path[FILE_NAME + 32];
    nn_text_list names = {0};
    nn_status status = NN_OK;
    for (int64_t i = 0; i < count && status == NN_OK; i++) {
        nn_text name = {0};
        append(of->gathering->model, h, i, &name);
        status = nn_list_add(&names, name.bytes ? name.bytes : "");
        nn_text_free(&name);
    }
    snprintf(path, sizeof path, "targets/%.200s/%s", of->gathering->model->heads[h].name, what);
    if (status == NN_OK) status = nn_store_image_put_names(of->image, path, names.count, names.items);
    nn_list_release(&names);
    return status;
}

static void file_append_unit(const nn_model *model, int head, int64_t output, nn_text *text)
{
    const char *unit = nn_judge_unit(model, head, output);
    nn_text_append(text, "%s", unit ? unit : "");
}

static nn_status file_put_numbers(const file_work *of, int h, const char *what, nn_store_type type,
                                  int dimensions, const int64_t *extents, const void *values)
{
    char path[FILE_NAME + 32];
    snprintf(path, sizeof path, "targets/%.200s/%s", of->gathering->model->heads[h].name, what);
    return nn_store_image_put(of->image, path, type, dimensions, extents, values);
}

/* For each bin: rows, the fraction that is correct, and the mean probability; NaN in empty bins. */
static nn_status file_put_calibration(const file_work *of, int h)
{
    double bins[NN_GATHERING_BINS][3];
    const uint64_t *counts = of->gathering->heads[h].calibration;
    const int64_t extents[2] = {NN_GATHERING_BINS, 3};
    for (int b = 0; b < NN_GATHERING_BINS; b++) {
        double rows = (double)counts[3 * b];
        bins[b][0] = rows;
        bins[b][1] = (double)counts[3 * b + 1] / rows;
        bins[b][2] = (double)counts[3 * b + 2] / NN_GATHERING_UNIT / rows;
    }
    return file_put_numbers(of, h, "calibration", NN_STORE_F64, 2, extents, bins);
}

/* For each class and threshold, from none to all of the rows predicted as the class: the fractions of the
 * other rows and of its own that are. */
static nn_status file_put_roc(const file_work *of, int h)
{
    const nn_gathered_head *own = &of->gathering->heads[h];
    const int64_t extents[3] = {own->classes, NN_GATHERING_SCORES + 1, 2};
    double *curves = NULL;
    if (own->classes == 0) return NN_OK;
    NN_TRY(NN_ALLOCATE(&curves, own->classes * (NN_GATHERING_SCORES + 1) * 2, "the curves of an evaluation"));
    for (int64_t c = 0; c < own->classes; c++)
        for (int yes = 0; yes < 2; yes++) {
            const uint64_t *counts = own->scores + (c * 2 + yes) * NN_GATHERING_SCORES;
            double all = 0, above = 0;
            for (int b = 0; b < NN_GATHERING_SCORES; b++) all += (double)counts[b];
            for (int b = 0; b <= NN_GATHERING_SCORES; b++) {
                curves[(c * (NN_GATHERING_SCORES + 1) + b) * 2 + yes] = above / all;
                if (b < NN_GATHERING_SCORES) above += (double)counts[NN_GATHERING_SCORES - 1 - b];
            }
        }
    nn_status status = file_put_numbers(of, h, "roc", NN_STORE_F64, 3, extents, curves);
    nn_free(curves);
    return status;
}

/* Of a sample's output: its values are in one row of TARGET/predicted. */
static nn_status file_put_shape(const file_work *of, int h)
{
    const nn_model *model = of->gathering->model;
    const nn_shape *shape = &model->network->layers[model->heads[h].layer].output_shape;
    const int64_t dimensions = shape->dimensions;
    if (dimensions == 0) return NN_OK;
    return file_put_numbers(of, h, "shape", NN_STORE_I64, 1, &dimensions, shape->extents);
}

static nn_status file_put_target(const file_work *of, const nn_judgement *judgement, int h)
{
    const nn_head *head = &of->gathering->model->heads[h];
    int64_t classes = nn_metric_classes(head->columns);
    const int64_t counted[2] = {classes, NN_METRIC_CLASS_COUNTS}, square[2] = {classes, classes}, two = 2;
    const int64_t by_part[2] = {NN_PARTS, classes};
    int counts = nn_judgement_counts(judgement, h), confusion = nn_judgement_confusion(judgement, h);
    NN_TRY(file_put_shape(of, h));
    if (nn_head_is_values(head)) {
        NN_TRY(file_put_names(of, h, "outputs", head->outputs, nn_judge_append_output));
        return file_put_names(of, h, "units", head->outputs, file_append_unit);
    }
    NN_TRY(file_put_names(of, h, "classes", classes, nn_judge_append_class));
    if (of->gathering->labels[h])
        NN_TRY(file_put_numbers(of, h, "labels_by_part", NN_STORE_I64, 2, by_part, of->gathering->labels[h]));
    if (counts >= 0)
        NN_TRY(file_put_numbers(of, h, "hits_support_predicted", NN_STORE_F64, 2, counted,
                                judgement->results->counts[counts]));
    if (confusion >= 0)
        NN_TRY(file_put_numbers(of, h, "confusion", NN_STORE_F64, 2, square,
                                judgement->results->matrices[confusion]));
    if (counts >= 0) {
        const double thresholds[2] = {nn_judgement_threshold(judgement, counts),
                                      confusion >= 0 ? nn_judgement_threshold(judgement, confusion) : NAN};
        NN_TRY(file_put_numbers(of, h, "thresholds", NN_STORE_F64, 1, &two, thresholds));
    }
    NN_TRY(file_put_calibration(of, h));
    return file_put_roc(of, h);
}

/* ---- all of it ---- */

static nn_status file_put_number(const file_work *of, const char *name, const char *format, uint64_t number)
{
    char text[32];
    snprintf(text, sizeof text, format, number);
    return nn_store_image_put_attribute(of->image, name, text);
}

static nn_status file_put_origin(const file_work *of, const nn_judge_origin *origin,
                                 const nn_judgement *judgement)
{
    NN_TRY(nn_store_image_put_attribute(of->image, "format", NN_EVALUATION_FORMAT));
    NN_TRY(nn_store_image_put_attribute(of->image, "version", nn_version()));
    NN_TRY(file_put_number(of, "run", "%016" PRIx64, origin->run));
    NN_TRY(nn_store_image_put_attribute(of->image, "fingerprint", origin->fingerprint));
    NN_TRY(nn_store_image_put_attribute(of->image, "weights", origin->weights));
    NN_TRY(file_put_number(of, "epoch", "%" PRIu64, (uint64_t)origin->epoch));
    NN_TRY(file_put_number(of, "step", "%" PRIu64, (uint64_t)origin->step));
    NN_TRY(file_put_number(of, "data", "%016" PRIx64, origin->data));
    NN_TRY(nn_store_image_put_attribute(of->image, "part", judgement->part));
    return file_put_number(of, "samples", "%" PRIu64, (uint64_t)judgement->samples);
}

static nn_status file_put_all(const file_work *of, const nn_judge_origin *origin,
                              const nn_judgement *judgement)
{
    const nn_gathering *gathering = of->gathering;
    const nn_worst *worst = &gathering->worst[0];
    NN_TRY(file_put_origin(of, origin, judgement));
    NN_TRY(file_put_files(of));
    NN_TRY(file_put_parts(of));
    NN_TRY(file_put_ranges(of));
    NN_TRY(file_put_continued(of));
    NN_TRY(file_put_records(of, "sample", gathering->sample.records, gathering->sample.count,
                            gathering->sample.width));
    NN_TRY(file_put_records(of, "series", gathering->series.records, gathering->series.count,
                            gathering->series.width));
    NN_TRY(file_put_windows(of));
    NN_TRY(file_put_records(of, "worst", worst->records, worst->count, worst->width));
    NN_TRY(file_put_inputs(of, worst));
    for (int h = 0; h < gathering->model->head_count; h++) NN_TRY(file_put_target(of, judgement, h));
    return NN_OK;
}

nn_status nn_evaluation_file_write(const char *path, const nn_judge_origin *origin,
                                   const nn_judgement *judgement, const nn_gathering *gathering)
{
    file_work of = {.gathering = gathering};
    void *bytes = NULL;
    size_t size = 0;
    NN_TRY(nn_store_image_create(&of.image));
    nn_status status = file_put_all(&of, origin, judgement);
    if (status == NN_OK) status = nn_store_image_seal(of.image, &bytes, &size);
    nn_store_image_destroy(of.image);
    if (status == NN_OK) status = nn_store_commit(path, bytes, size);
    nn_free(bytes);
    return status;
}

/* Compares an intact file with what it must be of. */
static nn_status file_compare(nn_store_file *file, const nn_stored_expected *expected, nn_stored_state *state,
                              char words[NN_EVALUATION_WORDS])
{
    char *run = NULL, *weights = NULL, *fingerprint = NULL, identity[32];
    nn_status status;
    snprintf(identity, sizeof identity, "%016" PRIx64, expected->run);
    NN_TRY_TO(done, status, nn_store_read_text(file, "@run", &run));
    NN_TRY_TO(done, status, nn_store_read_text(file, "@weights", &weights));
    NN_TRY_TO(done, status, nn_store_read_text(file, "@fingerprint", &fingerprint));
    const char *now = strcmp(weights, "best") == 0 ? expected->best : expected->last;
    *state = NN_STORED_INTACT;
    snprintf(words, NN_EVALUATION_WORDS, "intact");
    if (expected->run != 0 && strcmp(run, identity) != 0) {
        *state = NN_STORED_OTHER_RUN;
        snprintf(words, NN_EVALUATION_WORDS, "of another run, whose configuration, seed or data differ");
    } else if (now && strcmp(fingerprint, now) != 0) {
        *state = NN_STORED_OUTDATED;
        snprintf(words, NN_EVALUATION_WORDS, "outdated: of weights %.40s, but those of the run are now %s",
                 fingerprint, now);
    }
done:
    nn_free(run);
    nn_free(weights);
    nn_free(fingerprint);
    return status;
}

nn_status nn_evaluation_file_look(const char *run_directory, const nn_stored_expected *expected,
                                  nn_stored_state *state, char words[NN_EVALUATION_WORDS])
{
    char path[NN_PATH_SIZE];
    bool there;
    void *bytes = NULL;
    size_t size = 0;
    nn_store_file *file = NULL;
    snprintf(path, sizeof path, "%.4000s/" NN_KEPT_EVALUATION, run_directory);
    NN_TRY(nn_file_exists(path, &there));
    *state = NN_STORED_MISSING;
    snprintf(words, NN_EVALUATION_WORDS, "missing%s",
             expected->in_place ? "" : "; nntrain eval --store writes it");
    if (!there) return NN_OK;
    nn_status status = nn_store_read_sealed(path, &bytes, &size);
    if (status == NN_OK) status = nn_store_open_image(bytes, size, path, &file);
    if (status == NN_OK) status = file_compare(file, expected, state, words);
    nn_store_close(file);
    nn_free(bytes);
    if (status == NN_OK || status == NN_ERROR_IO || status == NN_ERROR_MEMORY) return status;
    nn_error_clear();
    *state = NN_STORED_DAMAGED;
    snprintf(words, NN_EVALUATION_WORDS, "damaged; write it again with nntrain eval --store");
    return NN_OK;
}
