/* Rows of fields from a text file, plain or gzipped. Private to import. */
#ifndef NN_IMPORT_CSV_READER_H
#define NN_IMPORT_CSV_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

typedef struct nn_csv_reader nn_csv_reader;

/* A field without its quotes and the blanks around it; ends with a zero. */
typedef struct nn_csv_field {
    const char *text;
    size_t length;
    bool quoted;
} nn_csv_field;

/* Valid until the next one is read. */
typedef struct nn_csv_record {
    size_t count; /* 0: there are no more */
    const nn_csv_field *fields;
    int64_t line; /* where it begins, from 1 */
} nn_csv_record;

/* Opens a file. delimiter: between the fields; ' ' stands for any number of blanks; '\0' looks for one of
 * tab ; | and , in the first lines. */
nn_status nn_csv_open(const char *path, char delimiter, nn_csv_reader **reader);
void nn_csv_close(nn_csv_reader *reader); /* accepts NULL */
char nn_csv_delimiter(const nn_csv_reader *reader);
const char *nn_csv_path(const nn_csv_reader *reader);

/* The next row. Empty lines are passed over; a field in quotes may hold delimiters, line ends and doubled
 * quotes. */
nn_status nn_csv_next(nn_csv_reader *reader, nn_csv_record *record);

#endif
