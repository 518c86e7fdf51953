#include "search/search_setting.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/maths.h"
#include "base/memory.h"

/* Digits of a drawn value: enough for a search, few enough for the name of a folder. */
#define SETTING_DIGITS 5

static const char *const setting_kinds[] = {"choice", "uniform", "log", "int"};

/* ---- reading ---- */

static bool setting_add_word(nn_config *config, nn_config_node *node, nn_search_setting *setting)
{
    nn_text text = {0};
    nn_config_emit_flow(node, &text);
    bool divides = text.bytes && strstr(text.bytes, "; ");
    if (divides)
        nn_config_error(config, node, "a value cannot contain \"; \", which separates settings in the list");
    size_t count = setting->words.count;
    bool good = !divides &&
                nn_config_check(config, node,
                                nn_reallocate((void **)&setting->places, count, count + 1,
                                              sizeof *setting->places, "a setting")) &&
                nn_config_check(config, node,
                                text.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for a setting")
                                            : nn_list_add(&setting->words, text.bytes));
    if (good) setting->places[count] = nn_config_place(node);
    nn_text_free(&text);
    return good;
}

static void setting_read_choice(nn_config *config, nn_config_node *node, nn_search_setting *setting)
{
    setting->kind = NN_SETTING_CHOICE;
    if (nn_config_kind_of(node) != NN_CONFIG_LIST) {
        setting_add_word(config, node, setting);
        return;
    }
    if (nn_config_count(node) == 0) nn_config_error(config, node, "%s: the list has no values", setting->key);
    for (size_t i = 0; i < nn_config_count(node); i++)
        if (!setting_add_word(config, nn_config_item(node, i), setting)) return;
}

static bool setting_number(nn_config_node *node, double *number)
{
    const char *text = node ? nn_config_text(node) : NULL;
    char *end;
    if (!text || !*text || strspn(text, "0123456789+-.eE") != strlen(text)) return false;
    *number = strtod(text, &end);
    return *end == '\0' && isfinite(*number);
}

static void setting_read_range(nn_config *config, nn_config_node *node, nn_search_setting *setting)
{
    const char *word = setting_kinds[setting->kind];
    double *low = &setting->low, *high = &setting->high;
    setting->place = nn_config_place(node);
    if (nn_config_kind_of(node) != NN_CONFIG_LIST || nn_config_count(node) != 2 ||
        !setting_number(nn_config_item(node, 0), low) || !setting_number(nn_config_item(node, 1), high) ||
        !(*low < *high)) {
        nn_config_error(config, node, "%s: expected two numbers, the smaller first: {%s: [LOW, HIGH]}",
                        setting->key, word);
        *low = *high = 1;
    } else if (setting->kind == NN_SETTING_LOG && !(*low > 0)) {
        nn_config_error(config, node, "%s: log needs numbers above 0", setting->key);
        *low = *high = 1;
    } else if (setting->kind == NN_SETTING_INTEGER && (*low != floor(*low) || *high != floor(*high) ||
                                                       fabs(*low) > 0x1p52 || fabs(*high) > 0x1p52)) {
        nn_config_error(config, node, "%s: int needs two integers", setting->key);
        *low = *high = 1;
    }
}

static void setting_read_points(nn_config *config, nn_config_node *node, bool grid, nn_config_node *points,
                                nn_search_setting *setting)
{
    double number = 0;
    if (!points && grid)
        nn_config_error(config, node,
                        "%s: a grid needs the number of values: {%s: [LOW, HIGH], points: 4}; or set search: "
                        "random",
                        setting->key, setting_kinds[setting->kind]);
    if (!points) return;
    if (!grid)
        nn_config_error(config, points, "%s.points: is for search: grid alone; remove it", setting->key);
    else if (!setting_number(points, &number) || number != floor(number) || number < 2 ||
             number > NN_SEARCH_RUNS)
        nn_config_error(config, points, "%s.points: expected an integer from 2 to %d", setting->key,
                        NN_SEARCH_RUNS);
    else
        setting->points = (int64_t)number;
}

/* Which of the kinds a mapping with one of their names is; -1: it is a value. */
static int setting_find_kind(nn_config_node *node)
{
    if (nn_config_kind_of(node) != NN_CONFIG_MAPPING) return -1;
    for (int k = 0; k < (int)(sizeof setting_kinds / sizeof *setting_kinds); k++)
        if (nn_config_get(node, setting_kinds[k])) return k;
    return -1;
}

void nn_setting_read(nn_config *config, nn_config_node *node, const char *key, bool grid,
                     nn_search_setting *setting)
{
    int kind = setting_find_kind(node);
    *setting = (nn_search_setting){.key = key, .place = nn_config_place(node)};
    if (kind < 0) {
        setting_read_choice(config, node, setting);
        return;
    }
    const char *const known[] = {setting_kinds[kind], kind == NN_SETTING_CHOICE ? NULL : "points", NULL};
    setting->kind = (nn_setting_kind)kind;
    nn_config_check_keys(config, node, known);
    nn_config_node *value = nn_config_get(node, setting_kinds[kind]);
    if (kind == NN_SETTING_CHOICE) {
        if (nn_config_kind_of(value) != NN_CONFIG_LIST)
            nn_config_error(config, value, "%s: expected a list: {choice: [A, B]}", key);
        setting_read_choice(config, value, setting);
        return;
    }
    setting_read_range(config, value, setting);
    setting_read_points(config, node, grid, nn_config_get(node, "points"), setting);
}

void nn_setting_release(nn_search_setting *setting)
{
    nn_list_release(&setting->words);
    nn_free(setting->places);
    setting->places = NULL;
}

/* ---- values ---- */

int64_t nn_setting_count(const nn_search_setting *setting)
{
    if (setting->kind == NN_SETTING_CHOICE) return (int64_t)setting->words.count;
    double integers = setting->high - setting->low + 1;
    return setting->kind == NN_SETTING_INTEGER && integers < (double)setting->points ? (int64_t)integers
                                                                                     : setting->points;
}

/* Rounded for people, unless that leaves the range. */
static void setting_append_number(const nn_search_setting *setting, double value, nn_text *text)
{
    char digits[40];
    snprintf(digits, sizeof digits, "%.*g", SETTING_DIGITS, value);
    double rounded = strtod(digits, NULL);
    if (rounded < setting->low || rounded > setting->high) snprintf(digits, sizeof digits, "%.17g", value);
    nn_text_append(text, "%s", digits);
}

static void setting_append_value(const nn_search_setting *setting, double value, nn_text *text,
                                 const char **place)
{
    value = value < setting->low ? setting->low : value > setting->high ? setting->high : value;
    *place = setting->place;
    if (setting->kind == NN_SETTING_INTEGER)
        nn_text_append(text, "%.0f", value);
    else
        setting_append_number(setting, value, text);
}

/* The number at this fraction of the way from low to high. */
static double setting_between(const nn_search_setting *setting, double fraction)
{
    if (setting->kind != NN_SETTING_LOG) return setting->low + fraction * (setting->high - setting->low);
    double low = nn_maths_log(setting->low), high = nn_maths_log(setting->high);
    return nn_maths_exp(low + fraction * (high - low));
}

void nn_setting_append(const nn_search_setting *setting, int64_t index, nn_text *text, const char **place)
{
    if (setting->kind == NN_SETTING_CHOICE) {
        *place = setting->places[index];
        nn_text_append(text, "%s", setting->words.items[index]);
        return;
    }
    double value = setting_between(setting, (double)index / (double)(nn_setting_count(setting) - 1));
    setting_append_value(setting, setting->kind == NN_SETTING_INTEGER ? floor(value + 0.5) : value, text,
                         place);
}

void nn_setting_append_at(const nn_search_setting *setting, double fraction, nn_text *text,
                          const char **place)
{
    if (setting->kind == NN_SETTING_CHOICE) {
        nn_setting_append(setting, (int64_t)(fraction * (double)setting->words.count), text, place);
        return;
    }
    double value = setting_between(setting, fraction);
    if (setting->kind == NN_SETTING_INTEGER)
        value = setting->low + floor(fraction * (setting->high - setting->low + 1));
    setting_append_value(setting, value, text, place);
}
