/*
 * An embedding: each number of the input selects a row of a trainable table. The numbers are integers 0 ..
 * symbols - 1: words, letters, categories. An invalid number cannot be reported from here: its row of the
 * output becomes NaN, and training stops and names this layer.
 */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "nn/initializer.h"
#include "nn/tangent.h"
#include "tensor/kernels.h"

/* Rows are sorted by digits of this many bits. */
#define DIGIT_BITS 8
#define DIGITS (1 << DIGIT_BITS)

typedef struct embedding_options {
    int64_t symbols, units;
    double deviation;
} embedding_options;

typedef struct embedding_plan {
    int64_t positions; /* numbers per sample */
    int digits;        /* of the largest row number, `symbols` included */
} embedding_plan;

/* Written by backward for gradient, in call->saved: the row of each number of the microbatch, and the
 * positions of the numbers sorted by row, stably. */
typedef struct embedding_sorted {
    int64_t count;
    int32_t *rows, *order;
} embedding_sorted;

static const nn_option embedding_table[] = {
    {"symbols", NN_OPTION_INTEGER, offsetof(embedding_options, symbols), NULL, 1, 1e9, NULL, NN_EFFECT_RESULT,
     "number of rows in the table: the input (kind: index) holds 0 .. symbols - 1; `classes`: the number of "
     "classes of the target"},
    {"units", NN_OPTION_INTEGER, offsetof(embedding_options, units), NULL, 1, 1e9, NULL, NN_EFFECT_RESULT,
     "number of values per symbol"},
    {"deviation", NN_OPTION_REAL, offsetof(embedding_options, deviation), "0", 0, 1e9, NULL, NN_EFFECT_RESULT,
     "standard deviation of the initial values; 0: 1 / sqrt(units), so that rows have length 1 on average"},
    {0}};

/* ---- building ---- */

static nn_status embedding_check(const nn_layer *layer)
{
    const embedding_options *options = layer->options;
    const int64_t exact = (int64_t)1 << (sizeof(nn_real) == sizeof(float) ? 24 : 31);
    NN_TRY(nn_layer_check_inputs(layer, 1));
    if (options->symbols > exact)
        NN_FAIL(NN_ERROR_USAGE,
                "float32 represents integers exactly up to %lld, not enough for %lld symbols; set "
                "`precision: float64`",
                (long long)exact, (long long)options->symbols);
    if (layer->input_shapes[0].dimensions == NN_MAX_DIMENSIONS)
        NN_FAIL(NN_ERROR_USAGE,
                "its input has %d dimensions, the maximum, and an embedding adds one; flatten it first",
                NN_MAX_DIMENSIONS);
    if (nn_shape_count(layer->input_shapes[0]) > INT32_MAX / layer->microbatch_size)
        NN_FAIL(NN_ERROR_USAGE, "a microbatch has more than %d numbers; choose a smaller microbatch_size",
                INT32_MAX);
    return NN_OK;
}

/* The parts of another type of layer need not consist of complete rows. */
static nn_status embedding_share_parts(nn_layer *layer, int64_t units)
{
    NN_TRY(nn_layer_share_parts(layer));
    for (int part = 1; part < layer->part_count; part++)
        if (layer->part_begin[part] % units != 0)
            NN_FAIL(NN_ERROR_USAGE,
                    "the parameters of %s, which it shares, are not a table with %lld values per row; let %s "
                    "share those of the embedding instead",
                    layer->shares->name, (long long)units, layer->shares->name);
    return NN_OK;
}

static nn_status embedding_add_table(nn_layer *layer)
{
    const embedding_options *options = layer->options;
    nn_shape table = {2, {options->symbols, options->units}};
    /* The deviation of he is gain / sqrt(fan_in). */
    bool given = options->deviation > 0;
    NN_TRY(nn_layer_add_parameter(layer, "weight", table, given ? 1 : options->units, options->units,
                                  nn_initializer_find(NN_SCALAR_REAL, "he"), given ? options->deviation : 1.0,
                                  NULL));
    if (layer->shares) return embedding_share_parts(layer, options->units);
    int64_t part_rows = options->units < NN_LAYER_PART_VALUES ? NN_LAYER_PART_VALUES / options->units : 1;
    for (int64_t row = part_rows; row < options->symbols; row += part_rows)
        NN_TRY(nn_layer_add_part(layer, row * options->units));
    return nn_layer_add_part(layer, layer->value_count);
}

static nn_status embedding_build(nn_layer *layer)
{
    const embedding_options *options = layer->options;
    NN_TRY(embedding_check(layer));
    embedding_plan *plan;
    NN_TRY(NN_ALLOCATE(&plan, 1, "the plan of an embedding"));
    layer->plan = plan;
    nn_shape shape = layer->input_shapes[0];
    plan->positions = nn_shape_count(shape);
    for (int64_t row = options->symbols; row > 0; row >>= DIGIT_BITS) plan->digits++;
    layer->time.kept = shape.dimensions > 0;
    shape.extents[shape.dimensions++] = options->units;
    layer->output_shape = shape;
    NN_TRY(embedding_add_table(layer));
    layer->saved_per_sample = 2 * plan->positions;
    layer->scratch_per_sample = plan->positions;
    layer->scratch_fixed = options->units;
    layer->division[NN_FORWARD][0].by_sample = true;
    return NN_OK;
}

static int64_t embedding_indices_of(const nn_layer *layer)
{
    const embedding_options *options = layer->options;
    return options->symbols;
}

/* ---- running ---- */

/* The row that a number selects, or `symbols` if it is invalid. */
static int64_t embedding_row(nn_real number, int64_t symbols)
{
    if (!(number >= 0 && number < (nn_real)symbols)) return symbols;
    int64_t row = (int64_t)number;
    return (nn_real)row == number ? row : symbols;
}

static void embedding_forward(const nn_layer *layer, const nn_layer_call *call)
{
    const embedding_options *options = layer->options;
    const embedding_plan *plan = layer->plan;
    int64_t units = options->units;
    for (int64_t i = 0; i < call->samples * plan->positions; i++) {
        int64_t row = embedding_row(call->inputs[0][i], options->symbols);
        nn_real *output = call->output + i * units;
        if (row < options->symbols)
            memcpy(output, call->parameters + row * units, (size_t)units * sizeof *output);
        else
            for (int64_t unit = 0; unit < units; unit++) output[unit] = (nn_real)NAN;
    }
}

static embedding_sorted embedding_find_sorted(const nn_layer *layer, const nn_layer_call *call)
{
    const embedding_plan *plan = layer->plan;
    int64_t count = call->samples * plan->positions;
    int32_t *saved = (void *)call->saved;
    return (embedding_sorted){count, saved, saved + count};
}

/* One pass of a radix sort, lowest digit first: stable. */
static void embedding_sort_digit(const embedding_sorted *sorted, int shift, const int32_t *from, int32_t *to)
{
    int64_t places[DIGITS + 1] = {0};
    for (int64_t i = 0; i < sorted->count; i++) places[(sorted->rows[i] >> shift) % DIGITS + 1]++;
    for (int digit = 1; digit < DIGITS; digit++) places[digit] += places[digit - 1];
    for (int64_t i = 0; i < sorted->count; i++)
        to[places[(sorted->rows[from[i]] >> shift) % DIGITS]++] = from[i];
}

static void embedding_backward(const nn_layer *layer, const nn_layer_call *call)
{
    const embedding_options *options = layer->options;
    const embedding_plan *plan = layer->plan;
    embedding_sorted sorted = embedding_find_sorted(layer, call);
    int32_t *other = (void *)call->scratch;
    for (int64_t i = 0; i < sorted.count; i++) {
        sorted.rows[i] = (int32_t)embedding_row(call->inputs[0][i], options->symbols);
        sorted.order[i] = (int32_t)i;
    }
    for (int digit = 0; digit < plan->digits; digit++) {
        embedding_sort_digit(&sorted, digit * DIGIT_BITS, sorted.order, other);
        memcpy(sorted.order, other, (size_t)sorted.count * sizeof *other);
    }
    /* The output is piecewise constant in the input: its gradient is 0. */
    if (call->input_gradients[0])
        memset(call->input_gradients[0], 0, (size_t)sorted.count * sizeof *call->input_gradients[0]);
}

/* The first place in the order whose row is at least `row`. */
static int64_t embedding_find_row(const embedding_sorted *sorted, int64_t row)
{
    int64_t begin = 0, end = sorted->count;
    while (begin < end) {
        int64_t middle = begin + (end - begin) / 2;
        if (sorted->rows[sorted->order[middle]] < row)
            begin = middle + 1;
        else
            end = middle;
    }
    return begin;
}

/* Places [begin, end) of the order have the same row: their gradients are summed first, and the sum is added
 * to the row. */
static void embedding_add_row(const embedding_sorted *sorted, const nn_layer_call *call, int64_t units,
                              int64_t begin, int64_t end, nn_real *row)
{
    nn_real *sum = call->scratch;
    if (end - begin == 1) {
        nn_add(units, call->output_gradient + sorted->order[begin] * units, row);
        return;
    }
    memset(sum, 0, (size_t)units * sizeof *sum);
    for (int64_t i = begin; i < end; i++)
        nn_add(units, call->output_gradient + sorted->order[i] * units, sum);
    nn_add(units, sum, row);
}

static void embedding_gradient(const nn_layer *layer, const nn_layer_call *call, int part, bool accumulate,
                               nn_real *values)
{
    const embedding_options *options = layer->options;
    embedding_sorted sorted = embedding_find_sorted(layer, call);
    int64_t first = layer->part_begin[part] / options->units;
    int64_t last = layer->part_begin[part + 1] / options->units;
    if (last > options->symbols) last = options->symbols; /* padding follows */
    if (!accumulate) memset(values, 0, (size_t)((last - first) * options->units) * sizeof *values);
    int64_t begin = embedding_find_row(&sorted, first);
    while (begin < sorted.count) {
        int64_t end = begin, row = sorted.rows[sorted.order[begin]];
        if (row >= last) return;
        while (end < sorted.count && sorted.rows[sorted.order[end]] == row) end++;
        embedding_add_row(&sorted, call, options->units, begin, end, values + (row - first) * options->units);
        begin = end;
    }
}

static const nn_tensor_axes embedding_axes[] = {{"weight", "symbols, units", "weight", "vars/0"}, {0}};

const nn_layer_type nn_layer_embedding = {
    .name = "embedding",
    .summary = "each integer of the input selects a row of a trainable table: words, categories",
    .example = "embedding: {symbols: 9, units: 4}",
    .example_shape = {1, {5}},
    .example_indices = 9,
    .options = embedding_table,
    .options_size = sizeof(embedding_options),
    .build = embedding_build,
    .forward = embedding_forward,
    .backward = embedding_backward,
    .tangent = nn_tangent_zero,
    .gradient = embedding_gradient,
    .indices_of = embedding_indices_of,
    .axes = embedding_axes,
};
