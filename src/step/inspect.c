/* Looking at every value of a microbatch. */
#include "step/inspect.h"

#include <math.h>

#include "base/memory.h"
#include "step/arithmetic.h"

nn_status nn_inspection_create(const nn_model *model, int64_t capacity, nn_inspection *inspection)
{
    const nn_network *network = model->network;
    int64_t largest = 0;
    *inspection = (nn_inspection){0};
    for (int l = 0; l < network->layer_count; l++)
        for (int p = 0; p < network->layers[l].part_count; p++) {
            int64_t values = network->layers[l].part_begin[p + 1] - network->layers[l].part_begin[p];
            if (values > largest) largest = values;
        }
    NN_TRY(NN_ALLOCATE(&inspection->layers, network->layer_count, "a look at a microbatch"));
    NN_TRY(NN_ALLOCATE_VALUES(network->scalar, &inspection->scratch, network->scratch_values,
                              "a look at a microbatch"));
    NN_TRY(NN_ALLOCATE_VALUES(network->scalar, &inspection->part, largest, "a look at a microbatch"));
    if (network->statistics_values > 0) {
        NN_TRY(NN_ALLOCATE(&inspection->statistics, network->statistics_values, "a look at a microbatch"));
        NN_TRY(NN_ALLOCATE(&inspection->collected, network->statistics_most, "a look at a microbatch"));
    }
    if (network->carried_values == 0) return NN_OK;
    return NN_ALLOCATE_VALUES(network->scalar, &inspection->carried, capacity * network->carried_values,
                              "a look at a microbatch");
}

void nn_inspection_release(nn_inspection *inspection)
{
    nn_free(inspection->layers);
    nn_free(inspection->scratch);
    nn_free(inspection->part);
    nn_free(inspection->carried);
    nn_free(inspection->statistics);
    nn_free(inspection->collected);
    *inspection = (nn_inspection){0};
}

static void inspect_note(nn_inspection *inspection, nn_found_kind kind, int index, int64_t sample)
{
    if (inspection->found.kind == NN_FOUND_NOTHING) inspection->found = (nn_found){kind, index, sample};
}

/* Of the samples of an output, or of its gradient. Values after the end of a sequence do not count. */
static void inspect_rows(const nn_model *model, const nn_microbatch *microbatch, int l, nn_found_kind kind,
                         nn_inspection *inspection)
{
    nn_scalar scalar = model->network->scalar;
    bool (*summarise)(int64_t, const nn_real *, nn_value_facts *) = nn_step_arithmetic_of(scalar)->summarise;
    nn_shape shape = model->network->layers[l].output_shape;
    int64_t count = nn_shape_count(shape);
    const int64_t *lengths = microbatch->lengths[l];
    bool forward = kind == NN_FOUND_OUTPUT;
    const nn_real *values = forward ? microbatch->outputs[l] : microbatch->gradients[l];
    nn_value_facts *facts = forward ? &inspection->layers[l].output : &inspection->layers[l].output_gradient;
    for (int64_t i = 0; i < microbatch->samples; i++) {
        int64_t inside = lengths ? lengths[i] * (count / shape.extents[0]) : count;
        if (!summarise(inside, nn_scalar_at(scalar, values, (size_t)(i * count)), facts))
            inspect_note(inspection, kind, l, i);
    }
}

static void inspect_forward(const nn_model *model, nn_loaded *loaded, const nn_real *weights,
                            nn_inspection *inspection)
{
    if (!nn_network_may_miss(model->network, 0))
        inspect_rows(model, loaded->microbatch, 0, NN_FOUND_OUTPUT, inspection);
    for (int l = 1; l < model->network->layer_count; l++) {
        nn_network_forward(model->network, l, weights, loaded->microbatch, inspection->scratch);
        if (!model->network->layers[l].is_alias && !nn_network_may_miss(model->network, l))
            inspect_rows(model, loaded->microbatch, l, NN_FOUND_OUTPUT, inspection);
    }
}

static void inspect_losses(const nn_model *model, nn_loaded *loaded, const double *denominators,
                           nn_inspection *inspection)
{
    double results[NN_RESULTS_MAX];
    nn_loaded_results(loaded, model, denominators, results);
    for (int h = 0; h < model->head_count; h++) {
        inspection->losses[h] = results[h * NN_HEAD_RESULTS + NN_RESULT_LOSS];
        if (!isfinite(inspection->losses[h])) inspect_note(inspection, NN_FOUND_LOSS, h, -1);
    }
}

static void inspect_backward(const nn_model *model, nn_loaded *loaded, const nn_real *weights,
                             nn_inspection *inspection)
{
    const nn_network *network = model->network;
    nn_microbatch *microbatch = loaded->microbatch;
    for (int l = network->layer_count - 1; l > 0; l--) {
        const nn_layer *layer = &network->layers[l];
        if (microbatch->gradients[l] && !layer->is_alias)
            inspect_rows(model, microbatch, l, NN_FOUND_OUTPUT_GRADIENT, inspection);
        nn_network_collect(network, l, NN_BACKWARD, weights, microbatch, inspection->scratch,
                           inspection->collected);
        nn_network_backward(network, l, weights, microbatch, inspection->scratch);
        for (int p = 0; p < layer->part_count; p++) {
            nn_network_gradient(network, l, p, weights, microbatch, inspection->scratch, false,
                                inspection->part);
            if (!nn_step_arithmetic_of(network->scalar)
                     ->summarise(layer->part_begin[p + 1] - layer->part_begin[p], inspection->part,
                                 &inspection->layers[l].gradient))
                inspect_note(inspection, NN_FOUND_GRADIENT, l, -1);
        }
    }
}

int nn_inspect_mixed(const nn_network *network, nn_found found)
{
    bool output = found.kind == NN_FOUND_OUTPUT, backward = found.kind > NN_FOUND_LOSS;
    int mixed = 0;
    for (int l = 1; l < network->layer_count; l++) {
        mixed += (!output || l <= found.index) && nn_network_collects(network, l, NN_FORWARD);
        mixed += backward && l > found.index && nn_network_collects(network, l, NN_BACKWARD);
    }
    return mixed;
}

void nn_inspect(const nn_model *model, nn_loaded *loaded, const nn_real *weights, const double *denominators,
                nn_inspection *inspection)
{
    inspection->found = (nn_found){.kind = NN_FOUND_NOTHING, .sample = -1};
    for (int l = 0; l < model->network->layer_count; l++)
        inspection->layers[l] = (nn_inspected_layer){{0}, {0}, {0}};
    inspect_forward(model, loaded, weights, inspection);
    inspect_losses(model, loaded, denominators, inspection);
    inspect_backward(model, loaded, weights, inspection);
}
