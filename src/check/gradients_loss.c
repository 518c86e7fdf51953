/* A loss, as a function of the output of the network. */
#include <float.h>
#include <math.h>

#include "base/memory.h"
#include "base/philox.h"
#include "check/gradients.h"

typedef struct loss_trial {
    const nn_head *head;
    nn_loss_call call; /* of which the gradient is not wanted */
    double *outputs, *targets;
    int64_t *labels;
    double kept; /* the loss where nothing is changed */
} loss_trial;

static const nn_real *loss_reals(const double *values)
{
    return (const nn_real *)(const void *)values;
}

/* Shares of the columns of a row: positive, with the sum 1. */
static void loss_normalize(int64_t columns, double *row)
{
    double sum = 0;
    for (int64_t c = 0; c < columns; c++) sum += row[c];
    for (int64_t c = 0; c < columns; c++) row[c] /= sum;
}

/* Values for which the loss is defined. */
static double loss_value(const nn_head *head, nn_random stream, uint64_t index)
{
    const nn_domain *domain = &head->loss->domain;
    double uniform = nn_random_uniform(stream, index);
    if (head->loss->yes_no) return uniform < 0.5 ? 0 : 1;
    if (domain->bounded) return domain->least + uniform * (domain->most - domain->least);
    return nn_random_normal(stream, index);
}

static void loss_fill(loss_trial *trial, uint64_t seed, uint32_t step)
{
    const nn_head *head = trial->head;
    int64_t rows = trial->call.rows, columns = trial->call.columns;
    nn_random stream = {seed, NN_RANDOM_GRADIENTS, step};
    bool shares = head->target.shares;
    int64_t classes = head->target.classes > 0 ? head->target.classes : columns;
    for (int64_t r = 0; r < rows; r++)
        trial->labels[r] = (int64_t)((double)classes * nn_random_uniform(stream, (uint64_t)r));
    for (int64_t i = 0; i < rows * columns; i++) {
        uint64_t index = (uint64_t)(rows + i);
        trial->targets[i] = shares ? nn_random_uniform(stream, index) : loss_value(head, stream, index);
    }
    for (int64_t r = 0; shares && r < rows; r++) loss_normalize(columns, trial->targets + r * columns);
    trial->call.labels = head->target.is_class || shares ? trial->labels : NULL;
    trial->call.targets = head->target.is_class || shares ? NULL : loss_reals(trial->targets);
    trial->call.soft = shares ? loss_reals(trial->targets) : NULL;
}

static double loss_evaluate(const loss_trial *trial, nn_real *gradient)
{
    nn_loss_call call = trial->call;
    call.gradient = gradient;
    return trial->head->loss->evaluate(trial->head->loss_options, &call) / call.denominator;
}

static double loss_change(void *context, double *noise)
{
    const loss_trial *trial = context;
    double value = loss_evaluate(trial, NULL);
    *noise += 8 * DBL_EPSILON * (fabs(value) + fabs(trial->kept));
    return value - trial->kept;
}

static void loss_compare(loss_trial *trial, uint64_t seed, uint32_t step, double *gradient,
                         nn_gradients_row *row)
{
    int64_t chosen[NN_GRADIENTS_ENTRIES], count = trial->call.rows * trial->call.columns;
    const nn_gradients_function function = {loss_change, trial};
    double largest = 0;
    trial->kept = loss_evaluate(trial, (nn_real *)(void *)gradient);
    for (int64_t i = 0; i < count; i++) largest = fmax(largest, fabs(gradient[i]));
    int many = nn_gradients_choose(seed, step, count, NN_GRADIENTS_ENTRIES, chosen);
    for (int i = 0; i < many; i++) {
        const nn_gradients_entry entry = {
            trial->outputs + chosen[i], gradient[chosen[i]], largest, "the output", chosen[i], &row->inputs};
        nn_gradients_try(&function, &entry, row);
    }
}

nn_status nn_gradients_compare_loss(const nn_model *model, int h, uint64_t seed, double *outputs,
                                    nn_gradients_row *row)
{
    const nn_head *head = &model->heads[h];
    loss_trial trial = {.head = head, .outputs = outputs};
    uint32_t step = (uint32_t)(model->network->layer_count + h) << 4;
    double *gradient = NULL;
    nn_status status;
    row->name = head->name;
    row->type = head->loss->name;
    trial.call = (nn_loss_call){.rows = NN_GRADIENTS_SAMPLES * head->rows,
                                .columns = head->columns,
                                .output = loss_reals(outputs),
                                .class_weights = head->class_weights};
    int64_t count = trial.call.rows * trial.call.columns;
    NN_TRY_TO(done, status, NN_ALLOCATE(&gradient, count, "the gradient of a loss"));
    NN_TRY_TO(done, status, NN_ALLOCATE(&trial.targets, count, "targets of a loss"));
    NN_TRY_TO(done, status, NN_ALLOCATE(&trial.labels, trial.call.rows, "targets of a loss"));
    loss_fill(&trial, seed, step);
    trial.call.denominator = head->loss->denominator(head->loss_options, &trial.call);
    if (trial.call.denominator > 0) loss_compare(&trial, seed, step + 1, gradient, row);
done:
    nn_free(gradient);
    nn_free(trial.targets);
    nn_free(trial.labels);
    return status;
}
