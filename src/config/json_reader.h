/* A reader of JSON texts from other programs, value by value, in the memory that one value needs, whatever
 * the text is: nn_config_parse_json makes a tree of it all. JSON is a part of YAML, so that libyaml parses
 * it. */
#ifndef NN_CONFIG_JSON_READER_H
#define NN_CONFIG_JSON_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

typedef struct nn_json nn_json;

typedef enum nn_json_kind {
    NN_JSON_SCALAR,
    NN_JSON_LIST,    /* begins here; its values follow */
    NN_JSON_MAPPING, /* begins here; keys, which are scalars, and values follow in turn */
    NN_JSON_END      /* of the list or mapping, or of the text */
} nn_json_kind;

typedef struct nn_json_value {
    nn_json_kind kind;
    bool quoted;      /* a string; otherwise a number, true, false or null */
    const char *text; /* of a scalar, with a final NUL and none before; borrowed until the next call */
} nn_json_value;

/* bytes: borrowed while open. The caller owns *json. */
nn_status nn_json_open(const char *bytes, size_t length, nn_json **json);
void nn_json_close(nn_json *json); /* accepts NULL */

/* The next value. NN_ERROR_DATA, with the position, where the text is not JSON, or nested deeper than 16
 * levels. */
nn_status nn_json_next(nn_json *json, nn_json_value *value);

/* The same; fails unless it is of this kind (`what` says in the message what was expected). */
nn_status nn_json_expect(nn_json *json, nn_json_kind kind, const char *what, nn_json_value *value);

/* Passes over the rest of a value that nn_json_next has returned. */
nn_status nn_json_skip(nn_json *json, const nn_json_value *value);

#endif
