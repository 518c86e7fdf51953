/* The computations by which machines are compared. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/maths.h"
#include "base/memory.h"
#include "base/plugins.h"
#include "host/program.h"
#include "step/arithmetic.h"
#include "step/machine.h"
#include "tensor/arithmetic.h"
#include "tensor/matrix.h"

#define MACHINE_SIZES (2 * (NN_PARTS + 1) + 1)
#define MACHINE_OPERATIONS 2e8 /* after the first microbatch */
#define MACHINE_UPDATED 4096   /* values on which the optimizer is tried */
#define MACHINE_STEPS 3

/* A network under trial. */
typedef struct machine_trial {
    const nn_model *model;
    nn_microbatch *microbatch;
    nn_scalar scalar;
    const nn_tensor_arithmetic *tensor;
    nn_real *weights, *scratch, *gradient;
    nn_machine_part *forward, *backward; /* by layer */
} machine_trial;

static nn_machine_part *machine_add(nn_machine *machine, const char *name, uint64_t hash)
{
    nn_machine_part *part = &machine->parts[machine->count++];
    snprintf(part->name, sizeof part->name, "%s", name);
    part->hash = hash;
    return part;
}

/* ---- the network ---- */

/* Weights of about the size of initial ones; vectors are positive, as variances must be. */
static void machine_fill_weights(const machine_trial *trial)
{
    const nn_network *network = trial->model->network;
    uint64_t first = 1;
    for (int l = 0; l < network->layer_count; l++) {
        const nn_layer *layer = &network->layers[l];
        for (int p = 0; p < layer->parameter_count && !layer->shares; p++, first++) {
            const nn_parameter *parameter = &layer->parameters[p];
            int64_t fan_in = parameter->fan_in > 0 ? parameter->fan_in : 1;
            double size = sqrt(3.0 / (double)fan_in);
            bool matrix = parameter->shape.dimensions > 1;
            trial->tensor->trial_fill(
                first, matrix ? -size : 0.5, matrix ? size : 1.5, parameter->count,
                nn_scalar_at(trial->scalar, trial->weights, (size_t)(layer->offset + parameter->offset)));
        }
    }
}

/* Indices where the input, or a part of it, consists of indices. */
static void machine_fill_field(const machine_trial *trial, const nn_field *field, int64_t width,
                               int64_t begin)
{
    int64_t count = nn_shape_count(field->shape);
    for (int64_t s = 0; s < trial->microbatch->samples; s++) {
        nn_real *at = nn_scalar_at(trial->scalar, trial->microbatch->outputs[0], (size_t)(s * width + begin));
        trial->tensor->trial_fill((uint64_t)(s + 1) << 20, field->is_class ? 0 : -1.7,
                                  field->is_class ? 1 : 1.7, count, at);
        if (field->is_class) nn_step_arithmetic_of(trial->scalar)->to_indices(count, field->classes, at);
    }
}

static void machine_fill_input(const machine_trial *trial)
{
    const nn_field *input = &trial->model->input;
    nn_microbatch *microbatch = trial->microbatch;
    int64_t width = nn_shape_count(trial->model->network->layers[0].output_shape);
    for (int p = 0; p < input->part_count; p++)
        machine_fill_field(trial, &input->parts[p], width, input->parts[p].begin);
    if (input->part_count == 0) machine_fill_field(trial, input, width, 0);
    for (int64_t i = 0; microbatch->lengths[0] && i < microbatch->samples; i++)
        microbatch->lengths[0][i] = nn_model_steps(trial->model);
}

static void machine_forward(const machine_trial *trial)
{
    const nn_network *network = trial->model->network;
    for (int l = 1; l < network->layer_count; l++) {
        nn_network_forward(network, l, trial->weights, trial->microbatch, trial->scratch);
        if (network->layers[l].is_alias) continue;
        int64_t count = trial->microbatch->samples * nn_shape_count(network->layers[l].output_shape);
        trial->forward[l].hash =
            trial->tensor->trial_hash(count, trial->microbatch->outputs[l], trial->forward[l].hash);
    }
}

static void machine_backward(const machine_trial *trial)
{
    const nn_network *network = trial->model->network;
    nn_microbatch *microbatch = trial->microbatch;
    for (int h = 0; h < trial->model->head_count; h++) {
        int l = trial->model->heads[h].layer;
        int64_t count = microbatch->samples * nn_shape_count(network->layers[l].output_shape);
        if (microbatch->gradients[l])
            trial->tensor->trial_fill((uint64_t)h << 40, -1, 1, count, microbatch->gradients[l]);
    }
    for (int l = network->layer_count - 1; l > 0; l--) {
        const nn_layer *layer = &network->layers[l];
        nn_network_backward(network, l, trial->weights, microbatch, trial->scratch);
        for (int p = 0; p < layer->part_count; p++) {
            nn_network_gradient(network, l, p, trial->weights, microbatch, trial->scratch, false,
                                trial->gradient);
            trial->backward[l].hash = trial->tensor->trial_hash(
                layer->part_begin[p + 1] - layer->part_begin[p], trial->gradient, trial->backward[l].hash);
        }
        int below = layer->inputs[0];
        if (!microbatch->gradients[below] || layer->is_alias) continue;
        int64_t count = microbatch->samples * nn_shape_count(network->layers[below].output_shape);
        trial->backward[l].hash =
            trial->tensor->trial_hash(count, microbatch->gradients[below], trial->backward[l].hash);
    }
}

/* ---- sizes of microbatches ---- */

static int machine_add_size(int64_t size, int64_t most, int64_t *sizes, int count)
{
    if (size < 1 || size > most) return count;
    for (int i = 0; i < count; i++)
        if (sizes[i] == size) return count;
    sizes[count] = size;
    return count + 1;
}

/* The size of a full microbatch, and those in short batches and in evaluated parts of the data, where samples
 * are spread evenly. */
static int machine_find_sizes(const nn_plan *plan, const int64_t samples[NN_PARTS],
                              int64_t sizes[MACHINE_SIZES])
{
    int64_t most = plan->microbatch_size;
    nn_batch last = nn_plan_batch(plan, plan->length.steps_per_epoch - 1);
    int count = machine_add_size(most, most, sizes, 0);
    for (int p = -1; p < NN_PARTS; p++) {
        int64_t all = p < 0 ? last.samples : samples[p];
        int64_t leaves = p < 0 ? last.microbatches : (all + most - 1) / most;
        if (all < 1 || leaves < 1) continue;
        count = machine_add_size(all / leaves, most, sizes, count);
        count = machine_add_size((all + leaves - 1) / leaves, most, sizes, count);
    }
    return count;
}

static int64_t machine_largest_part(const nn_network *network)
{
    int64_t largest = NN_PARAMETER_ALIGNMENT;
    for (int l = 0; l < network->layer_count; l++)
        for (int p = 0; p < network->layers[l].part_count; p++) {
            int64_t values = network->layers[l].part_begin[p + 1] - network->layers[l].part_begin[p];
            if (values > largest) largest = values;
        }
    return largest;
}

static nn_status machine_allocate(machine_trial *trial, int64_t microbatch_size)
{
    const nn_network *network = trial->model->network;
    const char *what = "comparing machines";
    NN_TRY(nn_microbatch_create(network, microbatch_size, true, &trial->microbatch));
    NN_TRY(NN_ALLOCATE_VALUES(trial->scalar, &trial->weights, network->value_count, what));
    NN_TRY(NN_ALLOCATE_VALUES(trial->scalar, &trial->scratch, network->scratch_values, what));
    return NN_ALLOCATE_VALUES(trial->scalar, &trial->gradient, machine_largest_part(network), what);
}

static void machine_name_layers(nn_machine *machine, machine_trial *trial)
{
    const nn_network *network = trial->model->network;
    char name[NN_MACHINE_NAME];
    trial->forward = machine->parts + machine->count;
    trial->backward = trial->forward + network->layer_count;
    for (int pass = 0; pass < 2; pass++)
        for (int l = 0; l < network->layer_count; l++) {
            snprintf(name, sizeof name, "layer %.60s, %s", network->layers[l].name,
                     pass == 0 ? "forward" : "backward");
            machine_add(machine, name, 0);
        }
}

static nn_status machine_add_network(nn_machine *machine, const nn_model *model, const nn_plan *plan,
                                     const int64_t samples[NN_PARTS])
{
    nn_scalar scalar = model->network->scalar;
    machine_trial trial = {.model = model, .scalar = scalar, .tensor = nn_tensor_arithmetic_of(scalar)};
    int64_t sizes[MACHINE_SIZES];
    int count = machine_find_sizes(plan, samples, sizes);
    double left = MACHINE_OPERATIONS;
    nn_status status;
    NN_TRY_TO(done, status, machine_allocate(&trial, plan->microbatch_size));
    machine_name_layers(machine, &trial);
    machine_fill_weights(&trial);
    for (int i = 0; i < count; i++) {
        double operations = model->network->flops_training * (double)sizes[i];
        if (i > 0 && operations > left) continue;
        if (i > 0) left -= operations;
        trial.microbatch->samples = trial.microbatch->batch_samples = sizes[i];
        trial.microbatch->seed = trial.microbatch->step = 1;
        machine_fill_input(&trial);
        machine_forward(&trial);
        machine_backward(&trial);
    }
done:
    nn_microbatch_destroy(trial.microbatch);
    nn_free(trial.weights);
    nn_free(trial.scratch);
    nn_free(trial.gradient);
    return status;
}

/* ---- the optimizer ---- */

static nn_status machine_add_optimizer(nn_machine *machine, const nn_settings *settings, nn_scalar scalar)
{
    const nn_tensor_arithmetic *tensor = nn_tensor_arithmetic_of(scalar);
    const nn_optimizer_type *type = settings->optimizer;
    const void *options = settings->optimizer_options;
    const char *names[NN_OPTIMIZER_SLOTS];
    nn_real *block, *slots[NN_OPTIMIZER_SLOTS];
    char name[NN_MACHINE_NAME];
    uint64_t hash = 0;
    int slot_count = type->slots(options, names);
    NN_TRY(NN_ALLOCATE_VALUES(scalar, &block, (2 + slot_count) * MACHINE_UPDATED, "comparing machines"));
    nn_real *weights = block, *gradient = nn_scalar_at(scalar, block, MACHINE_UPDATED);
    for (int s = 0; s < slot_count; s++)
        slots[s] = nn_scalar_at(scalar, block, (size_t)(2 + s) * MACHINE_UPDATED);
    tensor->trial_fill(1, -1, 1, MACHINE_UPDATED, weights);
    for (int s = 1; s <= MACHINE_STEPS; s++) {
        nn_optimizer_step step = {
            .step = s, .learning_rate = *(const double *)options, .gradient_scale = 1, .is_matrix = true};
        tensor->trial_fill((uint64_t)s + 1, -1, 1, MACHINE_UPDATED, gradient);
        if (type->measure)
            type->measure(options, &step, MACHINE_UPDATED, gradient, slots, weights, step.sums);
        type->prepare(options, &step);
        type->apply(options, &step, MACHINE_UPDATED, gradient, slots, weights);
        hash = tensor->trial_hash(MACHINE_UPDATED, weights, hash);
    }
    nn_free(block);
    snprintf(name, sizeof name, "optimizer %s", type->name);
    machine_add(machine, name, hash);
    return NN_OK;
}

/* ---- all of it ---- */

/* Variables that choose kernels. */
static const char *const machine_variables[] = {"OPENBLAS_CORETYPE"};

/* Libraries, build and CPU of this process. */
static void machine_describe(char text[NN_MACHINE_TEXT])
{
    char program[NN_MACHINE_TEXT / 2];
    const char *mpi = nn_comm_library();
    nn_program_describe(program, sizeof program);
    snprintf(text, NN_MACHINE_TEXT, "%s, %s, %s, %.*s", nn_matrix_kernels(), program, nn_store_library(),
             (int)strcspn(mpi, ","), mpi);
    for (size_t v = 0; v < sizeof machine_variables / sizeof *machine_variables; v++) {
        const char *value = getenv(machine_variables[v]);
        size_t length = strlen(text);
        if (value) snprintf(text + length, NN_MACHINE_TEXT - length, ", %s=%s", machine_variables[v], value);
    }
}

/* Other bytes may compute something else, in cases that are not tried. First: what they cause differs too. */
static void machine_add_plugins(nn_machine *machine, const nn_text_list *files)
{
    char name[NN_MACHINE_NAME];
    for (size_t i = 0; i < files->count; i++) {
        const nn_plugin_record *record = nn_plugins_find(files->items[i]);
        snprintf(name, sizeof name, NN_MACHINE_PLUGIN "%.80s", files->items[i]);
        machine_add(machine, name, record ? record->hash : 0);
    }
}

nn_status nn_machine_try(const nn_settings *settings, const nn_model *model, const nn_plan *plan,
                         const int64_t samples[NN_PARTS], nn_machine *machine)
{
    *machine = (nn_machine){.room = 3 + 2 * model->network->layer_count + (int)settings->plugins.count};
    NN_TRY(NN_ALLOCATE(&machine->parts, machine->room, "comparing machines"));
    machine_describe(machine->text);
    machine_add_plugins(machine, &settings->plugins);
    machine_add(machine, "elementary functions", nn_maths_hash());
    machine_add(machine, "vector kernels", nn_tensor_arithmetic_of(model->network->scalar)->trial_kernels());
    NN_TRY(machine_add_network(machine, model, plan, samples));
    NN_TRY(machine_add_optimizer(machine, settings, model->network->scalar));
    for (int p = 0; p < machine->count; p++)
        machine->hash = nn_hash(&machine->parts[p].hash, sizeof machine->parts[p].hash, machine->hash);
    return NN_OK;
}

void nn_machine_release(nn_machine *machine)
{
    nn_free(machine->parts);
    *machine = (nn_machine){0};
}
