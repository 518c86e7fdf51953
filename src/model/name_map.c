#include "model/name_map.h"

#include <string.h>

enum { NAME_STARS = 8 };

/* What each * of a pattern has taken. */
typedef struct name_stars {
    int count;
    const char *texts[NAME_STARS];
    size_t lengths[NAME_STARS];
} name_stars;

static int name_count_stars(const char *pattern)
{
    int count = 0;
    for (; *pattern; pattern++) count += *pattern == '*';
    return count;
}

/* Each * takes as little as possible: where what follows the last one does not match, that one takes more. */
static bool name_match(const char *pattern, const char *name, name_stars *stars)
{
    const char *after = NULL, *end = NULL; /* what follows the last *, and the end of what it has taken */
    stars->count = 0;
    for (;;) {
        if (*pattern == '*') {
            if (stars->count < NAME_STARS) stars->texts[stars->count] = name;
            stars->count++;
            after = ++pattern;
            end = name;
        } else if (*pattern && *pattern == *name) {
            pattern++;
            name++;
            continue;
        } else if (!*pattern && !*name) {
            return true;
        } else if (after && *end) {
            pattern = after;
            name = ++end;
        } else {
            return false;
        }
        if (stars->count <= NAME_STARS)
            stars->lengths[stars->count - 1] = (size_t)(end - stars->texts[stars->count - 1]);
    }
}

bool nn_name_matches(const char *pattern, const char *name)
{
    name_stars stars = {0};
    return name_match(pattern, name, &stars);
}

nn_status nn_name_map_add(nn_name_map *map, const char *ours, const char *theirs)
{
    int there = name_count_stars(theirs), here = name_count_stars(ours);
    if ((there > 0 && there != here) || here > NAME_STARS)
        NN_FAIL(NN_ERROR_USAGE,
                "init_from.map: '%s' has %d * and '%s' has %d; each * there means what the one of its place "
                "here has taken (at most %d)",
                ours, here, theirs, there, NAME_STARS);
    NN_TRY(nn_list_add(&map->ours, ours));
    return nn_list_add(&map->theirs, theirs);
}

void nn_name_map_release(nn_name_map *map)
{
    nn_list_release(&map->ours);
    nn_list_release(&map->theirs);
}

static void name_fill(const char *theirs, const name_stars *stars, nn_text *text)
{
    for (int star = 0; *theirs; theirs++) {
        if (*theirs == '*') {
            nn_text_append(text, "%.*s", (int)stars->lengths[star], stars->texts[star]);
            star++;
        } else {
            nn_text_append(text, "%c", *theirs);
        }
    }
}

static bool name_find_literal(const nn_name_map *map, const char *name, nn_text *theirs)
{
    int64_t literal = nn_list_find(&map->ours, name);
    if (literal >= 0) nn_text_append(theirs, "%s", map->theirs.items[literal]);
    return literal >= 0;
}

static bool name_find_pattern(const nn_name_map *map, const char *name, bool is_tensor, nn_text *theirs)
{
    name_stars stars = {0};
    for (size_t i = 0; i < map->theirs.count; i++) {
        const char *ours = map->ours.items[i];
        if ((is_tensor && !strchr(ours, '.')) || !name_match(ours, name, &stars)) continue;
        name_fill(map->theirs.items[i], &stars, theirs);
        return true;
    }
    return false;
}

nn_name_entry nn_name_map_find(const nn_name_map *map, const char *layer, const char *tensor, nn_text *theirs)
{
    nn_text_free(theirs);
    if (name_find_literal(map, tensor, theirs)) return NN_NAME_TENSOR;
    if (name_find_literal(map, layer, theirs)) return NN_NAME_LAYER;
    if (name_find_pattern(map, tensor, true, theirs)) return NN_NAME_TENSOR;
    return name_find_pattern(map, layer, false, theirs) ? NN_NAME_LAYER : NN_NAME_NONE;
}
