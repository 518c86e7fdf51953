/* One option: from a node to the field, and from the field to its canonical text. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "config/config_internal.h"

/* ---- problems ---- */

static bool value_wrong(const nn_config_reading *reading, const nn_config_node *node, const char *expected)
{
    char shown[NN_CONFIG_SHOWN_SIZE];
    nn_config_error(reading->config, node, "%s: expected %s, not %s", reading->path, expected,
                    nn_config_show_node(shown, node));
    return false;
}

/* The text of a non-empty scalar; otherwise NULL, and collected. */
static const char *value_word(const nn_config_reading *reading, const nn_config_node *node,
                              const char *expected)
{
    if (node->kind == NN_CONFIG_SCALAR && node->text[0] != '\0') return node->text;
    (void)value_wrong(reading, node, expected);
    return NULL;
}

static bool value_no_memory(const nn_config_reading *reading, nn_status status)
{
    nn_config_keep_failure(reading->config, status);
    return false;
}

bool nn_config_check_limits(const nn_config_reading *reading, const nn_config_node *node, double number)
{
    double minimum = reading->option->minimum, maximum = reading->option->maximum;
    if (reading->is_default || (minimum == 0 && maximum == 0)) return true;
    bool open_below = minimum <= -9e18, open_above = maximum >= 9e18;
    if ((open_below || number >= minimum) && (open_above || number <= maximum)) return true;
    char shown[NN_CONFIG_SHOWN_SIZE];
    nn_config_show_node(shown, node);
    if (open_above)
        nn_config_error(reading->config, node, "%s: must be at least %.15g, not %s", reading->path, minimum,
                        shown);
    else if (open_below)
        nn_config_error(reading->config, node, "%s: must be at most %.15g, not %s", reading->path, maximum,
                        shown);
    else
        nn_config_error(reading->config, node, "%s: must be from %.15g to %.15g, not %s", reading->path,
                        minimum, maximum, shown);
    return false;
}

/* ---- numbers ---- */

/* strtod alone would also accept blanks, hexadecimal numbers, "nan" and "infinity". */
bool nn_config_parse_number(const char *text, double *number)
{
    if (text[0] == '\0' || strspn(text, "0123456789+-.eE") != strlen(text)) return false;
    char *end;
    *number = strtod(text, &end);
    return *end == '\0' && isfinite(*number);
}

void nn_config_show_number(double number, nn_text *text)
{
    char digits[40];
    for (int precision = 15; precision <= 17; precision++) {
        (void)snprintf(digits, sizeof digits, "%.*g", precision, number);
        if (strtod(digits, NULL) == number) break;
    }
    nn_text_append(text, "%s", digits);
}

/* The number that a known name means; false when there is no such name. */
static bool value_symbol(const nn_symbol *symbols, const char *word, int64_t *number)
{
    for (const nn_symbol *symbol = symbols; symbol != NULL && symbol->name != NULL; symbol++) {
        if (strcmp(symbol->name, word) != 0) continue;
        *number = symbol->value;
        return true;
    }
    return false;
}

static bool value_unknown_symbol(const nn_config_reading *reading, const nn_config_node *node)
{
    size_t count = 0;
    while (reading->symbols != NULL && reading->symbols[count].name != NULL) count++;
    if (count == 0) return value_wrong(reading, node, "an integer");
    void *block;
    nn_status status = nn_config_allocate(reading->config, count * sizeof(char *), &block);
    if (status != NN_OK) return value_no_memory(reading, status);
    const char **names = block;
    for (size_t i = 0; i < count; i++) names[i] = reading->symbols[i].name;
    nn_config_report_unknown(reading->config, node, reading->path, "number", node->text, names, count);
    return false;
}

/* 12 and 1e6, within the range of int64_t. */
static bool value_whole(const char *word, int64_t *number)
{
    char *end;
    errno = 0;
    long long parsed = strtoll(word, &end, 10);
    double real;
    if (!nn_config_parse_number(word, &real)) return false;
    *number = parsed;
    if (*end == '\0') return errno == 0;
    if (real != floor(real) || fabs(real) >= 9.2e18) return false;
    *number = (int64_t)real;
    return true;
}

static bool value_read_integer(const nn_config_reading *reading, const nn_config_node *node, void *field)
{
    double real;
    int64_t number;
    const char *word = value_word(reading, node, "an integer");
    if (word == NULL) return false;
    if (value_symbol(reading->symbols, word, &number)) {
        *(int64_t *)field = number; /* may be a special value outside the limits */
        return true;
    }
    bool is_number = nn_config_parse_number(word, &real);
    if (is_number && !value_whole(word, &number)) return value_wrong(reading, node, "an integer");
    if (!is_number) return value_unknown_symbol(reading, node);
    if (!nn_config_check_limits(reading, node, (double)number)) return false;
    *(int64_t *)field = number;
    return true;
}

static void value_show_integer(const nn_option *option, const void *field, nn_text *text)
{
    (void)option;
    if (*(const int64_t *)field == NN_SYMBOL_UNKNOWN)
        nn_text_append(text, "(from the data)");
    else
        nn_text_append(text, "%lld", (long long)*(const int64_t *)field);
}

static bool value_read_real(const nn_config_reading *reading, const nn_config_node *node, void *field)
{
    double number;
    const char *word = value_word(reading, node, "a number");
    if (word == NULL) return false;
    if (!nn_config_parse_number(word, &number)) return value_wrong(reading, node, "a number");
    if (!nn_config_check_limits(reading, node, number)) return false;
    *(double *)field = number;
    return true;
}

static void value_show_real(const nn_option *option, const void *field, nn_text *text)
{
    (void)option;
    nn_config_show_number(*(const double *)field, text);
}

/* ---- words ---- */

static bool value_read_boolean(const nn_config_reading *reading, const nn_config_node *node, void *field)
{
    static const struct {
        const char *word;
        bool value;
    } words[] = {{"true", true},   {"yes", true}, {"on", true},
                 {"false", false}, {"no", false}, {"off", false}};
    const char *word = value_word(reading, node, "true or false");
    if (word == NULL) return false;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcasecmp(word, words[i].word) != 0) continue;
        *(bool *)field = words[i].value;
        return true;
    }
    return value_wrong(reading, node, "true or false");
}

static void value_show_boolean(const nn_option *option, const void *field, nn_text *text)
{
    (void)option;
    nn_text_append(text, "%s", *(const bool *)field ? "true" : "false");
}

static bool value_read_choice(const nn_config_reading *reading, const nn_config_node *node, void *field)
{
    const char *const *choices = reading->option->choices;
    size_t count = 0;
    const char *word = value_word(reading, node, "a word");
    if (word == NULL) return false;
    for (; choices[count] != NULL; count++) {
        if (strcmp(choices[count], word) != 0) continue;
        *(int *)field = (int)count;
        return true;
    }
    nn_config_report_unknown(reading->config, node, reading->path, "word", word, choices, count);
    return false;
}

static void value_show_choice(const nn_option *option, const void *field, nn_text *text)
{
    nn_text_append(text, "%s", option->choices[*(const int *)field]);
}

/* ---- texts ---- */

/* "" means that a text is not given. */
static bool value_read_text(const nn_config_reading *reading, const nn_config_node *node, void *field)
{
    if (node->kind != NN_CONFIG_SCALAR) return value_wrong(reading, node, "a text");
    bool is_empty = node->text[0] == '\0';
    if (is_empty) return reading->option->default_value != NULL || value_wrong(reading, node, "a text");
    nn_status status = nn_copy_text(node->text, (char **)field);
    return status == NN_OK || value_no_memory(reading, status);
}

static void value_show_text(const nn_option *option, const void *field, nn_text *text)
{
    (void)option;
    const char *value = *(char *const *)field;
    nn_text_append(text, "%s", value == NULL ? "" : value);
}

static bool value_add_text(const nn_config_reading *reading, const nn_config_node *node, nn_text_list *list)
{
    const char *word = value_word(reading, node, "a text");
    if (word == NULL) return node->broken;
    nn_status status = nn_copy_text(word, &list->items[list->count]);
    if (status != NN_OK) return value_no_memory(reading, status);
    list->count++;
    return true;
}

static bool value_read_text_list(const nn_config_reading *reading, const nn_config_node *node, void *field)
{
    if (node->kind == NN_CONFIG_MAPPING) return value_wrong(reading, node, "a text or a list of texts");
    nn_text_list *list = field;
    bool is_empty = node->kind == NN_CONFIG_SCALAR && node->text[0] == '\0';
    size_t count = node->kind == NN_CONFIG_LIST ? node->count : !is_empty;
    if (count == 0)
        return reading->option->default_value != NULL || value_wrong(reading, node, "a list of texts");
    nn_status status = NN_ALLOCATE(&list->items, count, reading->path);
    if (status != NN_OK) return value_no_memory(reading, status);
    bool is_good = true;
    for (size_t i = 0; i < count; i++)
        is_good &=
            value_add_text(reading, node->kind == NN_CONFIG_LIST ? node->entries[i].value : node, list);
    return is_good;
}

static void value_show_text_list(const nn_option *option, const void *field, nn_text *text)
{
    (void)option;
    const nn_text_list *list = field;
    nn_text_append(text, "[");
    for (size_t i = 0; i < list->count; i++) {
        if (i > 0) nn_text_append(text, ", ");
        nn_text_append_json(text, list->items[i]);
    }
    nn_text_append(text, "]");
}

/* ---- lists of numbers ---- */

static bool value_read_integers(const nn_config_reading *reading, const nn_config_node *node,
                                nn_integer_list *list)
{
    size_t count = node->kind == NN_CONFIG_LIST ? node->count : 1;
    if (node->kind == NN_CONFIG_MAPPING || count == 0 || count > NN_INTEGER_LIST_MAX)
        return value_wrong(reading, node, "an integer or a list of integers");
    bool is_good = true;
    for (size_t i = 0; i < count; i++)
        is_good &= value_read_integer(reading, node->kind == NN_CONFIG_LIST ? node->entries[i].value : node,
                                      &list->items[i]);
    list->count = (int)count;
    return is_good;
}

static bool value_read_integer_list(const nn_config_reading *reading, const nn_config_node *node, void *field)
{
    double number;
    const char *const *choices = reading->option->choices;
    bool is_word =
        node->kind == NN_CONFIG_SCALAR && node->text[0] && !nn_config_parse_number(node->text, &number);
    if (choices == NULL || !is_word) return value_read_integers(reading, node, field);
    nn_integer_list *list = field;
    list->count = 0;
    return value_read_choice(reading, node, &list->choice);
}

static void value_show_integer_list(const nn_option *option, const void *field, nn_text *text)
{
    const nn_integer_list *list = field;
    if (list->count == 0) nn_text_append(text, "%s", option->choices ? option->choices[list->choice] : "[]");
    if (list->count > 1) nn_text_append(text, "[");
    for (int i = 0; i < list->count; i++)
        nn_text_append(text, "%s%lld", i > 0 ? ", " : "", (long long)list->items[i]);
    if (list->count > 1) nn_text_append(text, "]");
}

/* ---- the kinds ---- */

typedef struct value_kind {
    bool (*read)(const nn_config_reading *reading, const nn_config_node *node, void *field);
    void (*show)(const nn_option *option, const void *field, nn_text *text);
    size_t size; /* bytes of the field */
} value_kind;

static const value_kind value_kinds[] = {
    [NN_OPTION_INTEGER] = {value_read_integer, value_show_integer, sizeof(int64_t)},
    [NN_OPTION_REAL] = {value_read_real, value_show_real, sizeof(double)},
    [NN_OPTION_BOOLEAN] = {value_read_boolean, value_show_boolean, sizeof(bool)},
    [NN_OPTION_CHOICE] = {value_read_choice, value_show_choice, sizeof(int)},
    [NN_OPTION_TEXT] = {value_read_text, value_show_text, sizeof(char *)},
    [NN_OPTION_TEXT_LIST] = {value_read_text_list, value_show_text_list, sizeof(nn_text_list)},
    [NN_OPTION_INTEGER_LIST] = {value_read_integer_list, value_show_integer_list, sizeof(nn_integer_list)},
    [NN_OPTION_DURATION] = {nn_config_read_duration, nn_config_show_duration, sizeof(nn_duration)},
};

void nn_config_clear_value(const nn_option *option, void *options)
{
    memset((char *)options + option->offset, 0, value_kinds[option->kind].size);
}

bool nn_config_read_value(const nn_config_reading *reading, const nn_config_node *node, void *options)
{
    return value_kinds[reading->option->kind].read(reading, node, (char *)options + reading->option->offset);
}

void nn_config_show_value(const nn_option *option, const void *options, nn_text *text)
{
    value_kinds[option->kind].show(option, (const char *)options + option->offset, text);
}
