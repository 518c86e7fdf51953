/* Whether two trained networks can be compared on the same samples, and which of their results. */
#ifndef NN_TRAIN_COMPARABLE_H
#define NN_TRAIN_COMPARABLE_H

#include "judge/comparison.h"
#include "train/trained.h"

/* Fails unless both predict the same targets: names, units, outputs, classes in any order. */
nn_status nn_comparable_targets(const nn_trained *a, const nn_trained *b);

/* Fails if the evaluated rows are rows that the run was trained on: all rows of files of its training part
 * with the same datasets. files: whether the rows are all those of named files. On one rank. */
nn_status nn_comparable_unseen(const nn_trained *trained, bool files);

/* Fails unless both have evaluated the same rows of the same files, in the same order, with the same targets.
 * On one rank. */
nn_status nn_comparable_rows(const nn_trained *a, const nn_trained *b, const nn_states *of_a,
                             const nn_states *of_b);

/* Lists the results that both have, defined in the same way, with their values; `left_out` receives the names
 * of the others with the reason, as lines. asked: whether metrics were given; then those that belong to
 * tables alone are not listed. */
void nn_comparable_results(const nn_model *a, const nn_model *b, const nn_results *of_a,
                           const nn_results *of_b, bool asked, nn_comparison *comparison, nn_text *left_out);

#endif
