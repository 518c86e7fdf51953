/* What tells one train part from another: all of a small one, rows from all over a large one. */
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "data/blocks.h"
#include "data/internal.h"

#define IDENTITY_BYTES ((size_t)64 << 20)

/* Of a large array: so many runs of so many rows. */
#define IDENTITY_RUNS 64
#define IDENTITY_RUN_ROWS 16

static nn_status identity_rows(nn_blocks *blocks, int which, const nn_array *array, int64_t first,
                               int64_t rows, unsigned char *raw, uint64_t *hash)
{
    NN_TRY(nn_blocks_copy(blocks, which, first, rows, raw));
    *hash = nn_hash(raw, (size_t)rows * array->row_size, *hash);
    return NN_OK;
}

static nn_status identity_array(nn_source *source, int which, uint64_t *hash)
{
    const nn_array *array = &source->arrays[which];
    int64_t extents[NN_MAX_DIMENSIONS + 2] = {array->rows, (int64_t)array->type};
    bool small = (size_t)array->rows <= IDENTITY_BYTES / array->row_size;
    int64_t runs = small ? (array->rows - 1) / IDENTITY_RUN_ROWS + 1 : IDENTITY_RUNS;
    unsigned char *raw = NULL;
    nn_blocks *blocks = NULL;
    for (int d = 0; d < array->shape.dimensions; d++) extents[d + 2] = array->shape.extents[d];
    *hash = nn_hash(extents, sizeof extents, *hash);
    nn_status status = nn_allocate((void **)&raw, IDENTITY_RUN_ROWS, array->row_size, "a sample of the data");
    if (status == NN_OK) status = nn_blocks_create(source, 1u << which, small ? 2 : 0, &blocks);
    for (int64_t i = 0; i < runs && status == NN_OK; i++) {
        int64_t row = small ? i * IDENTITY_RUN_ROWS
                            : (int64_t)((double)i / (double)runs * (double)(array->rows - IDENTITY_RUN_ROWS));
        int64_t rows = nn_array_smaller(IDENTITY_RUN_ROWS, array->rows - row);
        status = identity_rows(blocks, which, array, row, rows, raw, hash);
    }
    nn_blocks_destroy(blocks);
    nn_free(raw);
    return status;
}

static uint64_t identity_list(const nn_text_list *list, uint64_t hash)
{
    for (size_t i = 0; i < list->count; i++) hash = nn_hash(list->items[i], strlen(list->items[i]) + 1, hash);
    return nn_hash(&list->count, sizeof list->count, hash);
}

/* What the numbers mean; data without names is what it would be if there were none. */
static uint64_t identity_names(const nn_names *names, uint64_t hash)
{
    if (!nn_names_given(names)) return hash;
    hash = identity_list(&names->columns, identity_list(&names->classes, hash));
    for (size_t c = 0; c < names->columns.count; c++)
        hash = identity_list(nn_names_categories(names, (int64_t)c), hash);
    return hash;
}

nn_status nn_identity_hash(nn_comm *comm, nn_dataset *dataset)
{
    nn_source *train = &dataset->sources[NN_TRAIN];
    nn_status status = NN_OK;
    dataset->identity = 0;
    if (!train->given) return NN_OK;
    for (int a = 0; nn_comm_rank(comm) == 0 && a < NN_DATA_ARRAYS && status == NN_OK; a++)
        if (train->arrays[a].given && a != NN_DATA_GROUP)
            status = identity_array(train, a, &dataset->identity);
    for (int i = 0; i < dataset->names.count; i++)
        dataset->identity = identity_names(&dataset->names.items[i], dataset->identity);
    NN_TRY(nn_comm_agree(comm, status));
    return nn_comm_broadcast(comm, &dataset->identity, sizeof dataset->identity, 0);
}

nn_status nn_dataset_identify(nn_comm *comm, nn_dataset *dataset, uint64_t *identity)
{
    nn_status status = nn_identity_hash(comm, dataset);
    *identity = dataset->identity;
    for (int p = 0; p < NN_PARTS; p++) nn_source_rest(&dataset->sources[p]);
    return status;
}

uint64_t nn_dataset_identity(const nn_dataset *dataset)
{
    return dataset->identity;
}
