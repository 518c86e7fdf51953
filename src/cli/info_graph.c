/* The network of a checkpoint as JSON. */
#include <stdio.h>

#include "base/memory.h"
#include "cli/info.h"
#include "model/model_file.h"
#include "model/predictor.h"
#include "store/kept.h"

/* That of a file model.nn. */
static nn_status graph_of_model(const char *path)
{
    nn_predictor_core *core;
    NN_TRY(nn_predictor_core_load(path, 0, &core));
    fputs(core->graph.bytes, stdout);
    nn_predictor_core_release(core);
    return NN_OK;
}

nn_status nn_info_graph(const char *run_or_checkpoint)
{
    char path[NN_PATH_SIZE], *text = NULL;
    void *bytes = NULL;
    size_t size;
    nn_store_file *file = NULL;
    nn_status status;
    if (nn_model_file_is(run_or_checkpoint)) return graph_of_model(run_or_checkpoint);
    NN_TRY_TO(done, status, nn_kept_find(run_or_checkpoint, path, &bytes, &size));
    NN_TRY_TO(done, status, nn_store_open_image(bytes, size, path, &file));
    if (!nn_store_has(file, NN_MODEL_GRAPH))
        status = nn_fail(NN_ERROR_CHECKPOINT,
                         "%s was written by an earlier version, which stored no graph; train the run further "
                         "with this one, by a larger training.epochs",
                         path);
    else
        status = nn_store_read_text(file, NN_MODEL_GRAPH, &text);
    if (status == NN_OK) fputs(text, stdout);
done:
    nn_store_close(file);
    nn_free(text);
    nn_free(bytes);
    return status;
}
