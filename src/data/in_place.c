/* A data set of samples that a program hands over. */
#include "data/in_place.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/least.h"
#include "base/memory.h"
#include "data/arithmetic.h"
#include "data/request.h"

/* ---- opening ---- */

/* The place in the configuration of an array. */
static int in_place_of(const nn_dataset *dataset, int array)
{
    const nn_source *source = dataset->first;
    const nn_part_options *part = &dataset->options->parts[NN_TRAIN];
    const nn_data_names *names = array < source->inputs ? &part->x : &part->y;
    int place = 0;
    while (place < names->count - 1 && strcmp(names->names[place], source->arrays[array].key) != 0) place++;
    return place;
}

static const nn_shape *in_place_shape(const nn_dataset *dataset, int array)
{
    const nn_in_place_options *options = &dataset->options->in_place;
    int place = in_place_of(dataset, array);
    return array < dataset->first->inputs ? &options->x[place] : &options->y[place];
}

static bool in_place_has_weights(const nn_dataset *dataset)
{
    return dataset->options->in_place.weights || dataset->options->in_place.local;
}

bool nn_in_place_has_copies(const nn_dataset *dataset)
{
    return dataset->options->in_place.local;
}

/* As a dataset of doubles is described. */
static nn_status in_place_describe(nn_dataset *dataset, int64_t most, int a)
{
    nn_array *array = &dataset->first->arrays[a];
    const nn_shape *shape = in_place_shape(dataset, a);
    nn_store_info info = {.type = NN_STORE_F64,
                          .type_name = "float64",
                          .dimensions = shape->dimensions + 1,
                          .extents = {most},
                          .written = true};
    for (int d = 0; d < shape->dimensions; d++) info.extents[d + 1] = shape->extents[d];
    nn_status status =
        nn_array_describe(array, &info, nn_source_field_options(dataset->options, dataset->first, a), false);
    if (status != NN_OK) return nn_array_context(array, status);
    array->sound = true;
    return NN_OK;
}

/* A view of a whole array; and what must be known that files would show. */
static nn_status in_place_check(const nn_dataset *dataset, const nn_data_request *request, int v)
{
    const nn_view *view = &dataset->views[v];
    const nn_array *array = &dataset->first->arrays[v];
    if (array->spec.unit != NN_STORE_UNIT_NONE)
        NN_FAIL(
            NN_ERROR_USAGE,
            "data.fields.%s.kind: text: in place, samples are numbers: set kind: %s, and give the numbers of "
            "the characters",
            array->key, view->index ? "index" : "class");
    if ((view->index && request->indices[v] == 0) || (array->label && request->classes[view->target] == 0))
        NN_FAIL(NN_ERROR_USAGE,
                "data.fields.%s.classes: is missing; in place, the number of %s must be given", array->key,
                view->index ? "indices" : "classes");
    if (nn_fields_measures(dataset, v) && dataset->options->in_place.from_first == 0)
        NN_FAIL(NN_ERROR_USAGE,
                "data.fields.%s.normalize: set none, with scale and offset where values are not near 1, or "
                "data.in_place.from_first, the number of samples to measure the normalisation on",
                array->key);
    return NN_OK;
}

/* Interleaves the arrays: sample after sample, each array at its place in the record. */
static void in_place_interleave(nn_dataset *dataset)
{
    nn_source *source = dataset->first;
    size_t record = 0;
    for (int a = 0; a < source->fields; a++) record += (source->arrays[a].row_size + 7) / 8 * 8;
    if (in_place_has_weights(dataset)) record += sizeof(double);
    dataset->raw_size = record;
    for (int a = 0; a < source->fields; a++) source->arrays[a].row_size = record;
}

static void in_place_fill(nn_dataset *dataset, nn_data_request *request, int64_t most, nn_problems *problems)
{
    nn_source *source = &dataset->sources[NN_TRAIN];
    nn_classes_know(request);
    if (!nn_problems_collect(problems, nn_source_name_arrays(request->options, NN_TRAIN, request->wanted,
                                                             request->target_count, source)))
        return;
    dataset->first = source;
    source->given = source->listed = true;
    source->rows = most;
    source->chunk_rows = 1;
    for (int a = 0; a < source->fields; a++)
        nn_problems_collect(problems, in_place_describe(dataset, most, a));
    if (problems->status != NN_OK) return;
    nn_data_check_fields(request, source, problems);
    nn_dataset_lay_out(dataset, request, problems);
    for (int v = 0; v < dataset->view_count && problems->status == NN_OK; v++)
        nn_problems_collect(problems, in_place_check(dataset, request, v));
    for (int a = 0; a < source->fields; a++) source->values += source->arrays[a].values;
}

static nn_status in_place_finish(nn_dataset *dataset, nn_data_request *request, int64_t most)
{
    nn_samples *samples = &dataset->parts[NN_TRAIN];
    *samples =
        (nn_samples){.source = dataset->first, .part = NN_TRAIN, .count = most, .units = most, .stride = 1};
    dataset->looks = true;
    NN_TRY(nn_fields_statistics(dataset, request));
    dataset->describes = true; /* the normalisation is made up for now */
    nn_status status = nn_fields_describe(dataset, request);
    dataset->describes = false;
    NN_TRY(status);
    for (int t = 0; t < dataset->target_count; t++) dataset->targets[t].prior_known = false;
    dataset->order = (nn_order){.shuffle = NN_SHUFFLE_NONE, .count = most, .batch = most, .lanes = 1};
    in_place_interleave(dataset);
    if (!in_place_has_weights(dataset)) return NN_OK;
    /* That there are weights is asked before there is a sample. */
    NN_TRY(NN_ALLOCATE_VALUES(dataset->scalar, (nn_real **)&dataset->weights[NN_TRAIN].separate, 1,
                              "the weights of samples"));
    dataset->weights[NN_TRAIN].bytes = dataset->weights[NN_TRAIN].separate;
    return NN_OK;
}

nn_status nn_in_place_open(nn_comm *comm, const nn_data_options *options, const nn_dataset_setup *setup,
                           int64_t most, nn_dataset **dataset)
{
    nn_dataset *made = NULL;
    nn_problems problems = {0};
    nn_data_request request = {
        .options = options, .wanted = setup->wanted, .target_count = setup->wanted_count};
    *dataset = NULL;
    NN_TRY(nn_comm_agree(comm, NN_ALLOCATE(&made, 1, "a data set")));
    made->scalar = setup->scalar;
    made->arithmetic = nn_data_arithmetic_of(setup->scalar);
    made->seed = setup->seed;
    made->options = options;
    for (int p = 0; p < NN_PARTS; p++) made->sources[p].open_files = &made->open_files;
    for (int t = 0; t < request.target_count; t++)
        made->targets[t].as_it_is = setup->wanted[t].domain && setup->wanted[t].domain->bounded;
    in_place_fill(made, &request, most, &problems);
    nn_status status = nn_problems_report(comm, &problems);
    if (status == NN_OK) status = nn_comm_agree(comm, in_place_finish(made, &request, most));
    for (int v = 0; v < NN_DATA_FIELDS; v++) nn_statistics_release(&request.statistics[v]);
    nn_problems_release(&problems);
    if (status == NN_OK)
        *dataset = made;
    else
        nn_dataset_close(made);
    return status;
}

/* ---- fields ---- */

int nn_in_place_count(const nn_dataset *dataset, bool inputs)
{
    const nn_source *source = dataset->first;
    return inputs ? source->inputs : source->fields - source->inputs;
}

/* The array of an input or target by its place in the configuration. */
static int in_place_array(const nn_dataset *dataset, bool input, int index)
{
    const nn_source *source = dataset->first;
    int array = input ? 0 : source->inputs, end = input ? source->inputs : source->fields;
    while (array < end - 1 && in_place_of(dataset, array) != index) array++;
    return array;
}

nn_in_place_field nn_in_place_find(const nn_dataset *dataset, bool input, int index)
{
    int array = in_place_array(dataset, input, index);
    const nn_array *self = &dataset->first->arrays[array];
    return (nn_in_place_field){self->key, in_place_shape(dataset, array), self->label};
}

size_t nn_in_place_record(const nn_dataset *dataset)
{
    return dataset->raw_size;
}

/* ---- records ---- */

/* Where an array begins in a record. */
static size_t in_place_offset(const nn_dataset *dataset, int array)
{
    size_t offset = 0;
    for (int a = 0; a < array; a++) {
        const nn_array *self = &dataset->first->arrays[a];
        offset += ((size_t)self->values * nn_store_type_size(self->type) + 7) / 8 * 8;
    }
    return offset;
}

/* what: of value `at` of a sample; option: of the field, that is to be set. */
static nn_status in_place_refuse(const nn_array *array, int64_t sample, int64_t at, const char *what,
                                 const char *option)
{
    NN_FAIL(NN_ERROR_DATA, "%s, sample %lld of this rank, value %lld: %s data.fields.%s.%s", array->key,
            (long long)sample, (long long)at, what, array->key, option);
}

static nn_status in_place_check_values(const nn_view *view, const nn_array *array, int64_t sample,
                                       const unsigned char *row)
{
    double values[NN_ARRAY_BLOCK], sum = 0;
    bool masks = view->missing == NN_MISSING_MASK;
    for (int64_t at = 0; at < view->values; at += NN_ARRAY_BLOCK) {
        int64_t count = nn_smaller(NN_ARRAY_BLOCK, view->values - at);
        nn_view_values(view, array, row, at, count, values);
        for (int64_t i = 0; i < count; i++) {
            if (isnan(values[i]) && masks) continue;
            if (isnan(values[i]))
                return in_place_refuse(array, sample, at + i,
                                       "is NaN; leave the sample out, or, for a target, set",
                                       "missing: mask");
            if (!(fabs(values[i]) <= DBL_MAX))
                NN_FAIL(NN_ERROR_DATA, "%s, sample %lld of this rank, value %lld: is infinite; leave it out",
                        array->key, (long long)sample, (long long)(at + i));
            if (view->index &&
                !(values[i] >= 0 && values[i] < (double)view->indices && values[i] == floor(values[i])))
                return in_place_refuse(array, sample, at + i, "is not an index, an integer from 0 on below",
                                       "classes");
        }
        int64_t outside = view->taken.checked ? nn_taken_find(&view->taken, at, count, values, &sum) : -1;
        if (outside >= 0)
            return nn_taken_fail(&view->taken, array->key, sample, at + outside, values[outside], sum);
    }
    return NN_OK;
}

static nn_status in_place_check_labels(const nn_dataset *dataset, const nn_view *view, const nn_array *array,
                                       int64_t sample, const int32_t *labels)
{
    int64_t classes = dataset->targets[view->target].field.classes;
    for (int64_t i = 0; i < view->values; i++) {
        if (labels[i] == NN_LABEL_IGNORED || (labels[i] >= 0 && labels[i] < classes)) continue;
        NN_FAIL(NN_ERROR_DATA,
                "%s, sample %lld of this rank: the label is not one of the %lld classes that "
                "data.fields.%s.classes says, which are numbered from data.fields.%s.first_label on",
                array->key, (long long)sample, (long long)classes, array->key, array->key);
    }
    return NN_OK;
}

/* The values of a sample in their place; `stored` has room for a sample. */
static nn_status in_place_pack_array(const nn_dataset *dataset, int a, int64_t sample,
                                     const nn_in_place_values *given, double *stored, unsigned char *row)
{
    const nn_array *array = &dataset->first->arrays[a];
    const nn_view *view = &dataset->views[a];
    size_t size = (size_t)array->stored_values * nn_store_type_size(given->type);
    nn_array_numbers(given->type, (const char *)given->values + (size_t)sample * size, array->stored_values,
                     stored);
    NN_TRY(nn_array_unpack(array, NULL, 1, (const unsigned char *)stored, row));
    if (array->label)
        return in_place_check_labels(dataset, view, array, sample, (const int32_t *)(void *)row);
    return in_place_check_values(view, array, sample, row);
}

static nn_status in_place_pack_weight(int64_t sample, const nn_in_place_values *weights, unsigned char *row)
{
    double weight;
    size_t size = nn_store_type_size(weights->type);
    nn_array_numbers(weights->type, (const char *)weights->values + (size_t)sample * size, 1, &weight);
    if (!(weight >= 0 && weight <= FLT_MAX))
        NN_FAIL(NN_ERROR_DATA,
                "the weight of sample %lld of this rank is %g: weights must be finite and at least 0",
                (long long)sample, weight);
    weight += 0.0; /* not a negative zero */
    memcpy(row, &weight, sizeof weight);
    return NN_OK;
}

nn_status nn_in_place_pack(const nn_dataset *dataset, int64_t samples, const nn_in_place_values *inputs,
                           const nn_in_place_values *targets, const nn_in_place_values *weights,
                           unsigned char *records)
{
    const nn_source *source = dataset->first;
    size_t record = nn_in_place_record(dataset);
    nn_status status = NN_OK;
    for (int a = 0; a < source->fields && status == NN_OK; a++) {
        int place = in_place_of(dataset, a);
        const nn_in_place_values *given = a < source->inputs ? &inputs[place] : &targets[place];
        unsigned char *row = records + in_place_offset(dataset, a);
        double *stored = NULL;
        status = NN_ALLOCATE(&stored, source->arrays[a].stored_values, "a sample");
        for (int64_t s = 0; s < samples && status == NN_OK; s++, row += record)
            status = in_place_pack_array(dataset, a, s, given, stored, row);
        nn_free(stored);
    }
    const double one = 1;
    for (int64_t s = 0; in_place_has_weights(dataset) && s < samples && status == NN_OK; s++) {
        unsigned char *row = records + (size_t)(s + 1) * record - sizeof one;
        if (weights)
            status = in_place_pack_weight(s, weights, row);
        else
            memcpy(row, &one, sizeof one);
    }
    return status;
}

static nn_status in_place_set_weights(nn_dataset *dataset, int64_t samples, int64_t first, int64_t count)
{
    nn_node_memory *memory = &dataset->weights[NN_TRAIN];
    size_t record = nn_in_place_record(dataset);
    const unsigned char *records = dataset->first->arrays[0].raw;
    nn_free(memory->separate);
    memory->bytes = memory->separate = NULL;
    NN_TRY(NN_ALLOCATE_VALUES(dataset->scalar, (nn_real **)&memory->separate, samples,
                              "the weights of samples"));
    memory->bytes = memory->separate;
    for (int64_t s = 0; s < count; s++) {
        double weight;
        memcpy(&weight, records + (size_t)(s + 1) * record - sizeof weight, sizeof weight);
        nn_scalar_put(dataset->scalar, memory->bytes, (size_t)(first + s), weight);
    }
    return NN_OK;
}

nn_status nn_in_place_set(nn_dataset *dataset, int64_t samples, int64_t first, int64_t count,
                          unsigned char *records)
{
    nn_source *source = dataset->first;
    nn_samples *part = &dataset->parts[NN_TRAIN];
    for (int a = 0; a < source->fields; a++) {
        source->arrays[a].raw = records + in_place_offset(dataset, a);
        source->arrays[a].rows = samples;
    }
    source->rows = samples;
    part->count = part->units = samples;
    part->first = -first; /* the row of sample `first` is the first one */
    dataset->order.count = dataset->order.batch = samples;
    return in_place_has_weights(dataset) ? in_place_set_weights(dataset, samples, first, count) : NN_OK;
}

/* ---- normalisation ---- */

bool nn_in_place_measures(const nn_dataset *dataset)
{
    for (int v = 0; v < dataset->view_count; v++)
        if (nn_fields_measures(dataset, v)) return true;
    return false;
}

nn_status nn_in_place_measure(nn_comm *comm, nn_dataset *dataset)
{
    nn_data_request request = {.options = dataset->options, .target_count = dataset->target_count};
    nn_problems problems = {0};
    int64_t largest[NN_DATA_FIELDS] = {0};
    nn_status status = nn_comm_agree(comm, nn_fields_statistics(dataset, &request));
    if (status == NN_OK)
        status = nn_scan_part(comm, dataset, NN_TRAIN, request.statistics, largest, &problems);
    if (status == NN_OK) status = nn_problems_report(comm, &problems);
    if (status == NN_OK) status = nn_comm_agree(comm, nn_fields_rescale(dataset, &request));
    for (int v = 0; v < NN_DATA_FIELDS; v++) nn_statistics_release(&request.statistics[v]);
    nn_problems_release(&problems);
    return status;
}

nn_status nn_in_place_know(nn_dataset *dataset, const nn_scaling *input, const nn_scaling *const *targets)
{
    nn_known_target known_targets[NN_DATA_FIELDS] = {{0}};
    for (int t = 0; t < dataset->target_count; t++)
        known_targets[t] = (nn_known_target){.scaling = targets[t]};
    const nn_data_known known = {.input = input, .targets = known_targets};
    const nn_data_request request = {
        .options = dataset->options, .known = &known, .target_count = dataset->target_count};
    return nn_fields_rescale(dataset, &request);
}
