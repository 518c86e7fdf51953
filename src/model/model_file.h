/*
 * Files of `nntrain export RUN model.nn`: a model and its weights, without HDF5. The file is mapped, and the
 * weights are used where they are.
 *
 * All numbers are in the byte order of the machine that wrote the file.
 *
 *     bytes 0..63     nn_model_file_header
 *     then            nn_model_file_entry, one per section
 *     then            the names of the sections, each followed by NUL
 *     then            the sections, each at a multiple of 64 bytes
 *
 * The sections have the names and contents that a checkpoint's datasets have (`nntrain help
 * checkpoint-format`; attributes begin with '@'), as far as a prediction needs them, and besides
 *
 *     fingerprint     an integer: the fingerprint of the weights that training would continue from
 *     layout          a text: for each parameter tensor a line LAYER/PARAMETER OFFSET EXTENT..., where the
 * offset counts values of `values` values          float32 or float64: the flat vector of the network's
 * weights, with padding
 *
 * XXH64 seals the header, the entries with the names, and each section.
 */
#ifndef NN_MODEL_MODEL_FILE_H
#define NN_MODEL_MODEL_FILE_H

#include "model/archive.h"

#define NN_MODEL_FILE_MAGIC "\x89nnm\r\n\x1a\n" /* 8 bytes; transfers as text damage it */
#define NN_MODEL_FILE_VERSION 1
#define NN_MODEL_FILE_ORDER 0x01020304u
#define NN_MODEL_FILE_ALIGNMENT 64

typedef struct nn_model_file_header {
    char magic[8];
    uint32_t order, version;
    uint64_t size;            /* of the file */
    uint64_t entry_count;     /* sections */
    uint64_t directory_bytes; /* of the entries and names */
    uint64_t directory_hash;
    uint64_t reserved; /* 0 */
    uint64_t hash;     /* of what precedes it in the header */
} nn_model_file_header;

typedef enum nn_model_file_kind {
    NN_MODEL_FILE_TEXTS,    /* `count` texts, each followed by NUL */
    NN_MODEL_FILE_INTEGERS, /* int64 */
    NN_MODEL_FILE_F64,
    NN_MODEL_FILE_F32,
    NN_MODEL_FILE_KINDS
} nn_model_file_kind;

typedef struct nn_model_file_entry {
    uint64_t name;   /* where it is in the file */
    uint64_t offset; /* of the section in the file */
    uint64_t bytes, count, hash;
    uint32_t kind, reserved; /* 0 */
} nn_model_file_entry;

typedef struct nn_model_file nn_model_file;

/* Whether a regular file begins as such a file does, as far as it goes; false if it cannot be read. */
bool nn_model_file_is(const char *path);

/* Maps the file and verifies it completely: NN_ERROR_CHECKPOINT if it is damaged, from another version or
 * from a machine with another byte order. The caller owns *file. */
nn_status nn_model_file_open(const char *path, nn_model_file **file);

/* The same for `size` bytes at a multiple of NN_MODEL_FILE_ALIGNMENT, which are borrowed, as is the name. */
nn_status nn_model_file_open_bytes(const void *bytes, size_t size, const char *name, nn_model_file **file);
void nn_model_file_close(nn_model_file *file); /* accepts NULL */

/* As what a model was saved in; borrows the file. */
nn_archive nn_model_file_archive(nn_model_file *file);

/* The weights of the model, which must be that of the file: borrowed from the file. NN_ERROR_CHECKPOINT if
 * they are not laid out as the network has them. */
nn_status nn_model_file_weights(const nn_model_file *file, const nn_model *model, const nn_real **weights,
                                uint64_t *fingerprint);

/* Appends the text of the section `layout`. */
void nn_model_file_append_layout(const nn_network *network, nn_text *text);

/* ---- writing: model_file_write.c ---- */

typedef struct nn_model_file_writer nn_model_file_writer;

nn_status nn_model_file_writer_create(nn_model_file_writer **writer);
void nn_model_file_writer_destroy(nn_model_file_writer *writer); /* accepts NULL */

/* Adds a section, whose name and values are copied. */
nn_status nn_model_file_put(nn_model_file_writer *writer, const char *name, nn_model_file_kind kind,
                            uint64_t count, const void *values, uint64_t bytes);
nn_status nn_model_file_put_text(nn_model_file_writer *writer, const char *name, const char *text);

/* Adds the sections fingerprint, layout and values. weights: the flat vector, borrowed until the file is
 * sealed. */
nn_status nn_model_file_put_weights(nn_model_file_writer *writer, const nn_model *model, uint64_t fingerprint,
                                    const nn_real *weights);

/* The file, owned by the caller (nn_free). */
nn_status nn_model_file_seal(const nn_model_file_writer *writer, void **bytes, size_t *size);

#endif
