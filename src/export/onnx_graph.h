/*
 * Builds a graph of ONNX, opset 17: nodes, tensors, inputs and outputs, which it owns. Values are known by
 * their names. The first failure is kept in `status`, and what follows does nothing: callers write
 * expressions, and the caller at the top checks. Names that are returned live as long as the graph; "" after
 * a failure.
 */
#ifndef NN_EXPORT_ONNX_GRAPH_H
#define NN_EXPORT_ONNX_GRAPH_H

#include "base/real.h"
#include "base/shape.h"
#include "model/description.h"

/* Types of elements, by their numbers in ONNX. */
typedef enum nn_onnx_type {
    NN_ONNX_FLOAT = 1,
    NN_ONNX_INT32 = 6,
    NN_ONNX_INT64 = 7,
    NN_ONNX_BOOL = 9,
    NN_ONNX_DOUBLE = 11
} nn_onnx_type;

typedef struct nn_onnx_contents nn_onnx_contents; /* private to onnx_graph.c and onnx_file.c */

typedef struct nn_onnx {
    nn_status status;
    const nn_description *description; /* borrowed */
    nn_scalar scalar;                  /* of values and weights */
    nn_onnx_type real;                 /* the same as ONNX has it */
    const char *scope;                 /* prefix of the names of what is added; borrowed */
    nn_onnx_contents *contents;
    struct nn_onnx_state *states; /* carried from call to call, in order */
} nn_onnx;

nn_status nn_onnx_create(const nn_description *description, nn_onnx **onnx);
void nn_onnx_destroy(nn_onnx *onnx); /* accepts NULL */

/* Writes the file. If the tensors have more than `external_above` bytes together, those of at least 1 KiB go
 * to a file next to it, PATH.data, which is written before PATH; *external: whether they did. NN_ERROR_IO. */
nn_status nn_onnx_write(nn_onnx *onnx, const char *path, int64_t external_above, bool *external);

/* ---- memory and failures ---- */

/* Zeroed memory that lives as long as the graph; NULL after a failure. */
void *nn_onnx_memory(nn_onnx *onnx, size_t count, size_t size);
/* A text of such memory, as printf formats. */
const char *nn_onnx_text(nn_onnx *onnx, const char *format, ...) NN_PRINTF(2, 3);
/* Keeps the first failure. Returns whether the graph is still good. */
bool nn_onnx_check(nn_onnx *onnx, nn_status status);

/* ---- nodes ---- */

/* Adds a node and returns its first output. inputs: NULL-terminated; "" omits an optional one. */
const char *nn_onnx_node(nn_onnx *onnx, const char *operator, const char * const * inputs);
#define NN_ONNX_NODE(onnx, operator, ...)                                                                    \
    nn_onnx_node((onnx), (operator), (const char *const[]){__VA_ARGS__, NULL})

/* Adds a node from which the caller takes the outputs, as many as in `outputs`; "" omits one. */
void nn_onnx_node_outputs(nn_onnx *onnx, const char *operator, const char * const * inputs,
                          const char *const *outputs);

/* A name for an output of the next node, unique in the graph. */
const char *nn_onnx_name(nn_onnx *onnx, const char *word);

/* Sets an attribute of the last node. */
void nn_onnx_set_integer(nn_onnx *onnx, const char *attribute, int64_t value);
void nn_onnx_set_integers(nn_onnx *onnx, const char *attribute, int64_t count, const int64_t *values);
void nn_onnx_set_word(nn_onnx *onnx, const char *attribute, const char *word);
void nn_onnx_set_words(nn_onnx *onnx, const char *attribute, const char *const *words); /* NULL-terminated */

/* ---- tensors ---- */

/* A tensor of this name, which the caller has made unique; values are borrowed as long as the graph lives. */
const char *nn_onnx_tensor(nn_onnx *onnx, const char *name, nn_onnx_type type, nn_shape shape,
                           const void *values);
/* Whether there is a tensor of this name. */
bool nn_onnx_has(const nn_onnx *onnx, const char *name);

/* One value of the network's type; one of `double`; a list of integers; one integer as a list. */
const char *nn_onnx_real(nn_onnx *onnx, double value);
const char *nn_onnx_reals(nn_onnx *onnx, nn_onnx_type type, nn_shape shape, const double *values);
const char *nn_onnx_integers(nn_onnx *onnx, int64_t count, const int64_t *values);
const char *nn_onnx_integer(nn_onnx *onnx, int64_t value);

/* ---- inputs and outputs ---- */

/* An extent of an input or output: a number, or the name of one that is free. */
typedef struct nn_onnx_extent {
    int64_t value;
    const char *name; /* NULL: value */
} nn_onnx_extent;

/* Returns the name used: with _ after it if another input has it already. */
const char *nn_onnx_input(nn_onnx *onnx, const char *name, nn_onnx_type type, int dimensions,
                          const nn_onnx_extent *extents);
/* Gives a value the name of an output; returns the name used: with _output after it if an input has it
 * already. */
const char *nn_onnx_output(nn_onnx *onnx, const char *value, const char *name, nn_onnx_type type,
                           int dimensions, const nn_onnx_extent *extents);

/* A value of samples x units to become an output after those of the network (nn_onnx_output). */
typedef struct nn_onnx_state {
    struct nn_onnx_state *next;
    const char *value, *name;
    int64_t units;
} nn_onnx_state;
void nn_onnx_carry(nn_onnx *onnx, const char *value, const char *name, int64_t units);

/* Adds metadata of the model. */
void nn_onnx_metadata(nn_onnx *onnx, const char *key, const char *value);

#endif
