/* What the names of datasets and files suggest. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "data/dataset_options.h"
#include "data/propose.h"

#define NAME_LONGEST 64

typedef struct name_word {
    const char *word;
    int means;
} name_word;

static const name_word name_parts[] = {
    {"training", NN_TRAIN},   {"train", NN_TRAIN},    {"validation", NN_VALIDATION},
    {"valid", NN_VALIDATION}, {"val", NN_VALIDATION}, {"dev", NN_VALIDATION},
    {"testing", NN_TEST},     {"test", NN_TEST},      {NULL, 0}};

static const name_word name_roles[] = {{"x", NN_ROLE_INPUT},
                                       {"data", NN_ROLE_INPUT},
                                       {"input", NN_ROLE_INPUT},
                                       {"inputs", NN_ROLE_INPUT},
                                       {"image", NN_ROLE_INPUT},
                                       {"images", NN_ROLE_INPUT},
                                       {"img", NN_ROLE_INPUT},
                                       {"imgs", NN_ROLE_INPUT},
                                       {"feature", NN_ROLE_INPUT},
                                       {"features", NN_ROLE_INPUT},
                                       {"signal", NN_ROLE_INPUT},
                                       {"signals", NN_ROLE_INPUT},
                                       {"sequence", NN_ROLE_INPUT},
                                       {"sequences", NN_ROLE_INPUT},
                                       {"samples", NN_ROLE_INPUT},
                                       {"obs", NN_ROLE_INPUT},
                                       {"text", NN_ROLE_INPUT},
                                       {"texts", NN_ROLE_INPUT},
                                       {"sentence", NN_ROLE_INPUT},
                                       {"sentences", NN_ROLE_INPUT},
                                       {"document", NN_ROLE_INPUT},
                                       {"documents", NN_ROLE_INPUT},
                                       {"review", NN_ROLE_INPUT},
                                       {"reviews", NN_ROLE_INPUT},
                                       {"smiles", NN_ROLE_INPUT},
                                       {"observation", NN_ROLE_INPUT},
                                       {"observations", NN_ROLE_INPUT},
                                       {"y", NN_ROLE_TARGET},
                                       {"label", NN_ROLE_TARGET},
                                       {"labels", NN_ROLE_TARGET},
                                       {"target", NN_ROLE_TARGET},
                                       {"targets", NN_ROLE_TARGET},
                                       {"class", NN_ROLE_TARGET},
                                       {"classes", NN_ROLE_TARGET},
                                       {"output", NN_ROLE_TARGET},
                                       {"outputs", NN_ROLE_TARGET},
                                       {"action", NN_ROLE_TARGET},
                                       {"actions", NN_ROLE_TARGET},
                                       {"mask", NN_ROLE_TARGET},
                                       {"masks", NN_ROLE_TARGET},
                                       {"truth", NN_ROLE_TARGET},
                                       {"gt", NN_ROLE_TARGET},
                                       {"annotation", NN_ROLE_TARGET},
                                       {"annotations", NN_ROLE_TARGET},
                                       {"category", NN_ROLE_TARGET},
                                       {"digit", NN_ROLE_TARGET},
                                       {"digits", NN_ROLE_TARGET},
                                       {"length", NN_ROLE_LENGTHS},
                                       {"lengths", NN_ROLE_LENGTHS},
                                       {"weight", NN_ROLE_WEIGHTS},
                                       {"weights", NN_ROLE_WEIGHTS},
                                       {"id", NN_ROLE_OTHER},
                                       {"ids", NN_ROLE_OTHER},
                                       {"index", NN_ROLE_OTHER},
                                       {"indices", NN_ROLE_OTHER},
                                       {"time", NN_ROLE_OTHER},
                                       {"times", NN_ROLE_OTHER},
                                       {"timestamp", NN_ROLE_OTHER},
                                       {"name", NN_ROLE_OTHER},
                                       {"names", NN_ROLE_OTHER},
                                       {"columns", NN_ROLE_OTHER},
                                       {"units", NN_ROLE_OTHER},
                                       {"group", NN_ROLE_OTHER},
                                       {"groups", NN_ROLE_OTHER},
                                       {NULL, 0}};

static int name_find(const name_word *words, const char *word)
{
    for (; words->word; words++)
        if (strcasecmp(words->word, word) == 0) return words->means;
    return -1;
}

/* A word may be joined with a part: "xtrain", "trainX". */
static void name_take(char *word, int *role, int *part)
{
    int found = name_find(name_roles, word), of = name_find(name_parts, word);
    size_t length = strlen(word);
    for (const name_word *at = name_parts; at->word && found < 0 && of < 0; at++) {
        size_t tail = strlen(at->word);
        if (length <= tail) continue;
        if (strncasecmp(word, at->word, tail) == 0) found = name_find(name_roles, word + tail);
        if (found < 0 && strcasecmp(word + length - tail, at->word) == 0) {
            word[length - tail] = '\0';
            found = name_find(name_roles, word);
        }
        if (found >= 0) of = at->means;
    }
    if (found >= 0) *role = found;
    if (of >= 0) *part = of;
}

/* Later words count more: "data/labels" are labels. */
static void name_read(const char *name, int *role, int *part)
{
    char word[NAME_LONGEST];
    while (*name) {
        size_t length = 0;
        while (*name && !isalpha((unsigned char)*name)) name++;
        for (; isalpha((unsigned char)*name); name++)
            if (length + 1 < sizeof word) word[length++] = *name;
        word[length] = '\0';
        if (length > 0) name_take(word, role, part);
    }
}

nn_role nn_propose_role(const char *path, const char *dataset, int *part)
{
    int role = -1, of_file = -1, part_of_file = -1;
    const char *slash = strrchr(path, '/');
    *part = -1;
    name_read(dataset, &role, part);
    name_read(slash ? slash + 1 : path, &of_file, &part_of_file);
    if (role < 0 && of_file != NN_ROLE_OTHER) role = of_file;
    if (*part < 0) *part = part_of_file;
    return role < 0 ? NN_ROLE_NONE : (nn_role)role;
}
