/*
 * Finds what a file stores in place of dense datasets (store/layout.h), so that it can be shown and proposed:
 * sparse matrices, columns of categories, sequences, members of groups, and the dataset that says which rows
 * are of one series. From the names, types and extents of the datasets; values are read where integers may be
 * offsets, lengths, or the numbers of series.
 */
#ifndef NN_DATA_LAYOUTS_H
#define NN_DATA_LAYOUTS_H

#include "base/options.h"
#include "store/store.h"

typedef struct nn_layouts_dataset {
    char *name; /* owned */
    nn_store_type type;
    int dimensions;
    int64_t extents[3]; /* of the first dimensions; 1 for those that it does not have */
    bool part;          /* of an array found: not a field by itself */
    bool member;        /* one of many, after the first */
} nn_layouts_dataset;

typedef struct nn_layouts_array {
    char *name;   /* as a configuration names it; owned */
    char *option; /* what data.fields.NAME needs for it; NULL: nothing; owned */
    int members;  /* NN_STORE_MEMBERS_... */
    bool texts;   /* numbers of categories, which have names */
} nn_layouts_array;

/* Zero-initialise. */
typedef struct nn_layouts {
    size_t count, capacity;
    nn_layouts_dataset *datasets; /* in the order of nn_store_visit */
    size_t found;
    nn_layouts_array *arrays;
    char *series;        /* the dataset that says where series begin, or of which series a row is; owned */
    bool series_starts;  /* it has their first rows */
    int64_t series_rows; /* of all series together */
    int64_t series_each; /* rows per series, on average */
} nn_layouts;

/* Lists the datasets of a file, and finds what they are. What cannot be read is not found. */
nn_status nn_layouts_find(nn_store_file *file, nn_layouts *layouts);
void nn_layouts_release(nn_layouts *layouts);

/* Whether a dataset has the names of another one's columns, classes or categories, or is an index of
 * PyTables. */
bool nn_layouts_is_list(const char *dataset);

/* For the finders: adds an array (name and option are copied) if the file has it; *added: it does. */
nn_status nn_layouts_add(nn_store_file *file, nn_layouts *layouts, const nn_layouts_array *array,
                         bool *added);
/* Whether a dataset is neither part of an array nor a list of names; `numbers`: and has numbers. */
bool nn_layouts_is_free(const nn_layouts_dataset *dataset, bool numbers);
/* Marks the datasets below a group. */
void nn_layouts_take_group(nn_layouts *layouts, const char *group);

nn_status nn_layouts_find_groups(nn_store_file *file, nn_layouts *layouts);    /* layouts_groups.c */
nn_status nn_layouts_find_members(nn_store_file *file, nn_layouts *layouts);   /* layouts_members.c */
nn_status nn_layouts_find_sequences(nn_store_file *file, nn_layouts *layouts); /* layouts_sequences.c */

#endif
