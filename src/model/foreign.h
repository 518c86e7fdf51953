/*
 * Weights that another program has written: the file formats safetensors (PyTorch, Hugging Face) and
 * .weights.h5 (Keras 3). A tensor is found by its name, and read one at a time, so that memory is needed for
 * the largest one only. One thread at a time may use a file.
 */
#ifndef NN_MODEL_FOREIGN_H
#define NN_MODEL_FOREIGN_H

#include "base/shape.h"

/* Whose names, axes and order of gates a file has. */
typedef enum nn_foreign_format { NN_FOREIGN_PYTORCH, NN_FOREIGN_KERAS } nn_foreign_format;

typedef struct nn_foreign_tensor {
    char *name; /* owned: "layer1.0.conv1.weight"; "NAME/vars/0", where NAME is that of a layer of Keras */
    char *path; /* owned: in the file; NULL: the same */
    char type[32];
    bool readable; /* numbers with a fraction, of a type that is known, with at most NN_MAX_DIMENSIONS */
    nn_shape shape;
    int64_t begin, end; /* private: bytes after the header */
    bool used;          /* for the caller */
} nn_foreign_tensor;

typedef struct nn_foreign {
    nn_foreign_format format;
    char *path; /* owned */
    int64_t count;
    nn_foreign_tensor *tensors;   /* in order of their names, which are unique */
    int64_t note_count;           /* of the metadata of safetensors */
    char **note_keys, **notes;    /* owned */
    int descriptor;               /* private; -1: none */
    int64_t data_begin;           /* private */
    struct nn_store_file *stored; /* private; NULL: none */
} nn_foreign;

/* Whether a name ends like those of such files. */
bool nn_foreign_is_name(const char *path);

/* Opens a file, whose format its first bytes tell, and checks its structure. NN_ERROR_DATA: the file is
 * damaged, or of another kind. The caller owns *foreign. */
nn_status nn_foreign_open(const char *path, nn_foreign **foreign);
void nn_foreign_close(nn_foreign *foreign); /* accepts NULL */

/* The number of a tensor by its name or path; -1: there is none. */
int64_t nn_foreign_find(const nn_foreign *foreign, const char *name);

/* The metadata of a key; NULL: there is none. Borrowed. */
const char *nn_foreign_note(const nn_foreign *foreign, const char *key);

/* Reads a tensor. Fails unless all of its values are finite. values: nn_shape_count(shape) numbers. */
nn_status nn_foreign_read(const nn_foreign *foreign, int64_t tensor, double *values);

#endif
