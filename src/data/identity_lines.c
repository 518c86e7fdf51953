/* The identity of a run's data as text, one line per dataset, to be stored and compared. */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "data/dataset_internal.h"

enum { LINE_NAME, LINE_ROWS, LINE_VALUES, LINE_SOME, LINE_ALL, LINE_DATASET, LINE_PATH, LINE_WORDS };

/* The words of a line; borrowed. */
typedef struct identity_line {
    const char *words[LINE_WORDS];
    size_t lengths[LINE_WORDS];
} identity_line;

/* Parses a line and returns the rest; NULL at the end. Missing words are empty. */
static const char *lines_next(const char *lines, identity_line *line)
{
    if (!*lines) return NULL;
    for (int w = 0; w < LINE_WORDS; w++) {
        size_t length = strcspn(lines, w < LINE_WORDS - 1 ? "\t\n" : "\n");
        line->words[w] = lines;
        line->lengths[w] = length;
        lines += length;
        if (*lines == '\t') lines++;
    }
    lines += strcspn(lines, "\n");
    return *lines ? lines + 1 : lines;
}

static bool lines_same(const identity_line *a, const identity_line *b, int word)
{
    return a->lengths[word] == b->lengths[word] &&
           memcmp(a->words[word], b->words[word], a->lengths[word]) == 0;
}

static bool lines_find(const char *lines, const identity_line *like, identity_line *found)
{
    while ((lines = lines_next(lines, found)))
        if (lines_same(like, found, LINE_NAME)) return true;
    return false;
}

static bool lines_is_known(const identity_line *line, int word)
{
    return line->words[word][0] != NN_IDENTITY_UNKNOWN[0];
}

static bool lines_ends_with(const identity_line *line, const char *tail)
{
    size_t length = strlen(tail);
    return line->lengths[LINE_NAME] > length &&
           memcmp(line->words[LINE_NAME] + line->lengths[LINE_NAME] - length, tail, length) == 0;
}

/* Skipped rows are left out: a described data set does not know them. */
uint64_t nn_identity_number(const char *lines)
{
    identity_line line;
    uint64_t hash = 0;
    while ((lines = lines_next(lines, &line))) {
        if (lines_ends_with(&line, ".skipped")) continue;
        for (int w = LINE_NAME; w <= LINE_SOME; w++) hash = nn_hash(line.words[w], line.lengths[w], hash);
    }
    return hash;
}

void nn_data_identity_keep(const char *lines, nn_text *kept)
{
    identity_line line;
    nn_text_append(kept, "%s", "");
    while ((lines = lines_next(lines, &line))) {
        int length = (int)(line.words[LINE_PATH] - line.words[0]);
        nn_text_append(kept, "%.*s\n", length, line.words[0]);
    }
}

/* ---- comparing ---- */

static void lines_append_name(const identity_line *line, nn_text *text)
{
    nn_text_append(text, "\n  %.*s", (int)line->lengths[LINE_NAME], line->words[LINE_NAME]);
    if (line->lengths[LINE_DATASET] > 0)
        nn_text_append(text, ", dataset \"%.*s\" of %.*s", (int)line->lengths[LINE_DATASET],
                       line->words[LINE_DATASET], (int)line->lengths[LINE_PATH], line->words[LINE_PATH]);
}

static void lines_compare(const identity_line *was, const identity_line *is, nn_text *differences)
{
    bool same_rows = lines_same(was, is, LINE_ROWS), same_values = lines_same(was, is, LINE_VALUES);
    bool both = lines_is_known(was, LINE_ALL) && lines_is_known(is, LINE_ALL);
    bool same = lines_same(was, is, LINE_SOME) && (!both || lines_same(was, is, LINE_ALL));
    if (same_rows && same_values && same) return;
    lines_append_name(is, differences);
    if (lines_ends_with(is, ".file"))
        nn_text_append(differences,
                       ": rows are divided into files differently, and samples do not cross files");
    else if (lines_ends_with(is, ".skipped"))
        nn_text_append(differences, ": different samples are bad and skipped (%s, were %lld)",
                       same_rows ? "the same number" : "another number",
                       strtoll(was->words[LINE_ROWS], NULL, 10));
    else if (!same_rows)
        nn_text_append(differences, ": has %lld samples, had %lld", strtoll(is->words[LINE_ROWS], NULL, 10),
                       strtoll(was->words[LINE_ROWS], NULL, 10));
    else if (!same_values)
        nn_text_append(differences, ": a sample has %lld values, had %lld",
                       strtoll(is->words[LINE_VALUES], NULL, 10), strtoll(was->words[LINE_VALUES], NULL, 10));
    else
        nn_text_append(differences, ": its values have changed, or their order");
}

void nn_data_identity_compare(const char *was, const char *is, nn_text *differences)
{
    identity_line line, other;
    for (const char *at = was; (at = lines_next(at, &line));)
        if (lines_find(is, &line, &other)) lines_compare(&line, &other, differences);
}

/* ---- what is unknown ---- */

void nn_data_identity_unseen(const char *lines, nn_text *names)
{
    identity_line line;
    while ((lines = lines_next(lines, &line)))
        if (!lines_is_known(&line, LINE_ALL) && !lines_ends_with(&line, ".file"))
            nn_text_append(names, "%s%.*s", names->length > 0 ? ", " : "", (int)line.lengths[LINE_NAME],
                           line.words[LINE_NAME]);
}
