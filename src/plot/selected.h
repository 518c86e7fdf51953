/* Which series of a run a metric's word names. */
#ifndef NN_PLOT_SELECTED_H
#define NN_PLOT_SELECTED_H

#include <stdbool.h>

#include "base/text.h"
#include "boards/histories.h"

#define NN_SELECTED_MOST 32

typedef struct nn_selected {
    const nn_history *history;
    char part[NN_HISTORY_NAME]; /* by which it differs from the others of the word: "validation"; "": nothing
                                 */
} nn_selected;

/* The word is a series' place in metrics.jsonl ("validation.loss", "step.loss", "norms.dense_1.gradient"), or
 * the last part of it: "loss" is that of training and of validation. Of series by epoch and by step of which
 * the word names both, those by step are taken if by_step, otherwise those by epoch. Validation comes first.
 * Returns how many there are. */
int nn_selected_find(const nn_histories *histories, const char *word, bool by_step,
                     nn_selected selected[NN_SELECTED_MOST]);

/* Appends the words that name something in a run: "loss, accuracy, learning_rate". */
void nn_selected_list(const nn_histories *histories, nn_text *text);

/* "samples/s": the unit of a series by the last part of its name; NULL: it has none, or that of the data. */
const char *nn_selected_unit(const char *word);

#endif
