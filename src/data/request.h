/* The opening of a data set: what is asked for, and what is found on the way. Private to data. */
#ifndef NN_DATA_REQUEST_H
#define NN_DATA_REQUEST_H

#include "data/scan.h"

typedef struct nn_data_request {
    const nn_data_options *options;
    const nn_data_known *known;
    const nn_target_wanted *wanted;
    int target_count;
    bool labels[NN_DATA_FIELDS];              /* by target: class labels */
    int64_t classes[NN_DATA_FIELDS];          /* by target; 0: not known yet */
    int64_t indices[NN_DATA_FIELDS];          /* by input: number of indices; 0: none */
    nn_statistics statistics[NN_DATA_FIELDS]; /* by view */
} nn_data_request;

/* The name of a target in the configuration. Borrowed. */
const char *nn_data_request_key(const nn_data_request *request, int target);

/* Lists, describes and reads all parts, and checks and measures their values, into the data set and the
 * request. Collects all problems and reports them at the end. Collective. */
nn_status nn_dataset_read(nn_comm *comm, nn_data_request *request, const char *directory, nn_dataset *dataset,
                          nn_problems *problems);

/* Makes the views of described arrays, places their values, and names their classes; collects problems. */
void nn_dataset_lay_out(nn_dataset *dataset, nn_data_request *request, nn_problems *problems);

/* Gives all ranks what rank 0 has found in the files: the sources, the names, the kind and the classes of
 * targets. The other ranks open a file when they read its rows. Collective. */
nn_status nn_sources_share(nn_comm *comm, nn_data_request *request, nn_dataset *dataset);

/* ---- checks of the options ---- */

/* Fails if there is nothing to train on. */
nn_status nn_data_check_train(const nn_data_request *request);

/* Checks the options of fields, once the train part's files are described; collects problems. */
void nn_data_check_fields(const nn_data_request *request, const nn_source *train, nn_problems *problems);

/* Fails unless the augmentation of every input suits its samples and the targets. */
nn_status nn_data_check_augment(const nn_dataset *dataset);

/* ---- measuring ---- */

/* Whether a view is measured for the constant prediction: if its values are checked anyway, are few, or
 * the loss needs the class proportions. */
bool nn_data_measures(const nn_dataset *dataset, int view);

/* Chooses the views that are not read before the first step: unless all values are checked, those from which
 * training needs nothing. To be called once the wanted statistics are known. */
void nn_data_leave_out(nn_dataset *dataset, const nn_data_request *request);

/* ---- classes ---- */

/* Fills in what is known of each target before files are opened: labels or values, number of classes. */
void nn_classes_know(nn_data_request *request);

/* Reads a target as values although its loss takes labels, if it holds class probabilities, single
 * probabilities or several yes/no columns; not if its kind is given. Looks at some rows of the first file of
 * the first part. */
void nn_targets_recognise(nn_data_request *request, nn_source *sources);

/* Finds the names of a view's classes or indices, and their number with them. */
nn_status nn_classes_name(nn_dataset *dataset, nn_data_request *request, int view);

/* Fails if the largest label of a part exceeds the known number of classes. */
nn_status nn_classes_check(const nn_dataset *dataset, const nn_data_request *request, int part, int view,
                           int64_t largest);

/* Derives the number of classes from the largest label of all parts, unless it is known. */
nn_status nn_classes_count(const nn_dataset *dataset, int view, int64_t largest, int64_t *classes);

/* ---- fields ---- */

/* Makes room for the statistics that normalisation and the constant prediction need. */
nn_status nn_fields_statistics(nn_dataset *dataset, nn_data_request *request);

/* Derives the fields, their normalisation and the constant prediction from statistics and options. */
nn_status nn_fields_describe(nn_dataset *dataset, const nn_data_request *request);

/* Derives the normalisation again, from other statistics or from what is known. */
nn_status nn_fields_rescale(nn_dataset *dataset, const nn_data_request *request);

/* Whether the values of a view are normalised by what is measured. */
bool nn_fields_measures(const nn_dataset *dataset, int view);

#endif
