/* How a stream reads, and how often it reads the same data. */
#include "data/reading.h"

#include "base/least.h"
#include "data/blocks.h"

/* If fewer than one in this many rows of a block is wanted, reading the block costs more. */
#define READING_SPARSE 16

/* Chunks that fit in HDF5's chunk cache (size set in store/array.c) are unpacked once. */
#define READING_CACHE ((double)(64 << 20))

/* Reading this many times the data is worth a warning. */
#define READING_TIMES 4.0

/* ---- how ---- */

/* Whether so few rows of a block belong to the part that reading row by row is cheaper. */
static bool reading_is_sparse(const nn_samples *samples)
{
    bool spread = samples->table || samples->shares.group > 0;
    return spread && samples->source->chunk_rows == 1 && samples->count < samples->units / READING_SPARSE;
}

/* Whether consecutive samples come from anywhere in the file. */
static bool reading_is_scattered(const nn_order *order)
{
    return order->classes > 0 || order->shuffle == NN_SHUFFLE_FULL;
}

/* Whether each block of the order is one block of rows, not parts of two. */
static bool reading_is_aligned(const nn_dataset *dataset, const nn_samples *samples)
{
    const nn_data_window_options *window = &dataset->options->window;
    int64_t reach = window->length > 0 ? window->length + window->horizon : 1;
    return !samples->table && samples->fold.folds == 0 && !samples->segments &&
           samples->source->bad_count == 0 && reach <= samples->stride;
}

static nn_reading reading_make(const nn_samples *samples, unsigned arrays, int64_t rows, double wanted,
                               double room)
{
    int64_t all = (samples->source->rows - 1) / rows + 1;
    int64_t most = (int64_t)(room / (double)nn_blocks_size(samples->source, arrays, rows));
    nn_reading reading = {.rows = rows, .wanted = wanted < (double)all ? (int64_t)wanted : all};
    if (most < 4) most = 4;
    reading.capacity = nn_smaller(reading.wanted, most);
    return reading;
}

/* Holds the windows of all lanes from which a span takes samples. */
static nn_reading reading_by_blocks(const nn_dataset *dataset, const nn_samples *train, const nn_order *order,
                                    int64_t span, unsigned arrays, double room)
{
    int64_t rows = nn_smaller(nn_samples_block_units(train) * train->stride, train->source->rows);
    int64_t lanes = nn_smaller(span * order->lanes / order->batch + 2, order->lanes);
    int64_t each = order->blocks.full > 0 ? order->blocks.each : order->blocks.last;
    double blocks = (double)lanes * ((double)order->window / (double)each + 2);
    return reading_make(train, arrays, rows, blocks * (reading_is_aligned(dataset, train) ? 1 : 2), room);
}

/* Reads as many stretches of the file side by side as a span has samples. */
static nn_reading reading_side_by_side(const nn_samples *train, int64_t span, unsigned arrays, double room)
{
    int64_t rows = nn_blocks_rows(train->source), wanted = span + 2;
    double row = (double)nn_blocks_size(train->source, arrays, 1);
    if ((double)rows * row * (double)wanted > room) rows = (int64_t)(room / row / (double)wanted);
    return reading_make(train, arrays, rows < 1 ? 1 : rows, (double)wanted, room);
}

nn_reading nn_reading_plan(const nn_dataset *dataset, nn_part part, nn_data_span span, unsigned arrays)
{
    const nn_order *order = &dataset->order;
    const nn_samples *samples = &dataset->parts[part];
    double room = dataset->options->memory * 1048576 * (1 - NN_READING_AHEAD);
    int64_t rows = nn_blocks_rows(samples->source);
    bool shuffled = part == NN_TRAIN && span.epoch != NN_DATA_IN_ORDER && order->shuffle != NN_SHUFFLE_NONE;
    if (reading_is_sparse(samples)) return (nn_reading){.rows = rows};
    if (!shuffled) return reading_make(samples, arrays, rows, 2, room);
    if (reading_is_scattered(order)) {
        nn_reading all = reading_make(samples, arrays, rows, (double)samples->source->rows, room);
        return all.capacity == all.wanted ? all : (nn_reading){.rows = rows};
    }
    if (order->shuffle == NN_SHUFFLE_STATEFUL) return reading_side_by_side(samples, span.count, arrays, room);
    return reading_by_blocks(dataset, samples, order, span.count, arrays, room);
}

/* ---- how often ---- */

/* How many times the rows of a block are read, counting the chunks that it cuts. */
static double reading_of_chunks(int64_t rows, int64_t all, int64_t chunk, double bytes, bool aligned)
{
    int64_t bands = (all - 1) / chunk + 1;
    double touched = 1 + (double)(rows - 1) / (double)chunk;
    if (chunk <= 1 || rows >= all || bands == 1) return 1;
    if (bands == 2 && 2 * (double)chunk * bytes <= READING_CACHE) return 1;
    if (aligned && rows % chunk == 0) touched = (double)(rows / chunk);
    if (aligned && chunk % rows == 0) touched = 1;
    return touched * (double)chunk / (double)rows;
}

double nn_dataset_reads(int64_t rows, int64_t values, int64_t chunk, size_t row_bytes, int64_t *block)
{
    nn_source source = {.rows = rows, .values = values};
    nn_samples samples = {.source = &source, .stride = 1};
    *block = nn_smaller(nn_samples_block_units(&samples), rows);
    return reading_of_chunks(*block, rows, chunk, (double)row_bytes, true);
}

static double reading_of_array(const nn_dataset *dataset, const nn_samples *train, const nn_array *array,
                               nn_reading reading)
{
    const nn_order *order = &dataset->order;
    if (order->shuffle == NN_SHUFFLE_NONE || order->shuffle == NN_SHUFFLE_STATEFUL) return 1;
    if (reading_is_scattered(order))
        return reading.capacity > 0 || array->chunk_rows > array->rows / 2 ? 1 : (double)array->chunk_rows;
    return reading_of_chunks(reading.rows, array->rows, array->chunk_rows, (double)array->stored_size,
                             reading_is_aligned(dataset, train));
}

/* Rows read per row needed, over an epoch; *widest: the array that is read most. */
static double reading_times(const nn_dataset *dataset, const nn_samples *train, nn_reading reading,
                            const nn_array **widest)
{
    double read = 0, needed = 0, most = 0;
    for (int a = 0; a < train->source->fields; a++) {
        const nn_array *array = &train->source->arrays[a];
        double bytes = (double)array->stored_size;
        double times = reading_of_array(dataset, train, array, reading);
        needed += bytes;
        read += bytes * times;
        if (bytes * times > most) *widest = array;
        if (bytes * times > most) most = bytes * times;
    }
    return needed > 0 ? read / needed : 1;
}

/* ---- advice ---- */

void nn_dataset_append_repack(nn_text *text, const char *dataset, int dimensions, const int64_t *chunk,
                              int axis, int64_t rows)
{
    nn_text_append(text, "h5repack -l %s:CHUNK=", dataset);
    for (int d = 0; d < dimensions; d++)
        nn_text_append(text, "%s%lld", d > 0 ? "x" : "", (long long)(d == axis ? rows : chunk[d]));
}

/* The data.memory, in MiB, with which a stream holds all the blocks that it wants. */
static double reading_memory(const nn_samples *train, unsigned arrays, nn_reading reading)
{
    double bytes = (double)reading.wanted * (double)nn_blocks_size(train->source, arrays, reading.rows);
    return bytes / (1 - NN_READING_AHEAD) / 1048576 + 1;
}

static void reading_advise_scattered(const nn_dataset *dataset, const nn_array *array, double times,
                                     nn_text *advice)
{
    nn_text_append(advice,
                   "data.%s.%s: an epoch of a stream reads the data about %.0f times, since every sample "
                   "unpacks a chunk of %lld rows: ",
                   array->part, array->key, times, (long long)array->chunk_rows);
    if (dataset->order.classes == 0)
        nn_text_append(advice, "set data.shuffle=block, which changes the order of samples, ");
    nn_text_append(advice, "%sdata.cache=memory if it fits, or store one row per chunk: ",
                   dataset->order.classes == 0 ? "" : "set ");
    nn_dataset_append_repack(advice, array->dataset, array->stored_dimensions, array->chunk, array->axis, 1);
    nn_text_append(advice, " %s repacked.h5", array->path);
}

/* Advises blocks of whole chunks, with the memory for them; or chunks that blocks do not cut. */
static void reading_advise_blocks(const nn_dataset *dataset, const nn_array *array, int64_t span,
                                  nn_reading reading, double times, nn_text *advice)
{
    const nn_samples *train = &dataset->parts[NN_TRAIN];
    unsigned arrays = (1u << train->source->fields) - 1;
    nn_source source = *train->source;
    nn_samples samples = *train;
    nn_order order = dataset->order;
    samples.source = &source;
    source.block = (array->chunk_rows + train->stride - 1) / train->stride;
    order.blocks = nn_samples_runs(&samples);
    nn_order_arrange(&order, order.batch, order.lanes);
    nn_reading other = reading_by_blocks(dataset, &samples, &order, span, arrays, 0);
    double memory = reading_memory(&samples, arrays, other);
    nn_text_append(advice,
                   "data.%s.%s: an epoch of a stream reads the data about %.0f times: blocks of %lld rows "
                   "are shuffled, but each unpacks chunks of %lld: set data.shuffle_block=%lld",
                   array->part, array->key, times, (long long)reading.rows, (long long)array->chunk_rows,
                   (long long)source.block);
    if (memory > dataset->options->memory) nn_text_append(advice, " and data.memory=%.0f", memory);
    nn_text_append(advice, ", which changes the order of samples, or repack the file, which does not: ");
    nn_dataset_append_repack(advice, array->dataset, array->stored_dimensions, array->chunk, array->axis,
                             reading.rows);
    nn_text_append(advice, " %s repacked.h5", array->path);
}

void nn_dataset_advise(const nn_dataset *dataset, int ranks, nn_text *advice)
{
    const nn_samples *train = &dataset->parts[NN_TRAIN];
    const nn_order *order = &dataset->order;
    if (!dataset->streams || train->count == 0) return;
    unsigned arrays = (1u << train->source->fields) - 1;
    nn_data_span span = {.count = (order->batch + ranks - 1) / ranks};
    nn_reading reading = nn_reading_plan(dataset, NN_TRAIN, span, arrays);
    const nn_array *widest = &train->source->arrays[0];
    double times = reading_times(dataset, train, reading, &widest);
    if (times > READING_TIMES && reading_is_scattered(order))
        reading_advise_scattered(dataset, widest, times, advice);
    else if (times > READING_TIMES)
        reading_advise_blocks(dataset, widest, span.count, reading, times, advice);
    else if (order->shuffle == NN_SHUFFLE_BLOCK && order->classes == 0 && reading.capacity < reading.wanted)
        nn_text_append(advice,
                       "data.memory: %.0f MiB per rank cannot hold the samples that are shuffled together, "
                       "so blocks are read repeatedly: set data.memory=%.0f",
                       dataset->options->memory, reading_memory(train, arrays, reading));
}
