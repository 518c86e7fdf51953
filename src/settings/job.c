#include "settings/job.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/memory.h"
#include "config/config.h"
#include "settings/init_options.h"
#include "settings/settings_data.h"
#include "store/kept.h"
#include "store/store.h"

void nn_job_folder(const char *config_path, char *folder)
{
    const char *slash = strrchr(config_path, '/');
    char path[NN_PATH_SIZE], *real;
    snprintf(path, sizeof path, "%.*s", slash ? (int)(slash - config_path + 1) : 1,
             slash ? config_path : ".");
    real = realpath(path, NULL);
    snprintf(folder, NN_PATH_SIZE, "%s", real ? real : path);
    free(real);
}

/* The weights of another program, if they are in an HDF5 file. */
static nn_status job_add_weights(nn_config *config, const char *folder, nn_text_list *files)
{
    nn_init_options options = {0};
    nn_text path = {0};
    nn_status status = NN_OK;
    nn_settings_init_read(config, &options);
    const char *file = options.file, *ending = file ? strrchr(file, '.') : NULL;
    if (ending && strcmp(ending, ".h5") == 0) {
        nn_text_append(&path, "%s%s%s", file[0] == '/' ? "" : folder, file[0] == '/' ? "" : "/", file);
        status = path.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for the names of files")
                             : nn_list_add(files, path.bytes);
    }
    nn_text_free(&path);
    nn_settings_init_release(&options);
    return status;
}

nn_status nn_job_files(const nn_job *job, nn_text_list *files, const char **weights)
{
    nn_config *config = NULL;
    nn_data_options data = {0};
    char folder[NN_PATH_SIZE];
    *files = (nn_text_list){0};
    *weights = NULL;
    NN_TRY(nn_config_load(job->config_path, job->overrides, job->override_count, &config));
    nn_settings_read_data(config, nn_config_root(config), &data);
    nn_job_folder(job->config_path, folder);
    nn_status status = nn_data_files(&data, folder, files);
    size_t data_files = files->count;
    if (status == NN_OK) status = job_add_weights(config, folder, files);
    if (status == NN_OK && files->count > data_files) *weights = files->items[data_files];
    nn_data_options_release(&data);
    nn_config_destroy(config);
    return status;
}

nn_status nn_job_files_of(const char *run_or_checkpoint, nn_text_list *files)
{
    char path[NN_PATH_SIZE], *text = NULL, *folder = NULL;
    void *bytes = NULL;
    size_t size = 0;
    nn_store_file *file = NULL;
    nn_config *config = NULL;
    nn_data_options data = {0};
    nn_status status;
    *files = (nn_text_list){0};
    NN_TRY_TO(done, status, nn_kept_find(run_or_checkpoint, path, &bytes, &size));
    NN_TRY_TO(done, status, nn_store_open_image(bytes, size, path, &file));
    NN_TRY_TO(done, status, nn_store_read_text(file, "config", &text));
    NN_TRY_TO(done, status, nn_store_read_text(file, "@data_folder", &folder));
    NN_TRY_TO(done, status, nn_config_parse(text, path, NULL, 0, &config));
    nn_settings_read_data(config, nn_config_root(config), &data);
    status = nn_data_files(&data, folder, files);
done:
    nn_data_options_release(&data);
    nn_config_destroy(config);
    nn_store_close(file);
    nn_free(folder);
    nn_free(text);
    nn_free(bytes);
    return status;
}

nn_status nn_job_files_listed(const nn_text_list *names, nn_text_list *files)
{
    char *name = (char *)(uintptr_t) "x"; /* any will do: no file is opened */
    nn_data_options options = {.file = *names};
    options.parts[NN_TRAIN].x = (nn_data_names){.count = 1, .names = {name}, .datasets = {name}};
    options.parts[NN_TRAIN].y = options.parts[NN_TRAIN].x;
    return nn_data_files(&options, "", files);
}
