/*
 * Lines for people to read. One rank of a job writes them; the others are silent. Errors are statuses, which
 * cli prints with nn_log_failure. On a terminal, lines are folded between words at the width of its window,
 * and the progress line is cleared before any of them.
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

/* From now on, lines go to standard error: standard output has what a program reads. */
void nn_log_to_standard_error(void);

/* Writes one line to standard output. */
void nn_log_line(const char *format, ...) NN_PRINTF(1, 2);

/* The errno of the last line that could not be written to standard output; 0: none. */
int nn_log_error(void);

/* Writes one line "warning: ..." to standard error. */
void nn_log_warning(const char *format, ...) NN_PRINTF(1, 2);

/* Writes one line "nntrain: ..." to standard error, on any rank. */
void nn_log_failure(const char *format, ...) NN_PRINTF(1, 2);

/* Writes lines to standard output, on any rank. */
void nn_log_text(const char *text);

/* ---- the progress line: the last one on a terminal, which is rewritten in place ---- */

/* From now on there may be one on a descriptor (1 or 2), of this rank or of another; call it on all ranks.
 * Where its output does not appear in a terminal (base/terminal.h), or that cannot move its cursor, there is
 * none. */
void nn_log_progress_begin(int descriptor);

/* Whether this rank shows one. */
bool nn_log_draws(void);

/* Shows `line`, without a newline and narrower than the window, in place of the last one. */
void nn_log_progress(const char *line);

/* Clears it; from now on there is none. */
void nn_log_progress_end(void);

/* Clears it where the process may end before it can say more; no other is shown. May be called by a signal
 * handler. */
void nn_log_progress_abandon(void);

/* What must precede text that is written to a descriptor (1 or 2) in another way than with these functions:
 * it clears the line, or is "". May be called by a signal handler. */
const char *nn_log_clearing(int descriptor);

#endif
