/* nntrain generate RUN_DIR|CHECKPOINT: a text, symbol by symbol, from a network that predicts the next one.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/philox.h"
#include "cli/alphabet.h"
#include "cli/command.h"
#include "nntrain/nntrain.h"

enum { OPTION_PROMPT, OPTION_LENGTH, OPTION_TEMPERATURE, OPTION_TOP_K, OPTION_SEED };

static const nn_command_option generate_options[] = {
    {"--prompt", "TEXT", "what the text begins with (default: a line break)"},
    {"--length", "N", "symbols to add (default: 500)"},
    {"--temperature", "T", "above 1: bolder, below 1: more careful, 0: always the likeliest (default: 0.8)"},
    {"--top-k", "K", "choose among the K likeliest symbols only (default: all)"},
    {"--seed", "N", "of the choices (default: 1)"},
    {NULL, NULL, NULL}};

/* What is wanted, and the network at work. */
typedef struct generate_work {
    double length, temperature, top_k, seed;
    nn_predictor *predictor;
    nn_alphabet alphabet;
    size_t window;        /* symbols that the network sees at once */
    bool every_step;      /* it predicts what follows each of them, not only the last one */
    float *inputs;        /* window */
    float *probabilities; /* of all steps */
    double *weights;      /* of the next symbol */
    size_t *symbols, count;
} generate_work;

/* ---- the command line ---- */

static nn_status generate_number(const nn_arguments *arguments, int option, double otherwise, double least,
                                 double *number)
{
    size_t given = arguments->value_counts[option];
    *number = otherwise;
    if (given == 0) return NN_OK;
    const char *text = arguments->values[option][given - 1];
    char *end;
    *number = strtod(text, &end);
    if (end == text || *end || !(*number >= least) || *number > 1e12)
        NN_FAIL(NN_ERROR_USAGE, "%s: '%s' is no number of at least %g", generate_options[option].name, text,
                least);
    return NN_OK;
}

static nn_status generate_read(const nn_arguments *arguments, generate_work *work)
{
    if (arguments->operand_count != 1)
        NN_FAIL(NN_ERROR_USAGE,
                "generate: name one run directory or checkpoint: nntrain generate RUN_DIR --prompt TEXT");
    NN_TRY(generate_number(arguments, OPTION_LENGTH, 500, 0, &work->length));
    NN_TRY(generate_number(arguments, OPTION_TEMPERATURE, 0.8, 0, &work->temperature));
    NN_TRY(generate_number(arguments, OPTION_TOP_K, 0, 0, &work->top_k));
    return generate_number(arguments, OPTION_SEED, 1, 0, &work->seed);
}

/* ---- the network ---- */

static nn_status generate_open(const char *run, generate_work *work)
{
    NN_TRY(nn_predictor_open(run, &work->predictor));
    size_t classes = nn_predictor_class_count(work->predictor);
    size_t outputs = nn_predictor_output_count(work->predictor);
    work->window = nn_predictor_input_count(work->predictor);
    if (classes == 0 || (outputs != classes && outputs != classes * work->window))
        NN_FAIL(NN_ERROR_USAGE,
                "%s: it does not predict the next symbol of a text; `nntrain init text` shows a network that "
                "does",
                run);
    work->every_step = outputs != classes;
    NN_TRY(nn_alphabet_create(nn_predictor_class_names(work->predictor), classes, &work->alphabet));
    NN_TRY(NN_ALLOCATE(&work->inputs, work->window, "a window"));
    NN_TRY(NN_ALLOCATE(&work->probabilities, outputs, "a prediction"));
    return NN_ALLOCATE(&work->weights, classes, "a prediction");
}

static nn_status generate_start(const nn_arguments *arguments, generate_work *work)
{
    size_t given = arguments->value_counts[OPTION_PROMPT], room = (size_t)work->length;
    const char *prompt = given ? arguments->values[OPTION_PROMPT][given - 1] : "\n";
    NN_TRY(nn_alphabet_read(&work->alphabet, prompt, &work->symbols, &work->count));
    if (work->count == 0) NN_FAIL(NN_ERROR_USAGE, "--prompt: one symbol at least is needed");
    if (!work->every_step && work->count < work->window)
        NN_FAIL(NN_ERROR_USAGE, "--prompt: this network needs %zu symbols to go on from, not %zu",
                work->window, work->count);
    return nn_reallocate((void **)&work->symbols, work->count, work->count + room, sizeof *work->symbols,
                         "the text");
}

/* The probabilities of what follows the last symbols, as far as the window goes. What stands behind them in
 * the window does not count: the network looks back only. */
static nn_status generate_predict(generate_work *work, const float **next)
{
    size_t seen = work->count < work->window ? work->count : work->window;
    memset(work->inputs, 0, work->window * sizeof *work->inputs);
    for (size_t i = 0; i < seen; i++) work->inputs[i] = (float)work->symbols[work->count - seen + i];
    NN_TRY(nn_predictor_run(work->predictor, 1, work->inputs, work->probabilities));
    *next = work->probabilities + (work->every_step ? (seen - 1) * work->alphabet.count : 0);
    return NN_OK;
}

/* ---- the choice ---- */

static size_t generate_likeliest(const double *weights, size_t count)
{
    size_t best = 0;
    for (size_t i = 1; i < count; i++)
        if (weights[i] > weights[best]) best = i;
    return best;
}

/* Zeros all but the `top_k` largest weights; of equal ones the first stay. */
static void generate_cut(const generate_work *work, const float *next)
{
    for (size_t i = 0; i < work->alphabet.count; i++) {
        double better = 0;
        for (size_t j = 0; j < work->alphabet.count; j++)
            if (next[j] > next[i] || (next[j] == next[i] && j < i)) better++;
        if (better >= work->top_k) work->weights[i] = 0;
    }
}

static size_t generate_choose(const generate_work *work, const float *next, uint64_t index)
{
    size_t count = work->alphabet.count;
    double sum = 0;
    for (size_t i = 0; i < count; i++) work->weights[i] = (double)next[i];
    if (work->temperature == 0) return generate_likeliest(work->weights, count);
    double largest = work->weights[generate_likeliest(work->weights, count)];
    for (size_t i = 0; i < count; i++)
        work->weights[i] = pow(work->weights[i] / largest, 1 / work->temperature);
    if (work->top_k > 0) generate_cut(work, next);
    for (size_t i = 0; i < count; i++) sum += work->weights[i];
    nn_random stream = {.seed = (uint64_t)work->seed, .purpose = NN_RANDOM_GENERATE};
    double left = nn_random_uniform(stream, index) * sum;
    for (size_t i = 0; i < count; i++) {
        left -= work->weights[i];
        if (left < 0) return i;
    }
    return generate_likeliest(work->weights, count);
}

static nn_status generate_write(generate_work *work)
{
    for (size_t i = 0; i < work->count; i++) nn_alphabet_write(&work->alphabet, work->symbols[i], stdout);
    for (uint64_t n = 0; n < (uint64_t)work->length; n++) {
        const float *next;
        NN_TRY(generate_predict(work, &next));
        size_t symbol = generate_choose(work, next, n);
        work->symbols[work->count++] = symbol;
        nn_alphabet_write(&work->alphabet, symbol, stdout);
        fflush(stdout);
    }
    fputc('\n', stdout);
    if (fflush(stdout) != 0 || ferror(stdout))
        NN_FAIL(NN_ERROR_IO, "the text cannot be written: %s", strerror(errno));
    return NN_OK;
}

static nn_status generate_run(const nn_arguments *arguments)
{
    generate_work work = {0};
    nn_status status = generate_read(arguments, &work);
    if (status == NN_OK) status = generate_open(arguments->operands[0], &work);
    if (status == NN_OK) status = generate_start(arguments, &work);
    if (status == NN_OK) status = generate_write(&work);
    nn_alphabet_release(&work.alphabet);
    nn_predictor_close(work.predictor);
    nn_free(work.inputs);
    nn_free(work.probabilities);
    nn_free(work.weights);
    nn_free(work.symbols);
    return status;
}

const nn_command nn_command_generate = {
    .name = "generate",
    .operands = "RUN_DIR|CHECKPOINT",
    .summary = "writes a text with a network that predicts the next symbol",
    .options = generate_options,
    .run = generate_run,
};
