/* What an event file shows: numbers, histograms, and the configuration. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "boards/event_write.h"

#define HISTOGRAM_BUCKETS 40

/* ---- numbers ---- */

/* Room for the names of a line by step, with "step/" before them. */
typedef char event_name[NN_SCALAR_NAME + 8];

nn_status nn_event_file_append_scalars(nn_event_file *file, const nn_scalars *scalars)
{
    Board__Summary__Value *values;
    event_name *names;
    bool by_step = strcmp(scalars->line, "step") == 0;
    NN_TRY(NN_ALLOCATE(&values, scalars->count + 1, "an event for TensorBoard"));
    nn_status status = NN_ALLOCATE(&names, scalars->count + 1, "an event for TensorBoard");
    size_t count = 0;
    for (; status == NN_OK && count < scalars->count; count++) {
        const nn_scalars_item *item = &scalars->items[count];
        board__summary__value__init(&values[count]);
        snprintf(names[count], sizeof names[count], "%s%s", by_step ? "step/" : "", item->name);
        values[count].tag = names[count];
        values[count].has_simple_value = true;
        values[count].simple_value = (float)item->value;
    }
    if (status == NN_OK && scalars->epoch > 0) {
        board__summary__value__init(&values[count]);
        snprintf(names[count], sizeof names[count], "epoch");
        values[count].tag = names[count];
        values[count].has_simple_value = true;
        values[count++].simple_value = (float)scalars->epoch;
    }
    if (status == NN_OK) status = nn_event_write_values(file, scalars->step, values, count);
    nn_free(names);
    nn_free(values);
    return status;
}

/* ---- histograms ---- */

nn_status nn_event_file_append_histogram(nn_event_file *file, int64_t step, const char *name,
                                         nn_scalar scalar, const nn_real *values, size_t count)
{
    Board__Summary__Value value = BOARD__SUMMARY__VALUE__INIT;
    Board__HistogramProto histogram = BOARD__HISTOGRAM_PROTO__INIT;
    double limits[HISTOGRAM_BUCKETS] = {0}, buckets[HISTOGRAM_BUCKETS] = {0}, low = INFINITY,
           high = -INFINITY;
    for (size_t i = 0; i < count; i++) {
        double number = nn_scalar_get(scalar, values, i);
        if (!isfinite(number)) continue;
        low = number < low ? number : low;
        high = number > high ? number : high;
    }
    if (!(low <= high)) return NN_OK;
    double width = (high - low) / HISTOGRAM_BUCKETS;
    for (int b = 0; b < HISTOGRAM_BUCKETS; b++) limits[b] = low + width * (b + 1);
    limits[HISTOGRAM_BUCKETS - 1] = high;
    histogram.has_min = histogram.has_max = histogram.has_num = true;
    histogram.has_sum = histogram.has_sum_squares = true;
    histogram.min = low;
    histogram.max = high;
    for (size_t i = 0; i < count; i++) {
        double number = nn_scalar_get(scalar, values, i);
        if (!isfinite(number)) continue;
        int b = width > 0 ? (int)((number - low) / width) : 0;
        buckets[b < HISTOGRAM_BUCKETS ? b : HISTOGRAM_BUCKETS - 1]++;
        histogram.num++;
        histogram.sum += number;
        histogram.sum_squares += number * number;
    }
    histogram.bucket_limit = limits;
    histogram.bucket = buckets;
    histogram.n_bucket_limit = histogram.n_bucket = width > 0 ? HISTOGRAM_BUCKETS : 1;
    if (!(width > 0)) limits[0] = high;
    value.tag = (char *)(size_t)name; /* protobuf-c does not write to it */
    value.histo = &histogram;
    return nn_event_write_values(file, step, &value, 1);
}

/* ---- the configuration ---- */

/* A number, true or false, otherwise a text. */
static void event_set_value(Board__HparamsValue *value, const char *text)
{
    char *end;
    double number = strtod(text, &end);
    bool yes = strcmp(text, "true") == 0, no = strcmp(text, "false") == 0;
    board__hparams_value__init(value);
    value->has_number_value = *text && !*end && isfinite(number);
    value->number_value = number;
    value->has_bool_value = yes || no;
    value->bool_value = yes;
    if (!value->has_number_value && !value->has_bool_value) value->string_value = (char *)(size_t)text;
}

/* Writes the plug-in's data: a value without a tensor, of which its metadata is all. */
static nn_status event_append_session(nn_event_file *file, Board__SessionStartInfo *session)
{
    Board__HParamsPluginData data = BOARD__HPARAMS_PLUGIN_DATA__INIT;
    Board__SummaryMetadata metadata = BOARD__SUMMARY_METADATA__INIT;
    Board__SummaryMetadata__PluginData plugin = BOARD__SUMMARY_METADATA__PLUGIN_DATA__INIT;
    Board__Summary__Value value = BOARD__SUMMARY__VALUE__INIT;
    char plugin_name[] = "hparams", tag[] = "_hparams_/session_start_info";
    Board__TensorProto tensor = BOARD__TENSOR_PROTO__INIT;
    Board__TensorShapeProto shape = BOARD__TENSOR_SHAPE_PROTO__INIT;
    Board__TensorShapeProto__Dim dim = BOARD__TENSOR_SHAPE_PROTO__DIM__INIT, *dims[] = {&dim};
    data.has_version = true;
    data.session_start_info = session;
    plugin.plugin_name = plugin_name;
    plugin.has_content = true;
    plugin.content.len = board__hparams_plugin_data__get_packed_size(&data);
    NN_TRY(NN_ALLOCATE(&plugin.content.data, plugin.content.len, "an event for TensorBoard"));
    board__hparams_plugin_data__pack(&data, plugin.content.data);
    metadata.plugin_data = &plugin;
    dim.has_size = true; /* of an empty tensor */
    shape.n_dim = 1;
    shape.dim = dims;
    tensor.has_dtype = true;
    tensor.dtype = BOARD__TENSOR_PROTO__DATA_TYPE__DT_FLOAT;
    tensor.tensor_shape = &shape;
    value.tag = tag;
    value.metadata = &metadata;
    value.tensor = &tensor;
    nn_status status = nn_event_write_values(file, 0, &value, 1);
    nn_free(plugin.content.data);
    return status;
}

static nn_status event_append_text(nn_event_file *file, const char *text)
{
    Board__SummaryMetadata metadata = BOARD__SUMMARY_METADATA__INIT;
    Board__SummaryMetadata__PluginData plugin = BOARD__SUMMARY_METADATA__PLUGIN_DATA__INIT;
    Board__Summary__Value value = BOARD__SUMMARY__VALUE__INIT;
    Board__TensorProto tensor = BOARD__TENSOR_PROTO__INIT;
    Board__TensorShapeProto shape = BOARD__TENSOR_SHAPE_PROTO__INIT;
    char plugin_name[] = "text", tag[] = "configuration";
    ProtobufCBinaryData bytes = {strlen(text), (uint8_t *)(size_t)text};
    plugin.plugin_name = plugin_name;
    metadata.plugin_data = &plugin;
    metadata.has_data_class = true;
    metadata.data_class = BOARD__SUMMARY_METADATA__DATA_CLASS__DATA_CLASS_TENSOR;
    tensor.has_dtype = true;
    tensor.dtype = BOARD__TENSOR_PROTO__DATA_TYPE__DT_STRING;
    tensor.tensor_shape = &shape; /* a single text */
    tensor.n_string_val = 1;
    tensor.string_val = &bytes;
    value.tag = tag;
    value.metadata = &metadata;
    value.tensor = &tensor;
    return nn_event_write_values(file, 0, &value, 1);
}

nn_status nn_event_file_append_settings(nn_event_file *file, const nn_event_setting *settings, size_t count,
                                        const char *configuration)
{
    typedef Board__SessionStartInfo__HparamsEntry entry_of;
    Board__SessionStartInfo session = BOARD__SESSION_START_INFO__INIT;
    entry_of *entries = NULL;
    Board__HparamsValue *values = NULL;
    nn_status status = NN_ALLOCATE(&entries, count, "the settings for TensorBoard");
    if (status == NN_OK) status = NN_ALLOCATE(&values, count, "the settings for TensorBoard");
    if (status == NN_OK) status = NN_ALLOCATE(&session.hparams, count, "the settings for TensorBoard");
    for (size_t s = 0; s < count && status == NN_OK; s++) {
        board__session_start_info__hparams_entry__init(&entries[s]);
        event_set_value(&values[s], settings[s].value);
        entries[s].key = (char *)(size_t)settings[s].path;
        entries[s].value = &values[s];
        session.hparams[session.n_hparams++] = &entries[s];
    }
    if (status == NN_OK) status = event_append_session(file, &session);
    if (status == NN_OK) status = event_append_text(file, configuration);
    nn_free(entries);
    nn_free(values);
    nn_free(session.hparams);
    return status;
}
