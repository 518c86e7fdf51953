/*
 * RUN_DIR/metrics.csv (logging.csv): the numbers of metrics.jsonl as a table, with the same digits. A row per
 * line; columns line, epoch, step, then the numbers by their place, in the order in which they first appear;
 * those under "time", which may differ between two equal runs, come last. What a line does not have is empty.
 */
#ifndef NN_BOARDS_SPREADSHEET_H
#define NN_BOARDS_SPREADSHEET_H

#include <stdbool.h>

#include "base/list.h"
#include "boards/scalars.h"

/* Zero-initialise; release with nn_spreadsheet_release. */
typedef struct nn_spreadsheet {
    nn_text_list columns, times; /* of the file */
    size_t written;              /* bytes of the history that the file has */
    bool begun;
} nn_spreadsheet;

/* Writes what the file does not have of the lines so far; all of it the first time, after a failure, and
 * where a line has a new column. */
nn_status nn_spreadsheet_follow(nn_spreadsheet *table, const char *run_directory, const char *history,
                                size_t length);
void nn_spreadsheet_release(nn_spreadsheet *table);

#endif
