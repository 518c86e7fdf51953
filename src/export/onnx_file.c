/* Writes a graph of ONNX to a file, and its tensors to a second one where protobuf's limit of 2 GiB would be
 * passed. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "export/onnx_graph_internal.h"
#include "host/system.h"
#include "store/growing.h"

/* Tensors are mapped into memory from the second file: by pages. */
#define ONNX_PAGE ((size_t)4096)
#define ONNX_EXTERNAL_LEAST ((size_t)1024)
#define ONNX_BUFFER ((size_t)1 << 16)

/* What protobuf-c appends to. */
typedef struct onnx_sink {
    ProtobufCBuffer base; /* first */
    nn_store_growing *file;
    nn_status status;
    size_t used;
    uint8_t bytes[ONNX_BUFFER];
} onnx_sink;

static void sink_flush(onnx_sink *sink)
{
    if (sink->status == NN_OK) sink->status = nn_store_growing_append(sink->file, sink->bytes, sink->used);
    sink->used = 0;
}

static void sink_append(ProtobufCBuffer *buffer, size_t size, const uint8_t *bytes)
{
    onnx_sink *sink = (onnx_sink *)buffer;
    if (size > ONNX_BUFFER - sink->used) sink_flush(sink);
    if (size <= ONNX_BUFFER) {
        memcpy(sink->bytes + sink->used, bytes, size);
        sink->used += size;
    } else if (sink->status == NN_OK) {
        sink->status = nn_store_growing_append(sink->file, bytes, size);
    }
}

/* ---- tensors in a second file ---- */

static size_t file_tensor_bytes(const Onnx__GraphProto *graph)
{
    size_t bytes = 0;
    for (size_t t = 0; t < graph->n_initializer; t++) bytes += graph->initializer[t]->raw_data.len;
    return bytes;
}

/* Whether any tensor is large enough for the second file. */
static bool file_has_large(const Onnx__GraphProto *graph)
{
    for (size_t t = 0; t < graph->n_initializer; t++)
        if (graph->initializer[t]->raw_data.len >= ONNX_EXTERNAL_LEAST) return true;
    return false;
}

/* A tensor's entry key: value. */
static void file_set_entry(nn_onnx *onnx, Onnx__TensorProto *tensor, Onnx__StringStringEntryProto *entry,
                           const char *key, const char *value)
{
    onnx__string_string_entry_proto__init(entry);
    entry->key = (char *)(size_t)nn_onnx_text(onnx, "%s", key);
    entry->value = (char *)(size_t)nn_onnx_text(onnx, "%s", value);
    tensor->external_data[tensor->n_external_data++] = entry;
}

/* Replaces a tensor's values by their place in the second file. */
static void file_place(nn_onnx *onnx, Onnx__TensorProto *tensor, const char *name, size_t offset)
{
    enum { ENTRIES = 3 };
    Onnx__StringStringEntryProto *entries = nn_onnx_memory(onnx, ENTRIES, sizeof *entries);
    tensor->external_data = nn_onnx_memory(onnx, ENTRIES, sizeof *tensor->external_data);
    if (!entries || !tensor->external_data) return;
    file_set_entry(onnx, tensor, &entries[0], "location", name);
    file_set_entry(onnx, tensor, &entries[1], "offset", nn_onnx_text(onnx, "%zu", offset));
    file_set_entry(onnx, tensor, &entries[2], "length", nn_onnx_text(onnx, "%zu", tensor->raw_data.len));
    tensor->has_data_location = true;
    tensor->data_location = ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
    tensor->has_raw_data = false;
}

static nn_status file_append_tensors(nn_onnx *onnx, const char *name, nn_store_growing *file)
{
    static const uint8_t zeros[ONNX_PAGE];
    Onnx__GraphProto *graph = &onnx->contents->graph;
    size_t offset = 0;
    for (size_t t = 0; t < graph->n_initializer; t++) {
        Onnx__TensorProto *tensor = graph->initializer[t];
        size_t gap = (ONNX_PAGE - offset % ONNX_PAGE) % ONNX_PAGE, size = tensor->raw_data.len;
        if (size < ONNX_EXTERNAL_LEAST) continue;
        NN_TRY(nn_store_growing_append(file, zeros, gap));
        NN_TRY(nn_store_growing_append(file, tensor->raw_data.data, size));
        file_place(onnx, tensor, name, offset + gap);
        offset += gap + size;
    }
    return onnx->status;
}

/* An earlier model of this name is removed before its tensors are replaced: it must never be read with
 * others. */
static nn_status file_write_external(nn_onnx *onnx, const char *path)
{
    nn_store_growing *file;
    const char *slash = strrchr(path, '/');
    const char *target = nn_onnx_text(onnx, "%s.data", path);
    const char *name = nn_onnx_text(onnx, "%s.data", slash ? slash + 1 : path);
    NN_TRY(onnx->status);
    NN_TRY(nn_store_growing_create(target, &file));
    nn_status status = file_append_tensors(onnx, name, file);
    if (status == NN_OK && unlink(path) != 0 && errno != ENOENT)
        status = nn_system_fail(NN_ERROR_IO, errno, "cannot replace %s", path);
    if (status == NN_OK) status = nn_store_growing_commit(file);
    nn_store_growing_destroy(file);
    return status;
}

/* ---- the file ---- */

/* ONNX stores numbers with the lowest byte first. */
static void file_order_bytes(Onnx__TensorProto *tensor)
{
    const uint16_t one = 1;
    size_t size = tensor->data_type == NN_ONNX_BOOL                                          ? 1
                  : tensor->data_type == NN_ONNX_FLOAT || tensor->data_type == NN_ONNX_INT32 ? 4
                                                                                             : 8;
    uint8_t *bytes = tensor->raw_data.data;
    if (*(const uint8_t *)&one == 1) return;
    for (size_t i = 0; i < tensor->raw_data.len; i += size)
        for (size_t b = 0; b < size / 2; b++) {
            uint8_t byte = bytes[i + b];
            bytes[i + b] = bytes[i + size - 1 - b];
            bytes[i + size - 1 - b] = byte;
        }
}

static nn_status file_write_model(nn_onnx *onnx, const char *path)
{
    onnx_sink *sink;
    NN_TRY(NN_ALLOCATE(&sink, 1, "writing an ONNX model"));
    sink->base.append = sink_append;
    nn_status status = nn_store_growing_create(path, &sink->file);
    if (status == NN_OK) {
        protobuf_c_message_pack_to_buffer(&onnx->contents->model.base, &sink->base);
        sink_flush(sink);
        status = sink->status;
    }
    if (status == NN_OK) status = nn_store_growing_commit(sink->file);
    nn_store_growing_destroy(sink->file);
    nn_free(sink);
    return status;
}

/* Whether a model in a file names the file FILE.data, so that the latter was written with it. */
static bool file_names_data(const char *path, const char *name)
{
    enum { BLOCK = 1 << 16 };
    char *block;
    bool found = false;
    size_t length = strlen(name), kept = 0, got;
    FILE *stream = fopen(path, "rb");
    if (!stream || nn_allocate((void **)&block, 2 * BLOCK, 1, "an ONNX model") != NN_OK) {
        if (stream) fclose(stream);
        return false;
    }
    while (!found && (got = fread(block + kept, 1, BLOCK, stream)) > 0) {
        for (size_t i = 0; !found && i + length <= kept + got; i++)
            found = memcmp(block + i, name, length) == 0;
        size_t keep = kept + got < length ? kept + got : length - 1;
        memmove(block, block + kept + got - keep, keep);
        kept = keep;
    }
    fclose(stream);
    nn_free(block);
    return found;
}

nn_status nn_onnx_write(nn_onnx *onnx, const char *path, int64_t external_above, bool *external)
{
    Onnx__GraphProto *graph = &onnx->contents->graph;
    NN_TRY(onnx->status);
    for (size_t t = 0; t < graph->n_initializer; t++) file_order_bytes(graph->initializer[t]);
    *external = file_tensor_bytes(graph) > (size_t)external_above && file_has_large(graph);
    if (*external) NN_TRY(file_write_external(onnx, path));
    const char *data = nn_onnx_text(onnx, "%s.data", path), *slash = strrchr(path, '/');
    NN_TRY(onnx->status);
    bool stale = !*external && file_names_data(path, data + (slash ? slash - path + 1 : 0));
    NN_TRY(file_write_model(onnx, path));
    if (stale && unlink(data) != 0 && errno != ENOENT)
        return nn_system_fail(NN_ERROR_IO, errno, "cannot remove %s of an earlier export", data);
    return NN_OK;
}
