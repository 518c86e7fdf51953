/* A text that the network continues, for those who look at a run: of a network that predicts the next symbol,
 * from the beginning of the evaluated part on. */
#ifndef NN_JUDGE_CONTINUED_H
#define NN_JUDGE_CONTINUED_H

#include "data/dataset_options.h"
#include "model/model.h"
#include "nntrain/nntrain.h"
#include "step/evaluate.h"

#define NN_CONTINUED_PROMPT 40 /* symbols that are continued, unless the network needs more */

typedef struct nn_continued {
    int64_t count;    /* symbols of the prompt; 0: the network does not predict the next symbol of a text */
    int64_t *symbols; /* owned */
    nn_text prompt, text;
} nn_continued;

/* For the windows of a part. Release in any case. */
nn_status nn_continued_create(const nn_model *model, const nn_data_window_options *window,
                              nn_continued *continued);
void nn_continued_release(nn_continued *continued);

/* Takes the prompt from the first sample of the part, if it is in the microbatch, which begins with sample
 * `first`. One thread has it. */
void nn_continued_observe(const nn_model *model, const nn_loaded *loaded, int64_t first,
                          nn_continued *continued);

/* Gives all ranks the prompt. Collective. */
nn_status nn_continued_join(nn_comm *comm, nn_continued *continued);

/* Writes `length` symbols, or as many as 1.5e11 operations allow, with a predictor of the same model, which
 * it closes. What is written depends on the weights and the prompt alone. */
nn_status nn_continued_write(const nn_model *model, nn_predictor *predictor, int64_t length,
                             nn_continued *continued);

#endif
