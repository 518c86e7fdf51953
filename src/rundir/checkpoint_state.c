#include "rundir/checkpoint_state.h"

#include <string.h>

#include "base/memory.h"

#define STATE_SKIPPED "state/skipped_epoch_row_all"
#define SKIPPED_VALUES 3
#define STATE_LOGGED "state/logged_steps_skipped_losses"
#define LOGGED_COUNTS 2
#define LOGGED_VALUES (LOGGED_COUNTS + NN_MODEL_HEADS * NN_HEAD_RESULTS)

nn_real *nn_checkpoint_weights(const nn_checkpoint_parts *parts)
{
    return nn_reduction_weights(parts->stepper->reduction);
}

unsigned nn_checkpoint_is_best(const nn_checkpoint_parts *parts)
{
    unsigned which = 0;
    for (int i = 0; i < parts->bests->count; i++)
        if (parts->state->step > 0 && parts->state->best[i].step == parts->state->step) which |= 1U << i;
    return which;
}

/* The epoch in which a step is, from 1; 0 for step 0. */
static int64_t state_epoch(const nn_checkpoint_parts *parts, int64_t step)
{
    int64_t of_epoch = parts->stepper->plan.length.steps_per_epoch;
    return (step + of_epoch - 1) / of_epoch;
}

/* Of the first, in names of their own too, as checkpoints with one have them. */
static nn_status state_put_best(nn_store_image *image, const nn_checkpoint_parts *parts)
{
    int64_t steps[NN_KEPT_BESTS], count = parts->bests->count, one = 1;
    double values[NN_KEPT_BESTS], losses[NN_KEPT_BESTS];
    for (int i = 0; i < parts->bests->count; i++) {
        const nn_best *best = &parts->state->best[i];
        steps[i] = best->step;
        values[i] = best->value;
        losses[i] = best->loss;
    }
    NN_TRY(nn_store_image_put(image, "state/best_value", NN_STORE_F64, 1, &one, values));
    NN_TRY(nn_store_image_put(image, "state/best_loss", NN_STORE_F64, 1, &one, losses));
    NN_TRY(nn_store_image_put(image, NN_CHECKPOINT_BEST_STEPS, NN_STORE_I64, 1, &count, steps));
    NN_TRY(nn_store_image_put(image, NN_CHECKPOINT_BEST_VALUES, NN_STORE_F64, 1, &count, values));
    return nn_store_image_put(image, "state/best_losses", NN_STORE_F64, 1, &count, losses);
}

static nn_status state_get_best(nn_store_file *file, int count, nn_run_state *state)
{
    int64_t steps[NN_KEPT_BESTS];
    double values[NN_KEPT_BESTS], losses[NN_KEPT_BESTS];
    NN_TRY(nn_store_read_verified(file, NN_CHECKPOINT_BEST_STEPS, NN_STORE_I64, (size_t)count, steps));
    NN_TRY(nn_store_read_verified(file, NN_CHECKPOINT_BEST_VALUES, NN_STORE_F64, (size_t)count, values));
    NN_TRY(nn_store_read_verified(file, "state/best_losses", NN_STORE_F64, (size_t)count, losses));
    for (int i = 0; i < count; i++) state->best[i] = (nn_best){steps[i], values[i], losses[i]};
    return NN_OK;
}

/* Where the run does not log by step, nothing is begun. */
static nn_status state_put_logged(nn_store_image *image, const nn_checkpoint_parts *parts)
{
    const nn_logged *logged = &parts->state->logged;
    double values[LOGGED_VALUES] = {(double)logged->steps, (double)logged->skipped};
    int64_t extent = LOGGED_VALUES;
    if (parts->stepper->log_every == 0) return NN_OK;
    memcpy(values + LOGGED_COUNTS, logged->losses, sizeof logged->losses);
    return nn_store_image_put(image, STATE_LOGGED, NN_STORE_F64, 1, &extent, values);
}

static nn_status state_get_logged(nn_store_file *file, nn_logged *logged)
{
    double values[LOGGED_VALUES];
    *logged = (nn_logged){0};
    if (!nn_store_has(file, STATE_LOGGED)) return NN_OK;
    NN_TRY(nn_store_read_verified(file, STATE_LOGGED, NN_STORE_F64, LOGGED_VALUES, values));
    for (int i = 0; i < LOGGED_COUNTS; i++)
        if (!(values[i] >= 0 && values[i] <= 0x1p53))
            NN_FAIL(NN_ERROR_CHECKPOINT, "%s: the counts of logged steps are invalid; use another checkpoint",
                    nn_store_path(file));
    logged->steps = (int64_t)values[0];
    logged->skipped = (int64_t)values[1];
    memcpy(logged->losses, values + LOGGED_COUNTS, sizeof logged->losses);
    return NN_OK;
}

static nn_status state_put_data(nn_store_image *image, const char *lines)
{
    nn_text kept = {0};
    nn_data_identity_keep(lines, &kept);
    return nn_store_image_take_text(image, NN_CHECKPOINT_DATA, &kept);
}

nn_status nn_checkpoint_put_state(nn_store_image *image, const nn_checkpoint_parts *parts)
{
    const nn_run_state *state = parts->state;
    int64_t integers[NN_KEPT_STATE] = {state->step, state_epoch(parts, state->best[0].step),
                                       (int64_t)parts->data_identity};
    int64_t extent = NN_KEPT_STATE, one = 1, width = parts->stepper->width;
    NN_TRY(nn_store_image_put(image, NN_KEPT_STATE_NAME, NN_STORE_I64, 1, &extent, integers));
    NN_TRY(state_put_best(image, parts));
    NN_TRY(nn_store_image_put(image, "state/epoch_figures", NN_STORE_F64, 1, &width, state->epoch_figures));
    const nn_skipped *skipped = &state->skipped;
    int64_t skips[SKIPPED_VALUES] = {skipped->epoch, skipped->in_a_row, skipped->all};
    extent = SKIPPED_VALUES;
    NN_TRY(nn_store_image_put(image, STATE_SKIPPED, NN_STORE_I64, 1, &extent, skips));
    NN_TRY(state_put_logged(image, parts));
    NN_TRY(nn_watch_put(&state->watch, image));
    NN_TRY(nn_store_image_put(image, "microbatch_size", NN_STORE_I64, 1, &one,
                              &parts->stepper->plan.microbatch_size));
    NN_TRY(state_put_data(image, parts->data_lines));
    return nn_store_image_put_text(image, "state/history", state->history.bytes ? state->history.bytes : "");
}

nn_status nn_checkpoint_get_state(nn_store_file *file, int width, int best_count, nn_run_state *state)
{
    int64_t integers[NN_KEPT_STATE], skips[SKIPPED_VALUES] = {0};
    char *history = NULL;
    NN_TRY(nn_store_read_verified(file, NN_KEPT_STATE_NAME, NN_STORE_I64, NN_KEPT_STATE, integers));
    state->step = integers[0];
    NN_TRY(state_get_best(file, best_count, state));
    NN_TRY(nn_store_read_verified(file, "state/epoch_figures", NN_STORE_F64, (size_t)width,
                                  state->epoch_figures));
    if (nn_store_has(file, STATE_SKIPPED)) /* checkpoints of older versions have none */
        NN_TRY(nn_store_read_verified(file, STATE_SKIPPED, NN_STORE_I64, SKIPPED_VALUES, skips));
    state->skipped = (nn_skipped){skips[0], skips[1], skips[2]};
    NN_TRY(state_get_logged(file, &state->logged));
    NN_TRY(nn_watch_get(file, &state->watch));
    NN_TRY(nn_store_read_text(file, "state/history", &history));
    nn_text_append(&state->history, "%s", history);
    nn_free(history);
    if (state->history.failed) NN_FAIL(NN_ERROR_MEMORY, "out of memory for the metrics of a checkpoint");
    return NN_OK;
}
