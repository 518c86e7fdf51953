/* What threads have seen of an evaluation: private to the states of samples. */
#ifndef NN_JUDGE_STATES_INTERNAL_H
#define NN_JUDGE_STATES_INTERNAL_H

#include "judge/states.h"

/* A record: position, truth, number of values; then an index and a value each. */
enum { RECORD_POSITION, RECORD_TRUTH, RECORD_COUNT, RECORD_VALUES };

struct states_thread {
    double *dense;      /* the values of one sample */
    nn_real *collected; /* of one metric of one sample, in the model's precision */
    double *records;
    int64_t used, room;
    bool full, no_memory;
};

void nn_states_release_threads(nn_states *states);

/* The number of columns of scores of a metric that compares them. */
int64_t nn_states_columns(const nn_states *states, int m);

#endif
