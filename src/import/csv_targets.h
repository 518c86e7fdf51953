/* The targets of tables of text: classes from one column, or values from one or more. Private to import. */
#ifndef NN_IMPORT_CSV_TARGETS_H
#define NN_IMPORT_CSV_TARGETS_H

#include "import/csv_table.h"

/* Options of every importer of such targets. */
typedef struct nn_csv_target_options {
    nn_text_list y;
    int target;
} nn_csv_target_options;

enum { NN_CSV_TARGET_AUTO, NN_CSV_TARGET_CLASS, NN_CSV_TARGET_VALUE };
extern const char *const nn_csv_target_choices[];

/* The rows of their option table; `at` is the offset of the nn_csv_target_options. */
#define NN_CSV_TARGET_OPTION_ROWS(at)                                                                        \
    {"y",                                                                                                    \
     NN_OPTION_TEXT_LIST,                                                                                    \
     (at) + offsetof(nn_csv_target_options, y),                                                              \
     "",                                                                                                     \
     0,                                                                                                      \
     0,                                                                                                      \
     NULL,                                                                                                   \
     NN_EFFECT_RESULT,                                                                                       \
     "columns of the targets, by name or number from 1: --y price, or several: --y east,north "              \
     "(default: the last one); none: no targets"},                                                           \
    {                                                                                                        \
        "target", NN_OPTION_CHOICE, (at) + offsetof(nn_csv_target_options, target), "auto", 0, 0,            \
            nn_csv_target_choices, NN_EFFECT_RESULT,                                                         \
            "what y holds; auto: classes if it has names or at most 20 different integers, otherwise values" \
    }

/* Zero-initialise; release its outputs. */
typedef struct nn_csv_targets {
    nn_csv_outputs outputs; /* none: there are no targets */
    bool label;             /* classes, of a single column */
    nn_store_type type;     /* of the values that nn_csv_targets_read delivers */
} nn_csv_targets;

/* Chooses the columns, before the first pass: those of the options, or else `usual` (none, if it is the
 * number of columns); classes of an earlier import are taken over. */
nn_status nn_csv_targets_choose(const nn_import *import, const nn_csv_target_options *options,
                                nn_csv_table *table, size_t usual, nn_csv_targets *targets);

/* After the first pass: whether they are classes; fails if they cannot be what the user says. */
nn_status nn_csv_targets_decide(const nn_csv_target_options *options, nn_csv_table *table,
                                nn_csv_targets *targets);

/* Adds the field y to a table of the import; does nothing if there are no targets. */
nn_status nn_csv_targets_add(nn_import *import, const nn_csv_table *table, nn_csv_targets *targets,
                             nn_import_table *rows);

/* Writes the targets of a record as row `row` of values, in their type. */
nn_status nn_csv_targets_read(const nn_csv_table *table, const nn_csv_targets *targets,
                              const nn_csv_record *record, int64_t row, void *values);

#endif
