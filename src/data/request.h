/* How a data set is opened: what is asked for, and what is found on the way. Private to data. */
#ifndef NN_DATA_REQUEST_H
#define NN_DATA_REQUEST_H

#include "data/scan.h"

#define nn_fields_statistics NN_REAL_SYMBOL(nn_fields_statistics)
#define nn_data_request_key NN_REAL_SYMBOL(nn_data_request_key)
#define nn_fields_describe NN_REAL_SYMBOL(nn_fields_describe)

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

/* Makes room for the statistics that normalisation and the best constant guess ask for. */
nn_status nn_fields_statistics(nn_dataset *dataset, nn_data_request *request);

/* From statistics and options to the fields, their normalisation and the best constant guess. */
nn_status nn_fields_describe(nn_dataset *dataset, const nn_data_request *request);

#endif
