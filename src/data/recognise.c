/* Recognises targets that could be labels, but hold values that the loss accepts as they are; and labels at
 * every pixel or step that are one-hot. */
#include <math.h>
#include <string.h>

#include "base/least.h"
#include "base/log.h"
#include "base/memory.h"
#include "data/request.h"

/* Rows to look at, from the start, the middle and the end. */
#define RECOGNISE_ROWS 64
#define RECOGNISE_BYTES ((int64_t)8 << 20)
#define RECOGNISE_TOLERANCE 1e-3

/* What these rows show. */
typedef struct recognised {
    bool fractions; /* some value is not an integer */
    int64_t rows;   /* complete ones */
    bool inside;    /* all values are from 0 to 1 */
    bool sums;      /* all sums along the last dimension are 1 */
} recognised;

static void recognise_rows(const nn_array *array, int64_t rows, const unsigned char *raw, double *values,
                           recognised *seen)
{
    const nn_shape *shape = &array->shape;
    int64_t last = shape->extents[shape->dimensions - 1];
    for (int64_t r = 0; r < rows; r++) {
        double sum = 0;
        nn_array_convert(array, raw + (size_t)r * array->stored_size, 0, array->values, values);
        for (int64_t i = 0; i < array->values; i++) {
            double value = values[array->places ? array->places[i] : i];
            if (isnan(value)) return; /* missing, or a mistake that is reported elsewhere */
            seen->fractions |= value != floor(value);
            seen->inside &= value >= 0 && value <= 1;
            sum = i % last == 0 ? value : sum + value;
            if ((i + 1) % last == 0) seen->sums &= fabs(sum - 1) <= RECOGNISE_TOLERANCE;
        }
        seen->rows++;
    }
}

static nn_status recognise_read(nn_store_array *stored, const nn_array *array, recognised *seen)
{
    int64_t rows = nn_smaller(array->rows, RECOGNISE_ROWS);
    rows = nn_smaller(rows, RECOGNISE_BYTES / (int64_t)array->stored_size + 1);
    const int64_t begins[3] = {0, (array->rows - rows) / 2, array->rows - rows};
    unsigned char *raw = NULL;
    double *values = NULL;
    nn_status status;
    *seen = (recognised){.inside = true, .sums = true};
    NN_TRY_TO(done, status,
              nn_allocate((void **)&raw, (size_t)rows, array->stored_size, "some rows of a target"));
    NN_TRY_TO(done, status, NN_ALLOCATE(&values, array->values, "some rows of a target"));
    for (int b = 0; b < 3; b++) {
        NN_TRY_TO(done, status, nn_store_read_slab(stored, array->axis, begins[b], rows, array->type, raw));
        recognise_rows(array, rows, raw, values, seen);
    }
done:
    nn_free(raw);
    nn_free(values);
    return status;
}

/* Whether the values of a row are columns, not steps of a sequence. */
static bool recognise_is_columns(const nn_array *array, const char *layout, bool has_lengths)
{
    bool features = layout && (strchr(layout, 'F') || strchr(layout, 'C'));
    bool steps = layout && strchr(layout, 'N') && strchr(layout, 'T');
    return array->shape.dimensions == 1 && array->values > 1 && !steps && (features || !has_lengths);
}

/* What a target that could be labels is read as. */
typedef enum recognised_as { RECOGNISED_LABELS, RECOGNISED_ONE_HOT, RECOGNISED_VALUES } recognised_as;

/* Whether there is a dimension of classes after those of pixels or steps. */
static bool recognise_may_be_hot(const nn_array *array, const char *layout)
{
    bool channels = !layout || strchr(layout, 'F') || strchr(layout, 'C');
    return channels && array->shape.dimensions > 1 && array->shape.extents[array->shape.dimensions - 1] > 1;
}

static recognised_as recognise_described(nn_store_array *stored, const nn_array *array, const char *layout,
                                         const nn_target_wanted *wanted)
{
    const nn_domain *domain = wanted->domain;
    recognised seen;
    bool bounded = domain && domain->bounded && !nn_store_type_is_integer(array->type);
    bool hot = wanted->exclusive && recognise_may_be_hot(array, layout);
    if ((!bounded && !hot) || recognise_read(stored, array, &seen) != NN_OK) return RECOGNISED_LABELS;
    bool shares = seen.sums && array->shape.extents[array->shape.dimensions - 1] > 1;
    if (bounded && seen.fractions && seen.inside && (shares || !domain->shares)) return RECOGNISED_VALUES;
    hot = hot && seen.rows > 0 && seen.sums && seen.inside && !seen.fractions;
    return hot ? RECOGNISED_ONE_HOT : RECOGNISED_LABELS;
}

/* Read failures are reported at the next read. The array is closed again: HDF5 must not keep chunks of it,
 * which would count as written where gaps are looked for. */
static recognised_as recognise_array(nn_source *source, int which, const nn_data_options *options,
                                     const nn_target_wanted *wanted)
{
    const nn_data_field_options *field = nn_source_field_options(options, source, which);
    const nn_domain *domain = wanted->domain;
    nn_array trial = source->arrays[which];
    nn_store_array *stored;
    recognised_as as = RECOGNISED_LABELS;
    trial.label = false;
    trial.places = NULL;
    nn_status status = nn_source_array(source, &source->pieces[0], which, &stored);
    if (status == NN_OK)
        status = nn_array_describe(&trial, nn_store_array_info(stored), field, options->window.length > 0);
    if (status == NN_OK) as = recognise_described(stored, &trial, field->layout, wanted);
    bool bounded = domain && domain->bounded && !domain->shares;
    if (status == NN_OK && bounded && options->window.length == 0 &&
        recognise_is_columns(&trial, field->layout, source->arrays[NN_DATA_LENGTH].given))
        as = RECOGNISED_VALUES;
    nn_free(trial.places);
    nn_source_close_array(&source->pieces[0], which);
    nn_error_clear();
    return as;
}

/* Each part may store the labels in its own way. */
static void recognise_hot(nn_source *source, int which, const nn_data_options *options,
                          const nn_target_wanted *wanted)
{
    source->arrays[which].hot = source->piece_count > 0 && !source->arrays[which].absent &&
                                recognise_array(source, which, options, wanted) == RECOGNISED_ONE_HOT;
}

/* Says what was recognised where it changes the meaning of metrics or the shape of the target. */
static void recognise_tell(const nn_array *array, bool values, const nn_target_wanted *wanted)
{
    if (values && wanted->domain->shares)
        nn_log_line("data.%s.%s: \"%s\" has rows that sum to 1: class probabilities, trained on as they are; "
                    "metrics count the most probable class as the correct one",
                    array->part, array->key, array->dataset);
    if (!values && array->hot)
        nn_log_line("data.%s.%s: \"%s\" is one-hot along its last dimension: class labels (otherwise set "
                    "data.fields.%s.kind: class)",
                    array->part, array->key, array->dataset, array->key);
}

void nn_targets_recognise(nn_data_request *request, nn_source *sources)
{
    const nn_data_options *options = request->options;
    nn_source *first = sources;
    while (first < sources + NN_PARTS && !first->listed) first++;
    if (first == sources + NN_PARTS) return;
    for (int a = first->inputs; a < first->fields; a++) {
        int t = request->target_count == 1 ? 0 : a - first->inputs;
        const nn_target_wanted *wanted = &request->wanted[t];
        const nn_domain *domain = wanted->domain;
        int kind = nn_source_field_options(options, first, a)->kind;
        bool bounded = domain && domain->bounded;
        if (!first->arrays[a].label || !(bounded || wanted->exclusive) || kind != NN_KIND_AUTO) continue;
        /* Several datasets under one loss are separate yes/no questions. */
        bool joined =
            bounded && request->target_count == 1 && first->fields - first->inputs > 1 && !domain->shares;
        bool values = joined || recognise_array(first, a, options, wanted) == RECOGNISED_VALUES;
        for (int p = 0; p < NN_PARTS; p++) {
            if (a >= sources[p].fields) continue;
            if (values) sources[p].arrays[a].label = false;
            if (!values && wanted->exclusive && sources[p].listed)
                recognise_hot(&sources[p], a, options, wanted);
        }
        recognise_tell(&first->arrays[a], values, wanted);
        if (!values) continue;
        request->labels[t] = false;
        request->classes[t] = 0;
    }
}
