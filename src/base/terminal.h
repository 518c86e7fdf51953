/* The terminal that a stream of this program ends in, if a person watches one. */
#ifndef NN_BASE_TERMINAL_H
#define NN_BASE_TERMINAL_H

#include <stdbool.h>

/* Columns of the window in which the output of a descriptor (1 or 2) appears; 0: it does not appear in one.
 * Open MPI's mpirun gives its ranks pseudo-terminals and pipes, whatever its own output is, and does not pass
 * on that its window was resized: where it runs on this node, its own terminal is asked. So ask each time:
 * the window may have been resized. Where the terminal does not know its width: COLUMNS, otherwise 80. */
int nn_terminal_columns(int descriptor);

/* The same for its lines; where the terminal does not know: LINES, otherwise 24. */
int nn_terminal_lines(int descriptor);

/* Whether the cursor can be moved there, and lines erased. */
bool nn_terminal_is_addressable(int descriptor);

/* Columns that a text without control characters takes: UTF-8, with wide and combining characters. */
int nn_display_width(const char *text);

/* The bytes of the character at `at`, which is not the end, and its columns. */
int nn_display_character(const char *at, int *columns);

#endif
