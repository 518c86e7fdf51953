/* The lines of metrics.jsonl by step (logging.every). */
#ifndef NN_TRAIN_STEPS_LOG_H
#define NN_TRAIN_STEPS_LOG_H

#include "train/run.h"

/* When training begins: the first line's rate counts from here. */
void nn_steps_log_begin(nn_run *run);

/* After a step, once it counts as done: adds it to the coming line, and writes that where it is due. Not
 * collective. */
void nn_steps_log(nn_run *run, nn_batch batch, const nn_step_result *result);

/* Seconds that did not belong to steps, such as a validation. */
void nn_steps_log_except(nn_run *run, double seconds);

#endif
