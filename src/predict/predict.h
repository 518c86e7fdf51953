/* Files of predictions by a trained network, and explanations of them. */
#ifndef NN_PREDICT_PREDICT_H
#define NN_PREDICT_PREDICT_H

#include <signal.h>

#include "base/text.h"
#include "comm/comm.h"

/* Which probabilities of classes a prediction has. */
typedef enum nn_probabilities {
    NN_PROBABILITIES_USUAL, /* of all classes; where every step or place has a class, of the predicted one */
    NN_PROBABILITIES_NONE,
    NN_PROBABILITIES_PREDICTED,
    NN_PROBABILITIES_ALL
} nn_probabilities;

/* What predictions are asked for; everything is borrowed. */
typedef struct nn_prediction {
    const char *run_or_checkpoint;
    const nn_text_list *files; /* every row of these; NULL: the data as configured */
    const char *part;          /* "train", "validation", "test": only this part; NULL: all; with files: whose
                                  datasets they have */
    const char *output;        /* path of the file, whose ending is that of a format */
    int64_t explained;         /* this many rows, the first, are logged in words */
    const char *id;            /* a dataset with one value per row, which becomes a column; NULL: none */
    const char *time;          /* the same for windows, at the row that is predicted; NULL: "time", if any */
    nn_probabilities probabilities;
    const nn_text_list *columns; /* which, in which order, by name or kind; NULL or empty: all */
    const nn_text_list *sets;    /* as of an evaluation */
    /* Called before the file is created. When the flag it returns becomes non-zero, the file is removed: the
     * status is NN_STOPPED. NULL: none. */
    const volatile sig_atomic_t *(*watch_signals)(void);
} nn_prediction;

typedef enum nn_explain_method { NN_EXPLAIN_GRADIENT, NN_EXPLAIN_PERMUTATION } nn_explain_method;

/* What an explanation is asked for; everything is borrowed. */
typedef struct nn_explanation {
    const char *run_or_checkpoint;
    const nn_text_list *files; /* every row of these; NULL: a part of the data as configured */
    const char *part;          /* "train", "validation", "test"; NULL: as in an evaluation */
    const nn_text_list *sets;  /* as of an evaluation */
    nn_explain_method method;
    int64_t sample;      /* of the part; gradient only */
    const char *output;  /* NAME, NAME:VALUE or VALUE; NULL: the predicted class, or the only value */
    const char *path;    /* of the file to write; NULL: none */
    int64_t repetitions; /* permutations of each column */
} nn_explanation;

/* Writes a file of predictions, as `nntrain help predict` says. Collective. */
nn_status nn_predict(nn_comm *comm, const nn_prediction *prediction);

/* Logs which inputs a prediction or a metric depends on, as `nntrain help explain` says. Collective. */
nn_status nn_explain_network(nn_comm *comm, const nn_explanation *explanation);

#endif
