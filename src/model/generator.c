#include "model/generator.h"

#include <string.h>

#include "base/maths.h"
#include "base/memory.h"
#include "base/philox.h"

/* ---- the network ---- */

nn_status nn_generator_open(const char *run_or_checkpoint, const nn_generator_options *options,
                            nn_generator *generator)
{
    nn_predictor *predictor = NULL;
    *generator = (nn_generator){0};
    NN_TRY(nn_predictor_open(run_or_checkpoint, &predictor));
    return nn_generator_of(predictor, run_or_checkpoint, options, generator);
}

nn_status nn_generator_of(nn_predictor *predictor, const char *of, const nn_generator_options *options,
                          nn_generator *generator)
{
    *generator = (nn_generator){.options = *options, .predictor = predictor};
    size_t classes = nn_predictor_class_count(generator->predictor);
    size_t outputs = nn_predictor_output_count(generator->predictor);
    generator->window = nn_predictor_input_count(generator->predictor);
    if (classes == 0 || (outputs != classes && outputs != classes * generator->window))
        NN_FAIL(NN_ERROR_USAGE,
                "%s: it does not predict the next symbol of a text; `nntrain init text` shows a network that "
                "does",
                of);
    generator->every_step = outputs != classes;
    NN_TRY(nn_alphabet_create(nn_predictor_class_names(generator->predictor), classes, &generator->alphabet));
    NN_TRY(NN_ALLOCATE(&generator->inputs, generator->window, "a window"));
    NN_TRY(NN_ALLOCATE(&generator->probabilities, outputs, "a prediction"));
    return NN_ALLOCATE(&generator->weights, classes, "a prediction");
}

void nn_generator_close(nn_generator *generator)
{
    nn_alphabet_release(&generator->alphabet);
    nn_predictor_close(generator->predictor);
    nn_free(generator->inputs);
    nn_free(generator->probabilities);
    nn_free(generator->weights);
    nn_free(generator->symbols);
    *generator = (nn_generator){0};
}

/* After the prompt: makes room for what is added. */
static nn_status generator_start(nn_generator *generator, size_t length)
{
    if (generator->count == 0) NN_FAIL(NN_ERROR_USAGE, "--prompt: one symbol at least is needed");
    if (!generator->every_step && generator->count < generator->window)
        NN_FAIL(NN_ERROR_USAGE, "--prompt: this network needs a prompt of %zu symbols, not %zu",
                generator->window, generator->count);
    return nn_reallocate((void **)&generator->symbols, generator->count, generator->count + length,
                         sizeof *generator->symbols, "the text");
}

nn_status nn_generator_start(nn_generator *generator, const char *prompt, size_t length)
{
    NN_TRY(nn_alphabet_read(&generator->alphabet, prompt, &generator->symbols, &generator->count));
    return generator_start(generator, length);
}

nn_status nn_generator_start_at(nn_generator *generator, const int64_t *symbols, size_t count, size_t length)
{
    NN_TRY(NN_ALLOCATE(&generator->symbols, count, "the prompt"));
    generator->count = count;
    for (size_t i = 0; i < count; i++) {
        if (symbols[i] < 0 || (uint64_t)symbols[i] >= generator->alphabet.count)
            NN_FAIL(NN_ERROR_DATA, "the text begins with %lld, which is not a symbol", (long long)symbols[i]);
        generator->symbols[i] = (size_t)symbols[i];
    }
    return generator_start(generator, length);
}

/* The probabilities of what follows the last symbols, as far as the window reaches. What follows them in the
 * window does not count: the network only looks back. */
static nn_status generator_predict(nn_generator *generator, const float **next)
{
    size_t seen = generator->count < generator->window ? generator->count : generator->window;
    memset(generator->inputs, 0, generator->window * sizeof *generator->inputs);
    for (size_t i = 0; i < seen; i++)
        generator->inputs[i] = (float)generator->symbols[generator->count - seen + i];
    NN_TRY(nn_predictor_run(generator->predictor, 1, generator->inputs, generator->probabilities));
    *next = generator->probabilities + (generator->every_step ? (seen - 1) * generator->alphabet.count : 0);
    return NN_OK;
}

/* ---- the choice ---- */

static size_t generator_likeliest(const double *weights, size_t count)
{
    size_t best = 0;
    for (size_t i = 1; i < count; i++)
        if (weights[i] > weights[best]) best = i;
    return best;
}

/* Zeros all but the `top_k` largest weights; of equal ones the first stay. */
static void generator_cut(const nn_generator *generator, const float *next)
{
    for (size_t i = 0; i < generator->alphabet.count; i++) {
        double better = 0;
        for (size_t j = 0; j < generator->alphabet.count; j++)
            if (next[j] > next[i] || (next[j] == next[i] && j < i)) better++;
        if (better >= generator->options.top_k) generator->weights[i] = 0;
    }
}

static size_t generator_choose(const nn_generator *generator, const float *next)
{
    size_t count = generator->alphabet.count;
    double sum = 0;
    for (size_t i = 0; i < count; i++) generator->weights[i] = (double)next[i];
    if (generator->options.temperature == 0) return generator_likeliest(generator->weights, count);
    double largest = generator->weights[generator_likeliest(generator->weights, count)];
    for (size_t i = 0; i < count; i++)
        generator->weights[i] =
            nn_maths_pow(generator->weights[i] / largest, 1 / generator->options.temperature);
    if (generator->options.top_k > 0) generator_cut(generator, next);
    for (size_t i = 0; i < count; i++) sum += generator->weights[i];
    nn_random stream = {.seed = generator->options.seed, .purpose = NN_RANDOM_GENERATE};
    double left = nn_random_uniform(stream, generator->chosen) * sum;
    for (size_t i = 0; i < count; i++) {
        left -= generator->weights[i];
        if (left < 0) return i;
    }
    return generator_likeliest(generator->weights, count);
}

nn_status nn_generator_next(nn_generator *generator, size_t *symbol)
{
    const float *next;
    NN_TRY(generator_predict(generator, &next));
    *symbol = generator_choose(generator, next);
    generator->symbols[generator->count++] = *symbol;
    generator->chosen++;
    return NN_OK;
}
