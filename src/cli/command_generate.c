/* nntrain generate RUN_DIR|CHECKPOINT: a text, symbol by symbol, from a network that predicts the next one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "model/generator.h"

enum { OPTION_PROMPT, OPTION_LENGTH, OPTION_TEMPERATURE, OPTION_TOP_K, OPTION_SEED };

static const nn_command_option generate_options[] = {
    {"--prompt", "TEXT", "beginning of the text (default: a line break)"},
    {"--length", "N", "number of symbols to add (default: 500)"},
    {"--temperature", "T", "above 1: bolder, below 1: more careful, 0: always the likeliest (default: 0.8)"},
    {"--top-k", "K", "chooses only among the K likeliest symbols (default: all)"},
    {"--seed", "N", "seed for the choices (default: 1)"},
    {NULL, NULL, NULL}};

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
        NN_FAIL(NN_ERROR_USAGE, "%s: '%s' must be a number >= %g", generate_options[option].name, text,
                least);
    return NN_OK;
}

static nn_status generate_read(const nn_arguments *arguments, double *length, nn_generator_options *options)
{
    double seed = 1;
    if (arguments->operand_count != 1)
        NN_FAIL(NN_ERROR_USAGE,
                "generate: give one run directory or checkpoint: nntrain generate RUN_DIR --prompt TEXT");
    NN_TRY(generate_number(arguments, OPTION_LENGTH, 500, 0, length));
    NN_TRY(generate_number(arguments, OPTION_TEMPERATURE, 0.8, 0, &options->temperature));
    NN_TRY(generate_number(arguments, OPTION_TOP_K, 0, 0, &options->top_k));
    NN_TRY(generate_number(arguments, OPTION_SEED, 1, 0, &seed));
    options->seed = (uint64_t)seed;
    return NN_OK;
}

/* ---- the text ---- */

static nn_status generate_write(nn_generator *generator, size_t length)
{
    for (size_t i = 0; i < generator->count; i++)
        nn_alphabet_write(&generator->alphabet, generator->symbols[i], stdout);
    for (size_t n = 0; n < length; n++) {
        size_t symbol;
        NN_TRY(nn_generator_next(generator, &symbol));
        nn_alphabet_write(&generator->alphabet, symbol, stdout);
        if (fflush(stdout) != 0) break;
    }
    fputc('\n', stdout);
    return NN_OK; /* main reports what could not be written */
}

static nn_status generate_run(const nn_arguments *arguments)
{
    nn_generator generator = {0};
    nn_generator_options options;
    double length = 0;
    size_t given = arguments->value_counts[OPTION_PROMPT];
    const char *prompt = given ? arguments->values[OPTION_PROMPT][given - 1] : "\n";
    NN_TRY(generate_read(arguments, &length, &options));
    nn_status status = nn_generator_open(arguments->operands[0], &options, &generator);
    if (status == NN_OK) status = nn_generator_start(&generator, prompt, (size_t)length);
    if (status == NN_OK) status = generate_write(&generator, (size_t)length);
    nn_generator_close(&generator);
    return status;
}

const nn_command nn_command_generate = {
    .name = "generate",
    .operands = "RUN_DIR|CHECKPOINT",
    .summary = "writes a text with a network that predicts the next symbol",
    .options = generate_options,
    .run = generate_run,
};
