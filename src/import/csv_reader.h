/* Reads rows of fields from a text file, plain or gzipped. Private to import. */
#ifndef NN_IMPORT_CSV_READER_H
#define NN_IMPORT_CSV_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

typedef struct nn_csv_reader nn_csv_reader;

/* A field, without its quotes and surrounding blanks; NUL-terminated. */
typedef struct nn_csv_field {
    const char *text;
    size_t length;
    bool quoted;
} nn_csv_field;

/* Valid until the next record is read. */
typedef struct nn_csv_record {
    size_t count; /* 0: the end */
    const nn_csv_field *fields;
    int64_t line; /* where it begins, numbered from 1 */
} nn_csv_record;

/* Opens a file; the caller owns *reader. delimiter: between the fields; ' ' means any number of blanks; '\0'
 * detects one of tab ; | and , from the first lines. */
nn_status nn_csv_open(const char *path, char delimiter, nn_csv_reader **reader);
void nn_csv_close(nn_csv_reader *reader); /* accepts NULL */
/* The delimiter in use; the path, borrowed. */
char nn_csv_delimiter(const nn_csv_reader *reader);
const char *nn_csv_path(const nn_csv_reader *reader);

/* Reads the next row, skipping empty lines. A field in quotes may contain delimiters, line ends and doubled
 * quotes. */
nn_status nn_csv_next(nn_csv_reader *reader, nn_csv_record *record);

#endif
