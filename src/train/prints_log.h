/* The lines of metrics.jsonl with fingerprints of the weights (logging.fingerprints), for `nntrain diff`:
 * {"line":"fingerprints","step":100,"weights":"0123456789abcdef","layers":{"dense1":"...","dense2":"..."}}.
 * That of all weights is what a run of this many steps would end with. */
#ifndef NN_TRAIN_PRINTS_LOG_H
#define NN_TRAIN_PRINTS_LOG_H

#include "train/run.h"

/* After a step, once it counts as done: where it is due. Collective. */
nn_status nn_prints_log(nn_run *run);

#endif
