/* How columns of inputs that hold numbers of categories, and missing values, reach the network: as what
 * layers of the network make of them (nn_encoding). Private to data. */
#ifndef NN_DATA_ENCODINGS_H
#define NN_DATA_ENCODINGS_H

#include "data/dataset_internal.h"
#include "data/request.h"

/* Sets the encoding of every input, from the names of its columns, the options, or what an earlier run knows;
 * without what missing values become. */
nn_status nn_encodings_make(nn_dataset *dataset, const nn_data_request *request);

/* Once the scaling of view v is known: numbers of categories are not scaled, and missing values become what
 * the options say, as the network reads values. */
nn_status nn_encodings_scale(nn_dataset *dataset, const nn_data_request *request, int v);

/* Logs which columns are read how, unless an earlier run decides. */
void nn_encodings_log(const nn_dataset *dataset, const nn_data_request *request);

#endif
