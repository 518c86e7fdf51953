/*
 * Whether one network is better than another on the same samples: the paired bootstrap (Efron: Bootstrap
 * methods: another look at the jackknife, 1979) of the difference of each result, B - A, and McNemar's test
 * (McNemar 1947) of the answers of heads of classes. Samples are drawn with replacement by the counter-based
 * generator: draw i of replicate r depends on the seed, r and i alone.
 */
#ifndef NN_JUDGE_COMPARISON_H
#define NN_JUDGE_COMPARISON_H

#include "judge/states.h"

#define NN_COMPARISON_LEVEL 0.95

/* A result that both networks have. */
typedef struct nn_compared {
    const char *name; /* borrowed */
    int at[2];        /* its place among the results of nn_states_draw, of A and of B */
    bool higher_is_better, percent;
    double values[2];             /* of the evaluation itself */
    int64_t undefined;            /* replicates in which it is undefined for A or B; the others count */
    double low, high;             /* percentile interval of the difference; NaN: undefined */
    double basic_low, basic_high; /* the basic interval: 2 x difference - high, and - low */
    double better; /* the fraction of the replicates in which B is better, equal ones counting half */
} nn_compared;

/* McNemar's test of a head of classes. */
typedef struct nn_mcnemar {
    const char *name;       /* of the head; borrowed */
    bool possible;          /* false: samples have several rows, which depend on each other */
    int64_t only_a, only_b; /* samples that only one predicts correctly */
    bool exact;             /* binomial; otherwise chi-squared with continuity correction */
    double statistic, p;    /* statistic: of chi-squared */
} nn_mcnemar;

#define NN_MCNEMAR_EXACT 25 /* fewer discordant samples than this: the exact test */

typedef struct nn_comparison {
    int64_t samples, replicates;
    uint64_t seed;
    int count;
    nn_compared results[NN_STATES_RESULTS];
    int tests;
    nn_mcnemar mcnemar[NN_MODEL_HEADS];
} nn_comparison;

/* Computes the intervals and tests of comparison->results, whose names, places and values are set.
 * Collective. */
nn_status nn_comparison_run(const nn_states *a, const nn_states *b, int threads, nn_comparison *comparison);

/* "a", "b": better, as the whole interval says; "none": no difference can be shown; "undefined". */
const char *nn_compared_verdict(const nn_compared *result);

/* Logs a table, the tests, and the verdicts in words. */
void nn_comparison_show(const nn_comparison *comparison);

/* Appends members of a JSON object: "samples" ... "mcnemar". */
void nn_comparison_append_json(const nn_comparison *comparison, nn_text *text);

#endif
