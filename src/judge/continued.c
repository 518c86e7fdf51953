#include "judge/continued.h"

#include <string.h>

#include "base/least.h"
#include "base/memory.h"
#include "host/pulse.h"
#include "model/generator.h"
#include "tensor/arithmetic.h"

#define CONTINUED_OPERATIONS 1.5e11
#define CONTINUED_TEMPERATURE 0.8 /* as `nntrain generate` has by default, and its seed */
#define CONTINUED_SEED 1

/* ---- the prompt ---- */

static bool continued_same_names(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Whether inputs and targets are symbols of one alphabet. */
static bool continued_is_text(const nn_model *model, const nn_data_window_options *window)
{
    const nn_field *input = &model->input, *target = &model->heads[0].target;
    int64_t steps = nn_shape_count(input->shape);
    return window->length > 0 && window->length == steps && model->head_count == 1 && input->is_class &&
           target->is_class && !target->shares && input->classes == target->classes &&
           model->heads[0].columns == target->classes &&
           (model->heads[0].rows == 1 || model->heads[0].rows == steps) &&
           continued_same_names(input->class_names, target->class_names);
}

nn_status nn_continued_create(const nn_model *model, const nn_data_window_options *window,
                              nn_continued *continued)
{
    *continued = (nn_continued){0};
    if (!continued_is_text(model, window)) return NN_OK;
    int64_t steps = window->length;
    continued->count = model->heads[0].rows == 1 ? steps : nn_smaller(steps, NN_CONTINUED_PROMPT);
    NN_TRY(NN_ALLOCATE(&continued->symbols, continued->count, "the beginning of a text"));
    for (int64_t i = 0; i < continued->count; i++) continued->symbols[i] = INT64_MIN;
    return NN_OK;
}

void nn_continued_release(nn_continued *continued)
{
    nn_free(continued->symbols);
    nn_text_free(&continued->prompt);
    nn_text_free(&continued->text);
    *continued = (nn_continued){0};
}

void nn_continued_observe(const nn_model *model, const nn_loaded *loaded, int64_t first,
                          nn_continued *continued)
{
    if (first != 0 || loaded->microbatch->samples == 0) return;
    for (int64_t i = 0; i < continued->count; i++)
        continued->symbols[i] =
            (int64_t)nn_scalar_get(model->scalar, loaded->microbatch->outputs[0], (size_t)i);
}

nn_status nn_continued_join(nn_comm *comm, nn_continued *continued)
{
    if (continued->count == 0) return NN_OK;
    return nn_comm_maximum(comm, continued->symbols, (size_t)continued->count);
}

/* ---- the text ---- */

nn_status nn_continued_write(const nn_model *model, nn_predictor *predictor, int64_t length,
                             nn_continued *continued)
{
    const nn_generator_options options = {.temperature = CONTINUED_TEMPERATURE, .seed = CONTINUED_SEED};
    nn_generator generator;
    double most = CONTINUED_OPERATIONS / (model->network->flops_forward + 1);
    if ((double)length > most) length = (int64_t)most;
    nn_status status = nn_generator_of(predictor, "the network", &options, &generator);
    if (status == NN_OK)
        status =
            nn_generator_start_at(&generator, continued->symbols, (size_t)continued->count, (size_t)length);
    for (size_t i = 0; status == NN_OK && i < generator.count; i++)
        nn_alphabet_append(&generator.alphabet, generator.symbols[i], &continued->prompt);
    for (int64_t i = 0; status == NN_OK && i < length; i++) {
        size_t symbol = 0;
        nn_pulse();
        status = nn_generator_next(&generator, &symbol);
        if (status == NN_OK) nn_alphabet_append(&generator.alphabet, symbol, &continued->text);
    }
    nn_generator_close(&generator);
    if (status == NN_OK && (continued->prompt.failed || continued->text.failed))
        NN_FAIL(NN_ERROR_MEMORY, "out of memory for a text");
    return status;
}
