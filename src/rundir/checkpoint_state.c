#include "rundir/checkpoint_state.h"

#include "base/memory.h"

#define STATE_SKIPPED "state/skipped_epoch_row_all"
#define SKIPPED_VALUES 3

nn_real *nn_checkpoint_weights(const nn_checkpoint_parts *parts)
{
    return nn_reduction_weights(parts->stepper->reduction);
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
    int64_t integers[NN_KEPT_STATE] = {state->step, state->best_epoch, (int64_t)parts->data_identity};
    int64_t extent = NN_KEPT_STATE, one = 1, width = parts->stepper->width;
    NN_TRY(nn_store_image_put(image, NN_KEPT_STATE_NAME, NN_STORE_I64, 1, &extent, integers));
    NN_TRY(nn_store_image_put(image, "state/best_value", NN_STORE_F64, 1, &one, &state->best_value));
    NN_TRY(nn_store_image_put(image, "state/best_loss", NN_STORE_F64, 1, &one, &state->best_loss));
    NN_TRY(nn_store_image_put(image, "state/epoch_figures", NN_STORE_F64, 1, &width, state->epoch_figures));
    const nn_skipped *skipped = &state->skipped;
    int64_t skips[SKIPPED_VALUES] = {skipped->epoch, skipped->in_a_row, skipped->all};
    extent = SKIPPED_VALUES;
    NN_TRY(nn_store_image_put(image, STATE_SKIPPED, NN_STORE_I64, 1, &extent, skips));
    NN_TRY(nn_watch_put(&state->watch, image));
    NN_TRY(nn_store_image_put(image, "microbatch_size", NN_STORE_I64, 1, &one,
                              &parts->stepper->plan.microbatch_size));
    NN_TRY(state_put_data(image, parts->data_lines));
    return nn_store_image_put_text(image, "state/history", state->history.bytes ? state->history.bytes : "");
}

nn_status nn_checkpoint_get_state(nn_store_file *file, int width, nn_run_state *state)
{
    int64_t integers[NN_KEPT_STATE], skips[SKIPPED_VALUES] = {0};
    char *history = NULL;
    NN_TRY(nn_store_read_verified(file, NN_KEPT_STATE_NAME, NN_STORE_I64, NN_KEPT_STATE, integers));
    state->step = integers[0];
    state->best_epoch = integers[1];
    NN_TRY(nn_store_read_verified(file, "state/best_value", NN_STORE_F64, 1, &state->best_value));
    NN_TRY(nn_store_read_verified(file, "state/best_loss", NN_STORE_F64, 1, &state->best_loss));
    NN_TRY(nn_store_read_verified(file, "state/epoch_figures", NN_STORE_F64, (size_t)width,
                                  state->epoch_figures));
    if (nn_store_has(file, STATE_SKIPPED)) /* checkpoints of older versions have none */
        NN_TRY(nn_store_read_verified(file, STATE_SKIPPED, NN_STORE_I64, SKIPPED_VALUES, skips));
    state->skipped = (nn_skipped){skips[0], skips[1], skips[2]};
    NN_TRY(nn_watch_get(file, &state->watch));
    NN_TRY(nn_store_read_text(file, "state/history", &history));
    nn_text_append(&state->history, "%s", history);
    nn_free(history);
    if (state->history.failed) NN_FAIL(NN_ERROR_MEMORY, "out of memory for the metrics of a checkpoint");
    return NN_OK;
}
