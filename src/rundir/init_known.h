/* What a run that begins with another run's weights takes over of that run's data: names and normalisation.
 */
#ifndef NN_RUNDIR_INIT_KNOWN_H
#define NN_RUNDIR_INIT_KNOWN_H

#include "comm/comm.h"
#include "data/dataset.h"
#include "model/model.h"
#include "settings/job.h"
#include "settings/settings.h"
#include "store/kept.h"

typedef struct nn_init_known {
    bool given;          /* otherwise there is nothing to take over */
    nn_data_known known; /* for nn_dataset_open */
    nn_model *model;
    char path[NN_PATH_SIZE];
    nn_known_field fields[NN_DATA_FIELDS];
} nn_init_known;

/*
 * Reads them from the run or checkpoint of settings->init_from; from the run's own newest checkpoint where it
 * has one, so that it continues as it began whatever has happened to the other run. A target whose output
 * layer is excluded keeps nothing. Release it in any case, once the data is open. Collective.
 */
nn_status nn_init_known_read(nn_comm *comm, const nn_settings *settings, const char *folder,
                             const nn_job *job, nn_init_known *known);
void nn_init_known_release(nn_init_known *known);

#endif
