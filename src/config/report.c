/* The problems of a configuration: collected where they are found, reported all at once in file order. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config_internal.h"

enum { REPORT_PROBLEMS_MAX = 500, REPORT_BYTES_MAX = 15000, REPORT_TYPES_MAX = 256 };

const char *nn_config_position_text(nn_config *config, nn_config_position position)
{
    const nn_config_source *source = position.source;
    if (!source->has_lines || position.line == 0) return source->name;
    void *text;
    size_t size = strlen(source->name) + 48;
    nn_status status = nn_config_allocate(config, size, &text);
    if (status != NN_OK) {
        nn_config_keep_failure(config, status);
        return source->name;
    }
    (void)snprintf(text, size, "%s:%zu:%zu", source->name, position.line, position.column);
    return text;
}

const char *nn_config_show(char *buffer, const char *text)
{
    size_t length = strlen(text), most = NN_CONFIG_SHOWN_SIZE - 6; /* "...", two quotes, end */
    bool is_whole = length <= most;
    if (!is_whole) length = most;
    while (!is_whole && length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80) length--;
    (void)snprintf(buffer, NN_CONFIG_SHOWN_SIZE, "%.*s%s", (int)length, text, is_whole ? "" : "...");
    return buffer;
}

const char *nn_config_show_node(char *buffer, const nn_config_node *node)
{
    static const char *const kinds[][2] = {[NN_CONFIG_LIST] = {"an empty list", "a list"},
                                           [NN_CONFIG_MAPPING] = {"an empty mapping", "a mapping"}};
    if (node->kind != NN_CONFIG_SCALAR) return nn_config_show(buffer, kinds[node->kind][node->count > 0]);
    if (nn_config_is_null(node)) return nn_config_show(buffer, "nothing");
    char word[NN_CONFIG_SHOWN_SIZE];
    (void)snprintf(buffer, NN_CONFIG_SHOWN_SIZE, "'%.*s'", NN_CONFIG_SHOWN_SIZE - 3,
                   nn_config_show(word, node->text));
    return buffer;
}

void nn_config_flatten(char *text)
{
    for (char *at = text; *at != '\0'; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f) *at = ' ';
}

static bool report_same(const nn_config_problem *a, nn_config_position position, const char *text)
{
    return a->position.source == position.source && a->position.line == position.line &&
           a->position.column == position.column && strcmp(a->text, text) == 0;
}

static nn_status report_add(nn_config *config, nn_config_position position, char *text)
{
    nn_config_flatten(text);
    for (size_t i = 0; i < config->problem_count; i++)
        if (report_same(&config->problems[i], position, text)) return NN_OK;
    if (config->problem_count == REPORT_PROBLEMS_MAX) {
        config->problems_left_out++;
        return NN_OK;
    }
    NN_TRY(nn_config_grow(config, &config->problems, config->problem_count, &config->problem_capacity,
                          sizeof *config->problems));
    config->problems[config->problem_count] =
        (nn_config_problem){.position = position, .number = config->problem_count, .text = text};
    config->problem_count++;
    return NN_OK;
}

void nn_config_error(nn_config *config, const nn_config_node *node, const char *format, ...)
{
    nn_config_position position = {.source = config->main_source};
    if (node != NULL) position = node->position;
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    size_t size = length < 0 ? 1 : (size_t)length + 1;
    void *text;
    nn_status status = nn_config_allocate(config, size, &text);
    if (status == NN_OK) {
        (void)vsnprintf(text, size, format, again);
        status = report_add(config, position, text);
    }
    va_end(again);
    if (status != NN_OK) nn_config_keep_failure(config, status);
}

size_t nn_config_problem_count(const nn_config *config)
{
    return config->problem_count + config->problems_left_out;
}

bool nn_config_check(nn_config *config, const nn_config_node *node, nn_status status)
{
    if (status == NN_ERROR_MEMORY)
        nn_config_keep_failure(config, status);
    else if (status != NN_OK)
        nn_config_error(config, node, "%s", nn_error_text());
    return status == NN_OK;
}

/* A section may be known both to a table and to its caller. */
static bool report_repeats(const char *const *names, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (strcmp(names[i], names[at]) == 0) return true;
    return false;
}

void nn_config_report_unknown(nn_config *config, const nn_config_node *node, const char *path,
                              const char *what, const char *word, const char *const *names, size_t count)
{
    char shown[NN_CONFIG_SHOWN_SIZE];
    nn_text text = {0};
    if (path != NULL && path[0] != '\0') nn_text_append(&text, "%s: ", path);
    nn_text_append(&text, "unknown %s '%s'", what, nn_config_show(shown, word));
    const char *nearest = nn_nearest(word, names, count);
    if (nearest != NULL) nn_text_append(&text, "; did you mean '%s'?", nearest);
    for (size_t i = 0; i < count; i++)
        if (!report_repeats(names, i)) nn_text_append(&text, "%s%s", i == 0 ? " (known: " : ", ", names[i]);
    if (count > 0) nn_text_append(&text, ")");
    if (text.failed)
        nn_config_keep_failure(config, NN_ERROR_MEMORY);
    else
        nn_config_error(config, node, "%s", text.bytes);
    nn_text_free(&text);
}

void nn_config_unknown(nn_config *config, const nn_config_node *node, const char *what, const char *word,
                       const char *const *names)
{
    size_t count = 0;
    while (names[count] != NULL) count++;
    nn_config_report_unknown(config, node, NULL, what, word, names, count);
}

void nn_config_unknown_type(nn_config *config, const nn_config_node *node, const char *what, const char *word,
                            const void *const *types)
{
    const char *names[REPORT_TYPES_MAX];
    size_t count = 0;
    for (; types[count] && count < REPORT_TYPES_MAX; count++)
        names[count] = *(const char *const *)types[count];
    nn_config_report_unknown(config, node, NULL, what, word, names, count);
}

static int report_compare_sizes(size_t a, size_t b)
{
    return (a > b) - (a < b);
}

static int report_compare(const void *left, const void *right)
{
    const nn_config_problem *a = left, *b = right;
    int order = report_compare_sizes(a->position.source->number, b->position.source->number);
    if (order == 0) order = report_compare_sizes(a->position.line, b->position.line);
    if (order == 0) order = report_compare_sizes(a->position.column, b->position.column);
    return order != 0 ? order : report_compare_sizes(a->number, b->number);
}

nn_status nn_config_report(nn_config *config, nn_status status)
{
    nn_text text = {0};
    size_t left_out = config->problems_left_out;
    qsort(config->problems, config->problem_count, sizeof *config->problems, report_compare);
    for (size_t i = 0; i < config->problem_count; i++) {
        const nn_config_problem *problem = &config->problems[i];
        const char *place = nn_config_position_text(config, problem->position);
        if (text.length > 0 && text.length + strlen(place) + strlen(problem->text) > REPORT_BYTES_MAX)
            left_out++;
        else
            nn_text_append(&text, "%s%s: %s", text.length == 0 ? "" : "\n", place, problem->text);
    }
    if (left_out > 0) nn_text_append(&text, "\n(and %zu more)", left_out);
    if (text.failed)
        status = nn_fail(NN_ERROR_MEMORY, "out of memory for reporting the problems of %s",
                         config->main_source->name);
    else
        nn_fail(status, "%s", text.bytes);
    nn_text_free(&text);
    return status;
}

nn_status nn_config_finish(nn_config *config)
{
    const nn_config_node *root = config->root;
    for (size_t i = 0; i < root->count; i++) {
        if (root->entries[i].known) continue;
        nn_config_node *key = root->entries[i].key;
        nn_config_report_unknown(config, key, NULL, "key", key->text, config->asked, config->asked_count);
    }
    if (config->failure != NN_OK)
        NN_FAIL(config->failure, "out of memory for reading the configuration %s", config->main_source->name);
    return config->problem_count == 0 ? NN_OK : nn_config_report(config, NN_ERROR_USAGE);
}
