/* What is reported about a step with NaN or Inf, and the file that is kept of it. */
#ifndef NN_TRAIN_NONFINITE_TELL_H
#define NN_TRAIN_NONFINITE_TELL_H

#include "step/inspect.h"
#include "train/run.h"

/* The step that went wrong, and the microbatch of it that was looked at. */
typedef struct nn_nonfinite_case {
    nn_run *run;
    nn_batch batch;
    nn_tree_node share;       /* of this rank */
    int64_t bad_block;        /* as in nn_step_result */
    int64_t leaf;             /* the first where something was found; -1: no single one */
    const nn_loaded *loaded;  /* on the rank that has it */
    nn_inspection inspection; /* of it */
} nn_nonfinite_case;

/* Texts that all ranks have in the end. */
typedef struct nn_nonfinite_note {
    char text[3072];    /* what, where, what to do */
    char warning[1024]; /* why there is no file of it; empty: there is, or none was wanted */
} nn_nonfinite_note;

/* On the rank that has the leaf: writes the note and, unless there are some already, the file. */
void nn_nonfinite_tell(nn_nonfinite_case *of, nn_nonfinite_note *note);

#endif
