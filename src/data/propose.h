/*
 * Proposes the section data: of a configuration that reads some files. Inputs and targets are told apart by
 * words in the names of datasets, groups and files (x, images, labels, train, ...), otherwise by their sizes;
 * samples along another dimension, by extents that are equal. Where dimension scales name the dimensions,
 * as in NetCDF files, coordinates are left out, and what has the same axes as the input is read with it.
 * Datasets are proposed as they are listed; what layouts make of them (data/layouts.h), under the name to be
 * written.
 */
#ifndef NN_DATA_PROPOSE_H
#define NN_DATA_PROPOSE_H

#include "base/options.h"
#include "base/text.h"
#include "data/layouts.h"
#include "data/value_statistics.h"
#include "store/scales.h"

typedef enum nn_role {
    NN_ROLE_NONE,
    NN_ROLE_INPUT,
    NN_ROLE_TARGET,
    NN_ROLE_LENGTHS,
    NN_ROLE_WEIGHTS,
    NN_ROLE_OTHER /* names, numbers and times of samples, which are neither */
} nn_role;

/* The role and the part (nn_part; -1: none) that the names of a dataset and of its file suggest. */
nn_role nn_propose_role(const char *path, const char *dataset, int *part);

/* Datasets of the same name and part, in one file or in several. */
typedef struct nn_proposed {
    char *dataset; /* owned */
    nn_text_list files;
    nn_role role;
    int part; /* -1: none */
    nn_store_info info;
    int64_t rows;    /* in all files */
    int64_t classes; /* of labels that are integers or texts; 0: others */
    int64_t first_label;
    char *labels; /* owned: "[-1, 1]", if they are not consecutive; NULL: they are */
    char *table;  /* owned: the dataset of records that it is a field of; NULL: none */
    char *option; /* owned: what data.fields.NAME needs so that it is read, "kind: text"; NULL: nothing */
    char *axes;   /* owned: the names of its axes, "time,lat,lon"; NULL: it has none */
    bool times;   /* the first of them is time */
    bool maps;    /* none of the others is */
    bool missing; /* some values are */
} nn_proposed;

typedef struct nn_proposal {
    size_t count;
    nn_proposed *items;
    char *series; /* see nn_layouts; owned; NULL: none */
    bool series_starts;
    int64_t series_rows; /* in all files */
    int64_t series_each;
} nn_proposal;

/* Adds a dataset of a file, or what a layout makes an array of; lists of names and what cannot be read are
 * left out. table, option: see nn_proposed; may be NULL. axes: of the dataset; NULL: unknown. */
nn_status nn_proposal_add(nn_proposal *proposal, const char *path, const char *dataset,
                          const nn_store_info *info, const nn_value_statistics *statistics, const char *table,
                          const char *option, const nn_store_axes *axes);
/* Says that rows are those of series (data/layouts.h). Of several files, each must say so. */
nn_status nn_proposal_add_series(nn_proposal *proposal, const nn_layouts *layouts);
/* Appends the section, or (false) why there is none; nothing if there are no datasets. */
bool nn_proposal_append(const nn_proposal *proposal, nn_text *text);
void nn_proposal_release(nn_proposal *proposal);

#endif
