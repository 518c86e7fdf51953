/* In the place of event files in a build without protobuf-c. */
#include "boards/event_file.h"

nn_status nn_event_file_exists(const char *run_directory, bool *there)
{
    (void)run_directory;
    *there = false;
    return NN_OK;
}

nn_status nn_event_file_create(const char *run_directory, const char *host, int64_t first_step,
                               nn_event_file **file)
{
    (void)run_directory, (void)host, (void)first_step;
    *file = NULL;
    NN_FAIL(NN_ERROR_USAGE, "this nntrain writes nothing for TensorBoard: it was built without protobuf-c");
}

void nn_event_file_destroy(nn_event_file *file)
{
    (void)file;
}

nn_status nn_event_file_append_settings(nn_event_file *file, const nn_event_setting *settings, size_t count,
                                        const char *configuration)
{
    (void)file, (void)settings, (void)count, (void)configuration;
    return NN_OK;
}

nn_status nn_event_file_append_scalars(nn_event_file *file, const nn_scalars *scalars)
{
    (void)file, (void)scalars;
    return NN_OK;
}

nn_status nn_event_file_append_histogram(nn_event_file *file, int64_t step, const char *name,
                                         nn_scalar scalar, const nn_real *values, size_t count)
{
    (void)file, (void)step, (void)name, (void)scalar, (void)values, (void)count;
    return NN_OK;
}
