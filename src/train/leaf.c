/* Loading a microbatch, and its forward pass with loss and metrics. */
#include "train/leaf.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "tensor/kernels.h"

static int64_t leaf_output_count(const nn_model *model)
{
    return nn_shape_count(model->network->layers[model->network->layer_count - 1].output_shape);
}

/* Whether figures are in other units than what the network computes. */
static bool leaf_has_units(const nn_model *model)
{
    return model->target_scaling.columns > 0 || model->target.transform == NN_TRANSFORM_LOG;
}

static int64_t leaf_label_count(const nn_model *model)
{
    return model->target.is_class ? nn_shape_count(model->target.shape) : 0;
}

size_t nn_leaf_memory(const nn_model *model, const nn_dataset *data, int64_t capacity)
{
    size_t targets = (size_t)(capacity * leaf_output_count(model)) * sizeof(nn_real);
    size_t units = leaf_has_units(model) ? 2 * targets : 0;
    return nn_microbatch_memory(model->network, capacity, true) +
           (size_t)(capacity * (1 + leaf_label_count(model))) * sizeof(int64_t) + targets + units +
           (size_t)(capacity * nn_dataset_scratch(data)) * sizeof(nn_real);
}

nn_status nn_leaf_create(const nn_model *model, const nn_dataset *data, int64_t capacity, nn_leaf *leaf)
{
    int64_t outputs = capacity * leaf_output_count(model);
    NN_TRY(nn_microbatch_create(model->network, capacity, true, &leaf->microbatch));
    NN_TRY(NN_ALLOCATE(&leaf->samples, capacity, "a microbatch"));
    NN_TRY(NN_ALLOCATE(&leaf->labels, capacity * leaf_label_count(model), "a microbatch"));
    NN_TRY(NN_ALLOCATE(&leaf->targets, outputs, "the targets of a microbatch"));
    NN_TRY(
        NN_ALLOCATE(&leaf->data_scratch, capacity * nn_dataset_scratch(data), "the transforms of the data"));
    if (!leaf_has_units(model)) return NN_OK;
    NN_TRY(NN_ALLOCATE(&leaf->units_output, outputs, "the output of a microbatch"));
    return NN_ALLOCATE(&leaf->units_targets, outputs, "the targets of a microbatch");
}

void nn_leaf_destroy(nn_leaf *leaf)
{
    nn_microbatch_destroy(leaf->microbatch);
    nn_free(leaf->samples);
    nn_free(leaf->labels);
    nn_free(leaf->targets);
    nn_free(leaf->units_output);
    nn_free(leaf->units_targets);
    nn_free(leaf->data_scratch);
}

static void leaf_gather(nn_leaf *leaf, const nn_model *model, const nn_dataset *data,
                        const nn_leaf_place *place, nn_real *inputs)
{
    nn_microbatch *microbatch = leaf->microbatch;
    microbatch->samples = place->range.end - place->range.begin;
    leaf->first_position = place->batch_first + place->range.begin;
    bool mixes = place->training && inputs && nn_dataset_mixes(data);
    nn_gathered gathered = {.inputs = inputs,
                            .targets = model->target.is_class ? NULL : leaf->targets,
                            .soft = model->target.is_class && mixes ? leaf->targets : NULL,
                            .labels = model->target.is_class ? leaf->labels : NULL,
                            .samples = leaf->samples,
                            .scratch = leaf->data_scratch};
    nn_data_span span = {place->epoch, leaf->first_position, microbatch->samples};
    nn_dataset_gather(data, place->part, span, place->training, &gathered);
    leaf->soft = mixes && model->target.is_class;
}

void nn_leaf_load(nn_leaf *leaf, const nn_model *model, const nn_dataset *data, const nn_leaf_place *place,
                  bool inputs)
{
    nn_microbatch *microbatch = leaf->microbatch;
    microbatch->first_sample = place->range.begin;
    microbatch->batch_samples = place->batch_samples;
    microbatch->seed = place->seed;
    microbatch->step = place->step;
    microbatch->training = place->training;
    leaf_gather(leaf, model, data, place, inputs ? microbatch->outputs[0] : NULL);
}

static nn_loss_call leaf_loss_call(const nn_leaf *leaf, const nn_model *model)
{
    return (nn_loss_call){.rows = leaf->microbatch->samples,
                          .columns = leaf_output_count(model),
                          .output = leaf->microbatch->outputs[model->network->layer_count - 1],
                          .labels = leaf->labels,
                          .targets = leaf->targets,
                          .soft = leaf->soft ? leaf->targets : NULL};
}

double nn_leaf_denominator(nn_leaf *leaf, const nn_model *model, const nn_dataset *data,
                           const nn_leaf_place *place)
{
    leaf_gather(leaf, model, data, place, NULL);
    nn_loss_call call = leaf_loss_call(leaf, model);
    call.output = NULL;
    return model->loss->denominator(model->loss_options, &call);
}

static void leaf_figures(nn_leaf *leaf, const nn_model *model, double denominator, double *figures)
{
    nn_microbatch *microbatch = leaf->microbatch;
    nn_loss_call call = leaf_loss_call(leaf, model);
    call.denominator = denominator;
    call.gradient = microbatch->training ? microbatch->gradients[model->network->layer_count - 1] : NULL;
    figures[NN_FIGURE_LOSS] = model->loss->evaluate(model->loss_options, &call);
    figures[NN_FIGURE_DENOMINATOR] = model->loss->denominator(model->loss_options, &call);
    figures[NN_FIGURE_UNITS] = figures[NN_FIGURE_LOSS];
    call.gradient = NULL;
    if (leaf->units_output) {
        nn_model_undo(model, call.rows * call.columns, call.output, leaf->units_output);
        nn_model_undo(model, call.rows * call.columns, call.targets, leaf->units_targets);
        call.output = leaf->units_output;
        call.targets = leaf->units_targets;
        figures[NN_FIGURE_UNITS] = model->loss->evaluate(model->loss_options, &call);
    }
    double *sums = figures + NN_FIGURE_METRICS;
    for (int m = 0; m < model->metric_count; m++) {
        model->metrics[m]->accumulate(&call, sums);
        sums += model->metrics[m]->sums;
    }
}

/* The first layer that has a non-finite output, and in it the first sample. */
static nn_nonfinite leaf_find_nonfinite(const nn_leaf *leaf, const nn_model *model)
{
    const nn_microbatch *microbatch = leaf->microbatch;
    for (int l = 0; l < model->network->layer_count; l++) {
        int64_t count = nn_shape_count(model->network->layers[l].output_shape);
        for (int64_t i = 0; i < microbatch->samples; i++)
            if (!nn_all_finite(count, microbatch->outputs[l] + i * count))
                return (nn_nonfinite){leaf->first_position + i, l};
    }
    return (nn_nonfinite){leaf->first_position, model->network->layer_count};
}

nn_nonfinite nn_leaf_forward(nn_leaf *leaf, const nn_model *model, const nn_real *weights, nn_real *scratch,
                             double denominator, double *figures)
{
    for (int l = 1; l < model->network->layer_count; l++)
        nn_network_forward(model->network, l, weights, leaf->microbatch, scratch);
    leaf_figures(leaf, model, denominator, figures);
    if (isfinite(figures[NN_FIGURE_LOSS])) return (nn_nonfinite){.position = -1};
    return leaf_find_nonfinite(leaf, model);
}

void nn_leaf_constant(nn_leaf *leaf, const nn_model *model, const nn_real *constant, double *figures)
{
    int64_t columns = leaf_output_count(model);
    nn_real *output = leaf->microbatch->outputs[model->network->layer_count - 1];
    for (int64_t i = 0; i < leaf->microbatch->samples; i++)
        memcpy(output + i * columns, constant, (size_t)columns * sizeof *output);
    leaf_figures(leaf, model, 0, figures);
}
