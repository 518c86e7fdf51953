#include "train/showing.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "boards/board.h"

struct nn_showing {
    nn_board *board;
    nn_event_setting *settings;
    nn_text configuration;
};

/* The values that decide the result or the length of the run; those of speed and output distinguish no runs.
 */
static nn_status showing_list_settings(const nn_run *run, nn_showing *showing, size_t *count)
{
    const nn_config_value *values;
    size_t all = nn_config_values(run->config, &values);
    *count = 0;
    NN_TRY(NN_ALLOCATE(&showing->settings, all, "the settings for TensorBoard"));
    for (size_t v = 0; v < all; v++)
        if (values[v].effect == NN_EFFECT_RESULT || values[v].effect == NN_EFFECT_EXTENT)
            showing->settings[(*count)++] = (nn_event_setting){values[v].path, values[v].value};
    return NN_OK;
}

/* A text of Markdown, as TensorBoard shows it: indented lines are shown as they are. */
static nn_status showing_write_configuration(const nn_run *run, nn_showing *showing)
{
    nn_text text = {0};
    nn_config_emit(run->config, &text);
    for (const char *line = text.bytes; line && *line; line += strcspn(line, "\n"), line += *line == '\n')
        nn_text_append(&showing->configuration, "    %.*s\n", (int)strcspn(line, "\n"), line);
    bool failed = text.failed || showing->configuration.failed;
    nn_text_free(&text);
    return failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for the configuration") : NN_OK;
}

nn_status nn_showing_open(nn_run *run)
{
    const nn_logging_options *logging = &run->settings.logging;
    nn_showing *showing;
    size_t count;
    if (!run->directory.writer || !(logging->tensorboard || logging->csv)) return NN_OK;
    NN_TRY(NN_ALLOCATE(&showing, 1, "what other programs show of the run"));
    run->showing = showing;
    NN_TRY(showing_list_settings(run, showing, &count));
    NN_TRY(showing_write_configuration(run, showing));
    const nn_board_request request = {.run_directory = run->directory.path,
                                      .host = nn_comm_host(run->comm),
                                      .events = logging->tensorboard,
                                      .table = logging->csv,
                                      .step = run->state.step,
                                      .history = run->state.history.bytes,
                                      .settings = showing->settings,
                                      .setting_count = count,
                                      .configuration =
                                          showing->configuration.bytes ? showing->configuration.bytes : ""};
    return nn_board_create(&request, &showing->board);
}

void nn_showing_close(nn_run *run)
{
    nn_showing *showing = run->showing;
    if (!showing) return;
    nn_board_destroy(showing->board);
    nn_free(showing->settings);
    nn_text_free(&showing->configuration);
    nn_free(showing);
    run->showing = NULL;
}

void nn_showing_follow(nn_run *run)
{
    if (run->showing)
        nn_board_follow(run->showing->board, run->state.history.bytes, run->state.history.length);
}

nn_status nn_showing_weights(nn_run *run)
{
    const nn_network *network = run->model->network;
    char name[256];
    if (!run->settings.logging.tensorboard) return NN_OK;
    NN_TRY(nn_stepper_settle(run->stepper));
    if (!run->showing || !nn_board_has_histograms(run->showing->board)) return NN_OK;
    const nn_real *weights = nn_reduction_weights(run->stepper->reduction);
    for (int l = 0; l < network->layer_count; l++) {
        const nn_layer *layer = &network->layers[l];
        for (int p = 0; p < layer->parameter_count; p++) {
            const nn_parameter *parameter = &layer->parameters[p];
            size_t offset = (size_t)(layer->offset + parameter->offset);
            snprintf(name, sizeof name, "weights/%s/%s", layer->name, parameter->name);
            nn_board_put_histogram(run->showing->board, run->state.step, name, network->scalar,
                                   nn_scalar_at(network->scalar, weights, offset), (size_t)parameter->count);
        }
    }
    return NN_OK;
}
