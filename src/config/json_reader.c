#include "config/json_reader.h"

#include <string.h>
#include <yaml.h>

#include "base/memory.h"
#include "config/yaml_library.h"

enum { JSON_DEPTH_MAX = 16 };

struct nn_json {
    yaml_parser_t parser;
    yaml_event_t event; /* the last one: texts are in it */
    bool has_event;
    int depth;
};

static nn_status json_fail(const nn_json *json, const char *problem)
{
    const yaml_parser_t *parser = &json->parser;
    if (parser->error == YAML_MEMORY_ERROR) NN_FAIL(NN_ERROR_MEMORY, "out of memory for parsing JSON");
    NN_FAIL(NN_ERROR_DATA, "not valid JSON at byte %zu: %s", parser->mark.index, problem);
}

static nn_status json_parse(nn_json *json)
{
    if (json->has_event) yaml_event_delete(&json->event);
    json->has_event = yaml_parser_parse(&json->parser, &json->event) != 0;
    if (json->has_event) return NN_OK;
    return json_fail(json, json->parser.problem ? json->parser.problem : "unknown problem");
}

nn_status nn_json_open(const char *bytes, size_t length, nn_json **json)
{
    nn_json *opened;
    *json = NULL;
    NN_TRY(nn_config_expect_library());
    NN_TRY(NN_ALLOCATE(&opened, 1, "a reader of JSON"));
    if (!yaml_parser_initialize(&opened->parser)) {
        nn_free(opened);
        NN_FAIL(NN_ERROR_MEMORY, "out of memory for parsing JSON");
    }
    yaml_parser_set_encoding(&opened->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&opened->parser, (const unsigned char *)bytes, length);
    *json = opened;
    return NN_OK;
}

void nn_json_close(nn_json *json)
{
    if (!json) return;
    if (json->has_event) yaml_event_delete(&json->event);
    yaml_parser_delete(&json->parser);
    nn_free(json);
}

/* What YAML has and JSON does not. */
static bool json_is_foreign(const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return event->data.scalar.anchor || event->data.scalar.tag ||
               (event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE &&
                event->data.scalar.style != YAML_DOUBLE_QUOTED_SCALAR_STYLE);
    case YAML_SEQUENCE_START_EVENT:
        return event->data.sequence_start.anchor || event->data.sequence_start.tag ||
               event->data.sequence_start.style != YAML_FLOW_SEQUENCE_STYLE;
    case YAML_MAPPING_START_EVENT:
        return event->data.mapping_start.anchor || event->data.mapping_start.tag ||
               event->data.mapping_start.style != YAML_FLOW_MAPPING_STYLE;
    case YAML_DOCUMENT_START_EVENT:
        return !event->data.document_start.implicit;
    default:
        return event->type == YAML_ALIAS_EVENT;
    }
}

static nn_status json_take(nn_json *json, nn_json_value *value)
{
    const yaml_event_t *event = &json->event;
    *value = (nn_json_value){.kind = NN_JSON_END};
    if (event->type == YAML_SCALAR_EVENT) {
        value->kind = NN_JSON_SCALAR;
        value->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
        value->text = (const char *)event->data.scalar.value;
        if (strlen(value->text) != event->data.scalar.length)
            return json_fail(json, "a text contains a NUL character");
    } else if (event->type == YAML_SEQUENCE_START_EVENT || event->type == YAML_MAPPING_START_EVENT) {
        value->kind = event->type == YAML_SEQUENCE_START_EVENT ? NN_JSON_LIST : NN_JSON_MAPPING;
        if (++json->depth > JSON_DEPTH_MAX) return json_fail(json, "too many levels of nesting");
    } else if (event->type != YAML_STREAM_END_EVENT) {
        json->depth--;
    }
    return NN_OK;
}

nn_status nn_json_next(nn_json *json, nn_json_value *value)
{
    do {
        NN_TRY(json_parse(json));
        if (json_is_foreign(&json->event)) return json_fail(json, "this is YAML, not JSON");
    } while (json->event.type == YAML_STREAM_START_EVENT || json->event.type == YAML_DOCUMENT_START_EVENT ||
             json->event.type == YAML_DOCUMENT_END_EVENT);
    return json_take(json, value);
}

nn_status nn_json_expect(nn_json *json, nn_json_kind kind, const char *what, nn_json_value *value)
{
    NN_TRY(nn_json_next(json, value));
    if (value->kind == kind) return NN_OK;
    NN_FAIL(NN_ERROR_DATA, "at byte %zu of the JSON text: expected %s", json->parser.mark.index, what);
}

nn_status nn_json_skip(nn_json *json, const nn_json_value *value)
{
    nn_json_value inner;
    if (value->kind != NN_JSON_LIST && value->kind != NN_JSON_MAPPING) return NN_OK;
    for (int outside = json->depth - 1; json->depth > outside;) NN_TRY(nn_json_next(json, &inner));
    return NN_OK;
}
