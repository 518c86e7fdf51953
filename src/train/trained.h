/* A network that an earlier run has trained, opened with its data or with another file. */
#ifndef NN_TRAIN_TRAINED_H
#define NN_TRAIN_TRAINED_H

#include "train/trained_data.h"

/* Opens the best weights of a run, or a checkpoint, and its data. Close it in any case.
 * Collective. */
nn_status nn_trained_open(nn_comm *comm, const char *run_or_checkpoint, const nn_trained_request *request,
                          nn_trained *trained);
void nn_trained_close(nn_trained *trained);

/* Fails if a file to be written is one of the data, or a checkpoint; `command` begins the message. On one
 * rank. */
nn_status nn_trained_check_output(const nn_trained *trained, const char *command, const char *path);

/* "the test part", or the files. */
void nn_trained_describe(const nn_trained *trained, const nn_text_list *files, nn_text *text);

#endif
