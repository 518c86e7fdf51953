/* What a predictor consists of: private to the functions of nntrain/nntrain.h that predict. */
#ifndef NN_MODEL_PREDICTOR_H
#define NN_MODEL_PREDICTOR_H

#include <stdatomic.h>

#include "model/arithmetic.h"
#include "model/model_file.h"
#include "nn/prepared.h"

/* What the predictors of the same weights share; nothing but `users` changes after opening. */
typedef struct nn_predictor_core {
    atomic_size_t users;              /* predictors */
    nn_model *model;                  /* owned */
    const nn_real *weights;           /* one of the next two has them */
    nn_real *own_weights;             /* owned */
    nn_model_file *file;              /* owned; NULL: a checkpoint */
    int64_t capacity;                 /* samples of a microbatch */
    size_t input_count, output_count; /* values of a sample */
    size_t most_samples;              /* of a call: the sizes of its arrays stay within 64 bits */
    uint64_t fingerprint; /* of the weights that training continues from, also where an average is used */
    nn_text graph;        /* owned */
} nn_predictor_core;

struct nn_predictor {
    nn_predictor_core *core;
    nn_microbatch *microbatch; /* owned, as is the rest */
    nn_real *scratch;
    nn_prepared *prepared;            /* the pass of a single sample; NULL: samples have lengths */
    nn_model_array *inputs, *outputs; /* of a call: one per input and output */
    bool *bad;                        /* by sample of the microbatch: its outputs are NaN */
    /* For derivatives; NULL until they are prepared. */
    nn_microbatch *derived;
    nn_real *derived_scratch;
    nn_model_array *input_derivatives, *output_derivatives; /* tangents or cotangents */
};

/* The core of a model.nn, a checkpoint or the best weights of a run directory; microbatch: 0, or what
 * replaces that of the run. The caller owns *core. */
nn_status nn_predictor_core_load(const char *path, int64_t microbatch, nn_predictor_core **core);

/* The same for what is not a model.nn: *core, NULL before, is the caller's on failure, too. */
nn_status nn_predictor_core_load_checkpoint(const char *path, int64_t microbatch, nn_predictor_core **core);

/* All of a core but its weights; *core is the caller's on failure, too. */
nn_status nn_predictor_core_restore(const nn_archive *archive, int64_t microbatch, nn_predictor_core **core);

/* A predictor of a core, which it shares. */
nn_status nn_predictor_make(nn_predictor_core *core, nn_predictor **predictor);

/* A predictor of a model in memory, built from `config`, with weights that are borrowed and may change
 * between its calls. Its products are those of all predictors. The caller owns *predictor. */
nn_status nn_predictor_of_model(const nn_config *config, const nn_model *model, int64_t microbatch,
                                const nn_real *weights, nn_predictor **predictor);

void nn_predictor_core_release(nn_predictor_core *core); /* for one user; accepts NULL */

/* The number of inputs, and input `index`, of a model. */
int nn_predictor_model_inputs(const nn_model *model);
const nn_field *nn_predictor_model_input(const nn_model *model, int index);

/* Makes `count` samples of a call, from `first` on, the contents of the microbatch, and runs them through the
 * network: its outputs are those of the layers, before they become predictions. */
void nn_predictor_forward(nn_predictor *predictor, const nn_model_call *call, int64_t first, int64_t count);

/* Fails if the predictor is NULL, or if this many samples fit into no memory. */
nn_status nn_predictor_check(const nn_predictor *predictor, size_t samples);

/* Finds the arrays of each input, or output, in one that has those of all of them, sample after sample. */
void nn_predictor_cut_inputs(const nn_predictor_core *core, bool doubles, const void *values,
                             nn_model_array *arrays);
void nn_predictor_cut_outputs(const nn_predictor_core *core, bool doubles, const void *values,
                              nn_model_array *arrays);

/* Checks a call with an array per input and output, and finds them; outputs: whether there are any. */
nn_status nn_predictor_place_arrays(nn_predictor *predictor, const nn_predictor_arrays *arrays, bool outputs);

/* The same for a list of arrays like its inputs, or like its outputs; `name` is for messages. */
nn_status nn_predictor_place_inputs(const nn_predictor *predictor, const nn_predictor_arrays *arrays,
                                    const char *name, const void *const *list, nn_model_array *places);
nn_status nn_predictor_place_outputs(const nn_predictor *predictor, const nn_predictor_arrays *arrays,
                                     const char *name, const void *const *list, nn_model_array *places);

/* Releases what derivatives need. */
void nn_predictor_release_derivatives(nn_predictor *predictor);

#endif
