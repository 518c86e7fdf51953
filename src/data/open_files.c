#include "data/open_files.h"

#include <string.h>

#include "base/memory.h"

static nn_status open_make_room(nn_open_files *files)
{
    int room = files->room > 0 ? 2 * files->room : 8;
    if (files->count < files->room) return NN_OK;
    NN_TRY(nn_reallocate((void **)&files->items, (size_t)files->room, (size_t)room, sizeof *files->items,
                         "the list of open files"));
    files->room = room;
    return NN_OK;
}

nn_status nn_open_files_take(nn_open_files *files, const char *path, nn_store_file **file)
{
    *file = NULL;
    for (int i = 0; i < files->count; i++) {
        if (strcmp(files->items[i].path, path) != 0) continue;
        files->items[i].users++;
        *file = files->items[i].file;
        return NN_OK;
    }
    nn_open_file made = {.users = 1};
    NN_TRY(open_make_room(files));
    NN_TRY(nn_copy_text(path, &made.path));
    nn_status status = nn_store_open(path, &made.file);
    if (status != NN_OK) {
        nn_free(made.path);
        return status;
    }
    files->items[files->count++] = made;
    *file = made.file;
    return NN_OK;
}

void nn_open_files_give(nn_open_files *files, nn_store_file *file)
{
    int i = 0;
    while (i < files->count && files->items[i].file != file) i++;
    if (i == files->count || --files->items[i].users > 0) return;
    nn_store_close(file);
    nn_free(files->items[i].path);
    files->items[i] = files->items[--files->count];
}

void nn_open_files_release(nn_open_files *files)
{
    nn_free(files->items);
    *files = (nn_open_files){0};
}
