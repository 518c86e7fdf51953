/* Finds the name that a misspelt word was meant to be. */
#include <ctype.h>
#include <string.h>

#include "base/least.h"
#include "base/text.h"

/* No guesses for longer words. */
#define NEAREST_LONGEST 63

/* Shorter words are abbreviations of too many others. */
#define NEAREST_ABBREVIATION 3

static bool nearest_same(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Edit distance with insertions, deletions, substitutions and swaps of neighbours (optimal string alignment),
 * ignoring case. Both words have at most NEAREST_LONGEST letters. */
static int64_t nearest_distance(const char *a, const char *b)
{
    int64_t rows[3][NEAREST_LONGEST + 1]; /* rows[i % 3] holds row i of the table */
    int64_t a_length = (int64_t)strlen(a), b_length = (int64_t)strlen(b);
    for (int64_t j = 0; j <= b_length; j++) rows[0][j] = j;
    for (int64_t i = 1; i <= a_length; i++) {
        const int64_t *above = rows[(i + 2) % 3];
        int64_t *row = rows[i % 3];
        row[0] = i;
        for (int64_t j = 1; j <= b_length; j++) {
            bool same = nearest_same(a[i - 1], b[j - 1]);
            row[j] = nn_smaller(above[j - 1] + (same ? 0 : 1), nn_smaller(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && nearest_same(a[i - 1], b[j - 2]) && nearest_same(a[i - 2], b[j - 1])) {
                row[j] = nn_smaller(row[j], rows[(i + 1) % 3][j - 2] + 1);
            }
        }
    }
    return rows[a_length % 3][b_length];
}

/* The shortest candidate that begins with the word, which is then an abbreviation rather than a typo. */
static const char *nearest_begun(const char *word, const char *const *candidates, size_t count)
{
    size_t length = strlen(word);
    const char *best = NULL;
    for (size_t i = 0; i < count && length >= NEAREST_ABBREVIATION; i++) {
        size_t same = 0;
        while (same < length && nearest_same(word[same], candidates[i][same])) same++;
        if (same < length || strlen(candidates[i]) > NEAREST_LONGEST) continue;
        if (!best || strlen(candidates[i]) < strlen(best)) best = candidates[i];
    }
    return best;
}

const char *nn_nearest(const char *word, const char *const *candidates, size_t count)
{
    size_t length = strlen(word);
    const char *begun = nearest_begun(word, candidates, count);
    if (begun) return begun;
    if (length > NEAREST_LONGEST) return NULL;
    int64_t best_distance = ((int64_t)length + 1) / 3 + 1; /* about one typo in three letters */
    const char *best = NULL;
    for (size_t i = 0; i < count; i++) {
        if (strlen(candidates[i]) > NEAREST_LONGEST) continue;
        int64_t distance = nearest_distance(word, candidates[i]);
        if (distance < best_distance) {
            best = candidates[i];
            best_distance = distance;
        }
    }
    return best;
}
