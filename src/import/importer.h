/*
 * What an importer is. The plug-in of an importer is one file src/import/importer_NAME.c with one exported
 * object nn_importer_NAME, and one line in importer_list.h. It inspects the sources and declares which tables
 * of rows it will deliver; the common part (import.h) splits, converts, compresses and writes them, block by
 * block.
 *
 * Files are later matched by names: evaluation and prediction map the numbers of classes and categories, and
 * the order of columns, through the lists NAME_classes, NAME_columns and NAME_categories/COLUMN (base/names.h
 * describes how they are stored and read). An importer that numbers words therefore writes the list of words
 * in the order of their numbers.
 */
#ifndef NN_IMPORT_IMPORTER_H
#define NN_IMPORT_IMPORTER_H

#include "base/options.h"
#include "base/shape.h"
#include "base/status.h"
#include "base/text.h"
#include "store/store.h"

#define NN_IMPORT_FIELDS 64
#define NN_IMPORT_TABLES 3

/* An attribute of a dataset, or of the file. */
typedef struct nn_import_attribute {
    char *name;         /* owned */
    nn_store_type type; /* NN_STORE_TEXT: `values` is a text that ends with NUL */
    int64_t count;      /* of numbers */
    void *values;       /* owned */
} nn_import_attribute;

typedef struct nn_import_attributes {
    size_t count;
    nn_import_attribute *items; /* owned */
} nn_import_attributes;

/* A field of the rows: one dataset of the output per part. */
typedef struct nn_import_field {
    char *name;         /* owned: "x", "y", "series" */
    nn_store_type type; /* of the values that read() delivers, and of the file unless the user gives dtype */
    nn_shape shape;     /* of one row; 0 dimensions: a single value */
    bool narrow;        /* F64 is delivered, but F32 written unless the user gives dtype */
    bool label;      /* values are classes from 0: unaffected by dtype; a single one is used by stratified */
    int64_t ignored; /* of a label: this number means no class; 0: none does */
    bool sparse; /* of one dimension: read() delivers an nn_import_sparse_row per row; written as a CSR matrix
                  */
    int64_t sparse_most;  /* of such a field: the most values in a row */
    nn_text_list classes; /* owned names of the classes, written as dataset NAME_classes; empty: none */
    nn_text_list columns; /* owned names along the last extent, written as NAME_columns; empty: none */
    bool fixed;           /* attributes describe the values as they are: unaffected by dtype */
    bool characters;      /* U8: written as strings of one byte each */
    bool filled;          /* HDF5 notes `fill`, of the field's type, as the fill value */
    unsigned char fill[8];
    nn_import_attributes attributes; /* owned */
    nn_text_list axes; /* owned names of dimension scales, of the rows first: fields of the same table, or
                          extras; "" for none; empty: none at all */
} nn_import_field;

/* A small dataset, not a field of rows, which is complete before they are read: coordinates. */
typedef struct nn_import_extra {
    nn_import_field field; /* shape: of the entire dataset, of at least one dimension */
    bool bare;             /* a dimension without coordinates */
    void *values;          /* owned */
} nn_import_extra;

/* The values of a row that are not 0, by ascending column; borrowed from the importer until the next read().
 */
typedef struct nn_import_sparse_row {
    int64_t count;
    const int32_t *indices; /* from 0 */
    const double *values;
} nn_import_sparse_row;

/* Rows that belong together. */
typedef struct nn_import_table {
    const char *part; /* borrowed: "train" or "test" if the format defines parts (datasets x_train, ...);
                         NULL: all rows, to be split as the user asks (datasets x, y when nothing is split) */
    int64_t rows;     /* known when open() returns */
    bool ordered;     /* rows form one series or text: only a chronological split makes sense */
    int field_count;
    nn_import_field fields[NN_IMPORT_FIELDS];
} nn_import_table;

/* Names for values other than those of a field: written as a dataset of their own. */
typedef struct nn_import_names {
    char *dataset; /* owned: "x_categories/colour" */
    nn_text_list names;
} nn_import_names;

/* An import in progress. Zero-initialise it; release it with nn_import_release. */
typedef struct nn_import {
    const void *options;        /* the importer's own options; borrowed */
    const char *const *sources; /* files or folders as the user gave them; borrowed */
    size_t source_count;
    const struct nn_import_like *like; /* an earlier import to match (like.h), or NULL; borrowed */
    int table_count;
    nn_import_table tables[NN_IMPORT_TABLES];
    nn_import_names *names; /* owned */
    size_t names_count;
    nn_import_extra *extras; /* owned */
    size_t extra_count;
    nn_import_attributes attributes; /* owned: of the file */
    nn_text report;                  /* the importer's remarks on its sources, for the user */
    void *state;                     /* the importer's own; freed by its close() */
} nn_import;

typedef struct nn_importer {
    const char *name;
    const char *summary; /* one line for help */
    const char *example; /* a command line: "nntrain import csv prices.csv --y close -o prices.h5" */
    const char *ending;  /* of its files' names, so that `nntrain import FILE` finds it: ".nc"; NULL: others
                            have it, too */
    const char *writes;  /* for help: the datasets it writes, with types and shapes */
    const nn_option *options;
    size_t options_size;
    bool parallel; /* read() may be called for any rows in any order: ranks under mpirun share the work; no
                      field may then be sparse */

    /* The HDF5 file named by the options that open() also reads, or NULL. May itself be NULL. */
    const char *(*reads)(const void *options);
    /* Inspects all sources (may read them once, in bounded memory) and fills the tables. A failure names the
     * file and, for text, the line. */
    nn_status (*open)(nn_import *import);
    /* Delivers rows [first, first + rows) of a table: values[f] has room for them in the field's type. Rows
     * are requested in order and once, unless `parallel`. */
    nn_status (*read)(nn_import *import, int table, int64_t first, int64_t rows, void *const *values);
    void (*close)(nn_import *import); /* also called after a failed open() */
} nn_importer;

/* The list, NULL-terminated; and one importer by name, or NULL. */
const nn_importer *const *nn_importers(void);
const nn_importer *nn_importer_find(const char *name);
/* The one whose files are named like this, or NULL. */
const nn_importer *nn_importer_of_file(const char *path);

/* Calls close() and frees what the tables own. */
void nn_import_release(const nn_importer *importer, nn_import *import);

/* For open(): begins a table; adds a field to it (the name is copied). *table and *field are borrowed. */
nn_status nn_import_add_table(nn_import *import, const char *part, int64_t rows, nn_import_table **table);
nn_status nn_import_add_field(nn_import_table *table, const char *name, nn_store_type type, nn_shape shape,
                              nn_import_field **field);

/* Adds an attribute: copies the name and the values; a text need not end with NUL. */
nn_status nn_import_add_attribute(nn_import_attributes *attributes, const char *name, nn_store_type type,
                                  int64_t count, const void *values);
void nn_import_release_attributes(nn_import_attributes *attributes);
/* Adds a dataset of its own, with memory for its values. *extra is borrowed, and valid until the next one. */
nn_status nn_import_add_extra(nn_import *import, const char *name, nn_store_type type, nn_shape shape,
                              nn_import_extra **extra);

/* Begins another list of names; *names is borrowed, and valid until the next list is begun. */
nn_status nn_import_add_names(nn_import *import, const char *dataset, nn_text_list **names);

#endif
