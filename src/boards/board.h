/*
 * The results of a run in progress in other forms than metrics.jsonl: event files of TensorBoard
 * (boards/event_file.h) and metrics.csv (boards/spreadsheet.h). Both are made from the lines of
 * metrics.jsonl, so that they have the same values, and no line that it does not have.
 *
 * As with metrics.jsonl, a failure to write does not end the training, which can be worth days: checkpoints
 * hold the lines, and what is missing is written with the next line that can be. One warning says so.
 */
#ifndef NN_BOARDS_BOARD_H
#define NN_BOARDS_BOARD_H

#include <stdbool.h>

#include "boards/event_file.h"

typedef struct nn_board nn_board;

typedef struct nn_board_request {
    const char *run_directory, *host; /* borrowed */
    bool events, table;               /* which are wanted */
    int64_t step;                     /* steps done: where a run is resumed, and 0 otherwise */
    const char *history;              /* the lines up to it; not borrowed */
    const nn_event_setting *settings; /* borrowed */
    size_t setting_count;
    const char *configuration; /* a text; borrowed */
} nn_board_request;

/* *board is NULL where nothing is wanted. The files are begun. The caller owns *board. */
nn_status nn_board_create(const nn_board_request *request, nn_board **board);
void nn_board_destroy(nn_board *board); /* accepts NULL */

/* Writes the lines that are new in the history. Accepts NULL. */
void nn_board_follow(nn_board *board, const char *history, size_t length);

/* Removes the event files of an earlier run. */
nn_status nn_board_remove_events(const char *run_directory);

/* Whether histograms are written. Accepts NULL. */
bool nn_board_has_histograms(const nn_board *board);
void nn_board_put_histogram(nn_board *board, int64_t step, const char *name, nn_scalar scalar,
                            const nn_real *values, size_t count);

#endif
