/* Raw values in memory, one copy per node, read by the ranks of the node together. */
#include "data/node_memory.h"

#include <string.h>
#include <sys/statvfs.h>

#include "base/format.h"
#include "base/least.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/memory_limits.h"

/* Bytes read at a time; each piece is progress for the watchdog. */
#define MEMORY_PIECE ((int64_t)64 << 20)

static size_t memory_round(size_t size)
{
    return (size + NN_ALIGNMENT - 1) / NN_ALIGNMENT * NN_ALIGNMENT;
}

static size_t memory_array_size(const nn_array *array)
{
    return array->sound ? memory_round((size_t)array->rows * array->row_size) : 0;
}

/* ---- making ---- */

nn_status nn_node_memory_create(nn_comm *comm, size_t size, const char *what, nn_node_memory *memory)
{
    char bytes[NN_FORMAT_SIZE];
    nn_status status = nn_shared_create(comm, size, &memory->shared);
    int64_t lacks_room = status == NN_ERROR_MEMORY && nn_comm_node_size(comm) > 1;
    if (lacks_room) status = nn_allocate(&memory->separate, size, 1, what);
    NN_TRY(nn_comm_agree(comm, status));
    NN_TRY(nn_comm_maximum(comm, &lacks_room, 1));
    if (lacks_room)
        nn_log_warning("/dev/shm of a node has no room for %s, %s: each rank of that node holds its own "
                       "copy; enlarge /dev/shm, use fewer ranks per node, or set data.cache: stream",
                       what, nn_format_bytes(bytes, (double)size));
    memory->bytes = memory->shared ? nn_shared_memory(memory->shared) : memory->separate;
    memory->writes = memory->separate || nn_comm_node_rank(comm) == 0;
    memory->on_node = memory->separate ? size * (size_t)nn_comm_node_size(comm) : size;
    return NN_OK;
}

void nn_node_memory_release(nn_node_memory *memory)
{
    nn_shared_destroy(memory->shared);
    nn_free(memory->separate);
    *memory = (nn_node_memory){0};
}

nn_status nn_node_memory_publish(nn_comm *comm, const nn_node_memory *memory, nn_status status)
{
    NN_TRY(nn_comm_agree(comm, status));
    return nn_comm_agree(comm, memory->shared ? nn_shared_barrier(comm) : NN_OK);
}

/* ---- whether there is room ---- */

size_t nn_node_memory_wanted(const nn_source *sources)
{
    size_t size = 0;
    for (int p = 0; p < NN_PARTS; p++)
        for (int a = 0; a < sources[p].fields; a++) size += memory_array_size(&sources[p].arrays[a]);
    return size;
}

/* Bytes available on this node, according to the kernel and the job's limits. */
static double memory_available(void)
{
    struct statvfs room;
    nn_memory_limits limits = nn_memory_limits_read("");
    double available = nn_memory_limits_spare(&limits);
    if (statvfs("/dev/shm", &room) == 0 && (double)room.f_bavail * (double)room.f_frsize < available)
        available = (double)room.f_bavail * (double)room.f_frsize;
    return available;
}

nn_status nn_node_memory_fits(nn_comm *comm, size_t size, bool *fits)
{
    int64_t lacks = nn_comm_node_rank(comm) == 0 && 2 * (double)size > memory_available();
    NN_TRY(nn_comm_maximum(comm, &lacks, 1));
    *fits = !lacks;
    return NN_OK;
}

/* ---- reading ---- */

/* Bytes that are worth another rank's opening the files. */
#define MEMORY_READER ((size_t)16 << 20)

/* Reads the share of one of `readers`. Shares end between chunks: a chunk cut in two is unpacked twice. */
static nn_status memory_read(nn_source *source, int which, int reader, int readers)
{
    const nn_array *array = &source->arrays[which];
    int64_t worth = (int64_t)(memory_array_size(array) / MEMORY_READER) + 1;
    if (worth < readers) readers = (int)worth;
    if (reader >= readers) return NN_OK;
    int64_t chunks = (array->rows - 1) / array->chunk_rows + 1;
    int64_t each = chunks / readers, longer = chunks % readers;
    int64_t begin = (reader * each + nn_smaller(reader, longer)) * array->chunk_rows;
    int64_t end = nn_smaller(array->rows, begin + (each + (reader < longer)) * array->chunk_rows);
    int64_t piece = MEMORY_PIECE / (int64_t)array->row_size / array->chunk_rows * array->chunk_rows;
    if (piece < array->chunk_rows) piece = array->chunk_rows;
    for (int64_t at = begin; at < end; at += piece)
        NN_TRY(nn_source_read(source, which, at, nn_smaller(piece, end - at),
                              array->raw + (size_t)at * array->row_size));
    return NN_OK;
}

nn_status nn_node_memory_load(nn_comm *comm, nn_source *sources, nn_node_memory *memory)
{
    NN_TRY(nn_node_memory_create(comm, nn_node_memory_wanted(sources), "the data", memory));
    unsigned char *place = memory->bytes;
    int reader = memory->shared ? nn_comm_node_rank(comm) : 0;
    int readers = memory->shared ? nn_comm_node_size(comm) : 1;
    nn_status status = NN_OK;
    for (int p = 0; p < NN_PARTS; p++)
        for (int a = 0; a < sources[p].fields; a++) {
            nn_array *array = &sources[p].arrays[a];
            if (!array->sound) continue;
            array->raw = place;
            place += memory_array_size(array);
            if (status == NN_OK) status = memory_read(&sources[p], a, reader, readers);
        }
    return nn_node_memory_publish(comm, memory, status);
}
