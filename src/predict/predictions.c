/* Predictions of all rows: the ranks compute them wave by wave, and rank 0 writes them in their order. */
#include <string.h>

#include "base/least.h"
#include "base/list.h"
#include "base/log.h"
#include "base/memory.h"
#include "predict/predict.h"
#include "predict/prediction_fields.h"
#include "predict/prediction_format.h"
#include "predict/prediction_names.h"
#include "step/step_threads.h"
#include "store/output.h"

/* Bytes of cells that the ranks have in memory together: what a wave is sized by. */
#define PREDICTIONS_WAVE ((int64_t)16 << 20)

/* The dataset whose values are the times of rows. */
#define PREDICTIONS_TIME "time"

typedef struct predictions {
    nn_comm *comm;
    const nn_prediction *request;
    const nn_prediction_format *format;
    nn_trained trained;
    nn_predicted predicted;
    void *sink; /* on rank 0 */
    nn_part part;
    int64_t microbatches; /* of the part */
    int64_t each;         /* microbatches of a wave, per rank */
    void *block;          /* of this rank: room for that many */
    nn_text text;         /* what the format makes of it */
    size_t *sizes;        /* by rank: bytes of a wave */
    char *all;            /* on rank 0: those bytes */
    size_t room;
    int64_t rows;      /* written so far */
    int64_t explained; /* on rank 0 */
} predictions;

/* ---- a wave ---- */

/* The first microbatch of a rank in a wave. Ranks have consecutive ones, so that a wave is in order. */
static int64_t predictions_first(const predictions *of, int64_t wave, int rank)
{
    return (wave * nn_comm_size(of->comm) + rank) * of->each;
}

static bool predictions_schedule(const void *context, int64_t index, nn_data_span *span)
{
    const predictions *of = context;
    int64_t leaf = predictions_first(of, index / of->each, nn_comm_rank(of->comm)) + index % of->each;
    if (leaf >= of->microbatches) return false;
    nn_predicted_span rows = nn_predicted_span_of(&of->predicted, of->part, leaf, leaf + 1);
    *span = (nn_data_span){.epoch = NN_DATA_IN_ORDER, .first = rows.sample, .count = rows.rows};
    return true;
}

static nn_predicted_span predictions_span(const predictions *of, int64_t wave, int rank)
{
    int64_t first = predictions_first(of, wave, rank);
    nn_predicted_span span = nn_predicted_span_of(&of->predicted, of->part, first, first + of->each);
    span.released = wave * of->each;
    return span;
}

/* The first rows of a part are all in the first block of rank 0 (predictions_plan). */
static void predictions_explain(predictions *of, const nn_predicted_span *span)
{
    int64_t count = nn_smaller(of->request->explained - of->explained, span->rows);
    if (nn_comm_rank(of->comm) != 0 || span->first != 0 || count <= 0) return;
    nn_prediction_explain(&of->predicted, span, of->block, count);
    of->explained += count;
}

static nn_status predictions_go_on(const predictions *of)
{
    if (!nn_predicted_is_stopped(&of->predicted)) return NN_OK;
    NN_FAIL(NN_STOPPED, "interrupted: %s was not written", of->request->output);
}

/* This rank's rows as bytes. */
static nn_status predictions_compute(predictions *of, const nn_predicted_span *span, size_t *size)
{
    *size = 0;
    if (span->rows == 0) return NN_OK;
    NN_TRY(nn_predicted_fill(&of->predicted, span, of->block));
    NN_TRY(predictions_go_on(of));
    NN_TRY(nn_dataset_status(of->trained.data, of->part));
    predictions_explain(of, span);
    *size = (size_t)span->rows * of->predicted.row_size;
    if (!of->format->encode) return NN_OK;
    of->text.length = 0;
    NN_TRY(of->format->encode(&of->predicted, span, of->block, &of->text));
    NN_TRY(predictions_go_on(of));
    *size = of->text.length;
    return NN_OK;
}

/* Makes room on rank 0 for what the ranks send. */
static nn_status predictions_reserve(predictions *of)
{
    size_t needed = 0;
    if (nn_comm_rank(of->comm) != 0) return NN_OK;
    for (int r = 0; r < nn_comm_size(of->comm); r++) needed += of->sizes[r];
    if (needed <= of->room) return NN_OK;
    nn_free(of->all);
    of->all = NULL;
    of->room = 0;
    NN_TRY(nn_allocate((void **)&of->all, needed, 1, "the predictions of a wave"));
    of->room = needed;
    return NN_OK;
}

/* On rank 0: appends what was gathered, rank by rank. */
static nn_status predictions_append(predictions *of, int64_t wave)
{
    char *bytes = of->all;
    if (nn_comm_rank(of->comm) != 0) return NN_OK;
    for (int r = 0; r < nn_comm_size(of->comm); r++) {
        int64_t rows = predictions_span(of, wave, r).rows;
        if (rows > 0) NN_TRY(of->format->write(of->sink, rows, bytes, of->sizes[r]));
        bytes += of->sizes[r];
        of->rows += rows;
    }
    return NN_OK;
}

static nn_status predictions_wave(predictions *of, int64_t wave)
{
    size_t size;
    nn_predicted_span span = predictions_span(of, wave, nn_comm_rank(of->comm));
    NN_TRY(nn_comm_agree(of->comm, predictions_compute(of, &span, &size)));
    NN_TRY(nn_comm_gather_equal(of->comm, &size, sizeof size, of->sizes));
    NN_TRY(nn_comm_agree(of->comm, predictions_reserve(of)));
    NN_TRY(nn_comm_gather(of->comm, of->format->encode ? (void *)of->text.bytes : of->block, of->sizes,
                          of->all));
    return nn_comm_agree(of->comm, predictions_append(of, wave));
}

/* ---- a part ---- */

/* Waves are as large as memory allows, and no larger than the ranks can share. */
static nn_status predictions_plan(predictions *of)
{
    int64_t size = nn_comm_size(of->comm), leaf = of->trained.microbatch_size;
    int64_t bytes = leaf * (int64_t)of->predicted.row_size * size;
    of->microbatches = (nn_dataset_count(of->trained.data, of->part) + leaf - 1) / leaf;
    of->each = nn_larger(PREDICTIONS_WAVE / nn_larger(bytes, 1), of->predicted.threads);
    of->each = nn_larger(1, nn_smaller(of->each, (of->microbatches + size - 1) / size));
    of->each = nn_larger(of->each, (of->request->explained + leaf - 1) / leaf);
    nn_free(of->block);
    of->block = NULL;
    return nn_allocate(&of->block, (size_t)(of->each * leaf), of->predicted.row_size,
                       "a block of predictions");
}

static nn_status predictions_of_part(predictions *of, nn_part part)
{
    nn_dataset *data = of->trained.data;
    of->part = part;
    nn_status status = predictions_plan(of);
    if (status == NN_OK)
        status = nn_dataset_follow(data, part, predictions_schedule, of, 0, of->predicted.threads + 1, true);
    status = nn_comm_agree(of->comm, status);
    int64_t together = of->each * nn_comm_size(of->comm);
    for (int64_t wave = 0; status == NN_OK && wave * together < of->microbatches; wave++)
        status = predictions_wave(of, wave);
    nn_dataset_unfollow(data, part);
    return status;
}

/* ---- the file ---- */

static nn_status predictions_begin(predictions *of)
{
    const nn_text_list *columns = of->request->columns;
    NN_TRY(of->format->list(&of->predicted, columns && columns->count > 0));
    NN_TRY(nn_prediction_fields_choose(&of->predicted, columns));
    if (of->format->check) NN_TRY(of->format->check(&of->predicted, of->request->output));
    NN_TRY(NN_ALLOCATE(&of->sizes, nn_comm_size(of->comm), "the sizes of predictions"));
    if (of->request->watch_signals) of->predicted.stop = of->request->watch_signals();
    if (nn_comm_rank(of->comm) != 0) return NN_OK;
    NN_TRY(nn_trained_check_output(&of->trained, "predict", of->request->output));
    const nn_output_kind kind = {"a file of predictions", of->format->is, &of->predicted};
    NN_TRY(nn_output_check("predict", of->request->output, &kind));
    return of->format->create(&of->predicted, of->request->output, &of->sink);
}

static nn_status predictions_write(predictions *of)
{
    NN_TRY(nn_comm_agree(of->comm, predictions_begin(of)));
    for (int p = 0; p < NN_PARTS; p++)
        if (of->predicted.parts[p]) NN_TRY(predictions_of_part(of, (nn_part)p));
    return nn_comm_agree(of->comm, of->sink ? of->format->commit(of->sink) : NN_OK);
}

/* ---- the report ---- */

/* Collective. */
static nn_status predictions_tell_bad(predictions *of)
{
    uint64_t count = (uint64_t)of->predicted.bad_count;
    int64_t row, first = count > 0 ? INT64_MAX - of->predicted.first_bad : -1;
    const char *path;
    NN_TRY(nn_comm_sum_integers(of->comm, &count, 1));
    NN_TRY(nn_comm_maximum(of->comm, &first, 1));
    if (count == 0) return NN_OK;
    nn_dataset_locate(of->trained.data, of->trained.part, INT64_MAX - first, &path, &row);
    nn_log_warning("%lld of %lld rows have no prediction: their inputs contain NaN, Inf or an index out of "
                   "range, or cannot be read; the first is row %lld of %s",
                   (long long)count, (long long)of->rows, (long long)row, path);
    return NN_OK;
}

static void predictions_report(const predictions *of)
{
    nn_text source = {0};
    if (of->request->files || of->request->part)
        nn_trained_describe(&of->trained, of->request->files, &source);
    else
        nn_text_append(&source, "all parts");
    nn_log_line("%s: predictions for %lld samples of %s by %s", of->request->output, (long long)of->rows,
                source.bytes ? source.bytes : "", of->trained.path);
    nn_text_free(&source);
    int64_t left_out = nn_dataset_left_out(of->trained.data);
    if (!of->request->files && !of->request->part && left_out > 0)
        nn_log_warning(
            "%s has no line for %lld row%s that the run left out (missing: drop, on_bad_sample: skip): "
            "name their files as DATA to get a line for every row",
            of->request->output, (long long)left_out, left_out == 1 ? "" : "s");
}

/* ---- the request ---- */

/* NN_PARTS where none is named. */
static nn_status predictions_part(const char *name, nn_part *part)
{
    *part = NN_PARTS;
    if (!name) return NN_OK;
    for (int p = 0; p < NN_PARTS; p++)
        if (strcmp(name, nn_prediction_part(p)) == 0) *part = (nn_part)p;
    if (*part == NN_PARTS)
        NN_FAIL(NN_ERROR_USAGE, "predict: --part must be train, validation or test, not '%s'", name);
    return NN_OK;
}

/* Rank 0 looks at a dataset, unless it is NULL. Collective. */
static nn_status predictions_find_id(predictions *of, const bool *parts, const char *option,
                                     const char *dataset, nn_predicted_id *id)
{
    nn_predicted_id found = {.option = option, .dataset = dataset};
    if (!dataset) return NN_OK;
    bool first = nn_comm_rank(of->comm) == 0;
    NN_TRY(nn_comm_agree(of->comm, first ? nn_predicted_id_find(&of->trained, parts, &found) : NN_OK));
    NN_TRY(nn_comm_broadcast(of->comm, &found, sizeof found, 0));
    found.option = option;
    found.dataset = dataset;
    *id = found;
    return NN_OK;
}

/* The times of the rows that windows predict: of the dataset that is asked for, or of PREDICTIONS_TIME where
 * the files have it. Collective. */
static nn_status predictions_find_time(predictions *of, nn_predicted_wants *wants)
{
    const char *given = of->request->time;
    bool offered = false, windows = of->trained.settings.data.window.length > 0;
    if (given && !windows)
        NN_FAIL(NN_ERROR_USAGE, "predict: --time is for windows, which %s does not have: use --id %s",
                of->trained.path, given);
    if (!windows) return NN_OK;
    bool looks = !given && nn_comm_rank(of->comm) == 0;
    NN_TRY(nn_comm_agree(
        of->comm,
        looks ? nn_predicted_id_offered(&of->trained, wants->parts, PREDICTIONS_TIME, &offered) : NN_OK));
    NN_TRY(nn_comm_broadcast(of->comm, &offered, sizeof offered, 0));
    return predictions_find_id(of, wants->parts, "--time", offered ? PREDICTIONS_TIME : given, &wants->time);
}

static nn_status predictions_open(predictions *of)
{
    const nn_prediction *request = of->request;
    nn_trained_request wanted = {.files = request->files, .sets = request->sets, .predicts = true};
    nn_predicted_wants wants = {
        .lenient = request->files != NULL, .probabilities = request->probabilities, .threads = 1};
    NN_TRY(nn_prediction_format_find(request->output, &of->format));
    NN_TRY(predictions_part(request->part, &wanted.part));
    bool all = !request->files && !request->part;
    if (all) wanted.part = NN_TRAIN;
    NN_TRY(nn_trained_open(of->comm, request->run_or_checkpoint, &wanted, &of->trained));
    NN_TRY(nn_step_threads_choose(of->comm, 0, &wants.threads));
    for (int p = 0; p < NN_PARTS; p++) wants.parts[p] = all || p == (int)of->trained.part;
    NN_TRY(predictions_find_id(of, wants.parts, "--id", request->id, &wants.id));
    NN_TRY(predictions_find_time(of, &wants));
    return nn_comm_agree(of->comm, nn_predicted_create(&of->trained, &wants, &of->predicted));
}

nn_status nn_predict(nn_comm *comm, const nn_prediction *prediction)
{
    predictions of = {.comm = comm, .request = prediction};
    nn_status status = predictions_open(&of);
    if (status == NN_OK) status = predictions_write(&of);
    if (status == NN_OK) status = predictions_tell_bad(&of);
    if (status == NN_OK) predictions_report(&of);
    if (of.format) of.format->destroy(of.sink);
    nn_prediction_fields_release(&of.predicted);
    nn_predicted_release(&of.predicted);
    nn_trained_close(&of.trained);
    nn_free(of.block);
    nn_free(of.all);
    nn_free(of.sizes);
    nn_text_free(&of.text);
    return status;
}
