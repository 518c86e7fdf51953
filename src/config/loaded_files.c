#include "config/loaded_files.h"

#include <string.h>

#include "base/memory.h"

/* Precedes the path and the contents. */
typedef struct files_head {
    size_t path_length, length;
    uint64_t device, inode;
} files_head;

nn_status nn_config_files_find(const nn_config_files *files, const char *path, nn_config_loaded *loaded,
                               bool *there)
{
    files_head head;
    *there = false;
    for (size_t at = 0; files && at < files->size; at += sizeof head + head.path_length + head.length) {
        memcpy(&head, files->bytes + at, sizeof head);
        const unsigned char *name = files->bytes + at + sizeof head;
        if (head.path_length != strlen(path) || memcmp(name, path, head.path_length) != 0) continue;
        NN_TRY(NN_ALLOCATE((char **)&loaded->bytes, head.length + 1, "a configuration file"));
        memcpy(loaded->bytes, name + head.path_length, head.length);
        loaded->length = head.length;
        loaded->device = head.device;
        loaded->inode = head.inode;
        *there = true;
        return NN_OK;
    }
    return NN_OK;
}

nn_status nn_config_files_add(nn_config_files *files, const char *path, const nn_config_loaded *loaded)
{
    const files_head head = {strlen(path), loaded->length, loaded->device, loaded->inode};
    size_t size = sizeof head + head.path_length + head.length;
    if (!files) return NN_OK;
    NN_TRY(nn_reallocate((void **)&files->bytes, files->size, files->size + size, 1, "a configuration file"));
    unsigned char *to = files->bytes + files->size;
    memcpy(to, &head, sizeof head);
    memcpy(to + sizeof head, path, head.path_length);
    memcpy(to + sizeof head + head.path_length, loaded->bytes, head.length);
    files->size += size;
    return NN_OK;
}

void nn_config_files_release(nn_config_files *files)
{
    nn_free(files->bytes);
    *files = (nn_config_files){0};
}
