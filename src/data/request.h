/* How a data set is opened: what is asked for, and what is found on the way. Private to data. */
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
    int64_t indices[NN_DATA_FIELDS];          /* by input: how many; 0: it holds none */
    nn_statistics statistics[NN_DATA_FIELDS]; /* by view */
} nn_data_request;

/* The name of a target in the configuration. */
const char *nn_data_request_key(const nn_data_request *request, int target);

/* ---- what is wrong with the options ---- */

/* That there is something to train on. */
nn_status nn_data_check_train(const nn_data_request *request);

/* The options of fields, once the train part's files are looked at; what is wrong is collected. */
void nn_data_check_fields(const nn_data_request *request, const nn_source *train, nn_problems *problems);

nn_status nn_data_check_augment(const nn_dataset *dataset);

/* ---- what is measured ---- */

/* Whether the values of a view are measured for the best constant guess: where they are looked at anyway, are
 * few, or the loss needs the shares of their classes. */
bool nn_data_measures(const nn_dataset *dataset, int view);

/* Chooses the views that are not looked at before the first step: where not all values are to be checked,
 * those of which training needs nothing. Once it is known of which statistics are wanted. */
void nn_data_leave_out(nn_dataset *dataset, const nn_data_request *request);

/* ---- classes ---- */

/* What is told of each target before the files are opened: labels or values, and how many classes. */
void nn_classes_know(nn_data_request *request);

/* Takes targets for values that a loss on labels takes as such: shares of classes, probabilities, and several
 * columns of yes and no; unless their kind is given. A look at some rows of the first file of the first part.
 */
void nn_targets_recognise(nn_data_request *request, nn_source *sources);

/* Names of the classes, or indices, of a view; they tell how many there are, too. */
nn_status nn_classes_name(nn_dataset *dataset, nn_data_request *request, int view);

/* Whether the largest label of a part is one of as many classes as are known. */
nn_status nn_classes_check(const nn_dataset *dataset, const nn_data_request *request, int part, int view,
                           int64_t largest);

/* From the largest label of all parts to the number of classes, where it is not known. */
nn_status nn_classes_count(const nn_dataset *dataset, int view, int64_t largest, int64_t *classes);

/* ---- fields ---- */

/* Makes room for the statistics that normalisation and the best constant guess ask for. */
nn_status nn_fields_statistics(nn_dataset *dataset, nn_data_request *request);

/* From statistics and options to the fields, their normalisation and the best constant guess. */
nn_status nn_fields_describe(nn_dataset *dataset, const nn_data_request *request);

#endif
