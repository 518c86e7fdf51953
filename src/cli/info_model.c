/* A file of `nntrain export RUN model.nn`: what the network in it takes and gives. */
#include <inttypes.h>
#include <stdio.h>

#include "cli/info.h"
#include "model/predictor.h"

static int64_t model_count_parameters(const nn_network *network)
{
    int64_t count = 0;
    for (int l = 0; l < network->layer_count; l++)
        for (int p = 0; p < network->layers[l].parameter_count; p++)
            count += network->layers[l].parameters[p].count;
    return count;
}

static void model_append_field(nn_facts *facts, const nn_field *field, int64_t classes)
{
    char shape[NN_SHAPE_TEXT];
    if (facts->json) {
        nn_facts_entry(facts);
        nn_text_append(&facts->text, "{");
        nn_facts_word(facts, "name", field->name);
        nn_facts_key(facts, "shape");
        nn_facts_append_extents(facts, field->shape.dimensions, field->shape.extents);
        if (classes > 0) nn_facts_integer(facts, "classes", classes);
        nn_text_append(&facts->text, "}");
        return;
    }
    nn_text_append(&facts->text, "    %s: %s", field->name, nn_shape_text(shape, field->shape));
    if (classes > 0) nn_text_append(&facts->text, ", %" PRId64 " classes", classes);
    nn_text_append(&facts->text, "\n");
}

static void model_append_fields(nn_facts *facts, const nn_model *model)
{
    const char *begin = facts->json ? "[" : "\n", *end = facts->json ? "]" : "";
    nn_facts_key(facts, "inputs");
    nn_text_append(&facts->text, "%s", begin);
    for (int i = 0; i < nn_predictor_model_inputs(model); i++) {
        const nn_field *input = nn_predictor_model_input(model, i);
        model_append_field(facts, input, input->is_class ? input->classes : 0);
    }
    nn_text_append(&facts->text, "%s", end);
    nn_facts_key(facts, "outputs");
    nn_text_append(&facts->text, "%s", begin);
    for (int h = 0; h < model->head_count; h++) {
        nn_field output = model->heads[h].target;
        output.name = model->heads[h].name;
        model_append_field(facts, &output, output.is_class ? output.classes : 0);
    }
    nn_text_append(&facts->text, "%s", end);
}

nn_status nn_info_append_model(nn_facts *facts, const char *path)
{
    nn_predictor_core *core;
    char fingerprint[32];
    nn_status status = nn_predictor_core_load(path, 0, &core);
    if (status != NN_OK) nn_text_free(&facts->text);
    NN_TRY(status);
    const nn_model *model = core->model;
    snprintf(fingerprint, sizeof fingerprint, "%016" PRIx64, core->fingerprint);
    nn_facts_word(facts, "kind", "model");
    nn_facts_bytes(facts, "bytes", nn_info_file_bytes(path));
    nn_facts_word(facts, "precision", nn_model_precision(model));
    nn_facts_word(facts, "fingerprint", fingerprint);
    nn_facts_integer(facts, "parameters", model_count_parameters(model->network));
    model_append_fields(facts, model);
    if (facts->json) {
        nn_facts_key(facts, "graph");
        nn_text_append(&facts->text, "%s", core->graph.bytes);
    } else {
        nn_text_append(&facts->text, "\n");
        nn_model_summary(model, &facts->text);
        nn_text_append(&facts->text, "\n");
    }
    nn_predictor_core_release(core);
    return NN_OK;
}
