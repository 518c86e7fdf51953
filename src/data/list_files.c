/* Lists the files of a data set before anything is opened. */
#include <string.h>

#include "base/list.h"
#include "base/memory.h"
#include "data/source.h"

static nn_status files_add(const char *path, nn_text_list *files)
{
    return nn_list_find(files, path) >= 0 ? NN_OK : nn_list_add(files, path);
}

static nn_status files_add_piece(const nn_piece *piece, nn_text_list *files)
{
    NN_TRY(files_add(piece->path, files));
    for (int a = 0; a < NN_DATA_ARRAYS; a++)
        if (piece->own_path[a]) NN_TRY(files_add(piece->own_path[a], files));
    return NN_OK;
}

nn_status nn_data_files(const nn_data_options *options, const char *directory, nn_text_list *files)
{
    nn_source sources[NN_PARTS] = {{0}};
    nn_problems ignored = {0};
    const nn_target_wanted joined = {0};
    *files = (nn_text_list){0};
    nn_sources_list(options, directory, &joined, 1, sources, &ignored);
    nn_status status = NN_OK;
    for (int p = 0; p < NN_PARTS; p++)
        for (int i = 0; i < sources[p].piece_count && status == NN_OK; i++)
            status = files_add_piece(&sources[p].pieces[i], files);
    nn_problems_release(&ignored);
    nn_sources_destroy(sources);
    if (status != NN_OK) nn_list_release(files);
    return status;
}
