/* The names of run directories. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "search/search.h"

/* "-" and a hash of the line, for lines that differ in what a name does not show. */
#define NAME_HASH 17

/* Settings whose last word says enough. */
static const char *const name_short[] = {"training.seed=", "data.split.folds=", "data.split.fold="};

static bool name_takes(char letter)
{
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') || strchr("=._+-", letter);
}

/* Where the part of a setting begins that the name shows. */
static const char *name_skip(const char *setting)
{
    for (size_t i = 0; i < sizeof name_short / sizeof *name_short; i++) {
        size_t length = strlen(name_short[i]);
        if (strncmp(setting, name_short[i], length) == 0)
            return setting + (strrchr(name_short[i], '.') + 1 - name_short[i]);
    }
    return setting;
}

bool nn_search_is_line(const char *line)
{
    const char *at = line;
    for (;;) {
        size_t key = strcspn(at, "= \t:;,#'\"{}[]\n");
        const char *next = strstr(at, "; ");
        if (key == 0 || at[key] != '=' || strchr(line, '\n')) return false;
        if (!next) return true;
        at = next + 2;
    }
}

void nn_search_name(const char *line, char name[NN_SEARCH_NAME])
{
    const size_t most = NN_SEARCH_NAME - 1;
    size_t length = 0;
    bool exact = true;
    for (const char *at = name_skip(line); *at; length++) {
        bool ends = at[0] == ';' && at[1] == ' ';
        exact = exact && (ends || name_takes(*at)) && length < most;
        if (length == most) break;
        name[length] = ends ? ',' : name_takes(*at) ? *at : '_';
        at = ends ? name_skip(at + 2) : at + 1;
    }
    if (!exact && length > most - NAME_HASH) length = most - NAME_HASH;
    name[length] = '\0';
    if (!exact) snprintf(name + length, NAME_HASH + 1, "-%016" PRIx64, nn_hash(line, strlen(line), 0));
}
