/*
 * RUN_DIR/evaluation.h5: predictions next to truths, for reports and further analysis: what a gathering has
 * kept, and the counts by class of the results. Sealed as checkpoints are; h5py reads it. `nntrain help
 * results` describes it.
 */
#ifndef NN_JUDGE_EVALUATION_FILE_H
#define NN_JUDGE_EVALUATION_FILE_H

#include "judge/gathering.h"
#include "judge/stored.h"

#define NN_EVALUATION_FORMAT "nntrain evaluation 1"

/* Writes the file at `path`. Rank 0 calls it, after nn_gathering_join. */
nn_status nn_evaluation_file_write(const char *path, const nn_judge_origin *origin,
                                   const nn_judgement *judgement, const nn_gathering *gathering);

/* Whether RUN_DIR/evaluation.h5 is there, intact, and of the weights that it must be of; *words: that in
 * words. The fingerprints of `expected` are compared. NN_ERROR_IO where the system cannot read it. */
#define NN_EVALUATION_WORDS 512
nn_status nn_evaluation_file_look(const char *run_directory, const nn_stored_expected *expected,
                                  nn_stored_state *state, char words[NN_EVALUATION_WORDS]);

#endif
