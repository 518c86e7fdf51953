/* Options as JSON. */
#include <inttypes.h>
#include <string.h>

#include "base/options.h"

static void json_append_texts(const nn_text_list *list, nn_text *text)
{
    nn_text_append(text, "[");
    for (size_t i = 0; i < list->count; i++) {
        if (i > 0) nn_text_append(text, ",");
        nn_text_append_json(text, list->items[i]);
    }
    nn_text_append(text, "]");
}

/* A word is a text, numbers are a list; neither: null. */
static void json_append_integers(const nn_option *option, const nn_integer_list *list, nn_text *text)
{
    if (list->count == 0 && option->choices && option->choices[0])
        nn_text_append_json(text, option->choices[list->choice]);
    else if (list->count == 0)
        nn_text_append(text, "null");
    for (int i = 0; i < list->count; i++)
        nn_text_append(text, "%s%" PRId64 "%s", i == 0 ? "[" : ",", list->items[i],
                       i + 1 == list->count ? "]" : "");
}

static void json_append_duration(const nn_duration *duration, nn_text *text)
{
    static const char *const units[] = {[NN_DURATION_EPOCHS] = "epochs",
                                        [NN_DURATION_STEPS] = "steps",
                                        [NN_DURATION_SECONDS] = "seconds",
                                        [NN_DURATION_VALIDATIONS] = "validations"};
    if (duration->unit == NN_DURATION_NONE)
        nn_text_append(text, "null");
    else if (duration->unit == NN_DURATION_FRACTION)
        nn_text_append(text, "\"%.17g%%\"", 100 * duration->amount);
    else
        nn_text_append(text, "\"%.17g %s\"", duration->amount, units[duration->unit]);
}

static void json_append_text(const char *string, nn_text *text)
{
    if (string)
        nn_text_append_json(text, string);
    else
        nn_text_append(text, "null");
}

static void json_append_value(const nn_option *option, const void *field, nn_text *text)
{
    switch (option->kind) {
    case NN_OPTION_INTEGER:
        nn_text_append(text, "%" PRId64, *(const int64_t *)field);
        break;
    case NN_OPTION_REAL:
        nn_text_append(text, "%.17g", *(const double *)field);
        break;
    case NN_OPTION_BOOLEAN:
        nn_text_append(text, "%s", *(const bool *)field ? "true" : "false");
        break;
    case NN_OPTION_CHOICE:
        nn_text_append_json(text, option->choices[*(const int *)field]);
        break;
    case NN_OPTION_TEXT:
        json_append_text(*(char *const *)field, text);
        break;
    case NN_OPTION_TEXT_LIST:
        json_append_texts(field, text);
        break;
    case NN_OPTION_INTEGER_LIST:
        json_append_integers(option, field, text);
        break;
    case NN_OPTION_DURATION:
        json_append_duration(field, text);
        break;
    case NN_OPTION_SECTION:
        break;
    }
}

void nn_options_append_json(const nn_option *table, const void *options, nn_text *text)
{
    const char *between = "";
    nn_text_append(text, "{");
    for (const nn_option *option = table; option && option->name; option++) {
        if (option->kind == NN_OPTION_SECTION) continue;
        nn_text_append(text, "%s\"%s\":", between, option->name);
        json_append_value(option, (const char *)options + option->offset, text);
        between = ",";
    }
    nn_text_append(text, "}");
}
