#include "judge/evaluation_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "host/files.h"
#include "store/kept.h"

#define READ_PATH 512
#define READ_TARGETS "targets/"
#define READ_RANGES "ranges/"

/* ---- arrays ---- */

/* Reads an array of the extents that the file says, at most `most` of them; *values stays NULL if the file
 * has none. */
static nn_status read_array(nn_store_file *file, const char *name, nn_store_type type, int most,
                            int64_t *extents, void **values)
{
    nn_store_array *array;
    int64_t count = 1;
    if (!nn_store_has(file, name)) return NN_OK;
    NN_TRY(nn_store_array_open(file, name, &array));
    const nn_store_info info = *nn_store_array_info(array);
    nn_store_array_close(array);
    if (info.dimensions > most || info.dimensions < 1)
        NN_FAIL(NN_ERROR_CHECKPOINT, "%s: %s has %d dimensions", nn_store_path(file), name, info.dimensions);
    for (int d = 0; d < most; d++) extents[d] = d < info.dimensions ? info.extents[d] : 1;
    for (int d = 0; d < most; d++) count *= extents[d];
    NN_TRY(nn_allocate(values, (size_t)count, nn_store_type_size(type), "an evaluation"));
    return nn_store_read_verified(file, name, type, (size_t)count, *values);
}

/* An array of a target with `rows` rows and, where columns > 0, this many columns. */
static nn_status read_of_target(nn_store_file *file, const nn_evaluation_target *target, const char *what,
                                int64_t rows, int64_t columns, int64_t extents[3], double **values)
{
    char name[READ_PATH];
    snprintf(name, sizeof name, READ_TARGETS "%.200s/%s", target->name, what);
    NN_TRY(read_array(file, name, NN_STORE_F64, 3, extents, (void **)values));
    if (*values && (extents[0] != rows || (columns > 0 && extents[1] != columns)))
        NN_FAIL(NN_ERROR_CHECKPOINT, "%s: %s has other extents than its target", nn_store_path(file), name);
    return NN_OK;
}

/* ---- targets ---- */

static nn_status read_names(nn_store_file *file, const char *target, const char *what, char ***names,
                            int64_t *count)
{
    char name[READ_PATH];
    size_t found = 0;
    snprintf(name, sizeof name, READ_TARGETS "%.200s/%s", target, what);
    if (!nn_store_has(file, name)) return NN_OK;
    NN_TRY(nn_store_read_names(file, name, names, &found));
    *count = (int64_t)found;
    return NN_OK;
}

static nn_status read_shape(nn_store_file *file, nn_evaluation_target *target)
{
    char name[READ_PATH];
    int64_t extent = 0, *extents = NULL;
    snprintf(name, sizeof name, READ_TARGETS "%.200s/shape", target->name);
    nn_status status = read_array(file, name, NN_STORE_I64, 1, &extent, (void **)&extents);
    if (status == NN_OK && extents && extent <= NN_MAX_DIMENSIONS) {
        target->output.dimensions = (int)extent;
        for (int d = 0; d < (int)extent; d++) target->output.extents[d] = extents[d];
    }
    nn_free(extents);
    return status;
}

static nn_status read_labels(nn_store_file *file, nn_evaluation_target *target)
{
    char name[READ_PATH];
    int64_t extents[2];
    snprintf(name, sizeof name, READ_TARGETS "%.200s/labels_by_part", target->name);
    NN_TRY(read_array(file, name, NN_STORE_I64, 2, extents, (void **)&target->labels));
    if (target->labels && (extents[0] != NN_PARTS || extents[1] != target->count))
        NN_FAIL(NN_ERROR_CHECKPOINT, "%s: %s has other extents than its target", nn_store_path(file), name);
    return NN_OK;
}

static nn_status read_target(nn_store_file *file, nn_evaluation_target *target)
{
    int64_t units = 0, extents[3];
    NN_TRY(read_shape(file, target));
    if (target->values) {
        NN_TRY(read_names(file, target->name, "outputs", &target->names, &target->count));
        NN_TRY(read_names(file, target->name, "units", &target->units, &units));
        if (target->units && units != target->count)
            NN_FAIL(NN_ERROR_CHECKPOINT, "%s: not every output of %s has a unit", nn_store_path(file),
                    target->name);
        return NN_OK;
    }
    NN_TRY(read_names(file, target->name, "classes", &target->names, &target->count));
    NN_TRY(read_of_target(file, target, "hits_support_predicted", target->count, NN_METRIC_CLASS_COUNTS,
                          extents, &target->counts));
    NN_TRY(read_of_target(file, target, "confusion", target->count, target->count, extents, &target->matrix));
    NN_TRY(read_labels(file, target));
    NN_TRY(read_of_target(file, target, "calibration", NN_GATHERING_BINS, 3, extents, &target->bins));
    target->bin_count = target->bins ? extents[0] : 0;
    NN_TRY(read_of_target(file, target, "roc", target->count, 0, extents, &target->roc));
    target->roc_count = target->roc ? extents[1] : 0;
    if (target->roc && extents[2] != 2)
        NN_FAIL(NN_ERROR_CHECKPOINT, "%s: the curves of %s are not pairs", nn_store_path(file), target->name);
    return NN_OK;
}

/* Every target has either names of classes or names of outputs. */
static nn_status read_find_target(void *context, const char *dataset, const nn_store_info *info)
{
    static const char *const ends[] = {"/classes", "/outputs"};
    nn_stored_evaluation *evaluation = context;
    size_t begin = strlen(READ_TARGETS), length = strlen(dataset);
    (void)info;
    if (strncmp(dataset, READ_TARGETS, begin) != 0) return NN_OK;
    for (int e = 0; e < 2; e++) {
        size_t end = strlen(ends[e]);
        if (length <= begin + end || strcmp(dataset + length - end, ends[e]) != 0) continue;
        if (evaluation->target_count == NN_MODEL_HEADS)
            NN_FAIL(NN_ERROR_CHECKPOINT, "an evaluation with more than %d targets", NN_MODEL_HEADS);
        nn_evaluation_target *target = &evaluation->targets[evaluation->target_count++];
        target->values = e == 1;
        NN_TRY(nn_copy_text(dataset + begin, &target->name));
        target->name[length - begin - end] = '\0';
    }
    return NN_OK;
}

/* ---- ranges ---- */

static nn_status read_of_range(nn_store_file *file, const nn_evaluation_range *range, const char *what,
                               nn_store_type type, void **values)
{
    char name[READ_PATH];
    int64_t extents[2];
    snprintf(name, sizeof name, READ_RANGES "%.200s/%s", range->name, what);
    NN_TRY(read_array(file, name, type, 2, extents, values));
    if (!*values || extents[0] != NN_PARTS || extents[1] != range->columns)
        NN_FAIL(NN_ERROR_CHECKPOINT, "%s: %s does not have one entry per part and column",
                nn_store_path(file), name);
    return NN_OK;
}

static nn_status read_range(nn_store_file *file, nn_evaluation_range *range)
{
    char name[READ_PATH];
    size_t names = 0;
    snprintf(name, sizeof name, READ_RANGES "%.200s/samples", range->name);
    NN_TRY(nn_store_read_verified(file, name, NN_STORE_I64, NN_PARTS, range->samples));
    NN_TRY(read_of_range(file, range, "least", NN_STORE_F64, (void **)&range->least));
    NN_TRY(read_of_range(file, range, "most", NN_STORE_F64, (void **)&range->most));
    NN_TRY(read_of_range(file, range, "values", NN_STORE_I64, (void **)&range->values));
    NN_TRY(read_of_range(file, range, "missing", NN_STORE_I64, (void **)&range->missing));
    snprintf(name, sizeof name, READ_RANGES "%.200s/columns", range->name);
    if (!nn_store_has(file, name)) return NN_OK;
    NN_TRY(nn_store_read_names(file, name, &range->names, &names));
    if ((int64_t)names == range->columns) return NN_OK;
    nn_store_free_names(range->names, names);
    range->names = NULL;
    NN_FAIL(NN_ERROR_CHECKPOINT, "%s: not every column has a name in %s", nn_store_path(file), name);
}

/* Every field has its `least`, whose last extent is the number of columns. */
static nn_status read_find_range(void *context, const char *dataset, const nn_store_info *info)
{
    static const char end[] = "/least";
    nn_stored_evaluation *evaluation = context;
    size_t begin = strlen(READ_RANGES), length = strlen(dataset), after = sizeof end - 1;
    if (strncmp(dataset, READ_RANGES, begin) != 0 || length <= begin + after ||
        strcmp(dataset + length - after, end) != 0 || info->dimensions != 2)
        return NN_OK;
    if (evaluation->range_count == NN_DATA_FIELDS)
        NN_FAIL(NN_ERROR_CHECKPOINT, "an evaluation with more than %d fields", NN_DATA_FIELDS);
    nn_evaluation_range *range = &evaluation->ranges[evaluation->range_count++];
    range->columns = info->extents[1];
    NN_TRY(nn_copy_text(dataset + begin, &range->name));
    range->name[length - begin - after] = '\0';
    return NN_OK;
}

/* ---- samples ---- */

static nn_status read_of_samples(nn_store_file *file, const char *group, const char *what, nn_store_type type,
                                 nn_evaluation_samples *samples, int64_t *width, void **values)
{
    char name[READ_PATH];
    int64_t extents[2] = {0};
    snprintf(name, sizeof name, "%s/%s", group, what);
    NN_TRY(read_array(file, name, type, 2, extents, values));
    if (!*values || extents[0] != samples->count || (!width && extents[1] != 1))
        NN_FAIL(NN_ERROR_CHECKPOINT, "%s: %s does not have one entry per sample", nn_store_path(file), name);
    if (width) *width = extents[1];
    return NN_OK;
}

static nn_status read_inputs(nn_store_file *file, const char *group, nn_evaluation_samples *samples)
{
    char name[READ_PATH];
    int64_t extents[NN_MAX_DIMENSIONS + 1];
    nn_store_array *array;
    snprintf(name, sizeof name, "%s/input", group);
    if (!nn_store_has(file, name)) return NN_OK;
    NN_TRY(nn_store_array_open(file, name, &array));
    samples->input.dimensions = nn_store_array_info(array)->dimensions - 1;
    nn_store_array_close(array);
    NN_TRY(read_array(file, name, NN_STORE_F32, NN_MAX_DIMENSIONS + 1, extents, (void **)&samples->inputs));
    if (extents[0] != samples->count)
        NN_FAIL(NN_ERROR_CHECKPOINT, "%s: %s does not have one entry per sample", nn_store_path(file), name);
    for (int d = 0; d < samples->input.dimensions; d++) samples->input.extents[d] = extents[1 + d];
    return NN_OK;
}

static nn_status read_samples(nn_store_file *file, const nn_stored_evaluation *evaluation, const char *group,
                              nn_evaluation_samples *samples)
{
    char name[READ_PATH];
    snprintf(name, sizeof name, "%s/position", group);
    if (!nn_store_has(file, name)) return NN_OK;
    NN_TRY(read_array(file, name, NN_STORE_I64, 1, &samples->count, (void **)&samples->position));
    NN_TRY(read_of_samples(file, group, "file", NN_STORE_I64, samples, NULL, (void **)&samples->file));
    NN_TRY(read_of_samples(file, group, "row", NN_STORE_I64, samples, NULL, (void **)&samples->row));
    NN_TRY(read_of_samples(file, group, "loss", NN_STORE_F64, samples, NULL, (void **)&samples->loss));
    for (int t = 0; t < evaluation->target_count; t++) {
        snprintf(name, sizeof name, "%.200s/predicted", evaluation->targets[t].name);
        NN_TRY(read_of_samples(file, group, name, NN_STORE_F64, samples, &samples->targets[t].predicted_count,
                               (void **)&samples->targets[t].predicted));
        snprintf(name, sizeof name, "%.200s/truth", evaluation->targets[t].name);
        NN_TRY(read_of_samples(file, group, name, NN_STORE_F64, samples, &samples->targets[t].truth_count,
                               (void **)&samples->targets[t].truth));
    }
    return read_inputs(file, group, samples);
}

/* Where the targets of windows are. Files of earlier versions do not say. */
static nn_status read_windows(nn_store_file *file, nn_evaluation_samples *series)
{
    if (series->count == 0 || !nn_store_has(file, "series/horizon")) return NN_OK;
    NN_TRY(nn_store_read_verified(file, "series/horizon", NN_STORE_I64, 1, &series->horizon));
    return read_of_samples(file, "series", "target_row", NN_STORE_I64, series, NULL,
                           (void **)&series->target_row);
}

/* ---- all of it ---- */

/* Files of earlier versions do not have them. */
static nn_status read_parts(nn_store_file *file, nn_stored_evaluation *evaluation)
{
    if (!nn_store_has(file, "parts")) return NN_OK;
    NN_TRY(nn_store_read_names(file, "parts", &evaluation->parts, &evaluation->part_count));
    if (evaluation->part_count != NN_PARTS)
        NN_FAIL(NN_ERROR_CHECKPOINT, "%s: there are %zu parts", nn_store_path(file), evaluation->part_count);
    return nn_store_read_verified(file, "part_samples", NN_STORE_I64, NN_PARTS, evaluation->part_samples);
}

static nn_status read_count(nn_store_file *file, const char *attribute, int64_t *count)
{
    char *text;
    NN_TRY(nn_store_read_text(file, attribute, &text));
    *count = atoll(text);
    nn_free(text);
    return NN_OK;
}

static nn_status read_all(nn_store_file *file, nn_stored_evaluation *evaluation)
{
    NN_TRY(nn_store_read_text(file, "@part", &evaluation->part));
    NN_TRY(nn_store_read_text(file, "@weights", &evaluation->weights));
    NN_TRY(nn_store_read_text(file, "@fingerprint", &evaluation->fingerprint));
    NN_TRY(read_count(file, "@epoch", &evaluation->epoch));
    NN_TRY(read_count(file, "@samples", &evaluation->samples));
    NN_TRY(nn_store_read_names(file, "files", &evaluation->files, &evaluation->file_count));
    NN_TRY(read_parts(file, evaluation));
    if (nn_store_has(file, "text/written")) {
        NN_TRY(nn_store_read_text(file, "text/prompt", &evaluation->prompt));
        NN_TRY(nn_store_read_text(file, "text/written", &evaluation->written));
    }
    NN_TRY(nn_store_visit(file, read_find_target, evaluation));
    for (int t = 0; t < evaluation->target_count; t++) NN_TRY(read_target(file, &evaluation->targets[t]));
    NN_TRY(nn_store_visit(file, read_find_range, evaluation));
    for (int r = 0; r < evaluation->range_count; r++) NN_TRY(read_range(file, &evaluation->ranges[r]));
    NN_TRY(read_samples(file, evaluation, "sample", &evaluation->sample));
    NN_TRY(read_samples(file, evaluation, "series", &evaluation->series));
    NN_TRY(read_windows(file, &evaluation->series));
    return read_samples(file, evaluation, "worst", &evaluation->worst);
}

static void read_release_samples(nn_evaluation_samples *samples)
{
    nn_free(samples->position);
    nn_free(samples->file);
    nn_free(samples->row);
    nn_free(samples->target_row);
    nn_free(samples->loss);
    nn_free(samples->inputs);
    for (int t = 0; t < NN_MODEL_HEADS; t++) {
        nn_free(samples->targets[t].predicted);
        nn_free(samples->targets[t].truth);
    }
    *samples = (nn_evaluation_samples){0};
}

static void read_release_range(nn_evaluation_range *range)
{
    if (range->names) nn_store_free_names(range->names, (size_t)range->columns);
    nn_free(range->name);
    nn_free(range->least);
    nn_free(range->most);
    nn_free(range->values);
    nn_free(range->missing);
    *range = (nn_evaluation_range){0};
}

/* All but the state. */
static void read_release(nn_stored_evaluation *evaluation)
{
    for (int t = 0; t < evaluation->target_count; t++) {
        nn_evaluation_target *target = &evaluation->targets[t];
        nn_store_free_names(target->names, (size_t)target->count);
        if (target->units) nn_store_free_names(target->units, (size_t)target->count);
        nn_free(target->name);
        nn_free(target->counts);
        nn_free(target->matrix);
        nn_free(target->bins);
        nn_free(target->labels);
        nn_free(target->roc);
        *target = (nn_evaluation_target){0};
    }
    evaluation->target_count = 0;
    for (int r = 0; r < evaluation->range_count; r++) read_release_range(&evaluation->ranges[r]);
    evaluation->range_count = 0;
    nn_free(evaluation->prompt);
    nn_free(evaluation->written);
    evaluation->prompt = evaluation->written = NULL;
    nn_free(evaluation->part);
    nn_free(evaluation->weights);
    nn_free(evaluation->fingerprint);
    evaluation->part = evaluation->weights = evaluation->fingerprint = NULL;
    nn_store_free_names(evaluation->files, evaluation->file_count);
    evaluation->files = NULL;
    evaluation->file_count = 0;
    nn_store_free_names(evaluation->parts, evaluation->part_count);
    evaluation->parts = NULL;
    evaluation->part_count = 0;
    read_release_samples(&evaluation->sample);
    read_release_samples(&evaluation->series);
    read_release_samples(&evaluation->worst);
}

void nn_evaluation_release(nn_stored_evaluation *evaluation)
{
    read_release(evaluation);
    *evaluation = (nn_stored_evaluation){0};
}

nn_status nn_evaluation_read(const char *run_directory, const nn_stored_expected *expected,
                             nn_stored_evaluation *evaluation)
{
    char path[NN_PATH_SIZE];
    void *bytes = NULL;
    size_t size = 0;
    nn_store_file *file = NULL;
    *evaluation = (nn_stored_evaluation){0};
    NN_TRY(nn_evaluation_file_look(run_directory, expected, &evaluation->state, evaluation->words));
    if (evaluation->state != NN_STORED_INTACT && evaluation->state != NN_STORED_OUTDATED) return NN_OK;
    snprintf(path, sizeof path, "%.4000s/" NN_KEPT_EVALUATION, run_directory);
    nn_status status = nn_store_read_sealed(path, &bytes, &size);
    if (status == NN_OK) status = nn_store_open_image(bytes, size, path, &file);
    if (status == NN_OK) status = read_all(file, evaluation);
    nn_store_close(file);
    nn_free(bytes);
    if (status == NN_OK || status == NN_ERROR_IO || status == NN_ERROR_MEMORY) return status;
    read_release(evaluation);
    evaluation->state = NN_STORED_DAMAGED;
    snprintf(evaluation->words, sizeof evaluation->words,
             "damaged: %.400s; write it again with nntrain eval "
             "--store",
             nn_error_text());
    nn_error_clear();
    return NN_OK;
}

int nn_evaluation_find(const nn_stored_evaluation *evaluation, const char *name)
{
    for (int t = 0; t < evaluation->target_count; t++)
        if (strncmp(evaluation->targets[t].name, name, NN_EVALUATION_NAME) == 0) return t;
    return -1;
}
