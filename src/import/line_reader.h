/* Reads the lines of a text file, plain or gzipped. Private to import. */
#ifndef NN_IMPORT_LINE_READER_H
#define NN_IMPORT_LINE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

typedef struct nn_line_reader nn_line_reader;

/* Opens a file; the caller owns *lines. Other compressed files than gzip are refused. */
nn_status nn_line_reader_open(const char *path, nn_line_reader **lines);
void nn_line_reader_close(nn_line_reader *lines); /* accepts NULL */

/* The next line, without its end; NULL after the last one. It may be changed, and is valid until the next
 * call. *number is that of the line, from 1. */
nn_status nn_line_reader_next(nn_line_reader *lines, char **line, int64_t *number);

#endif
