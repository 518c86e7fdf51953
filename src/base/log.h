/*
 * Lines for people. One rank of a job speaks; the others are silenced. Errors do not go through here: they
 * are statuses, printed by cli.
 */
#ifndef NN_BASE_LOG_H
#define NN_BASE_LOG_H

#include <stdbool.h>

#include "base/status.h"
#include "base/text.h"

/* Turned off on all ranks but one. On at the start. */
void nn_log_enable(bool enabled);
bool nn_log_enabled(void);

/* Whether a rank speaks in a program that is not ours: what nn_set_log_ranks has chosen. */
bool nn_log_chosen(int rank);

/* From here on warnings are appended to the text instead, each once and on one line: further lines of one
 * begin with two spaces. NULL: no longer. For one thread. */
void nn_log_collect(nn_text *warnings);

/* One line to standard output. */
void nn_log_line(const char *format, ...) NN_PRINTF(1, 2);

/* One line "warning: ..." to standard error. */
void nn_log_warning(const char *format, ...) NN_PRINTF(1, 2);

#endif
