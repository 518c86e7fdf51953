/* A text, symbol by symbol, from a network that predicts the next one. */
#ifndef NN_MODEL_GENERATOR_H
#define NN_MODEL_GENERATOR_H

#include <stdbool.h>
#include <stdint.h>

#include "model/alphabet.h"
#include "nntrain/nntrain.h"

typedef struct nn_generator_options {
    double temperature; /* above 1: bolder, below 1: more careful, 0: always the likeliest */
    double top_k;       /* choose among this many likeliest symbols; 0: among all */
    uint64_t seed;      /* of the choices */
} nn_generator_options;

typedef struct nn_generator {
    nn_generator_options options;
    nn_predictor *predictor;
    nn_alphabet alphabet;
    size_t window;        /* symbols that the network sees at once */
    bool every_step;      /* it predicts what follows each of them, not only the last one */
    float *inputs;        /* window */
    float *probabilities; /* of all steps */
    double *weights;      /* of the next symbol */
    size_t *symbols;      /* the text so far, with room for what is added */
    size_t count;
    uint64_t chosen; /* symbols added to the prompt */
} nn_generator;

/* Opens a run or a checkpoint, whose network must predict the next symbol of a text. Close it in any case. */
nn_status nn_generator_open(const char *run_or_checkpoint, const nn_generator_options *options,
                            nn_generator *generator);
/* The same for a predictor, which it takes, also on failure; `of` names it in messages. */
nn_status nn_generator_of(nn_predictor *predictor, const char *of, const nn_generator_options *options,
                          nn_generator *generator);
void nn_generator_close(nn_generator *generator);

/* Begins with a prompt; `length` symbols can be added. */
nn_status nn_generator_start(nn_generator *generator, const char *prompt, size_t length);

/* The same for a prompt of symbols. */
nn_status nn_generator_start_at(nn_generator *generator, const int64_t *symbols, size_t count, size_t length);

/* Adds one symbol to the text. */
nn_status nn_generator_next(nn_generator *generator, size_t *symbol);

#endif
