/* What the numbers of an ONNX model mean: metadata, whose values are JSON. */
#include <stdlib.h>

#include "export/onnx_model.h"

static void metadata_append(nn_config_node *node, nn_text *text)
{
    nn_config_kind kind = nn_config_kind_of(node);
    if (kind == NN_CONFIG_SCALAR) {
        nn_text_append_json(text, nn_config_text(node));
        return;
    }
    nn_text_append(text, kind == NN_CONFIG_LIST ? "[" : "{");
    for (size_t i = 0; i < nn_config_count(node); i++) {
        if (i > 0) nn_text_append(text, ", ");
        if (kind == NN_CONFIG_MAPPING) {
            nn_text_append_json(text, nn_config_key(node, i));
            nn_text_append(text, ": ");
        }
        metadata_append(nn_config_item(node, i), text);
    }
    nn_text_append(text, kind == NN_CONFIG_LIST ? "]" : "}");
}

/* KEY.NAME.word: the value, which it releases. */
static void metadata_put(nn_onnx *onnx, const char *key, const char *name, const char *word, nn_text *value)
{
    if (value->failed)
        nn_onnx_check(onnx, nn_fail(NN_ERROR_MEMORY, "out of memory for the names of an ONNX model"));
    if (value->length > 0)
        nn_onnx_metadata(onnx, nn_onnx_text(onnx, "%s.%s.%s", key, name, word), value->bytes);
    nn_text_free(value);
}

static void metadata_put_node(nn_onnx *onnx, const char *key, const char *name, const char *word,
                              nn_config_node *node)
{
    nn_text text = {0};
    if (!node) return;
    metadata_append(node, &text);
    metadata_put(onnx, key, name, word, &text);
}

static void metadata_put_word(nn_onnx *onnx, const char *key, const char *name, const char *word,
                              const char *value)
{
    nn_text text = {0};
    nn_text_append_json(&text, value);
    metadata_put(onnx, key, name, word, &text);
}

static void metadata_put_field(nn_onnx *onnx, const char *key, const nn_described_field *field)
{
    metadata_put_node(onnx, key, field->name, "columns", field->columns);
    metadata_put_node(onnx, key, field->name, "classes", field->class_names);
    metadata_put_node(onnx, key, field->name, "categories", field->categories);
}

void nn_onnx_model_add_metadata(nn_onnx_model *model)
{
    nn_onnx *onnx = model->onnx;
    const nn_description *description = model->description;
    nn_onnx_metadata(onnx, "nntrain.precision", description->precision);
    for (int f = 0; f < nn_onnx_model_fields(description); f++)
        metadata_put_field(onnx, "nntrain.input", nn_onnx_model_field(description, f));
    for (int o = 0; o < description->output_count; o++) {
        const nn_described_output *output = &description->outputs[o];
        metadata_put_field(onnx, "nntrain.output", &output->field);
        metadata_put_word(onnx, "nntrain.output", output->field.name, "loss", output->loss);
        metadata_put_word(onnx, "nntrain.output", output->field.name, "prediction",
                          output->prediction ? output->prediction : "values");
    }
}
