#include "plot/selected.h"

#include <stdio.h>
#include <string.h>

/* The word for people and command lines: "validation.label.accuracy". */
static void selected_place(const nn_history *history, char place[NN_HISTORY_NAME])
{
    snprintf(place, NN_HISTORY_NAME, "%s", history->name);
    for (char *at = place; *at; at++)
        if (*at == '/') *at = '.';
}

/* Whether a word names a place: all of it, or its end after a dot. */
static bool selected_names(const char *word, const char *place)
{
    size_t length = strlen(word), whole = strlen(place);
    if (length > whole || strcmp(place + whole - length, word) != 0) return false;
    return length == whole || place[whole - length - 1] == '.';
}

static bool selected_begins(const char *name, const char *with)
{
    return strncmp(name, with, strlen(with)) == 0;
}

/* Norms by layer are named in full only: there may be hundreds. */
static bool selected_is_hidden(const nn_history *history, const char *word)
{
    return strstr(history->name, "norms/") != NULL && strncmp(word, "norms.", 6) != 0 &&
           strncmp(word, "step.norms.", 11) != 0;
}

/* The series by epoch that a series by step repeats more finely; NULL: there is none. */
static const nn_history *selected_coarse(const nn_histories *histories, const nn_history *fine)
{
    char name[NN_HISTORY_NAME + 8];
    if (!selected_begins(fine->name, "step/")) return NULL;
    const nn_history *coarse = nn_histories_find(histories, fine->name + 5);
    snprintf(name, sizeof name, "train/%s", fine->name + 5);
    return coarse ? coarse : nn_histories_find(histories, name);
}

/* Whether the other rate, by epoch or by step, of a series is taken in its place. */
static bool selected_is_replaced(const nn_histories *histories, const nn_history *history, bool by_step)
{
    if (!by_step) return selected_coarse(histories, history) != NULL;
    for (size_t h = 0; h < histories->count; h++)
        if (selected_coarse(histories, &histories->items[h]) == history) return true;
    return false;
}

/* What a series adds to the word: of "train.label.loss" and "loss" it is "train label". */
static void selected_describe(const char *word, const char *place, char part[NN_HISTORY_NAME])
{
    size_t rest = strlen(place) - strlen(word);
    snprintf(part, NN_HISTORY_NAME, "%.*s", (int)(rest > 0 ? rest - 1 : 0), place);
    for (char *at = part; *at; at++)
        if (*at == '.') *at = ' ';
    if (strcmp(part, "step") == 0) snprintf(part, NN_HISTORY_NAME, "train, by step");
}

int nn_selected_find(const nn_histories *histories, const char *word, bool by_step,
                     nn_selected selected[NN_SELECTED_MOST])
{
    int count = 0;
    char place[NN_HISTORY_NAME];
    for (int round = 0; round < 2; round++) /* those of the validation part first */
        for (size_t h = 0; h < histories->count && count < NN_SELECTED_MOST; h++) {
            const nn_history *history = &histories->items[h];
            bool exact;
            if (selected_begins(history->name, "validation/") != (round == 0)) continue;
            selected_place(history, place);
            exact = strcmp(place, word) == 0 && strchr(word, '.') != NULL;
            if (!selected_names(word, place) || selected_is_hidden(history, word)) continue;
            if (!exact && selected_is_replaced(histories, history, by_step)) continue;
            selected[count].history = history;
            selected_describe(word, place, selected[count++].part);
        }
    return count;
}

/* The word that a list shows for a series: without the part of the data. */
static void selected_word(const nn_history *history, char word[NN_HISTORY_NAME])
{
    static const char *const parts[] = {"step/", "train/", "validation/", "time/"};
    const char *name = history->name;
    for (size_t p = 0; p < sizeof parts / sizeof *parts; p++)
        if (selected_begins(name, parts[p])) name += strlen(parts[p]);
    snprintf(word, NN_HISTORY_NAME, "%s", name);
    for (char *at = word; *at; at++)
        if (*at == '/') *at = '.';
}

void nn_selected_list(const nn_histories *histories, nn_text *text)
{
    char word[NN_HISTORY_NAME], earlier[NN_HISTORY_NAME];
    bool norms = false;
    for (size_t h = 0; h < histories->count; h++) {
        bool known = false;
        selected_word(&histories->items[h], word);
        bool hidden = selected_begins(word, "norms.");
        for (size_t e = 0; e < h && !known; e++) {
            selected_word(&histories->items[e], earlier);
            known = strcmp(word, earlier) == 0;
        }
        if (known || (hidden && norms)) continue;
        nn_text_append(text, "%s%s", h > 0 ? ", " : "", word);
        norms |= hidden;
    }
}

const char *nn_selected_unit(const char *word)
{
    static const char *const units[][2] = {
        {"samples_per_second", "samples/s"}, {"seconds", "s"}, {"waited_for_data", "s"}};
    for (size_t u = 0; u < sizeof units / sizeof *units; u++)
        if (selected_names(units[u][0], word)) return units[u][1];
    return NULL;
}
