/* What a graph consists of: private to onnx_graph.c and onnx_file.c. */
#ifndef NN_EXPORT_ONNX_GRAPH_INTERNAL_H
#define NN_EXPORT_ONNX_GRAPH_INTERNAL_H

#include <onnx.pb-c.h>

#include "export/onnx_graph.h"

/* Blocks of memory, the newest first. */
typedef struct nn_onnx_block {
    struct nn_onnx_block *next;
} nn_onnx_block;

struct nn_onnx_contents {
    Onnx__ModelProto model;
    Onnx__GraphProto graph;
    nn_onnx_block *blocks;
    int64_t names; /* given so far */
};

#endif
