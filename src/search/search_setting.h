/* A setting of a search, and the values that it takes. Private to search. */
#ifndef NN_SEARCH_SEARCH_SETTING_H
#define NN_SEARCH_SEARCH_SETTING_H

#include "search/search.h"

typedef enum nn_setting_kind {
    NN_SETTING_CHOICE,
    NN_SETTING_UNIFORM,
    NN_SETTING_LOG,
    NN_SETTING_INTEGER
} nn_setting_kind;

typedef struct nn_search_setting {
    const char *key;   /* borrowed, as the places are */
    const char *place; /* of a range */
    nn_setting_kind kind;
    double low, high;    /* of a range, inclusive */
    int64_t points;      /* of a range in a grid; 0: not given */
    nn_text_list words;  /* of a choice */
    const char **places; /* of each word */
} nn_search_setting;

/* Reads one entry of `settings`. Problems are collected; the setting is then not complete. grid: whether
 * every value is used, so that a range needs points. Release it in any case. */
void nn_setting_read(nn_config *config, nn_config_node *node, const char *key, bool grid,
                     nn_search_setting *setting);
void nn_setting_release(nn_search_setting *setting);

/* How many values a grid takes of it. */
int64_t nn_setting_count(const nn_search_setting *setting);

/* Appends value `index` of nn_setting_count; or the one at `fraction`, from 0 up to but not 1, of its range.
 * *place: where it is written. */
void nn_setting_append(const nn_search_setting *setting, int64_t index, nn_text *text, const char **place);
void nn_setting_append_at(const nn_search_setting *setting, double fraction, nn_text *text,
                          const char **place);

#endif
