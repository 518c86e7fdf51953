/* What a file records about the import that created it: the command as JSON, the same for the same
 * command. */
#include <string.h>

#include "import/import_internal.h"

/* Long lists are cut here; a text above the size limit of an attribute is left out. */
#define FACTS_LIST_MAX 40
#define FACTS_BYTES_MAX 59000

static const char *facts_base_name(const char *path)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/') length--;
    while (length > 0 && path[length - 1] != '/') length--;
    return path + length;
}

static void facts_append_list(nn_text *text, char *const *items, size_t count)
{
    nn_text_append(text, "[");
    for (size_t i = 0; i < count && i < FACTS_LIST_MAX; i++) {
        if (i > 0) nn_text_append(text, ", ");
        nn_text_append_json(text, items[i]);
    }
    nn_text_append(text, count > FACTS_LIST_MAX ? ", \"...\"]" : "]");
}

static void facts_append_value(nn_text *text, const nn_option *option, const void *options)
{
    const void *field = (const char *)options + option->offset;
    const nn_text_list *list = field;
    const char *word;
    switch (option->kind) {
    case NN_OPTION_INTEGER:
        nn_text_append(text, "%lld", (long long)*(const int64_t *)field);
        break;
    case NN_OPTION_REAL:
        nn_text_append(text, "%.15g", *(const double *)field);
        break;
    case NN_OPTION_BOOLEAN:
        nn_text_append(text, *(const bool *)field ? "true" : "false");
        break;
    case NN_OPTION_CHOICE:
        nn_text_append_json(text, option->choices[*(const int *)field]);
        break;
    case NN_OPTION_TEXT_LIST:
        facts_append_list(text, list->items, list->count);
        break;
    case NN_OPTION_TEXT:
        word = *(char *const *)field;
        nn_text_append_json(text, word ? facts_base_name(word) : "");
        break;
    default:
        nn_text_append(text, "null");
    }
}

/* Options that only say where the file is are left out. */
static void facts_append_options(nn_text *text, const nn_option *table, const void *options)
{
    for (const nn_option *option = table; option && option->name; option++) {
        if (strcmp(option->name, "output") == 0 || strcmp(option->name, "overwrite") == 0) continue;
        nn_text_append(text, "%s\"%s\": ", text->bytes[text->length - 1] == '{' ? "" : ", ", option->name);
        facts_append_value(text, option, options);
        if (text->failed) return;
    }
}

static void facts_append_sources(nn_text *text, const nn_import *import)
{
    nn_text_append(text, ", \"source_count\": %zu, \"sources\": [", import->source_count);
    for (size_t i = 0; i < import->source_count && i < FACTS_LIST_MAX; i++) {
        if (i > 0) nn_text_append(text, ", ");
        nn_text_append_json(text, facts_base_name(import->sources[i]));
    }
    nn_text_append(text, "]");
}

void nn_import_append_facts(const nn_import_job *job, nn_text *text)
{
    nn_text all = {0};
    nn_text_append(text, "{\"format\": \"%s\"", job->importer->name);
    nn_text_append(&all, "%s", "");
    facts_append_sources(&all, job->import);
    nn_text_append(&all, ", \"options\": {");
    if (!all.failed) facts_append_options(&all, nn_import_settings_table, job->settings);
    if (!all.failed) facts_append_options(&all, job->importer->options, job->import->options);
    nn_text_append(&all, "}");
    text->failed |= all.failed;
    if (!all.failed && all.length < FACTS_BYTES_MAX) nn_text_append(text, "%s", all.bytes);
    nn_text_append(text, "}");
    nn_text_free(&all);
}
