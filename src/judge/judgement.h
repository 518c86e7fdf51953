/*
 * What an evaluation of a part of the data has found, with what it is of: the results next to those of a
 * constant guess, as tables for people and as JSON.
 */
#ifndef NN_JUDGE_JUDGEMENT_H
#define NN_JUDGE_JUDGEMENT_H

#include "step/results.h"

/* Everything is borrowed. */
typedef struct nn_judgement {
    const nn_model *model;
    const char *part; /* "test", "validation", "training"; "data": files given by the user */
    int64_t samples;
    bool weighted; /* the training samples have weights, which the constant guess does not know */
    const nn_results *results;
    const nn_results *baseline; /* of the constant guess; of heads that do not know it without meaning. NULL:
                                   none is known */
} nn_judgement;

/* Whether the results of the constant guess mean something for a head. */
bool nn_judgement_has_baseline(const nn_judgement *judgement, int head);

/* The constant guess of a head in words, such as "the class proportions, each sample once". */
#define NN_JUDGE_WORDS 96
void nn_judgement_baseline(const nn_judgement *judgement, int head, char words[NN_JUDGE_WORDS]);

/* The first metric of a head with counts by class, and the one that is its confusion matrix; -1: none. */
int nn_judgement_counts(const nn_judgement *judgement, int head);
int nn_judgement_confusion(const nn_judgement *judgement, int head);

/* The threshold of a metric; NaN where it has none, and where the largest of several outputs is predicted. */
double nn_judgement_threshold(const nn_judgement *judgement, int metric);

/* A column of the results by class. */
typedef struct nn_judge_column {
    const nn_metric_type *type;
    int metric;       /* the metric whose results, or counts, they are */
    double threshold; /* of that metric */
} nn_judge_column;

/* precision, recall and f1, whether or not they were requested, then other metrics with results by class.
 * Each is at the threshold of the metric of its name; where that was not requested, at that of the first one
 * with counts by class. Returns their number; 0: there are no results by class. */
#define NN_JUDGE_COLUMNS (NN_MODEL_METRICS + 3)
#define NN_JUDGE_COUNTED 3 /* precision, recall and f1 */
int nn_judgement_columns(const nn_judgement *judgement, int head, nn_judge_column columns[NN_JUDGE_COLUMNS]);
double nn_judgement_by_class(const nn_judgement *judgement, const nn_judge_column *column,
                             int64_t class_number);

/* The result of a metric of values for one output of its head. */
double nn_judgement_by_output(const nn_results *results, int metric, int64_t output);

/* ---- what outputs and classes are called ---- */

/* The name of an output or a class; a number if it has none. */
void nn_judge_append_output(const nn_model *model, int head, int64_t output, nn_text *text);
void nn_judge_append_class(const nn_model *model, int head, int64_t class_number, nn_text *text);

/* The unit of an output of values; NULL: none is known. Borrowed. */
const char *nn_judge_unit(const nn_model *model, int head, int64_t output);

/* Pairs of a class and another one that it was predicted as, the most frequent first. */
typedef struct nn_confused {
    int64_t right, predicted;
    double count;
} nn_confused;

/* Writes the most frequent ones, at most `most`, and returns their number; *kinds: of all pairs that occur.
 */
int nn_judge_most_confused(int64_t classes, const double *matrix, int most, nn_confused *pairs,
                           int64_t *kinds);

/* ---- all of it ---- */

/* Logs the tables: results by output and by class, and confusion. whose: how the titles begin, such as "test,
 * best weights". */
void nn_judge_show(const nn_judgement *judgement, const char *whose);

/* Appends a JSON object: {"samples": ...}. `nntrain help results` describes it. */
void nn_judge_append_json(const nn_judgement *judgement, nn_text *text);

#endif
