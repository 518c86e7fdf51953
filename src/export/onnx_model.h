/* From the description of a network to a graph of ONNX: inputs, layers, outputs, metadata. Private to export.
 */
#ifndef NN_EXPORT_ONNX_MODEL_H
#define NN_EXPORT_ONNX_MODEL_H

#include "export/onnx_layer.h"

typedef struct nn_onnx_model {
    nn_onnx *onnx;
    const nn_description *description;
    bool is_free;            /* the steps of the input may be more or fewer than in training */
    const char **raw;        /* the inputs as given, one per field (nn_onnx_model_field) */
    const char *lengths;     /* of the samples, in steps of the input; NULL: there are none */
    nn_onnx_source *sources; /* one per layer: its output */
    nn_text *report;         /* borrowed: for the user */
} nn_onnx_model;

/* Adds everything. Appends the inputs and outputs to the report. The graph has the status. */
void nn_onnx_model_build(nn_onnx *onnx, nn_text *report);

/* ---- onnx_ends.c: inputs and outputs ---- */

/* The inputs that the network is given: its parts, or the only one. */
int nn_onnx_model_fields(const nn_description *description);
const nn_described_field *nn_onnx_model_field(const nn_description *description, int field);

void nn_onnx_model_add_inputs(nn_onnx_model *model);
/* An input as the network sees it, normalised; and all of them as one. */
const char *nn_onnx_model_normalised(nn_onnx_model *model, int field);
const char *nn_onnx_model_joined(nn_onnx_model *model);
void nn_onnx_model_add_outputs(nn_onnx_model *model);

/* ---- onnx_steps.c ---- */

bool nn_onnx_model_is_free(const nn_description *description);

/* ---- onnx_metadata.c ---- */

void nn_onnx_model_add_metadata(nn_onnx_model *model);

#endif
