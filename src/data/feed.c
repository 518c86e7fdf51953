/* A thread that reads ahead. It fills slots, one per span, with the raw rows of the span's samples, from
 * which the computing threads take them. It caches the blocks read last: in an order by blocks, each block is
 * read and unpacked once per window. */
#include <math.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "base/least.h"
#include "base/memory.h"
#include "data/blocks.h"
#include "data/reading.h"
#include "data/stretches.h"
#include "host/clock.h"
#include "host/pulse.h"
#include "host/threads.h"

/* The most spans read ahead. */
#define FEED_SLOTS_MOST 256

typedef struct feed_slot {
    int64_t index; /* number of its span; -1: free */
    nn_data_span span;
    bool ready;
    int64_t room; /* in samples */
    unsigned char *raw;
} feed_slot;

struct nn_feed {
    nn_dataset *dataset;
    nn_part part;
    bool inputs;
    nn_data_schedule schedule;
    const void *context;
    int64_t next; /* span to read next */
    nn_blocks *blocks;
    int64_t slot_count;
    feed_slot *slots;
    pthread_t thread;
    bool started;
    pthread_mutex_t mutex; /* guards everything below, and index and ready of the slots */
    pthread_cond_t changed;
    bool stops, ended;
    nn_status status;
    char *text;
    int waiting;
    double waited, waiting_since;
    nn_phase phase; /* the phase that waiting interrupted */
};

/* ---- the reading thread ---- */

/* Reads the rows up to the end of the series; zeros after it. */
static nn_status feed_read_beyond(nn_feed *feed, int v, int64_t first, unsigned char *raw)
{
    const nn_dataset *dataset = feed->dataset;
    const nn_view *view = &dataset->views[v];
    nn_source *source = dataset->parts[feed->part].source;
    int64_t rows = nn_stretches_end(source, first - view->first_row) - first;
    memset(raw, 0, view->raw_size);
    return rows > 0 ? nn_blocks_copy(feed->blocks, view->array, first, rows, raw) : NN_OK;
}

static nn_status feed_read_sample(nn_feed *feed, int64_t sample, unsigned char *raw)
{
    const nn_dataset *dataset = feed->dataset;
    const nn_samples *samples = &dataset->parts[feed->part];
    int64_t row = nn_samples_row(samples, sample);
    for (int v = 0; v < dataset->view_count; v++) {
        const nn_view *view = &dataset->views[v];
        if (view->input && !feed->inputs) continue;
        if (dataset->lenient && !view->input &&
            nn_dataset_is_beyond(dataset, feed->part, sample, view->target)) {
            NN_TRY(feed_read_beyond(feed, v, row + view->first_row, raw + dataset->raw_offsets[v]));
            continue;
        }
        NN_TRY(nn_blocks_copy(feed->blocks, view->array, row + view->first_row, view->rows,
                              raw + dataset->raw_offsets[v]));
    }
    return NN_OK;
}

/* With data.check: none, values are checked here. An index must not point outside the embedding. */
static nn_status feed_check_indices(const nn_feed *feed, int v, int64_t sample, const unsigned char *raw)
{
    const nn_dataset *dataset = feed->dataset;
    const nn_view *view = &dataset->views[v];
    const nn_array *array = &dataset->parts[feed->part].source->arrays[view->array];
    const nn_samples *samples = &dataset->parts[feed->part];
    int64_t end = nn_view_end(view, nn_dataset_length(dataset, feed->part, sample));
    for (int64_t i = 0; i < end; i++) {
        double value;
        nn_view_values(view, array, raw + dataset->raw_offsets[v], i, 1, &value);
        if (value >= 0 && value < (double)view->indices && value == floor(value)) continue;
        return nn_array_context(array, nn_fail(NN_ERROR_DATA,
                                               "value %lld of sample %lld is not one of the %lld indices",
                                               (long long)i, (long long)nn_samples_row(samples, sample),
                                               (long long)view->indices));
    }
    return NN_OK;
}

/* A missing value must not pass for a number. */
static nn_status feed_check_missing(const nn_feed *feed, int v, int64_t sample, const unsigned char *raw)
{
    const nn_dataset *dataset = feed->dataset;
    const nn_view *view = &dataset->views[v];
    const nn_samples *samples = &dataset->parts[feed->part];
    const nn_array *array = &samples->source->arrays[view->array];
    int64_t end = nn_view_end(view, nn_dataset_length(dataset, feed->part, sample));
    double values[NN_ARRAY_BLOCK];
    if (view->missing != NN_MISSING_ERROR || !nn_array_may_miss(array)) return NN_OK;
    for (int64_t at = 0; at < end; at += NN_ARRAY_BLOCK) {
        int64_t count = nn_smaller(NN_ARRAY_BLOCK, end - at);
        nn_view_values(view, array, raw + dataset->raw_offsets[v], at, count, values);
        for (int64_t i = 0; i < count; i++)
            if (isnan(values[i]) || (array->label && values[i] == NN_LABEL_MISSING))
                return nn_array_context(
                    array,
                    nn_fail(NN_ERROR_DATA,
                            "value %lld of sample %lld is missing (NaN, missing according to attributes, or "
                            "never written): repair the data, or set data.fields.%s.missing: mask or drop",
                            (long long)(at + i), (long long)nn_samples_row(samples, sample), array->key));
    }
    return NN_OK;
}

/* A label must be one of the network's outputs. */
static nn_status feed_check_labels(const nn_feed *feed, const nn_data_target *target, int64_t sample,
                                   const unsigned char *raw)
{
    const nn_dataset *dataset = feed->dataset;
    const nn_view *view = &dataset->views[target->first_view];
    const nn_array *array = &dataset->parts[feed->part].source->arrays[view->array];
    int64_t end = nn_view_end(view, nn_dataset_length(dataset, feed->part, sample));
    for (int64_t i = 0; i < end; i++) {
        double label;
        nn_view_values(view, array, raw + dataset->raw_offsets[target->first_view], i, 1, &label);
        if ((label >= 0 && label < (double)target->field.classes) || label == NN_LABEL_IGNORED) continue;
        return nn_array_context(array, nn_fail(NN_ERROR_DATA,
                                               "the label of sample %lld is not one of the %lld classes",
                                               (long long)nn_samples_row(&dataset->parts[feed->part], sample),
                                               (long long)target->field.classes));
    }
    return NN_OK;
}

/* Values must be finite, and accepted by the loss. */
static nn_status feed_check_values(const nn_feed *feed, int v, int64_t sample, const unsigned char *raw)
{
    const nn_dataset *dataset = feed->dataset;
    const nn_view *view = &dataset->views[v];
    const nn_array *array = &dataset->parts[feed->part].source->arrays[view->array];
    int64_t row = nn_samples_row(&dataset->parts[feed->part], sample);
    int64_t end = nn_view_end(view, nn_dataset_length(dataset, feed->part, sample));
    double sum = 0;
    for (int64_t i = 0; i < end; i++) {
        double value;
        nn_view_values(view, array, raw + dataset->raw_offsets[v], i, 1, &value);
        if (isnan(value)) continue; /* reported as missing, or masked */
        if (isfinite(value) && nn_taken_find(&view->taken, i, 1, &value, &sum) < 0) continue;
        if (isfinite(value))
            return nn_array_context(array, nn_taken_fail(&view->taken, array->key, row + view->first_row,
                                                         i % view->picked, value, sum));
        return nn_array_context(array, nn_fail(NN_ERROR_DATA,
                                               "sample %lld, column %lld is NaN or Inf: repair the data",
                                               (long long)row, (long long)(i % view->picked)));
    }
    return NN_OK;
}

static nn_status feed_check_sample(const nn_feed *feed, int64_t sample, const unsigned char *raw)
{
    const nn_dataset *dataset = feed->dataset;
    if (dataset->looks || dataset->lenient) return NN_OK;
    for (int v = feed->inputs ? 0 : dataset->first->inputs; v < dataset->view_count; v++)
        NN_TRY(feed_check_missing(feed, v, sample, raw));
    for (int v = 0; feed->inputs && v < dataset->first->inputs; v++)
        if (dataset->views[v].index && dataset->views[v].left_out)
            NN_TRY(feed_check_indices(feed, v, sample, raw));
    for (int v = dataset->first->inputs; v < dataset->view_count; v++)
        if (dataset->views[v].taken.checked && dataset->views[v].left_out)
            NN_TRY(feed_check_values(feed, v, sample, raw));
    for (int t = 0; t < dataset->target_count; t++)
        if (dataset->targets[t].field.is_class && dataset->views[dataset->targets[t].first_view].left_out)
            NN_TRY(feed_check_labels(feed, &dataset->targets[t], sample, raw));
    return NN_OK;
}

static nn_status feed_read_span(nn_feed *feed, feed_slot *slot)
{
    const nn_dataset *dataset = feed->dataset;
    if (slot->room < slot->span.count) {
        nn_free(slot->raw);
        slot->raw = NULL;
        slot->room = 0;
        NN_TRY(nn_allocate((void **)&slot->raw, (size_t)slot->span.count, dataset->raw_size,
                           "samples read ahead"));
        slot->room = slot->span.count;
    }
    for (int64_t i = 0; i < slot->span.count; i++) {
        int64_t sample = nn_dataset_order(dataset, feed->part, slot->span.epoch, slot->span.first + i);
        NN_TRY(feed_read_sample(feed, sample, slot->raw + (size_t)i * dataset->raw_size));
        NN_TRY(feed_check_sample(feed, sample, slot->raw + (size_t)i * dataset->raw_size));
    }
    return NN_OK;
}

/* Waits for a free slot and takes it; NULL if the stream is being closed. */
static feed_slot *feed_take_slot(nn_feed *feed, nn_data_span span)
{
    feed_slot *slot = NULL;
    pthread_mutex_lock(&feed->mutex);
    while (!slot && !feed->stops) {
        for (int64_t i = 0; i < feed->slot_count && !slot; i++)
            if (feed->slots[i].index < 0) slot = &feed->slots[i];
        if (!slot) pthread_cond_wait(&feed->changed, &feed->mutex);
    }
    if (slot) {
        slot->index = feed->next++;
        slot->span = span;
        slot->ready = false;
    }
    pthread_mutex_unlock(&feed->mutex);
    return slot;
}

/* Announces that a span is ready, or why not; error texts are per thread, so the text is copied. */
static void feed_announce(nn_feed *feed, feed_slot *slot, nn_status status)
{
    pthread_mutex_lock(&feed->mutex);
    if (slot) slot->ready = status == NN_OK;
    if (status != NN_OK) {
        feed->status = status;
        if (nn_copy_text(nn_error_text(), &feed->text) != NN_OK) feed->text = NULL;
    }
    feed->ended = !slot || status != NN_OK;
    pthread_cond_broadcast(&feed->changed);
    pthread_mutex_unlock(&feed->mutex);
}

static void *feed_run(void *context)
{
    nn_feed *feed = context;
    nn_data_span span;
    nn_status status = NN_OK;
    while (status == NN_OK && feed->schedule(feed->context, feed->next, &span)) {
        feed_slot *slot = feed_take_slot(feed, span);
        if (!slot) return NULL;
        status = feed_read_span(feed, slot);
        feed_announce(feed, slot, status);
    }
    if (status == NN_OK) feed_announce(feed, NULL, NN_OK);
    return NULL;
}

/* ---- making ---- */

static unsigned feed_arrays(const nn_feed *feed)
{
    const nn_source *source = feed->dataset->parts[feed->part].source;
    unsigned all = (1u << source->fields) - 1;
    return feed->inputs ? all : all & ~((1u << source->inputs) - 1);
}

static int64_t feed_slot_count(const nn_feed *feed, int64_t span_samples, int64_t depth)
{
    const nn_dataset *dataset = feed->dataset;
    double room = dataset->options->memory * 1048576 * NN_READING_AHEAD;
    double span = (double)dataset->raw_size * (double)(span_samples > 0 ? span_samples : 1);
    int64_t count = room / span < FEED_SLOTS_MOST ? (int64_t)(room / span) : FEED_SLOTS_MOST;
    return count < depth ? depth : count;
}

static nn_status feed_start(nn_feed *feed, int64_t depth)
{
    nn_source *source = feed->dataset->parts[feed->part].source;
    nn_data_span span = {0};
    feed->schedule(feed->context, feed->next, &span);
    feed->slot_count = feed_slot_count(feed, span.count, depth);
    NN_TRY(NN_ALLOCATE(&feed->slots, feed->slot_count, "samples read ahead"));
    for (int64_t i = 0; i < feed->slot_count; i++) feed->slots[i].index = -1;
    nn_reading reading = nn_reading_plan(feed->dataset, feed->part, span, feed_arrays(feed));
    NN_TRY(nn_blocks_create_of(source, feed_arrays(feed), reading.rows, reading.capacity, &feed->blocks));
    if (nn_threads_start(&feed->thread, feed_run, feed) != 0)
        NN_FAIL(NN_ERROR_MEMORY,
                "cannot start a thread to read the data: raise the limit on processes (ulimit -u)");
    feed->started = true;
    return NN_OK;
}

nn_status nn_feed_create(nn_dataset *dataset, nn_part part, nn_data_schedule schedule, const void *context,
                         int64_t first, int64_t depth, bool inputs, nn_feed **feed)
{
    *feed = NULL;
    nn_feed *made;
    NN_TRY(NN_ALLOCATE(&made, 1, "a stream of data"));
    *made = (nn_feed){.dataset = dataset,
                      .part = part,
                      .inputs = inputs,
                      .schedule = schedule,
                      .context = context,
                      .next = first};
    pthread_mutex_init(&made->mutex, NULL);
    pthread_cond_init(&made->changed, NULL);
    nn_status status = feed_start(made, depth);
    if (status != NN_OK) {
        nn_feed_destroy(made);
        return status;
    }
    *feed = made;
    return NN_OK;
}

void nn_feed_destroy(nn_feed *feed)
{
    if (!feed) return;
    pthread_mutex_lock(&feed->mutex);
    feed->stops = true;
    pthread_cond_broadcast(&feed->changed);
    pthread_mutex_unlock(&feed->mutex);
    if (feed->started) pthread_join(feed->thread, NULL);
    for (int64_t i = 0; feed->slots && i < feed->slot_count; i++) nn_free(feed->slots[i].raw);
    nn_free(feed->slots);
    nn_blocks_destroy(feed->blocks);
    nn_free(feed->text);
    pthread_cond_destroy(&feed->changed);
    pthread_mutex_destroy(&feed->mutex);
    nn_free(feed);
}

/* ---- for the computing threads ---- */

static const unsigned char *feed_find_ready(const nn_feed *feed, nn_data_span span)
{
    for (int64_t i = 0; i < feed->slot_count; i++) {
        const feed_slot *slot = &feed->slots[i];
        int64_t before = span.first - slot->span.first;
        if (slot->index >= 0 && slot->ready && slot->span.epoch == span.epoch && before >= 0 &&
            before + span.count <= slot->span.count)
            return slot->raw + (size_t)before * feed->dataset->raw_size;
    }
    return NULL;
}

/* Counts the time during which at least one thread waits. */
static void feed_wait(nn_feed *feed)
{
    if (feed->waiting++ == 0) {
        feed->waiting_since = nn_seconds();
        feed->phase = nn_pulse_phase(NN_PHASE_DATA);
    }
    pthread_cond_wait(&feed->changed, &feed->mutex);
    if (--feed->waiting > 0) return;
    feed->waited += nn_seconds() - feed->waiting_since;
    nn_pulse_phase(feed->phase);
}

const unsigned char *nn_feed_find(nn_feed *feed, nn_data_span span)
{
    if (!feed) return NULL;
    pthread_mutex_lock(&feed->mutex);
    const unsigned char *raw = feed_find_ready(feed, span);
    while (!raw && !feed->ended) {
        feed_wait(feed);
        raw = feed_find_ready(feed, span);
    }
    pthread_mutex_unlock(&feed->mutex);
    return raw;
}

void nn_feed_release(nn_feed *feed, int64_t index)
{
    pthread_mutex_lock(&feed->mutex);
    for (int64_t i = 0; i < feed->slot_count; i++)
        if (feed->slots[i].index == index) feed->slots[i].index = -1;
    pthread_cond_broadcast(&feed->changed);
    pthread_mutex_unlock(&feed->mutex);
}

nn_status nn_feed_status(nn_feed *feed)
{
    nn_status status = NN_OK;
    pthread_mutex_lock(&feed->mutex);
    if (feed->status != NN_OK)
        status = nn_fail(feed->status, "%s", feed->text ? feed->text : "reading the data failed");
    pthread_mutex_unlock(&feed->mutex);
    return status;
}

double nn_feed_waited(nn_feed *feed)
{
    pthread_mutex_lock(&feed->mutex);
    double waited = feed->waited;
    pthread_mutex_unlock(&feed->mutex);
    return waited;
}
