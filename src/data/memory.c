/* The raw values in memory, one copy a node, read by the node's ranks together. */
#include "base/memory.h"

#include "base/log.h"
#include "data/source.h"

static size_t memory_round(size_t size)
{
    return (size + NN_ALIGNMENT - 1) / NN_ALIGNMENT * NN_ALIGNMENT;
}

static size_t memory_array_size(const nn_array *array)
{
    return array->sound ? memory_round((size_t)array->rows * array->row_size) : 0;
}

static nn_status memory_create(nn_comm *comm, size_t size, nn_data_memory *memory)
{
    char bytes[NN_FORMAT_SIZE];
    nn_status status = nn_shared_create(comm, size, &memory->shared);
    int64_t lacks_room = status == NN_ERROR_MEMORY && nn_comm_node_size(comm) > 1;
    if (lacks_room) status = nn_allocate(&memory->separate, size, 1, "a rank's own copy of the data");
    NN_TRY(nn_comm_agree(comm, status));
    NN_TRY(nn_comm_maximum(comm, &lacks_room, 1));
    if (lacks_room)
        nn_log_warning("/dev/shm of a node has no room for the data, %s: there each rank holds a copy of its "
                       "own; enlarge /dev/shm, or put fewer ranks on a node",
                       nn_format_bytes(bytes, (double)size));
    memory->writes = memory->separate || nn_comm_node_rank(comm) == 0;
    memory->on_node = memory->separate ? size * (size_t)nn_comm_node_size(comm) : size;
    return NN_OK;
}

/* Reads the share of one of `readers`. Cuts are made between chunks: one cut in two is unpacked twice. */
static nn_status memory_read(nn_array *array, int reader, int readers)
{
    if (!array->sound) return NN_OK;
    int64_t chunks = (array->rows - 1) / array->chunk_rows + 1;
    int64_t each = chunks / readers, longer = chunks % readers;
    int64_t begin = (reader * each + nn_array_smaller(reader, longer)) * array->chunk_rows;
    int64_t end = nn_array_smaller(array->rows, begin + (each + (reader < longer)) * array->chunk_rows);
    nn_status status = NN_OK;
    if (begin < end)
        status = nn_store_read_rows(array->stored, begin, end - begin, array->type,
                                    array->raw + (size_t)begin * array->row_size);
    if (status != NN_OK) status = nn_fail_context(status, "data.%s.%s", array->part, array->key);
    return status;
}

nn_status nn_memory_load(nn_comm *comm, nn_source *sources, int64_t table_rows, nn_data_memory *memory)
{
    size_t size = memory_round((size_t)table_rows * sizeof *memory->table);
    for (int p = 0; p < NN_PARTS; p++)
        for (int a = 0; a < NN_ARRAYS; a++) size += memory_array_size(&sources[p].arrays[a]);
    NN_TRY(memory_create(comm, size, memory));

    unsigned char *place = memory->shared ? nn_shared_memory(memory->shared) : memory->separate;
    if (table_rows > 0) memory->table = (int64_t *)(void *)place;
    place += memory_round((size_t)table_rows * sizeof *memory->table);
    int reader = memory->shared ? nn_comm_node_rank(comm) : 0;
    int readers = memory->shared ? nn_comm_node_size(comm) : 1;
    nn_status status = NN_OK;
    for (int p = 0; p < NN_PARTS; p++)
        for (int a = 0; a < NN_ARRAYS; a++) {
            nn_array *array = &sources[p].arrays[a];
            array->raw = place;
            place += memory_array_size(array);
            if (status == NN_OK) status = memory_read(array, reader, readers);
        }
    NN_TRY(nn_comm_agree(comm, status));
    return nn_comm_agree(comm, memory->shared ? nn_shared_barrier(comm) : NN_OK);
}

void nn_memory_release(nn_data_memory *memory)
{
    nn_shared_destroy(memory->shared);
    nn_free(memory->separate);
    *memory = (nn_data_memory){0};
}
