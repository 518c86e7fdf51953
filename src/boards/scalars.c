#include "boards/scalars.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "config/json_reader.h"

static nn_status scalars_add(nn_scalars *scalars, const char *name, double value, const char *text)
{
    if (scalars->count == scalars->capacity) {
        size_t capacity = 2 * scalars->capacity + 16;
        NN_TRY(nn_reallocate((void **)&scalars->items, scalars->capacity, capacity, sizeof *scalars->items,
                             "the numbers of a line"));
        scalars->capacity = capacity;
    }
    nn_scalars_item *scalar = &scalars->items[scalars->count++];
    snprintf(scalar->name, sizeof scalar->name, "%s", name);
    snprintf(scalar->text, sizeof scalar->text, "%s", text);
    scalar->value = value;
    return NN_OK;
}

static nn_status scalars_take(nn_scalars *scalars, const char *name, const nn_json_value *value)
{
    char *end;
    double number = strtod(value->text, &end);
    bool numeric = !value->quoted && *end == '\0' && end != value->text;
    if (value->quoted && strcmp(name, "line") == 0)
        snprintf(scalars->line, sizeof scalars->line, "%s", value->text);
    if (!value->quoted && strcmp(value->text, "null") == 0)
        return scalars_add(scalars, name, (double)NAN, "");
    if (!numeric) return NN_OK;
    bool counts = number >= 0 && number < 0x1p62;
    if (strcmp(name, "epoch") == 0)
        scalars->epoch = counts ? (int64_t)number : 0;
    else if (strcmp(name, "step") == 0)
        scalars->step = counts ? (int64_t)number : 0;
    else
        return scalars_add(scalars, name, number, value->text);
    return NN_OK;
}

/* The rest of a mapping, whose place is the first `length` characters of `name`. */
static nn_status scalars_walk(nn_json *json, char name[NN_SCALAR_NAME], size_t length, nn_scalars *scalars)
{
    nn_json_value value;
    for (;;) {
        NN_TRY(nn_json_next(json, &value));
        if (value.kind == NN_JSON_END) return NN_OK;
        int wrote =
            snprintf(name + length, NN_SCALAR_NAME - length, "%s%s", length > 0 ? "/" : "", value.text);
        size_t inner = wrote < 0 ? length : length + (size_t)wrote;
        if (inner > NN_SCALAR_NAME - 1) inner = NN_SCALAR_NAME - 1;
        NN_TRY(nn_json_next(json, &value));
        if (value.kind == NN_JSON_SCALAR)
            NN_TRY(scalars_take(scalars, name, &value));
        else if (value.kind == NN_JSON_MAPPING) /* the reader bounds how deep they nest */
            NN_TRY(scalars_walk(json, name, inner, scalars));
        else
            NN_TRY(nn_json_skip(json, &value));
    }
}

nn_status nn_scalars_read(const char *text, size_t length, nn_scalars *scalars)
{
    nn_json *json;
    nn_json_value value;
    char name[NN_SCALAR_NAME];
    scalars->count = 0;
    scalars->epoch = scalars->step = 0;
    snprintf(scalars->line, sizeof scalars->line, "epoch");
    NN_TRY(nn_json_open(text, length, &json));
    nn_status status = nn_json_expect(json, NN_JSON_MAPPING, "an object", &value);
    if (status == NN_OK) status = scalars_walk(json, name, 0, scalars);
    nn_json_close(json);
    if (status == NN_OK && scalars->step <= 0) status = nn_fail(NN_ERROR_DATA, "a line without a step");
    return status;
}

void nn_scalars_release(nn_scalars *scalars)
{
    nn_free(scalars->items);
    *scalars = (nn_scalars){0};
}
