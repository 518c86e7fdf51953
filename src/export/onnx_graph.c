#include "export/onnx_graph.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "build.h"
#include "export/onnx_graph_internal.h"

/* What onnx 1.12 and every runtime of the last years read. */
#define ONNX_IR_VERSION 8
#define ONNX_OPSET 17

/* ---- memory ---- */

bool nn_onnx_check(nn_onnx *onnx, nn_status status)
{
    if (onnx->status == NN_OK) onnx->status = status;
    return onnx->status == NN_OK;
}

void *nn_onnx_memory(nn_onnx *onnx, size_t count, size_t size)
{
    nn_onnx_block *block;
    const size_t header = NN_ALIGNMENT;
    if (onnx->status != NN_OK) return NULL;
    if (size > 0 && count > (SIZE_MAX - header) / size)
        nn_onnx_check(onnx, nn_fail(NN_ERROR_MEMORY, "out of memory for a tensor of an ONNX model"));
    else if (nn_onnx_check(onnx, nn_allocate((void **)&block, header + count * size, 1, "an ONNX model"))) {
        block->next = onnx->contents->blocks;
        onnx->contents->blocks = block;
        return (char *)block + header;
    }
    return NULL;
}

const char *nn_onnx_text(nn_onnx *onnx, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    char *text = nn_onnx_memory(onnx, (size_t)(length < 0 ? 0 : length) + 1, 1);
    if (text) (void)vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    va_end(arguments);
    return text ? text : "";
}

static char *graph_copy(nn_onnx *onnx, const char *text)
{
    return (char *)(size_t)nn_onnx_text(onnx, "%s", text);
}

/* Appends a message to a repeated field, whose list doubles its room at powers of two. */
static bool graph_append(nn_onnx *onnx, size_t *count, void *list, void *message)
{
    void **old, **grown;
    memcpy((void *)&old, list, sizeof old);
    if ((*count & (*count - 1)) == 0) {
        grown = nn_onnx_memory(onnx, *count ? 2 * *count : 1, sizeof *grown);
        if (!grown) return false;
        if (*count) memcpy((void *)grown, (void *)old, *count * sizeof *old);
        memcpy(list, (void *)&grown, sizeof grown);
        old = grown;
    }
    old[(*count)++] = message;
    return true;
}

nn_status nn_onnx_create(const nn_description *description, nn_onnx **onnx)
{
    nn_onnx_contents *contents = NULL;
    nn_status status = NN_ALLOCATE(onnx, 1, "an ONNX model");
    if (status == NN_OK) status = NN_ALLOCATE(&contents, 1, "an ONNX model");
    if (status != NN_OK) {
        nn_free(*onnx);
        *onnx = NULL;
        return status;
    }
    bool is_double = description->scalar == NN_SCALAR_F64;
    **onnx = (nn_onnx){.description = description,
                       .scalar = description->scalar,
                       .real = is_double ? NN_ONNX_DOUBLE : NN_ONNX_FLOAT,
                       .scope = "",
                       .contents = contents};
    Onnx__ModelProto *model = &contents->model;
    onnx__model_proto__init(model);
    onnx__graph_proto__init(&contents->graph);
    model->has_ir_version = true;
    model->ir_version = ONNX_IR_VERSION;
    model->producer_name = (char *)(size_t) "nntrain";
    model->producer_version = (char *)(size_t)NN_VERSION;
    model->graph = &contents->graph;
    contents->graph.name = (char *)(size_t) "network";
    Onnx__OperatorSetIdProto *operators = nn_onnx_memory(*onnx, 1, sizeof *operators);
    if (operators) {
        onnx__operator_set_id_proto__init(operators);
        operators->domain = (char *)(size_t) "";
        operators->has_version = true;
        operators->version = ONNX_OPSET;
        graph_append(*onnx, &model->n_opset_import, (void *)&model->opset_import, operators);
    }
    status = (*onnx)->status;
    if (status != NN_OK) {
        nn_onnx_destroy(*onnx);
        *onnx = NULL;
    }
    return status;
}

void nn_onnx_destroy(nn_onnx *onnx)
{
    if (!onnx) return;
    nn_onnx_block *block = onnx->contents->blocks;
    while (block) {
        nn_onnx_block *next = block->next;
        nn_free(block);
        block = next;
    }
    nn_free(onnx->contents);
    nn_free(onnx);
}

/* ---- nodes ---- */

const char *nn_onnx_name(nn_onnx *onnx, const char *word)
{
    return nn_onnx_text(onnx, "%s/%s_%lld", onnx->scope, word, (long long)onnx->contents->names++);
}

static void graph_append_names(nn_onnx *onnx, size_t *count, char ***list, const char *const *names)
{
    for (size_t i = 0; names[i]; i++)
        if (!graph_append(onnx, count, (void *)list, graph_copy(onnx, names[i]))) return;
}

void nn_onnx_node_outputs(nn_onnx *onnx, const char *operator, const char * const * inputs,
                          const char *const *outputs)
{
    Onnx__GraphProto *graph = &onnx->contents->graph;
    Onnx__NodeProto *node = nn_onnx_memory(onnx, 1, sizeof *node);
    if (!node) return;
    onnx__node_proto__init(node);
    node->name = graph_copy(onnx, nn_onnx_name(onnx, operator));
    node->op_type = graph_copy(onnx, operator);
    graph_append_names(onnx, &node->n_input, &node->input, inputs);
    graph_append_names(onnx, &node->n_output, &node->output, outputs);
    graph_append(onnx, &graph->n_node, (void *)&graph->node, node);
}

const char *nn_onnx_node(nn_onnx *onnx, const char *operator, const char * const * inputs)
{
    const char *output = nn_onnx_name(onnx, operator);
    nn_onnx_node_outputs(onnx, operator, inputs, (const char *const[]){output, NULL});
    return output;
}

/* A new attribute of the last node; NULL after a failure. */
static Onnx__AttributeProto *graph_attribute(nn_onnx *onnx, const char *name,
                                             Onnx__AttributeProto__AttributeType type)
{
    Onnx__GraphProto *graph = &onnx->contents->graph;
    Onnx__AttributeProto *attribute = nn_onnx_memory(onnx, 1, sizeof *attribute);
    if (!attribute) return NULL;
    Onnx__NodeProto *node = graph->node[graph->n_node - 1];
    onnx__attribute_proto__init(attribute);
    attribute->name = graph_copy(onnx, name);
    attribute->has_type = true;
    attribute->type = type;
    return graph_append(onnx, &node->n_attribute, (void *)&node->attribute, attribute) ? attribute : NULL;
}

static ProtobufCBinaryData graph_bytes(nn_onnx *onnx, const char *text)
{
    return (ProtobufCBinaryData){strlen(text), (uint8_t *)graph_copy(onnx, text)};
}

void nn_onnx_set_integer(nn_onnx *onnx, const char *attribute, int64_t value)
{
    Onnx__AttributeProto *made = graph_attribute(onnx, attribute, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT);
    if (!made) return;
    made->has_i = true;
    made->i = value;
}

void nn_onnx_set_integers(nn_onnx *onnx, const char *attribute, int64_t count, const int64_t *values)
{
    Onnx__AttributeProto *made =
        graph_attribute(onnx, attribute, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS);
    if (made) made->ints = nn_onnx_memory(onnx, (size_t)count, sizeof *values);
    if (!made || !made->ints) return;
    made->n_ints = (size_t)count;
    memcpy(made->ints, values, (size_t)count * sizeof *values);
}

void nn_onnx_set_word(nn_onnx *onnx, const char *attribute, const char *word)
{
    Onnx__AttributeProto *made =
        graph_attribute(onnx, attribute, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING);
    if (!made) return;
    made->has_s = true;
    made->s = graph_bytes(onnx, word);
}

void nn_onnx_set_words(nn_onnx *onnx, const char *attribute, const char *const *words)
{
    size_t count = 0;
    Onnx__AttributeProto *made =
        graph_attribute(onnx, attribute, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRINGS);
    while (words[count]) count++;
    if (made) made->strings = nn_onnx_memory(onnx, count, sizeof *made->strings);
    if (!made || !made->strings) return;
    made->n_strings = count;
    for (size_t i = 0; i < count; i++) made->strings[i] = graph_bytes(onnx, words[i]);
}

/* ---- tensors ---- */

static size_t graph_type_size(nn_onnx_type type)
{
    return type == NN_ONNX_BOOL ? 1 : type == NN_ONNX_FLOAT || type == NN_ONNX_INT32 ? 4 : 8;
}

const char *nn_onnx_tensor(nn_onnx *onnx, const char *name, nn_onnx_type type, nn_shape shape,
                           const void *values)
{
    Onnx__GraphProto *graph = &onnx->contents->graph;
    Onnx__TensorProto *tensor = nn_onnx_memory(onnx, 1, sizeof *tensor);
    size_t dimensions = (size_t)shape.dimensions;
    int64_t *extents = nn_onnx_memory(onnx, dimensions, sizeof *extents);
    if (!tensor || !extents || !values) return "";
    memcpy(extents, shape.extents, dimensions * sizeof *extents);
    onnx__tensor_proto__init(tensor);
    tensor->name = graph_copy(onnx, name);
    tensor->n_dims = dimensions;
    tensor->dims = extents;
    tensor->has_data_type = true;
    tensor->data_type = (int32_t)type;
    tensor->has_raw_data = true;
    tensor->raw_data.len = (size_t)nn_shape_count(shape) * graph_type_size(type);
    tensor->raw_data.data = (uint8_t *)(size_t)values;
    graph_append(onnx, &graph->n_initializer, (void *)&graph->initializer, tensor);
    return tensor->name;
}

bool nn_onnx_has(const nn_onnx *onnx, const char *name)
{
    const Onnx__GraphProto *graph = &onnx->contents->graph;
    for (size_t i = 0; i < graph->n_initializer; i++)
        if (strcmp(graph->initializer[i]->name, name) == 0) return true;
    return false;
}

const char *nn_onnx_reals(nn_onnx *onnx, nn_onnx_type type, nn_shape shape, const double *values)
{
    nn_scalar scalar = type == NN_ONNX_DOUBLE ? NN_SCALAR_F64 : NN_SCALAR_F32;
    size_t count = (size_t)nn_shape_count(shape);
    nn_real *copy = nn_onnx_memory(onnx, count, nn_scalar_size(scalar));
    for (size_t i = 0; copy && i < count; i++) nn_scalar_put(scalar, copy, i, values[i]);
    return nn_onnx_tensor(onnx, nn_onnx_name(onnx, "constant"), type, shape, copy);
}

const char *nn_onnx_real(nn_onnx *onnx, double value)
{
    return nn_onnx_reals(onnx, onnx->real, (nn_shape){0}, &value);
}

const char *nn_onnx_integers(nn_onnx *onnx, int64_t count, const int64_t *values)
{
    int64_t *copy = nn_onnx_memory(onnx, (size_t)count, sizeof *copy);
    if (copy) memcpy(copy, values, (size_t)count * sizeof *copy);
    return nn_onnx_tensor(onnx, nn_onnx_name(onnx, "constant"), NN_ONNX_INT64, (nn_shape){1, {count}}, copy);
}

const char *nn_onnx_integer(nn_onnx *onnx, int64_t value)
{
    return nn_onnx_integers(onnx, 1, &value);
}

/* ---- inputs and outputs ---- */

static Onnx__TensorShapeProto *graph_shape(nn_onnx *onnx, int dimensions, const nn_onnx_extent *extents)
{
    Onnx__TensorShapeProto *shape = nn_onnx_memory(onnx, 1, sizeof *shape);
    if (!shape) return NULL;
    onnx__tensor_shape_proto__init(shape);
    for (int d = 0; d < dimensions; d++) {
        Onnx__TensorShapeProto__Dimension *extent = nn_onnx_memory(onnx, 1, sizeof *extent);
        if (!extent) return NULL;
        onnx__tensor_shape_proto__dimension__init(extent);
        extent->value_case = extents[d].name ? ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM
                                             : ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
        if (extents[d].name)
            extent->dim_param = graph_copy(onnx, extents[d].name);
        else
            extent->dim_value = extents[d].value;
        graph_append(onnx, &shape->n_dim, (void *)&shape->dim, extent);
    }
    return shape;
}

static Onnx__ValueInfoProto *graph_value(nn_onnx *onnx, const char *name, nn_onnx_type type, int dimensions,
                                         const nn_onnx_extent *extents)
{
    Onnx__ValueInfoProto *value = nn_onnx_memory(onnx, 1, sizeof *value);
    Onnx__TypeProto *of = nn_onnx_memory(onnx, 1, sizeof *of);
    Onnx__TypeProto__Tensor *tensor = nn_onnx_memory(onnx, 1, sizeof *tensor);
    if (!value || !of || !tensor) return NULL;
    onnx__value_info_proto__init(value);
    onnx__type_proto__init(of);
    onnx__type_proto__tensor__init(tensor);
    value->name = graph_copy(onnx, name);
    value->type = of;
    of->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    of->tensor_type = tensor;
    tensor->has_elem_type = true;
    tensor->elem_type = (int32_t)type;
    tensor->shape = graph_shape(onnx, dimensions, extents);
    return value;
}

static bool graph_is_input(const nn_onnx *onnx, const char *name)
{
    const Onnx__GraphProto *graph = &onnx->contents->graph;
    for (size_t i = 0; i < graph->n_input; i++)
        if (strcmp(graph->input[i]->name, name) == 0) return true;
    return false;
}

const char *nn_onnx_input(nn_onnx *onnx, const char *name, nn_onnx_type type, int dimensions,
                          const nn_onnx_extent *extents)
{
    Onnx__GraphProto *graph = &onnx->contents->graph;
    while (onnx->status == NN_OK && graph_is_input(onnx, name)) name = nn_onnx_text(onnx, "%s_", name);
    Onnx__ValueInfoProto *value = graph_value(onnx, name, type, dimensions, extents);
    if (!value) return "";
    graph_append(onnx, &graph->n_input, (void *)&graph->input, value);
    return value->name;
}

const char *nn_onnx_output(nn_onnx *onnx, const char *value, const char *name, nn_onnx_type type,
                           int dimensions, const nn_onnx_extent *extents)
{
    Onnx__GraphProto *graph = &onnx->contents->graph;
    while (onnx->status == NN_OK && graph_is_input(onnx, name)) name = nn_onnx_text(onnx, "%s_output", name);
    nn_onnx_node_outputs(onnx, "Identity", (const char *const[]){value, NULL},
                         (const char *const[]){name, NULL});
    Onnx__ValueInfoProto *made = graph_value(onnx, name, type, dimensions, extents);
    if (!made) return "";
    graph_append(onnx, &graph->n_output, (void *)&graph->output, made);
    return made->name;
}

void nn_onnx_carry(nn_onnx *onnx, const char *value, const char *name, int64_t units)
{
    nn_onnx_state *state = nn_onnx_memory(onnx, 1, sizeof *state), **last = &onnx->states;
    if (!state) return;
    *state = (nn_onnx_state){NULL, value, name, units};
    while (*last) last = &(*last)->next;
    *last = state;
}

void nn_onnx_metadata(nn_onnx *onnx, const char *key, const char *value)
{
    Onnx__ModelProto *model = &onnx->contents->model;
    Onnx__StringStringEntryProto *entry = nn_onnx_memory(onnx, 1, sizeof *entry);
    if (!entry) return;
    onnx__string_string_entry_proto__init(entry);
    entry->key = graph_copy(onnx, key);
    entry->value = graph_copy(onnx, value);
    graph_append(onnx, &model->n_metadata_props, (void *)&model->metadata_props, entry);
}
