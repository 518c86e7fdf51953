/* Writes files model.nn, in memory. */
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "model/model_file.h"

/* A section: its values are owned, or those of the weights. */
typedef struct write_section {
    char *name;
    void *own;
    const void *values;
    nn_model_file_entry entry;
} write_section;

struct nn_model_file_writer {
    write_section *sections;
    size_t count;
};

nn_status nn_model_file_writer_create(nn_model_file_writer **writer)
{
    return NN_ALLOCATE(writer, 1, "the writer of a model file");
}

void nn_model_file_writer_destroy(nn_model_file_writer *writer)
{
    if (!writer) return;
    for (size_t i = 0; i < writer->count; i++) {
        nn_free(writer->sections[i].name);
        nn_free(writer->sections[i].own);
    }
    nn_free(writer->sections);
    nn_free(writer);
}

/* ---- sections ---- */

static nn_status write_add(nn_model_file_writer *writer, const char *name, nn_model_file_kind kind,
                           uint64_t count, uint64_t bytes, write_section **section)
{
    NN_TRY(nn_reallocate((void **)&writer->sections, writer->count, writer->count + 1, sizeof **section,
                         "the sections of a model file"));
    *section = &writer->sections[writer->count++];
    (*section)->entry = (nn_model_file_entry){.bytes = bytes, .count = count, .kind = (uint32_t)kind};
    return nn_copy_text(name, &(*section)->name);
}

nn_status nn_model_file_put(nn_model_file_writer *writer, const char *name, nn_model_file_kind kind,
                            uint64_t count, const void *values, uint64_t bytes)
{
    write_section *section;
    NN_TRY(write_add(writer, name, kind, count, bytes, &section));
    NN_TRY(nn_allocate(&section->own, bytes, 1, "a section of a model file"));
    if (bytes > 0) memcpy(section->own, values, bytes);
    section->values = section->own;
    return NN_OK;
}

nn_status nn_model_file_put_text(nn_model_file_writer *writer, const char *name, const char *text)
{
    return nn_model_file_put(writer, name, NN_MODEL_FILE_TEXTS, 1, text, strlen(text) + 1);
}

nn_status nn_model_file_put_weights(nn_model_file_writer *writer, const nn_model *model, uint64_t fingerprint,
                                    const nn_real *weights)
{
    nn_text layout = {0};
    write_section *section;
    bool is_double = model->scalar == NN_SCALAR_F64;
    uint64_t count = (uint64_t)model->network->value_count;
    NN_TRY(nn_model_file_put(writer, "fingerprint", NN_MODEL_FILE_INTEGERS, 1, &fingerprint,
                             sizeof fingerprint));
    nn_model_file_append_layout(model->network, &layout);
    nn_status status = layout.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for the layout of the weights")
                                     : nn_model_file_put_text(writer, "layout", layout.bytes);
    nn_text_free(&layout);
    NN_TRY(status);
    NN_TRY(write_add(writer, "values", is_double ? NN_MODEL_FILE_F64 : NN_MODEL_FILE_F32, count,
                     count * nn_scalar_size(model->scalar), &section));
    section->values = weights;
    return NN_OK;
}

/* ---- the file ---- */

static size_t write_align(size_t offset)
{
    return (offset + NN_MODEL_FILE_ALIGNMENT - 1) / NN_MODEL_FILE_ALIGNMENT * NN_MODEL_FILE_ALIGNMENT;
}

/* Places the sections and their names; returns the size of the file. */
static size_t write_lay_out(const nn_model_file_writer *writer, size_t *directory_end)
{
    size_t at = sizeof(nn_model_file_header) + writer->count * sizeof(nn_model_file_entry);
    for (size_t i = 0; i < writer->count; i++) {
        writer->sections[i].entry.name = at;
        at += strlen(writer->sections[i].name) + 1;
    }
    *directory_end = at;
    for (size_t i = 0; i < writer->count; i++) {
        at = write_align(at);
        writer->sections[i].entry.offset = at;
        at += writer->sections[i].entry.bytes;
    }
    return at;
}

nn_status nn_model_file_seal(const nn_model_file_writer *writer, void **bytes, size_t *size)
{
    size_t directory_end;
    *size = write_lay_out(writer, &directory_end);
    NN_TRY(nn_allocate(bytes, *size, 1, "a model file"));
    unsigned char *file = *bytes;
    for (size_t i = 0; i < writer->count; i++) {
        write_section *section = &writer->sections[i];
        nn_model_file_entry *entry = &section->entry;
        memcpy(file + entry->name, section->name, strlen(section->name) + 1);
        if (entry->bytes > 0) memcpy(file + entry->offset, section->values, entry->bytes);
        entry->hash = nn_hash(file + entry->offset, entry->bytes, 0);
        memcpy(file + sizeof(nn_model_file_header) + i * sizeof *entry, entry, sizeof *entry);
    }
    nn_model_file_header header = {.magic = NN_MODEL_FILE_MAGIC,
                                   .order = NN_MODEL_FILE_ORDER,
                                   .version = NN_MODEL_FILE_VERSION,
                                   .size = *size,
                                   .entry_count = writer->count,
                                   .directory_bytes = directory_end - sizeof header};
    header.directory_hash = nn_hash(file + sizeof header, header.directory_bytes, 0);
    header.hash = nn_hash(&header, offsetof(nn_model_file_header, hash), 0);
    memcpy(file, &header, sizeof header);
    return NN_OK;
}
