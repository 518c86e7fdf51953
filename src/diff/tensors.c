#include "diff/tensors.h"

#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "store/kept.h"

#define TENSORS_PREFIX "weights/"

/* The weights of a checkpoint: their names, and hashes of their bytes. */
typedef struct tensors_of {
    nn_store_file *file;
    nn_text_list names, hashes;
} tensors_of;

static nn_status tensors_visit(void *context, const char *dataset, const nn_store_info *info)
{
    tensors_of *of = context;
    char text[32];
    void *values;
    size_t count = 1;
    if (strncmp(dataset, TENSORS_PREFIX, strlen(TENSORS_PREFIX)) != 0) return NN_OK;
    for (int d = 0; d < info->dimensions; d++) count *= (size_t)info->extents[d];
    NN_TRY(nn_allocate(&values, count, nn_store_type_size(info->type), "weights of a checkpoint"));
    nn_status status = nn_store_read(of->file, dataset, info->type, count, values);
    uint64_t hash = status == NN_OK ? nn_hash(values, count * nn_store_type_size(info->type), count) : 0;
    nn_free(values);
    NN_TRY(status);
    snprintf(text, sizeof text, "%016llx", (unsigned long long)hash);
    NN_TRY(nn_list_add(&of->names, dataset + strlen(TENSORS_PREFIX)));
    return nn_list_add(&of->hashes, text);
}

static nn_status tensors_read(nn_kept_checkpoint *checkpoint, tensors_of *of)
{
    of->file = checkpoint->file;
    return nn_store_visit(checkpoint->file, tensors_visit, of);
}

/* Adds the layer of a tensor: what its name has before the last slash. */
static nn_status tensors_add_layer(const char *tensor, nn_text_list *layers)
{
    char layer[256];
    const char *slash = strrchr(tensor, '/');
    snprintf(layer, sizeof layer, "%.*s", (int)(slash ? slash - tensor : (long)strlen(tensor)), tensor);
    return nn_list_find(layers, layer) >= 0 ? NN_OK : nn_list_add(layers, layer);
}

static nn_status tensors_add_others(const tensors_of *a, const tensors_of *b, nn_text_list *layers)
{
    for (size_t t = 0; t < a->names.count; t++) {
        int64_t other = nn_list_find(&b->names, a->names.items[t]);
        if (other < 0 || strcmp(a->hashes.items[t], b->hashes.items[other]) != 0)
            NN_TRY(tensors_add_layer(a->names.items[t], layers));
    }
    return NN_OK;
}

static nn_status tensors_compare(nn_kept_checkpoint open[2], bool *same, nn_text_list *layers)
{
    char *prints[2] = {NULL, NULL};
    tensors_of of[2] = {{0}, {0}};
    nn_status status = nn_store_read_text(open[0].file, "@fingerprint", &prints[0]);
    if (status == NN_OK) status = nn_store_read_text(open[1].file, "@fingerprint", &prints[1]);
    *same = status == NN_OK && strcmp(prints[0], prints[1]) == 0;
    for (int w = 0; w < 2 && status == NN_OK && !*same; w++) status = tensors_read(&open[w], &of[w]);
    if (status == NN_OK && !*same) status = tensors_add_others(&of[0], &of[1], layers);
    if (status == NN_OK && !*same) status = tensors_add_others(&of[1], &of[0], layers);
    for (int w = 0; w < 2; w++) {
        nn_free(prints[w]);
        nn_list_release(&of[w].names);
        nn_list_release(&of[w].hashes);
    }
    return status;
}

nn_status nn_tensors_compare(const char *run_a, const char *run_b, int64_t step, bool *same,
                             nn_text_list *layers)
{
    const char *runs[2] = {run_a, run_b};
    nn_kept_checkpoint open[2] = {{0}, {0}};
    char path[NN_PATH_SIZE];
    nn_status status = NN_OK;
    *same = false;
    for (int w = 0; w < 2 && status == NN_OK; w++) {
        nn_kept_path(runs[w], step, path);
        status = nn_kept_open(path, step, &open[w]);
    }
    if (status == NN_OK) status = tensors_compare(open, same, layers);
    nn_kept_close(&open[0]);
    nn_kept_close(&open[1]);
    return status;
}
