/* Which data an earlier run is looked at with. */
#ifndef NN_TRAIN_TRAINED_DATA_H
#define NN_TRAIN_TRAINED_DATA_H

#include "train/trained.h"

/*
 * Opens the data of a saved run, whose model is there: what is configured, or request->files. Of those every
 * row is a sample of the test part, whatever the run has split off. They have the datasets that the
 * configuration names for a part: the one that is asked for, else test, validation or train, whichever they
 * have; x_test may be x there. For predictions, targets may be missing (trained->has_target says which are
 * there), and rows may hold anything. Collective.
 */
nn_status nn_trained_open_data(nn_comm *comm, const nn_trained_request *request, nn_trained *trained);

#endif
