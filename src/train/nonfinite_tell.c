/* The message about NaN and Inf, and the file that goes with it. */
#include "train/nonfinite_tell.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/memory.h"
#include "rundir/finite.h"
#include "tensor/arithmetic.h"
#include "train/nonfinite_file.h"

#define FILES_OF_A_RUN 3
#define LISTED_SAMPLES 8
#define ADVICE "; try a smaller learning rate, training.clip_norm or a longer warm-up"

/* ---- where ---- */

/* The place of the i-th sample of the microbatch, in the files and in the epoch. */
static void tell_place(const nn_nonfinite_case *of, int64_t i, nn_text *text)
{
    const char *path;
    int64_t row;
    nn_dataset_locate(of->run->data, NN_TRAIN, of->loaded->samples[i], &path, &row);
    nn_text_append(text, "row %lld of %s, position %lld of epoch %lld", (long long)row, path,
                   (long long)(of->loaded->first_position + i), (long long)of->batch.epoch + 1);
}

static void tell_sample(const nn_nonfinite_case *of, int64_t i, nn_text *text)
{
    nn_text_append(text, "sample %lld of the training part (", (long long)of->loaded->samples[i]);
    tell_place(of, i, text);
    nn_text_append(text, ")");
}

static void tell_microbatch(const nn_nonfinite_case *of, nn_text *text)
{
    int64_t count = of->loaded->microbatch->samples;
    int64_t listed = count > LISTED_SAMPLES ? LISTED_SAMPLES : count;
    nn_text_append(text, "the microbatch of sample%s ", count > 1 ? "s" : "");
    for (int64_t i = 0; i < listed; i++)
        nn_text_append(text, "%s%lld", i > 0 ? ", " : "", (long long)of->loaded->samples[i]);
    if (listed < count) nn_text_append(text, " and %lld more", (long long)(count - listed));
    nn_text_append(text, " of the training part (%s", count > 1 ? "the first: " : "");
    tell_place(of, 0, text);
    nn_text_append(text, ")");
}

/* ---- what ---- */

static bool tell_weights_are_finite(const nn_nonfinite_case *of, const nn_layer *layer)
{
    const nn_layer *owner = layer->shares ? layer->shares : layer;
    const nn_real *weights = nn_reduction_weights(of->run->stepper->reduction);
    nn_scalar scalar = of->run->stepper->scalar;
    return nn_tensor_arithmetic_of(scalar)->all_finite(owner->value_count,
                                                       nn_scalar_at(scalar, weights, (size_t)owner->offset));
}

static void tell_output(const nn_nonfinite_case *of, const nn_layer *layer, nn_text *text)
{
    int64_t sample = of->inspection.found.sample;
    if (of->inspection.found.index == 0) {
        nn_text_append(text, "the input is NaN or Inf for ");
        tell_sample(of, sample, text);
        nn_text_append(text, "; check the data and its normalisation");
    } else if (!tell_weights_are_finite(of, layer)) {
        nn_text_append(text, "the weights of layer %s are NaN or Inf, and so is its output for ",
                       layer->name);
        tell_sample(of, sample, text);
        nn_text_append(text, ADVICE);
    } else if (layer->type->indices_of) {
        nn_text_append(text, "layer %s reads integers from 0 to %lld, but another value is in ", layer->name,
                       (long long)layer->type->indices_of(layer) - 1);
        tell_sample(of, sample, text);
        nn_text_append(text, "; check the data");
    } else {
        nn_text_append(text, "the output of layer %s is NaN or Inf for ", layer->name);
        tell_sample(of, sample, text);
        nn_text_append(text, ADVICE ", and check the data");
    }
}

static void tell_loss(const nn_nonfinite_case *of, nn_text *text)
{
    const nn_model *model = of->run->model;
    nn_text_append(text, "the loss%s%s is NaN or Inf, although all outputs are finite, in ",
                   model->head_count > 1 ? " of " : "",
                   model->head_count > 1 ? model->heads[of->inspection.found.index].name : "");
    tell_microbatch(of, text);
    nn_text_append(text, "; try a smaller learning rate, and check the targets");
}

static void tell_gradient(const nn_nonfinite_case *of, const nn_layer *layer, nn_text *text)
{
    bool has_statistics = false;
    for (int p = 0; p < layer->parameter_count; p++) has_statistics |= layer->parameters[p].statistic;
    nn_text_append(text, "the gradient %sof layer %s is NaN or Inf, the first in the backward pass, ",
                   has_statistics ? "or a running statistic " : "", layer->name);
    if (of->inspection.found.sample >= 0) {
        nn_text_append(text, "for ");
        tell_sample(of, of->inspection.found.sample, text);
    } else {
        nn_text_append(text, "in ");
        tell_microbatch(of, text);
    }
    nn_text_append(text, ADVICE);
}

static void tell_found(const nn_nonfinite_case *of, nn_text *text)
{
    const nn_network *network = of->run->model->network;
    const nn_layer *layer = &network->layers[of->inspection.found.index];
    switch (of->inspection.found.kind) {
    case NN_FOUND_OUTPUT:
        tell_output(of, layer, text);
        break;
    case NN_FOUND_LOSS:
        tell_loss(of, text);
        break;
    case NN_FOUND_OUTPUT_GRADIENT:
    case NN_FOUND_GRADIENT:
        tell_gradient(of, layer, text);
        break;
    case NN_FOUND_NOTHING:
        nn_text_append(text, "NaN or Inf occurred in ");
        tell_microbatch(of, text);
        nn_text_append(text, ", but not when it was computed again: the memory or processor of this node may "
                             "be faulty; exclude the node");
        break;
    }
}

/* ---- the file ---- */

static nn_status tell_write(nn_nonfinite_case *of, const char *message, const char *path)
{
    nn_run *run = of->run;
    void *bytes = NULL;
    size_t size;
    nn_nonfinite_parts parts = {.model = run->model,
                                .config = run->config,
                                .data = run->data,
                                .weights = nn_reduction_weights(run->stepper->reduction),
                                .microbatch_size = run->plan.microbatch_size,
                                .step = run->state.step + 1,
                                .epoch = of->batch.epoch + 1,
                                .found = of->inspection.found,
                                .message = message};
    for (int h = 0; h < run->model->head_count; h++)
        parts.denominators[h] = run->stepper->last_denominators[h];
    /* The leaf has been processed: its carried state is that after it. */
    of->loaded = nn_workers_reload(run->workers, of->batch, run->state.step, of->share, of->leaf,
                                   of->inspection.carried);
    nn_status status = nn_nonfinite_build(&parts, of->loaded, &bytes, &size);
    if (status == NN_OK) status = nn_store_commit(path, bytes, size);
    nn_free(bytes);
    return status;
}

static void tell_keep(nn_nonfinite_case *of, nn_text *text, nn_nonfinite_note *note)
{
    const char *directory = of->run->directory.path;
    int64_t step = of->run->state.step + 1;
    char path[NN_PATH_SIZE + 64];
    snprintf(path, sizeof path, "%s/" NN_RUNDIR_NONFINITE, directory, step);
    if (of->inspection.found.kind == NN_FOUND_NOTHING) return;
    int files = nn_rundir_count_nonfinite(directory, step);
    if (files < 0 || files >= FILES_OF_A_RUN) return;
    if (tell_write(of, text->bytes, path) == NN_OK)
        nn_text_append(text, "; `nntrain replay %s` shows the microbatch layer by layer", path);
    else
        snprintf(note->warning, sizeof note->warning, "the microbatch with NaN or Inf could not be kept: %s",
                 nn_error_text());
}

void nn_nonfinite_tell(nn_nonfinite_case *of, nn_nonfinite_note *note)
{
    nn_comm *comm = of->run->comm;
    nn_text text = {0};
    nn_text_append(&text, "step %lld: ", (long long)of->run->state.step + 1);
    if (of->leaf < 0) {
        nn_text_append(&text,
                       "the gradient of layer %s is NaN or Inf when summed over the batch, although that of "
                       "every microbatch is finite" ADVICE,
                       nn_finite_layer_of(of->run->model->network, of->bad_block)->name);
    } else {
        tell_found(of, &text);
        if (!text.failed) tell_keep(of, &text, note);
    }
    const char *found = text.failed ? "NaN or Inf (out of memory for where)" : text.bytes;
    if (of->leaf >= 0 && nn_comm_size(comm) > 1)
        snprintf(note->text, sizeof note->text, "rank %d on %s: %s", nn_comm_rank(comm), nn_comm_host(comm),
                 found);
    else
        snprintf(note->text, sizeof note->text, "%s", found);
    nn_text_free(&text);
}
