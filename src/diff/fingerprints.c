#include "diff/fingerprints.h"

#include <stdio.h>
#include <string.h>

#include "config/json_reader.h"

static nn_status fingerprints_read_layers(nn_json *json, nn_fingerprints *prints)
{
    nn_json_value value;
    for (;;) {
        NN_TRY(nn_json_next(json, &value));
        if (value.kind == NN_JSON_END) return NN_OK;
        NN_TRY(nn_list_add(&prints->layers, value.text));
        NN_TRY(nn_json_expect(json, NN_JSON_SCALAR, "a fingerprint", &value));
        NN_TRY(nn_list_add(&prints->values, value.text));
    }
}

static nn_status fingerprints_read_line(nn_json *json, nn_fingerprints *prints)
{
    nn_json_value value;
    NN_TRY(nn_json_expect(json, NN_JSON_MAPPING, "an object", &value));
    for (;;) {
        NN_TRY(nn_json_next(json, &value));
        if (value.kind == NN_JSON_END) break;
        bool weights = strcmp(value.text, "weights") == 0, layers = strcmp(value.text, "layers") == 0;
        NN_TRY(nn_json_next(json, &value));
        if (weights && value.kind == NN_JSON_SCALAR)
            snprintf(prints->weights, sizeof prints->weights, "%s", value.text);
        else if (layers && value.kind == NN_JSON_MAPPING)
            NN_TRY(fingerprints_read_layers(json, prints));
        else
            NN_TRY(nn_json_skip(json, &value));
    }
    return prints->weights[0] ? NN_OK : nn_fail(NN_ERROR_DATA, "a line without a fingerprint");
}

nn_status nn_fingerprints_read(const char *text, size_t length, nn_fingerprints *prints)
{
    nn_json *json;
    nn_fingerprints_release(prints);
    NN_TRY(nn_json_open(text, length, &json));
    nn_status status = fingerprints_read_line(json, prints);
    nn_json_close(json);
    return status;
}

void nn_fingerprints_release(nn_fingerprints *prints)
{
    nn_list_release(&prints->layers);
    nn_list_release(&prints->values);
    *prints = (nn_fingerprints){0};
}

static nn_status fingerprints_add_others(const nn_fingerprints *a, const nn_fingerprints *b, bool values,
                                         nn_text_list *layers)
{
    for (size_t l = 0; l < a->layers.count; l++) {
        int64_t other = nn_list_find(&b->layers, a->layers.items[l]);
        bool same = other >= 0 && (!values || strcmp(a->values.items[l], b->values.items[other]) == 0);
        if (!same) NN_TRY(nn_list_add(layers, a->layers.items[l]));
    }
    return NN_OK;
}

nn_status nn_fingerprints_compare(const nn_fingerprints *a, const nn_fingerprints *b, bool *same,
                                  nn_text_list *layers)
{
    *same = strcmp(a->weights, b->weights) == 0;
    if (*same) return NN_OK;
    NN_TRY(fingerprints_add_others(a, b, true, layers));
    return fingerprints_add_others(b, a, false, layers);
}
