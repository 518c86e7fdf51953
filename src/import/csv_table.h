/*
 * Text files with the same columns, as one table: which columns there are and what they hold (first pass),
 * and their rows as numbers (second pass). Memory is bounded by the names in the columns that hold names.
 * Private to import.
 */
#ifndef NN_IMPORT_CSV_TABLE_H
#define NN_IMPORT_CSV_TABLE_H

#include "import/csv_names.h"
#include "import/csv_notation.h"
#include "import/csv_reader.h"
#include "import/importer.h"

/* Options of every importer of such files. */
typedef struct nn_csv_options {
    int header;
    char *delimiter;
    char *decimal, *thousands;
    nn_text_list strip; /* signs and units around numbers */
    nn_text_list date;  /* "COLUMN=FORMAT" */
    int dates;
    nn_text_list drop; /* columns to remove */
    int missing;
    nn_text_list missing_values; /* in addition to the empty field */
    nn_text_list categorical;    /* columns of names, even where they look like numbers */
} nn_csv_options;

enum { NN_CSV_HEADER_AUTO, NN_CSV_HEADER_YES, NN_CSV_HEADER_NO };
enum { NN_CSV_MISSING_ERROR, NN_CSV_MISSING_DROP, NN_CSV_MISSING_MEAN };
enum { NN_CSV_DATES_SECONDS, NN_CSV_DATES_PARTS };
extern const char *const nn_csv_header_choices[], *const nn_csv_missing_choices[],
                                                      *const nn_csv_dates_choices[];

/* One row of their option table; `at` is the offset of the nn_csv_options in the importer's options. */
#define NN_CSV_OPTION(at, name, kind, field, value, choices, help)                                           \
    {                                                                                                        \
        name, kind, (at) + offsetof(nn_csv_options, field), value, 0, 0, choices, NN_EFFECT_RESULT, help     \
    }
#define NN_CSV_OPTION_ROWS(at)                                                                               \
    NN_CSV_OPTION(at, "header", NN_OPTION_CHOICE, header, "auto", nn_csv_header_choices,                     \
                  "whether the first row names the columns; auto: yes if it has a word above numbers, or "   \
                  "only words that do not occur again"),                                                     \
        NN_CSV_OPTION(                                                                                       \
            at, "delimiter", NN_OPTION_TEXT, delimiter, "auto", NULL,                                        \
            "delimiter of fields: a character, or comma, semicolon, tab, pipe, space; auto: detect it"),     \
        NN_CSV_OPTION(at, "decimal", NN_OPTION_TEXT, decimal, ".", NULL, "decimal mark of numbers: . or ,"), \
        NN_CSV_OPTION(at, "thousands", NN_OPTION_TEXT, thousands, "none", NULL,                              \
                      "separator of thousands: a character, space, or none"),                                \
        NN_CSV_OPTION(                                                                                       \
            at, "strip", NN_OPTION_TEXT_LIST, strip, "", NULL,                                               \
            "signs and units to remove around numbers: --strip %,$,kg; (): (5) is -5; -: 5- is -5"),         \
        NN_CSV_OPTION(                                                                                       \
            at, "date", NN_OPTION_TEXT_LIST, date, "", NULL,                                                 \
            "columns of dates or times, each with a strptime format: --date 'day=%Y-%m-%d'; a comma "        \
            "in it is written \\,"),                                                                         \
        NN_CSV_OPTION(                                                                                       \
            at, "dates", NN_OPTION_CHOICE, dates, "seconds", nn_csv_dates_choices,                           \
            "what dates become: seconds since 1970 (UTC; or since midnight), or a column for each "          \
            "part: year, month, day, weekday, hour, minute, second"),                                        \
        NN_CSV_OPTION(at, "drop", NN_OPTION_TEXT_LIST, drop, "", NULL,                                       \
                      "columns to remove, by name or number from 1, such as one that counts the rows"),      \
        NN_CSV_OPTION(                                                                                       \
            at, "missing", NN_OPTION_CHOICE, missing, "error", nn_csv_missing_choices,                       \
            "rows with a missing value: error, drop the row, or use the column's mean over these rows"),     \
        NN_CSV_OPTION(at, "missing_values", NN_OPTION_TEXT_LIST, missing_values,                             \
                      "[NA, N/A, NaN, nan, 'null', 'NULL', '?']", NULL,                                      \
                      "words that mean a missing value, as an empty field does"),                            \
        NN_CSV_OPTION(at, "categorical", NN_OPTION_TEXT_LIST, categorical, "", NULL,                         \
                      "columns whose values are names even if they look like numbers")

typedef enum nn_csv_kind {
    NN_CSV_UNKNOWN, /* nothing but missing values so far */
    NN_CSV_NUMBERS,
    NN_CSV_DATES,
    NN_CSV_NAMES /* become whole numbers from 0, in the order of their bytes */
} nn_csv_kind;

typedef struct nn_csv_column {
    char *title;
    bool used;        /* its values are wanted, and inspected in the first pass */
    bool target;      /* to be predicted: a missing value is never replaced */
    bool label;       /* a target whose values are classes */
    bool dropped;     /* removed by the user */
    bool named;       /* its values are names because the user says so */
    bool fixed;       /* its names, or its being numeric, come from an earlier import */
    bool coded;       /* ... where the numbers themselves are the codes of classes */
    const char *date; /* format of NN_CSV_DATES; borrowed from the options */
    bool time;        /* its values must not decrease; they are not read as numbers */
    int kinds_max;    /* how many different whole numbers to note, for classes; 0: none */
    nn_csv_kind kind;
    bool whole;        /* numbers: all are integers below 2^53 */
    bool many;         /* ... and more than kinds_max different ones */
    bool long_numbers; /* numbers: some have more digits than a double holds */
    bool zeros;        /* numbers: some are written with leading zeros, like codes */
    bool counts;       /* numbers: each is one more than the one above it, from 0 or 1 */
    int64_t values;    /* number of values present */
    int64_t absent;    /* ... and missing */
    int64_t line;      /* of the first value, */
    size_t path;       /* and its file */
    int64_t lacking;   /* the first row whose missing value is replaced by the mean; 0: none */
    double sum, mean, least, most, last;
    nn_csv_names names; /* of NN_CSV_NAMES, or the different whole numbers; sorted after the first pass */
} nn_csv_column;

typedef struct nn_csv_table {
    const char *const *paths; /* borrowed */
    size_t path_count;
    const nn_csv_options *options; /* borrowed */
    char delimiter;
    nn_csv_notation notation;
    bool header;
    bool series; /* rows are in order of time, which a column may give */
    nn_csv_column *columns;
    size_t column_count;
    int64_t rows;    /* rows kept by the first pass */
    int64_t dropped; /* rows dropped because of a missing value */
    nn_csv_reader *reader;
    size_t path;     /* the file of the current pass */
    char *last_time; /* value in the time column */
} nn_csv_table;

/* Inspects the beginning of the first file: delimiter, header, columns. A first row with one of the `known`
 * titles (may be empty) is a header. Release the table even after a failure. */
nn_status nn_csv_table_open(const char *const *paths, size_t count, const nn_csv_options *options,
                            const nn_text_list *known, nn_csv_table *table);
void nn_csv_table_release(nn_csv_table *table);

/* Index of the column that a word of `option` refers to: its title, or its number from 1. */
nn_status nn_csv_table_find(const nn_csv_table *table, const char *option, const char *word, size_t *index);

/* ---- csv_rows.c ---- */

/* The first pass over the columns in use. */
nn_status nn_csv_table_scan(nn_csv_table *table);

/* The second pass: the next row that is kept; count 0 at the end. */
nn_status nn_csv_table_next(nn_csv_table *table, nn_csv_record *record);

/* ---- csv_column.c ---- */

/* Whether the entire text is UTF-8. */
bool nn_csv_is_utf8(const char *text);

/* Whether a field means a missing value. */
bool nn_csv_missing(const nn_csv_options *options, const nn_csv_field *field);

/* Takes note of a value that is not missing (first pass). */
nn_status nn_csv_column_meet(const nn_csv_table *table, nn_csv_column *column, const nn_csv_field *field,
                             int64_t line);

/* After the first pass: sorts the names and computes the mean. */
void nn_csv_column_settle(nn_csv_column *column);

/* After the first pass: refuses columns that would become names although most of their values are numbers or
 * dates, all in one message with the options that read them. */
nn_status nn_csv_check_names(const nn_csv_table *table);

/* Whether float32 would lose more than a thousandth of the differences between the column's numbers. */
bool nn_csv_column_is_fine(const nn_csv_column *column);

/* The value as a number: itself, seconds, the code of a name, or the mean in place of a missing value. */
nn_status nn_csv_column_value(const nn_csv_table *table, const nn_csv_column *column,
                              const nn_csv_field *field, int64_t line, double *value);

/* The code of a whole number among the column's different ones. */
nn_status nn_csv_column_class(const nn_csv_table *table, const nn_csv_column *column,
                              const nn_csv_field *field, int64_t line, int64_t *class);

/* ---- csv_output.c: the columns that are written ---- */

/* A column of a field: a column of the table, or one part of its dates. */
typedef struct nn_csv_output {
    size_t column;
    int part;    /* part of a date; -1: the value itself */
    char *title; /* owned */
} nn_csv_output;

typedef struct nn_csv_outputs {
    nn_csv_output *items;
    size_t count;
} nn_csv_outputs;

/* Opens the import's sources as a table; an earlier import's column names for the field identify the
 * header. */
nn_status nn_csv_outputs_open(const nn_import *import, const char *field, const nn_csv_options *options,
                              nn_csv_table *table);

/* Frees the list and its titles. */
void nn_csv_outputs_release(nn_csv_outputs *outputs);

/* Appends what a column of the table becomes, and marks the column as used. */
nn_status nn_csv_outputs_add(nn_csv_table *table, size_t column, nn_csv_outputs *outputs);

/* The columns of a list of words; every word must refer to one. */
nn_status nn_csv_outputs_find(nn_csv_table *table, const char *option, const nn_text_list *words,
                              nn_csv_outputs *outputs);

/* The values of a row, one for each output. */
nn_status nn_csv_outputs_read(const nn_csv_table *table, const nn_csv_outputs *outputs,
                              const nn_csv_record *record, double *values);

/* Names the field's columns, and adds the names for their numbers as datasets FIELD_categories/COLUMN. To
 * be called after the first pass. */
nn_status nn_csv_outputs_describe(nn_import *import, const nn_csv_table *table, const nn_csv_outputs *outputs,
                                  nn_import_field *field);

/* Chooses the columns, and the numbering of their names, to match an earlier import (like.h). To be called
 * before the first pass; `outputs` holds the candidates, and is reduced to the earlier columns in their
 * order. */
nn_status nn_csv_outputs_like(const nn_import *import, nn_csv_table *table, const char *field,
                              nn_csv_outputs *outputs);

/* ---- csv_report.c ---- */

/* After the first pass: warns of columns in use that are probably read otherwise than intended. */
void nn_csv_warn_of_columns(const nn_csv_table *table);

/* Appends a table of how each column was read. */
void nn_csv_append_report(const nn_csv_table *table, nn_text *text);

#endif
