/*
 * Text files with the same columns as one table: which columns there are, what they hold (a first pass), and
 * their rows as numbers (a second one). Memory is bounded by the names of the columns that hold names.
 * Private to import.
 */
#ifndef NN_IMPORT_CSV_TABLE_H
#define NN_IMPORT_CSV_TABLE_H

#include "import/csv_names.h"
#include "import/csv_reader.h"
#include "import/importer.h"

/* Options of every importer of such files. */
typedef struct nn_csv_options {
    int header;
    char *delimiter;
    int missing;
    nn_text_list missing_values; /* beside the empty one */
    nn_text_list categorical;    /* columns of names, even where they look like numbers */
} nn_csv_options;

enum { NN_CSV_HEADER_AUTO, NN_CSV_HEADER_YES, NN_CSV_HEADER_NO };
enum { NN_CSV_MISSING_ERROR, NN_CSV_MISSING_DROP, NN_CSV_MISSING_MEAN };
extern const char *const nn_csv_header_choices[], *const nn_csv_missing_choices[];

/* Their rows of an option table; `at` is the offset of the nn_csv_options in the options. */
#define NN_CSV_OPTION_ROWS(at)                                                                               \
    {"header",                                                                                               \
     NN_OPTION_CHOICE,                                                                                       \
     (at) + offsetof(nn_csv_options, header),                                                                \
     "auto",                                                                                                 \
     0,                                                                                                      \
     0,                                                                                                      \
     nn_csv_header_choices,                                                                                  \
     NN_EFFECT_RESULT,                                                                                       \
     "whether the first row names the columns; auto: yes where it has a word above numbers"},                \
        {"delimiter",                                                                                        \
         NN_OPTION_TEXT,                                                                                     \
         (at) + offsetof(nn_csv_options, delimiter),                                                         \
         "auto",                                                                                             \
         0,                                                                                                  \
         0,                                                                                                  \
         NULL,                                                                                               \
         NN_EFFECT_RESULT,                                                                                   \
         "between fields: a character, or comma, semicolon, tab, pipe, space; auto: looks for one"},         \
        {"missing",                                                                                          \
         NN_OPTION_CHOICE,                                                                                   \
         (at) + offsetof(nn_csv_options, missing),                                                           \
         "error",                                                                                            \
         0,                                                                                                  \
         0,                                                                                                  \
         nn_csv_missing_choices,                                                                             \
         NN_EFFECT_RESULT,                                                                                   \
         "of a row that lacks a value: an error, drop the row, or take the column's mean"},                  \
        {"missing_values",                                                                                   \
         NN_OPTION_TEXT_LIST,                                                                                \
         (at) + offsetof(nn_csv_options, missing_values),                                                    \
         "[NA, N/A, NaN, nan, 'null', 'NULL', '?']",                                                         \
         0,                                                                                                  \
         0,                                                                                                  \
         NULL,                                                                                               \
         NN_EFFECT_RESULT,                                                                                   \
         "words that stand for a missing value, as an empty field does"},                                    \
    {                                                                                                        \
        "categorical", NN_OPTION_TEXT_LIST, (at) + offsetof(nn_csv_options, categorical), "", 0, 0, NULL,    \
            NN_EFFECT_RESULT, "columns whose values are names even where they look like numbers"             \
    }

typedef enum nn_csv_kind {
    NN_CSV_UNKNOWN, /* nothing but missing values so far */
    NN_CSV_NUMBERS,
    NN_CSV_NAMES /* become whole numbers from 0, in the order of their bytes */
} nn_csv_kind;

typedef struct nn_csv_column {
    char *title;
    bool used;     /* its values are wanted, and looked at in the first pass */
    bool target;   /* to be predicted: a missing value is not made up */
    bool named;    /* its values are names because the user says so */
    bool time;     /* its values must not go back; they are not read as numbers */
    int kinds_max; /* different whole numbers to note, for classes; 0: none */
    nn_csv_kind kind;
    bool whole;      /* numbers: all are whole, below 2^53 */
    bool many;       /* ... and more than kinds_max different ones */
    int64_t values;  /* that are not missing */
    int64_t lacking; /* the first row without a value that the mean is to stand for; 0: none */
    double sum, mean;
    nn_csv_names names; /* of NN_CSV_NAMES, or the different whole numbers; sorted after the first pass */
} nn_csv_column;

typedef struct nn_csv_table {
    const char *const *paths; /* borrowed */
    size_t path_count;
    const nn_csv_options *options; /* borrowed */
    char delimiter;
    bool header;
    nn_csv_column *columns;
    size_t column_count;
    int64_t rows;    /* of the first pass: those that are kept */
    int64_t dropped; /* for want of a value */
    nn_csv_reader *reader;
    size_t path;     /* of the pass under way */
    char *last_time; /* of the time column */
} nn_csv_table;

/* Looks at the beginning of the first file: delimiter, header, columns. Release it also after a failure. */
nn_status nn_csv_table_open(const char *const *paths, size_t count, const nn_csv_options *options,
                            nn_csv_table *table);
void nn_csv_table_release(nn_csv_table *table);

/* Index of the column that a word of `option` means: its title, or its number from 1. */
nn_status nn_csv_table_find(const nn_csv_table *table, const char *option, const char *word, size_t *index);

/* The first pass over the columns in use. */
nn_status nn_csv_table_scan(nn_csv_table *table);

/* The second pass: the next row that is kept. */
nn_status nn_csv_table_next(nn_csv_table *table, nn_csv_record *record);

/* ---- csv_column.c ---- */

bool nn_csv_is_utf8(const char *text);

/* Whether a field stands for a missing value. */
bool nn_csv_missing(const nn_csv_options *options, const nn_csv_field *field);

/* Takes note of a value that is not missing; `place` names file and line in a failure. */
nn_status nn_csv_column_meet(nn_csv_column *column, const nn_csv_field *field, const char *path,
                             int64_t line);

/* After the first pass. */
void nn_csv_column_settle(nn_csv_column *column);

/* The value as a number: itself, the code of a name, or the mean in place of a missing one. */
nn_status nn_csv_column_value(const nn_csv_table *table, const nn_csv_column *column,
                              const nn_csv_field *field, int64_t line, double *value);

/* The code of a whole number among the column's different ones. */
nn_status nn_csv_column_class(const nn_csv_table *table, const nn_csv_column *column,
                              const nn_csv_field *field, int64_t line, int64_t *class);

#endif
