/* A data set that is only described: what can be said without reading its inputs. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/least.h"
#include "base/log.h"
#include "base/memory.h"
#include "data/request.h"

/* Bytes of a stored array up to which all of its labels are read; and bytes read at a time. */
#define DESCRIBE_BYTES ((size_t)256 << 20)
#define DESCRIBE_COUNTED ((size_t)16 << 20) /* of labels, up to which they are split and counted */
#define DESCRIBE_BLOCK ((size_t)4 << 20)

/* ---- labels ---- */

/* One array being described. */
typedef struct describe_look {
    nn_source *source;
    const nn_view *view;
    const nn_array *array;
    int which;
    unsigned char *raw;
    int32_t *lengths; /* of the sequences read together; NULL: no lengths */
    int64_t largest;  /* largest label or index */
    int64_t bad;      /* the first row with a bad value; -1: none */
} describe_look;

/* Whether a row of a value target may hold a value that is invalid or not accepted by the loss. */
static bool describe_suspects(const describe_look *look, const unsigned char *raw)
{
    const nn_view *view = look->view;
    double sum = 0;
    for (int64_t k = 0; k < view->picked; k++) {
        double value;
        nn_array_convert(look->array, raw, view->columns ? view->columns[k] : k, 1, &value);
        if (isnan(value) && view->missing != NN_MISSING_ERROR) continue;
        if (!isfinite(value) || (view->transform == NN_TRANSFORM_LOG && value <= 0)) return true;
        if (view->taken.checked && nn_taken_find(&view->taken, k, 1, &value, &sum) >= 0) return true;
    }
    return false;
}

/* Finds the first row that may be bad, row by row. */
static void describe_targets(describe_look *look, int64_t row, int64_t rows)
{
    for (int64_t r = 0; r < rows && look->bad < 0; r++)
        if (describe_suspects(look, look->raw + (size_t)r * look->array->row_size)) look->bad = row + r;
}

/* Checks values [begin, end), counted from row `row`. */
static void describe_values(describe_look *look, int64_t row, int64_t begin, int64_t end)
{
    double values[NN_ARRAY_BLOCK];
    const nn_view *view = look->view;
    double limit = view->index && view->indices > 0 ? (double)view->indices : NN_LABEL_MAX;
    for (int64_t at = begin; at < end; at += NN_ARRAY_BLOCK) {
        int64_t count = nn_smaller(NN_ARRAY_BLOCK, end - at);
        nn_array_convert(look->array, look->raw, at, count, values);
        for (int64_t i = 0; i < count; i++) {
            bool ignored = look->array->label && values[i] == NN_LABEL_IGNORED;
            ignored |= view->missing == NN_MISSING_DROP &&
                       (isnan(values[i]) || (look->array->label && values[i] == NN_LABEL_MISSING));
            bool good = values[i] >= 0 && values[i] < limit && values[i] == floor(values[i]);
            if (!good && !ignored && look->bad < 0) look->bad = row + (at + i) / look->array->values;
            if (good && values[i] > (double)look->largest) look->largest = (int64_t)values[i];
        }
    }
}

static nn_status describe_rows(describe_look *look, int64_t row, int64_t rows)
{
    int64_t values = look->array->values;
    NN_TRY(nn_source_read(look->source, look->which, row, rows, look->raw));
    if (!look->array->label && !look->view->index) {
        describe_targets(look, row, rows);
        return NN_OK;
    }
    if (!look->lengths) {
        describe_values(look, row, 0, rows * values);
        return NN_OK;
    }
    NN_TRY(nn_source_read(look->source, NN_DATA_LENGTH, row, rows, look->lengths));
    for (int64_t r = 0; r < rows; r++) {
        int64_t length =
            look->lengths[r] > 0 ? look->lengths[r] : INT64_MAX; /* a bad length is reported elsewhere */
        int64_t end = nn_smaller(nn_view_end(look->view, length), values);
        describe_values(look, row, r * values, r * values + end);
    }
    return NN_OK;
}

/* Lets the scan report what is wrong with a row. */
static nn_status describe_explain(nn_comm *comm, nn_dataset *dataset, nn_source *source, int part,
                                  int64_t row, nn_problems *problems)
{
    int64_t largest[NN_DATA_FIELDS];
    int64_t length = dataset->options->window.length, first = length > 0 ? row - length : row;
    nn_samples sample = {.source = source, .part = part, .stride = 1, .units = source->rows};
    for (int v = 0; v < NN_DATA_FIELDS; v++) largest[v] = -1;
    sample.first = first < 0 ? 0 : first;
    sample.count = row - sample.first + 1;
    if (sample.first + length + sample.count > source->rows) sample.count = 1;
    return nn_scan_samples(comm, dataset, &sample, largest, problems);
}

/* The number of rows to read: as many as are worth the time. */
static int64_t describe_row_count(const nn_array *array, bool is_index)
{
    int64_t most = (int64_t)(DESCRIBE_BYTES / array->row_size) + 1;
    if (most >= array->rows) return array->rows;
    if (!array->label && !is_index) return most; /* training checks the others */
    nn_log_warning("data.%s.%s: only the first %lld of %lld rows were read; set data.fields.%s.classes to "
                   "give the number of classes",
                   array->part, array->key, (long long)most, (long long)array->rows, array->key);
    return most;
}

static nn_status describe_array(describe_look *look)
{
    const nn_array *array = look->array;
    int64_t each = (int64_t)(DESCRIBE_BLOCK / array->row_size) + 1,
            rows = describe_row_count(array, look->view->index);
    bool sequences = look->view->steps > 0 && look->source->arrays[NN_DATA_LENGTH].sound;
    nn_status status;
    NN_TRY_TO(done, status, nn_allocate((void **)&look->raw, (size_t)each, array->row_size, "labels"));
    if (sequences) NN_TRY_TO(done, status, NN_ALLOCATE(&look->lengths, each, "the lengths of sequences"));
    status = NN_OK;
    bool labels = array->label || look->view->index;
    for (int64_t row = 0; row < rows && status == NN_OK && (labels || look->bad < 0); row += each)
        status = describe_rows(look, row, nn_smaller(each, rows - row));
done:
    nn_free(look->raw);
    nn_free(look->lengths);
    return status;
}

static nn_status describe_source(nn_comm *comm, nn_dataset *dataset, int part, int v, int64_t *largest,
                                 nn_problems *problems)
{
    nn_source *source = &dataset->sources[part];
    describe_look look = {.source = source,
                          .view = &dataset->views[v],
                          .array = &source->arrays[v],
                          .which = v,
                          .largest = -1,
                          .bad = -1};
    nn_problems_collect(problems, nn_array_context(look.array, describe_array(&look)));
    if (look.largest > *largest) *largest = look.largest;
    if (look.bad < 0 || dataset->options->on_bad_sample == NN_BAD_SKIP) return NN_OK;
    return describe_explain(comm, dataset, source, part, look.bad, problems);
}

/* ---- unwritten values ---- */

/* Finds the first row of an array with unwritten values; -1: none. */
static nn_status describe_find_gap(const nn_source *source, int which, int64_t *row)
{
    const nn_array *array = &source->arrays[which];
    int64_t each = (int64_t)(DESCRIBE_BLOCK / (size_t)array->stored_values) + 1;
    unsigned char *missing;
    *row = -1;
    NN_TRY(
        nn_allocate((void **)&missing, (size_t)each, (size_t)array->stored_values, "the gaps of a dataset"));
    nn_status status = NN_OK;
    for (int i = 0; i < source->piece_count && *row < 0 && status == NN_OK; i++) {
        const nn_piece *piece = &source->pieces[i];
        for (int64_t at = 0; piece->gaps[which] && at < piece->rows && *row < 0 && status == NN_OK;
             at += each) {
            int64_t rows = nn_smaller(each, piece->rows - at);
            memset(missing, 0, (size_t)(each * array->stored_values));
            nn_store_gaps_mark(piece->gaps[which], array->axis, at, rows, missing);
            const unsigned char *found = memchr(missing, 1, (size_t)(rows * array->stored_values));
            if (found) *row = piece->first + at + (found - missing) / array->stored_values;
        }
    }
    nn_free(missing);
    return status;
}

nn_status nn_describe_gaps(nn_comm *comm, nn_dataset *dataset, nn_problems *problems)
{
    for (int p = 0; p < NN_PARTS; p++) {
        nn_source *source = &dataset->sources[p];
        for (int v = 0; v < dataset->view_count && source->given && v < source->fields; v++) {
            const nn_array *array = &source->arrays[v];
            int64_t row;
            bool refuses = dataset->views[v].missing == NN_MISSING_ERROR && !source->skips;
            if (!array->sound || array->label || dataset->views[v].index || !refuses) continue;
            if (!nn_problems_collect(problems, describe_find_gap(source, v, &row)) || row < 0) continue;
            NN_TRY(describe_explain(comm, dataset, source, p, row, problems));
        }
    }
    return NN_OK;
}

nn_status nn_describe_labels(nn_comm *comm, nn_dataset *dataset, int64_t *largest, nn_problems *problems)
{
    for (int p = 0; p < NN_PARTS; p++) {
        const nn_source *source = &dataset->sources[p];
        for (int v = 0; v < dataset->view_count && source->given; v++) {
            const nn_array *array = &source->arrays[v];
            if (v >= source->fields || !array->sound || array->row_size == 0) continue;
            if ((dataset->views[v].input && !dataset->views[v].index) || dataset->views[v].left_out) continue;
            NN_TRY(describe_source(comm, dataset, p, v, &largest[v], problems));
        }
    }
    return NN_OK;
}

/* ---- parts ---- */

bool nn_describe_counts_labels(const nn_dataset *dataset)
{
    const nn_source *train = &dataset->sources[NN_TRAIN];
    size_t bytes = 0;
    for (int v = 0; v < dataset->view_count && train->given; v++) {
        const nn_array *array = &train->arrays[dataset->views[v].array];
        if (array->sound && array->label) bytes += (size_t)array->rows * array->row_size;
    }
    return train->given && bytes <= DESCRIBE_COUNTED;
}

nn_status nn_describe_split(nn_comm *comm, nn_dataset *dataset)
{
    nn_data_options options = *dataset->options;
    bool stratified = options.split.stratified && !nn_describe_counts_labels(dataset);
    if (stratified) options.split.stratified = false;
    NN_TRY(nn_split_parts(comm, &options, dataset->sources, &dataset->split_table, dataset->parts,
                          &dataset->folds));
    if (stratified)
        dataset->split_table.on_node =
            (size_t)(dataset->parts[NN_TRAIN].units + NN_PARTS + 1 + options.split.folds) * sizeof(int64_t);
    return NN_OK;
}

/* ---- data sets with problems ---- */

bool nn_describe_suffices(const nn_dataset *dataset)
{
    if (!dataset->first || dataset->parts[NN_TRAIN].count == 0) return false;
    for (int v = 0; v < dataset->view_count; v++) {
        const nn_array *array = &dataset->first->arrays[v];
        if (!array->sound || dataset->views[v].values == 0) return false;
    }
    return true;
}

void nn_describe_prior(nn_dataset *dataset)
{
    for (int t = 0; t < dataset->target_count; t++) {
        nn_data_target *target = &dataset->targets[t];
        if (target->prior_known) continue;
        target->prior_known = true;
        for (int64_t c = 0; target->field.is_class && c < target->prior_count; c++)
            target->prior[c] = 1 / (double)target->prior_count;
    }
}
