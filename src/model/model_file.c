/* Reads files model.nn. */
#include "model/model_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "base/memory.h"
#include "host/mapped.h"

struct nn_model_file {
    const char *path; /* borrowed or, if the file was opened by its path, own_path */
    char *own_path;   /* owned */
    nn_mapped mapped; /* what was mapped here */
    const unsigned char *bytes;
    nn_model_file_header header;
    const nn_model_file_entry *entries;
};

#define FILE_REMEDY "export the run again (nntrain export RUN_DIR model.nn)"

static nn_status file_fail(const nn_model_file *file, const char *what)
{
    return nn_fail(NN_ERROR_CHECKPOINT, "%s: %s; " FILE_REMEDY, file->path, what);
}

/* ---- verifying ---- */

static nn_status file_check_origin(const nn_model_file *file)
{
    const nn_model_file_header *header = &file->header;
    if (memcmp(header->magic, NN_MODEL_FILE_MAGIC, sizeof header->magic) != 0)
        return file_fail(file, "this is not a model.nn");
    if (header->order == 0x04030201u)
        NN_FAIL(NN_ERROR_CHECKPOINT,
                "%s was written on a machine with the other byte order; export the run on a machine like "
                "this one",
                file->path);
    if (header->order != NN_MODEL_FILE_ORDER) return file_fail(file, "the header is damaged");
    if (header->version != NN_MODEL_FILE_VERSION)
        NN_FAIL(NN_ERROR_CHECKPOINT,
                "%s has version %" PRIu32
                " of the format, and this library reads version %d; export the run again "
                "with the nntrain of this library",
                file->path, header->version, NN_MODEL_FILE_VERSION);
    return NN_OK;
}

static nn_status file_check_header(nn_model_file *file, size_t size)
{
    nn_model_file_header *header = &file->header;
    size_t given = size < sizeof *header ? size : sizeof *header;
    if (size > 0) memcpy(header, file->bytes, given);
    if (given < sizeof header->magic || memcmp(header->magic, NN_MODEL_FILE_MAGIC, sizeof header->magic) == 0)
        if (size < sizeof *header) return file_fail(file, "the file is cut short");
    NN_TRY(file_check_origin(file));
    if (nn_hash(header, offsetof(nn_model_file_header, hash), 0) != header->hash)
        return file_fail(file, "the header is damaged");
    if (size < header->size)
        NN_FAIL(NN_ERROR_CHECKPOINT, "%s is cut short: it has %zu of %" PRIu64 " bytes; copy it again",
                file->path, size, header->size);
    if (size > header->size) return file_fail(file, "something follows the end of the model");
    size_t room = size - sizeof *header;
    if (header->directory_bytes > room || header->entry_count > room / sizeof(nn_model_file_entry) ||
        header->entry_count * sizeof(nn_model_file_entry) > header->directory_bytes)
        return file_fail(file, "the directory does not fit into the file");
    const unsigned char *directory = file->bytes + sizeof *header;
    if (nn_hash(directory, header->directory_bytes, 0) != header->directory_hash)
        return file_fail(file, "the directory is damaged");
    file->entries = (const void *)directory;
    return NN_OK;
}

static bool file_has_texts(const unsigned char *bytes, uint64_t size, uint64_t count)
{
    uint64_t found = 0;
    for (uint64_t i = 0; i < size; i++) found += bytes[i] == '\0';
    return found == count && (size == 0 || bytes[size - 1] == '\0');
}

static nn_status file_check_entry(const nn_model_file *file, const nn_model_file_entry *entry)
{
    static const unsigned sizes[] = {[NN_MODEL_FILE_TEXTS] = 1,
                                     [NN_MODEL_FILE_INTEGERS] = sizeof(int64_t),
                                     [NN_MODEL_FILE_F64] = sizeof(double),
                                     [NN_MODEL_FILE_F32] = sizeof(float)};
    uint64_t names = sizeof file->header + file->header.entry_count * sizeof *entry;
    uint64_t end = sizeof file->header + file->header.directory_bytes, size = file->header.size;
    if (entry->name < names || entry->name >= end || file->bytes[end - 1] != '\0')
        return file_fail(file, "a section has no name");
    const char *name = (const char *)file->bytes + entry->name;
    bool fits = entry->offset >= end && entry->offset <= size && entry->bytes <= size - entry->offset &&
                entry->offset % NN_MODEL_FILE_ALIGNMENT == 0 && entry->kind < NN_MODEL_FILE_KINDS;
    if (!fits || (entry->kind != NN_MODEL_FILE_TEXTS && (entry->bytes % sizes[entry->kind] != 0 ||
                                                         entry->bytes / sizes[entry->kind] != entry->count)))
        NN_FAIL(NN_ERROR_CHECKPOINT, "%s: section %.200s does not fit into the file; " FILE_REMEDY,
                file->path, name);
    const unsigned char *bytes = file->bytes + entry->offset;
    if (nn_hash(bytes, entry->bytes, 0) != entry->hash ||
        (entry->kind == NN_MODEL_FILE_TEXTS && !file_has_texts(bytes, entry->bytes, entry->count)))
        NN_FAIL(NN_ERROR_CHECKPOINT, "%s: section %.200s is damaged; copy the file again, or " FILE_REMEDY,
                file->path, name);
    return NN_OK;
}

/* Sections follow one another, with zeros up to the next multiple of the alignment: so no byte is without a
 * check. */
static nn_status file_check_gaps(const nn_model_file *file, size_t size)
{
    uint64_t at = sizeof file->header + file->header.directory_bytes;
    for (uint64_t i = 0; i <= file->header.entry_count; i++) {
        bool last = i == file->header.entry_count;
        uint64_t next = last ? size : file->entries[i].offset;
        bool zero = next >= at && next - at < NN_MODEL_FILE_ALIGNMENT && (!last || next == at);
        for (; zero && at < next; at++) zero = file->bytes[at] == 0;
        if (!zero) return file_fail(file, "the space between sections is damaged");
        if (!last) at = next + file->entries[i].bytes;
    }
    return NN_OK;
}

static nn_status file_check(nn_model_file *file, size_t size)
{
    NN_TRY(file_check_header(file, size));
    if (file->header.reserved != 0) return file_fail(file, "the header is damaged");
    for (uint64_t i = 0; i < file->header.entry_count; i++) NN_TRY(file_check_entry(file, &file->entries[i]));
    return file_check_gaps(file, size);
}

/* ---- opening ---- */

bool nn_model_file_is(const char *path)
{
    char begin[sizeof NN_MODEL_FILE_MAGIC - 1];
    struct stat facts;
    if (stat(path, &facts) != 0 || !S_ISREG(facts.st_mode) || facts.st_size == 0) return false;
    FILE *stream = fopen(path, "rb");
    size_t got = stream ? fread(begin, 1, sizeof begin, stream) : 0;
    if (stream) fclose(stream);
    return got > 0 && memcmp(begin, NN_MODEL_FILE_MAGIC, got) == 0;
}

static nn_status file_open_checked(nn_model_file **file, size_t size)
{
    nn_status status = file_check(*file, size);
    if (status == NN_OK) return NN_OK;
    nn_model_file_close(*file);
    *file = NULL;
    return status;
}

nn_status nn_model_file_open_bytes(const void *bytes, size_t size, const char *name, nn_model_file **file)
{
    NN_TRY(NN_ALLOCATE(file, 1, "a model file"));
    (*file)->path = name;
    (*file)->bytes = bytes;
    return file_open_checked(file, size);
}

nn_status nn_model_file_open(const char *path, nn_model_file **file)
{
    NN_TRY(NN_ALLOCATE(file, 1, "a model file"));
    nn_model_file *made = *file;
    nn_status status = nn_copy_text(path, &made->own_path);
    made->path = made->own_path;
    if (status == NN_OK) status = nn_mapped_open(path, &made->mapped);
    if (status != NN_OK) {
        nn_model_file_close(made);
        *file = NULL;
        return status;
    }
    made->bytes = made->mapped.bytes;
    return file_open_checked(file, made->mapped.size);
}

void nn_model_file_close(nn_model_file *file)
{
    if (!file) return;
    nn_mapped_close(&file->mapped);
    nn_free(file->own_path);
    nn_free(file);
}

/* ---- sections ---- */

static const nn_model_file_entry *file_find(const nn_model_file *file, const char *name)
{
    for (uint64_t i = 0; i < file->header.entry_count; i++)
        if (strcmp((const char *)file->bytes + file->entries[i].name, name) == 0) return &file->entries[i];
    return NULL;
}

static nn_status file_get(const nn_model_file *file, const char *name, nn_model_file_kind kind,
                          const nn_model_file_entry **entry)
{
    *entry = file_find(file, name);
    if (*entry && (*entry)->kind == (uint32_t)kind) return NN_OK;
    NN_FAIL(NN_ERROR_CHECKPOINT, "%s: section %.200s is %s; " FILE_REMEDY, file->path, name,
            *entry ? "of another kind" : "missing");
}

static bool file_has(const nn_archive *archive, const char *name)
{
    return file_find(archive->contents, name) != NULL;
}

static bool file_has_group(const nn_archive *archive, const char *group)
{
    const nn_model_file *file = archive->contents;
    size_t length = strlen(group);
    for (uint64_t i = 0; i < file->header.entry_count; i++) {
        const char *name = (const char *)file->bytes + file->entries[i].name;
        if (strncmp(name, group, length) == 0 && name[length] == '/') return true;
    }
    return false;
}

static nn_status file_read_text(const nn_archive *archive, const char *name, char **text)
{
    const nn_model_file *file = archive->contents;
    const nn_model_file_entry *entry;
    NN_TRY(file_get(file, name, NN_MODEL_FILE_TEXTS, &entry));
    if (entry->count != 1)
        NN_FAIL(NN_ERROR_CHECKPOINT, "%s: %.200s is not one text; " FILE_REMEDY, file->path, name);
    return nn_copy_text((const char *)file->bytes + entry->offset, text);
}

static nn_status file_read_names(const nn_archive *archive, const char *name, nn_text_list *names)
{
    const nn_model_file *file = archive->contents;
    const nn_model_file_entry *entry;
    NN_TRY(file_get(file, name, NN_MODEL_FILE_TEXTS, &entry));
    const char *text = (const char *)file->bytes + entry->offset;
    for (uint64_t i = 0; i < entry->count; i++) {
        NN_TRY(nn_list_add(names, text));
        text += strlen(text) + 1;
    }
    return NN_OK;
}

static nn_model_file_kind file_kind_of(nn_store_type type)
{
    return type == NN_STORE_F64 ? NN_MODEL_FILE_F64 : NN_MODEL_FILE_INTEGERS;
}

static nn_status file_count(const nn_archive *archive, const char *name, int64_t *count)
{
    const nn_model_file_entry *entry = file_find(archive->contents, name);
    *count = entry && entry->kind != NN_MODEL_FILE_TEXTS ? (int64_t)entry->count : -1;
    return NN_OK;
}

static nn_status file_read(const nn_archive *archive, const char *name, nn_store_type type, int64_t count,
                           void *values)
{
    const nn_model_file *file = archive->contents;
    const nn_model_file_entry *entry;
    NN_TRY(file_get(file, name, file_kind_of(type), &entry));
    if (entry->count != (uint64_t)count)
        NN_FAIL(NN_ERROR_CHECKPOINT,
                "%s: %.200s has %" PRIu64 " numbers instead of %" PRId64 "; " FILE_REMEDY, file->path, name,
                entry->count, count);
    if (entry->bytes > 0) memcpy(values, file->bytes + entry->offset, entry->bytes);
    return NN_OK;
}

nn_archive nn_model_file_archive(nn_model_file *file)
{
    static const nn_archive_type type = {.has = file_has,
                                         .has_group = file_has_group,
                                         .read_text = file_read_text,
                                         .read_names = file_read_names,
                                         .count = file_count,
                                         .read = file_read};
    return (nn_archive){.type = &type, .path = file->path, .contents = file};
}

/* ---- weights ---- */

void nn_model_file_append_layout(const nn_network *network, nn_text *text)
{
    nn_text_append(text, "%" PRId64 " values\n", network->value_count);
    for (int l = 0; l < network->layer_count; l++) {
        const nn_layer *layer = &network->layers[l];
        for (int p = 0; p < layer->parameter_count; p++) {
            const nn_parameter *parameter = &layer->parameters[p];
            nn_text_append(text, "%s/%s %" PRId64, layer->name, parameter->name,
                           layer->offset + parameter->offset);
            for (int d = 0; d < parameter->shape.dimensions; d++)
                nn_text_append(text, " %" PRId64, parameter->shape.extents[d]);
            nn_text_append(text, "\n");
        }
    }
}

static nn_status file_check_layout(const nn_model_file *file, const nn_model *model)
{
    const nn_model_file_entry *entry;
    nn_text text = {0};
    NN_TRY(file_get(file, "layout", NN_MODEL_FILE_TEXTS, &entry));
    nn_model_file_append_layout(model->network, &text);
    bool failed = text.failed;
    bool same =
        !failed && entry->count == 1 && strcmp((const char *)file->bytes + entry->offset, text.bytes) == 0;
    nn_text_free(&text);
    if (failed) NN_FAIL(NN_ERROR_MEMORY, "out of memory for the layout of the weights");
    if (!same) return file_fail(file, "another version of nntrain has laid out the weights");
    return NN_OK;
}

nn_status nn_model_file_weights(const nn_model_file *file, const nn_model *model, const nn_real **weights,
                                uint64_t *fingerprint)
{
    const nn_model_file_entry *entry, *number;
    bool is_double = model->scalar == NN_SCALAR_F64;
    NN_TRY(file_get(file, "fingerprint", NN_MODEL_FILE_INTEGERS, &number));
    NN_TRY(file_get(file, "values", is_double ? NN_MODEL_FILE_F64 : NN_MODEL_FILE_F32, &entry));
    if (number->count != 1 || entry->count != (uint64_t)model->network->value_count)
        return file_fail(file, "the weights do not belong to the network");
    NN_TRY(file_check_layout(file, model));
    memcpy(fingerprint, file->bytes + number->offset, sizeof *fingerprint);
    *weights = (const nn_real *)(const void *)(file->bytes + entry->offset);
    return NN_OK;
}
