/* In the library without HDF5 (libnntrain_model): in the place of predict_checkpoint.c. */
#include "host/files.h"
#include "model/predictor.h"

nn_status nn_predictor_core_load_checkpoint(const char *path, int64_t microbatch, nn_predictor_core **core)
{
    bool there;
    (void)microbatch, (void)core;
    NN_TRY(nn_file_exists(path, &there));
    if (!there) NN_FAIL(NN_ERROR_USAGE, "%s: no such file", path);
    NN_FAIL(
        NN_ERROR_USAGE,
        "%s is not a model.nn, and this library, libnntrain_model, reads nothing else, as it has no HDF5; "
        "write one with `nntrain export RUN_DIR model.nn`, or link libnntrain_infer",
        path);
}
