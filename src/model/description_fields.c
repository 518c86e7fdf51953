#include "model/description_internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void nn_description_wrong(nn_description_reader *reader, const char *format, ...)
{
    char text[512];
    va_list arguments;
    if (reader->status != NN_OK) return;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    reader->status =
        nn_fail(NN_ERROR_CHECKPOINT, "the graph of %s cannot be used: %s; use another checkpoint",
                reader->description->path, text);
}

bool nn_description_room(nn_description_reader *reader, void **list, size_t count, size_t size)
{
    if (reader->status == NN_OK)
        reader->status = nn_allocate(list, count, size, "the description of a network");
    return reader->status == NN_OK;
}

const char *nn_description_text(nn_description_reader *reader, nn_config_node *node, const char *key)
{
    const char *text = nn_config_text(nn_config_get(node, key));
    if (!text) nn_description_wrong(reader, "it lacks the text '%s'", key);
    return text ? text : "";
}

/* Whether a text is a whole number within limits. */
static bool fields_integer(const char *text, int64_t least, int64_t *value)
{
    char *end;
    if (!text || !*text) return false;
    errno = 0;
    *value = strtoll(text, &end, 10);
    return *end == '\0' && errno == 0 && *value >= least && *value <= NN_DESCRIPTION_LARGEST;
}

int64_t nn_description_integer(nn_description_reader *reader, nn_config_node *node, const char *key,
                               int64_t least)
{
    int64_t value = 0;
    if (!fields_integer(nn_config_text(nn_config_get(node, key)), least, &value))
        nn_description_wrong(reader, "'%s' is not a number that it may be", key);
    return value;
}

void nn_description_integers(nn_description_reader *reader, nn_config_node *list, int64_t count,
                             int64_t least, int64_t *values)
{
    if ((int64_t)nn_config_count(list) != count)
        nn_description_wrong(reader, "a list does not have %lld numbers", (long long)count);
    for (int64_t i = 0; reader->status == NN_OK && i < count; i++)
        if (!fields_integer(nn_config_text(nn_config_item(list, (size_t)i)), least, &values[i]))
            nn_description_wrong(reader, "a list contains what is not a whole number");
}

void nn_description_shape(nn_description_reader *reader, nn_config_node *node, nn_shape *shape)
{
    nn_config_node *list = nn_config_get(node, "shape");
    size_t count = nn_config_count(list);
    if (!list || count > NN_MAX_DIMENSIONS) nn_description_wrong(reader, "a shape is missing or too long");
    if (reader->status != NN_OK) return;
    shape->dimensions = (int)count;
    nn_description_integers(reader, list, (int64_t)count, 1, shape->extents);
    if (reader->status == NN_OK && nn_shape_count(*shape) > NN_DESCRIPTION_LARGEST)
        nn_description_wrong(reader, "a shape is too large");
}

static void fields_reals(nn_description_reader *reader, nn_config_node *list, int64_t count, double *values)
{
    char *end;
    for (int64_t i = 0; reader->status == NN_OK && i < count; i++) {
        const char *text = nn_config_text(nn_config_item(list, (size_t)i));
        values[i] = text ? strtod(text, &end) : 0;
        if (!text || !*text || *end) nn_description_wrong(reader, "scale or offset is not a number");
    }
}

static void fields_scaling(nn_description_reader *reader, nn_config_node *node, nn_described_field *field)
{
    nn_config_node *scale = nn_config_get(node, "scale"), *offset = nn_config_get(node, "offset");
    size_t columns = nn_config_count(scale);
    if (!scale || reader->status != NN_OK) return;
    if (columns == 0 || nn_config_count(offset) != columns ||
        nn_shape_count(field->shape) % (int64_t)columns != 0)
        nn_description_wrong(reader, "scale and offset do not fit the shape");
    if (!nn_description_room(reader, (void **)&field->scaling.scale, columns, sizeof(double))) return;
    if (!nn_description_room(reader, (void **)&field->scaling.offset, columns, sizeof(double))) return;
    field->scaling.columns = (int64_t)columns;
    fields_reals(reader, scale, (int64_t)columns, field->scaling.scale);
    fields_reals(reader, offset, (int64_t)columns, field->scaling.offset);
}

void nn_description_field(nn_description_reader *reader, nn_config_node *node, nn_described_field *field)
{
    field->name = nn_description_text(reader, node, "name");
    field->is_index = strcmp(nn_description_text(reader, node, "kind"), "index") == 0;
    nn_description_shape(reader, node, &field->shape);
    if (nn_config_get(node, "classes")) field->classes = nn_description_integer(reader, node, "classes", 1);
    if (nn_config_get(node, "begin")) field->begin = nn_description_integer(reader, node, "begin", 0);
    field->columns = nn_config_get(node, "columns");
    field->class_names = nn_config_get(node, "class_names");
    field->categories = nn_config_get(node, "categories");
    fields_scaling(reader, node, field);
}

/* ---- options ---- */

static const char *fields_option(const nn_described_layer *layer, const char *option)
{
    const char *text = nn_config_text(nn_config_get(layer->options, option));
    return text && *text ? text : NULL;
}

int64_t nn_described_integer(const nn_described_layer *layer, const char *option)
{
    int64_t value = 0;
    return fields_integer(fields_option(layer, option), INT64_MIN, &value) ? value : 0;
}

double nn_described_real(const nn_described_layer *layer, const char *option)
{
    const char *text = fields_option(layer, option);
    return text ? strtod(text, NULL) : 0;
}

bool nn_described_flag(const nn_described_layer *layer, const char *option)
{
    const char *text = fields_option(layer, option);
    return text && strcmp(text, "true") == 0;
}

const char *nn_described_word(const nn_described_layer *layer, const char *option)
{
    return fields_option(layer, option);
}

int nn_described_list(const nn_described_layer *layer, const char *option, int most, int64_t *values)
{
    nn_config_node *list = nn_config_get(layer->options, option);
    int count = 0;
    for (size_t i = 0; i < nn_config_count(list) && count < most; i++)
        if (fields_integer(nn_config_text(nn_config_item(list, i)), INT64_MIN, &values[count])) count++;
    return count;
}
