/* Early stopping, and the state that it keeps of the validation results. */
#include "settings/early.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/memory.h"

#define EARLY_VALUES 3
#define SCHEDULE_VALUES 4
/* The steps for which the schedule was planned. Like the configuration, this describes the run so far; it is
 * not part of the state, which must equal that of an uninterrupted run of any length. */
#define SPAN_NAME "schedule_begin_end_planned_extend"

#define FIELD(member) offsetof(nn_early_options, member)
const nn_option nn_early_options_table[] = {
    {"patience", NN_OPTION_DURATION, FIELD(patience), "10 validations", 0, 0, nn_units_of_validations,
     NN_EFFECT_EXTENT,
     "number of validations (training.validate_every) without improvement after which the run ends"},
    {"min_change", NN_OPTION_REAL, FIELD(min_change), "0", 0, 1e30, NULL, NN_EFFECT_EXTENT,
     "minimum difference to the best result that counts as an improvement"},
    {.name = NULL}};
#undef FIELD

nn_status nn_early_check(const nn_early_options *options)
{
    nn_duration patience = options->patience;
    if (patience.amount < 1)
        NN_FAIL(NN_ERROR_USAGE, "training.early_stopping.patience: must be at least 1 validation");
    return nn_schedule_check_validations("training.early_stopping.patience", patience);
}

void nn_early_observe(const nn_early_options *options, nn_early *early, double value, bool higher_is_better)
{
    double gain = higher_is_better ? value - early->best : early->best - value;
    early->waited++;
    if (early->observed == 0 || (isnan(early->best) && !isnan(value)) || gain > options->min_change) {
        early->best = value;
        early->waited = 0;
    }
    early->observed++;
}

bool nn_early_ends(const nn_early_options *options, const nn_early *early)
{
    return options->stops && early->waited >= (int64_t)options->patience.amount;
}

nn_status nn_watch_put(const nn_watch *watch, nn_store_image *image)
{
    const nn_early *early = &watch->early;
    const nn_schedule_memory *memory = &watch->schedule;
    int64_t early_extent = EARLY_VALUES, schedule_extent = SCHEDULE_VALUES;
    double of_early[EARLY_VALUES] = {(double)early->observed, (double)early->waited, early->best};
    double of_schedule[SCHEDULE_VALUES] = {(double)memory->observed, (double)memory->waited,
                                           (double)memory->falls, memory->best};
    NN_TRY(nn_store_image_put(image, "state/early_observed_waited_best", NN_STORE_F64, 1, &early_extent,
                              of_early));
    NN_TRY(nn_store_image_put(image, "state/schedule_observed_waited_falls_best", NN_STORE_F64, 1,
                              &schedule_extent, of_schedule));
    const nn_schedule_span *span = &memory->span;
    char text[96];
    snprintf(text, sizeof text, "%" PRId64 " %" PRId64 " %" PRId64 " %d", span->begin, span->end,
             span->planned, (int)span->extend);
    return nn_store_image_put_attribute(image, SPAN_NAME, text);
}

/* All 0 if the checkpoint does not have it. */
static nn_status early_get_span(nn_store_file *file, nn_schedule_span *span)
{
    char *text = NULL;
    int extend = -1;
    *span = (nn_schedule_span){0};
    if (!nn_store_has(file, "@" SPAN_NAME)) return NN_OK;
    NN_TRY(nn_store_read_text(file, "@" SPAN_NAME, &text));
    int read = sscanf(text, "%" SCNd64 " %" SCNd64 " %" SCNd64 " %d", &span->begin, &span->end,
                      &span->planned, &extend);
    nn_free(text);
    span->extend = extend;
    if (read == 4 && span->planned == 0) { /* a run of 0 epochs */
        *span = (nn_schedule_span){0};
        return NN_OK;
    }
    if (read != 4 || span->begin < 0 || span->end <= span->begin || span->planned < span->end || extend < 0 ||
        extend > NN_EXTEND_RESTART)
        NN_FAIL(NN_ERROR_CHECKPOINT,
                "%s: the span of the learning-rate schedule is invalid; use another checkpoint",
                nn_store_path(file));
    return NN_OK;
}

/* Counts are stored as doubles. */
static bool early_is_count(double value)
{
    return value >= 0 && value <= 0x1p53 && value == floor(value);
}

nn_status nn_watch_get(nn_store_file *file, nn_watch *watch)
{
    double of_early[EARLY_VALUES], of_schedule[SCHEDULE_VALUES];
    NN_TRY(nn_store_read_verified(file, "state/early_observed_waited_best", NN_STORE_F64, EARLY_VALUES,
                                  of_early));
    NN_TRY(nn_store_read_verified(file, "state/schedule_observed_waited_falls_best", NN_STORE_F64,
                                  SCHEDULE_VALUES, of_schedule));
    nn_schedule_span span;
    NN_TRY(early_get_span(file, &span));
    bool counts = true;
    for (int i = 0; i < EARLY_VALUES - 1; i++) counts = counts && early_is_count(of_early[i]);
    for (int i = 0; i < SCHEDULE_VALUES - 1; i++) counts = counts && early_is_count(of_schedule[i]);
    if (!counts)
        NN_FAIL(NN_ERROR_CHECKPOINT,
                "%s: the counts of early stopping and the schedule are invalid; use another checkpoint",
                nn_store_path(file));
    watch->early = (nn_early){(int64_t)of_early[0], (int64_t)of_early[1], of_early[2]};
    watch->schedule = (nn_schedule_memory){span, (int64_t)of_schedule[0], (int64_t)of_schedule[1],
                                           (int64_t)of_schedule[2], of_schedule[3]};
    return NN_OK;
}
