/* Recognises targets that could be labels, but hold values that the loss accepts as they are. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "data/request.h"

/* Rows to look at, from the start, the middle and the end. */
#define RECOGNISE_ROWS 64
#define RECOGNISE_TOLERANCE 1e-3

/* What these rows show. */
typedef struct recognised {
    bool fractions; /* some value is not an integer */
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
    }
}

static nn_status recognise_read(nn_store_array *stored, const nn_array *array, recognised *seen)
{
    int64_t rows = array->rows < RECOGNISE_ROWS ? array->rows : RECOGNISE_ROWS;
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

/* Whether an array is better read as values. Read failures are reported at the next read. The array is
 * closed again: HDF5 must not keep chunks of it, which would count as written where gaps are looked for. */
static bool recognise_array(nn_source *source, int which, const nn_data_options *options,
                            const nn_domain *domain)
{
    const nn_data_field_options *field = nn_source_field_options(options, source, which);
    nn_array trial = source->arrays[which];
    nn_store_array *stored;
    recognised seen;
    bool values = false;
    trial.label = false;
    trial.places = NULL;
    nn_status status = nn_source_array(source, &source->pieces[0], which, &stored);
    if (status == NN_OK)
        status = nn_array_describe(&trial, nn_store_array_info(stored), field, options->window.length > 0);
    bool floats = status == NN_OK && !nn_store_type_is_integer(trial.type);
    if (floats && recognise_read(stored, &trial, &seen) == NN_OK) {
        bool shares = seen.sums && trial.shape.extents[trial.shape.dimensions - 1] > 1;
        values = seen.fractions && seen.inside && (shares || !domain->shares);
    }
    if (status == NN_OK && !domain->shares && options->window.length == 0)
        values |= recognise_is_columns(&trial, field->layout, source->arrays[NN_DATA_LENGTH].given);
    nn_free(trial.places);
    nn_source_close_array(&source->pieces[0], which);
    nn_error_clear();
    return values;
}

void nn_targets_recognise(nn_data_request *request, nn_source *sources)
{
    const nn_data_options *options = request->options;
    nn_source *first = sources;
    while (first < sources + NN_PARTS && !first->listed) first++;
    if (first == sources + NN_PARTS) return;
    for (int a = first->inputs; a < first->fields; a++) {
        int t = request->target_count == 1 ? 0 : a - first->inputs;
        const nn_domain *domain = request->wanted[t].domain;
        int kind = nn_source_field_options(options, first, a)->kind;
        if (!first->arrays[a].label || !domain || !domain->bounded || kind != NN_KIND_AUTO) continue;
        /* Several datasets under one loss are separate yes/no questions. */
        bool joined = request->target_count == 1 && first->fields - first->inputs > 1 && !domain->shares;
        if (!joined && !recognise_array(first, a, options, domain)) continue;
        for (int p = 0; p < NN_PARTS; p++)
            if (a < sources[p].fields) sources[p].arrays[a].label = false;
        request->labels[t] = false;
        request->classes[t] = 0;
    }
}
