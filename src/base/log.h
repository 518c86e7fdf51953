/*
 * Lines for people to read. One rank of a job writes them; the others are silent. Errors do not come through
 * here: they are statuses, printed by cli.
 */
#ifndef NN_BASE_LOG_H
#define NN_BASE_LOG_H

#include <stdbool.h>

#include "base/status.h"
#include "base/text.h"

/* Turned off on all ranks but one. Initially on. */
void nn_log_enable(bool enabled);
bool nn_log_enabled(void);

/* Whether a rank writes lines in a program that is not ours: the choice made with nn_set_log_ranks. */
bool nn_log_chosen(int rank);

/* From now on, warnings are appended to the text instead, each once; its second and further lines are
 * indented by two spaces. NULL: print them again. For one thread. */
void nn_log_collect(nn_text *warnings);

/* Writes one line to standard output. */
void nn_log_line(const char *format, ...) NN_PRINTF(1, 2);

/* Writes one line "warning: ..." to standard error. */
void nn_log_warning(const char *format, ...) NN_PRINTF(1, 2);

#endif
