#include "train/prints_log.h"

#include <inttypes.h>

#include "nn/network.h"
#include "train/lines.h"

/* All ranks have the weights, and each keeps the history. */
nn_status nn_prints_log(nn_run *run)
{
    const nn_network *network = run->model->network;
    nn_duration every = run->settings.logging.fingerprints;
    nn_text line = {0};
    bool first = true;
    if (every.unit == NN_DURATION_NONE || !nn_plan_interval_ends(&run->plan, every, run->state.step))
        return NN_OK;
    NN_TRY(nn_stepper_settle(run->stepper));
    const nn_real *weights = nn_reduction_weights(run->stepper->reduction);
    nn_text_append(
        &line, "{\"line\":\"fingerprints\",\"step\":%" PRId64 ",\"weights\":\"%016" PRIx64 "\",\"layers\":{",
        run->state.step, nn_network_fingerprint(network, weights));
    for (int l = 0; l < network->layer_count; l++) {
        if (network->layers[l].parameter_count == 0) continue;
        nn_text_append(&line, "%s", first ? "" : ",");
        nn_text_append_json(&line, network->layers[l].name);
        nn_text_append(&line, ":\"%016" PRIx64 "\"", nn_network_fingerprint_layer(network, l, weights, 0));
        first = false;
    }
    nn_text_append(&line, "}}\n");
    return nn_comm_agree(run->comm, nn_run_append_line(run, &line));
}
