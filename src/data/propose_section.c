/* Finds the inputs and the targets among the datasets, and writes the section that reads them. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/least.h"
#include "base/list.h"
#include "data/dataset_options.h"
#include "data/propose.h"

/* Channels of an image. */
#define PROPOSE_CHANNELS 4
/* Dimensions of what can be joined. */
#define PROPOSE_JOINED 4
/* The longest windows that are proposed. */
#define PROPOSE_WINDOW 32
/* A shorter series has no windows that are worth proposing. */
#define PROPOSE_SERIES 64

static const char *const propose_parts[NN_PARTS] = {"train", "validation", "test"};

/* ---- layouts ---- */

static double propose_values(const nn_proposed *item)
{
    double values = 1;
    for (int d = 0; d < item->info.dimensions; d++) values *= (double)item->info.extents[d];
    return values;
}

static bool propose_is_few(int64_t extent)
{
    return extent == 1 || extent == 3 || extent == PROPOSE_CHANNELS;
}

/* The layout if samples lie along the last dimension. */
static const char *propose_last(const nn_store_info *info)
{
    if (info->dimensions == 2) return "FN";
    if (info->dimensions == 3) return "HWN";
    if (info->dimensions == 4) return propose_is_few(info->extents[0]) ? "CHWN" : "HWCN";
    return NULL;
}

/* The layout of images whose dimensions are not N x H x W x C; NULL: they are. */
static const char *propose_image(const nn_proposed *item)
{
    const nn_store_info *info = &item->info;
    bool bytes = info->type == NN_STORE_U8;
    if (item->maps && info->dimensions == 3) return "NHW";
    if (item->maps && info->dimensions == 4) return "NDHW";
    if (info->dimensions == 3 && bytes && info->extents[1] > PROPOSE_CHANNELS &&
        info->extents[2] > PROPOSE_CHANNELS)
        return "NHW";
    if (info->dimensions == 4 && propose_is_few(info->extents[1]) && info->extents[2] > PROPOSE_CHANNELS &&
        info->extents[3] > PROPOSE_CHANNELS)
        return "NCHW";
    return NULL;
}

/* How an input and a target are read together. */
typedef struct propose_pair {
    const nn_proposed *x, *y;
    const char *x_layout, *y_layout; /* NULL: samples first */
} propose_pair;

/* Whether both can have the same samples. */
static bool propose_fits(propose_pair *pair)
{
    const nn_store_info *x = &pair->x->info, *y = &pair->y->info;
    int64_t x_last = x->extents[x->dimensions - 1], y_last = y->extents[y->dimensions - 1];
    const char *x_turned = x->dimensions > 1 ? propose_last(x) : NULL;
    const char *y_turned = y->dimensions > 1 ? propose_last(y) : NULL;
    pair->x_layout = pair->y_layout = NULL;
    if (pair->x->rows == pair->y->rows) return true;
    if (pair->x->files.count > 1 || pair->y->files.count > 1) return false;
    if (y_turned && y_last == pair->x->rows) {
        pair->y_layout = y_turned;
        return true;
    }
    if (!x_turned || (x_last != pair->y->rows && (!y_turned || x_last != y_last))) return false;
    pair->x_layout = x_turned;
    if (x_last != pair->y->rows) pair->y_layout = y_turned;
    return true;
}

/* ---- which ones ---- */

static const nn_proposed *propose_input(const nn_proposal *proposal, int part, nn_role role)
{
    const nn_proposed *best = NULL;
    for (size_t i = 0; i < proposal->count; i++) {
        const nn_proposed *item = &proposal->items[i];
        if (item->part != part || item->role != role) continue;
        if (item->info.type == NN_STORE_TEXT && role != NN_ROLE_INPUT) continue;
        if (!best || propose_values(item) > propose_values(best)) best = item;
    }
    return best;
}

/* Labels are preferred, then what has fewer values. */
static bool propose_is_better(const nn_proposed *item, const nn_proposed *than)
{
    bool labels = item->classes > 0 || item->info.type == NN_STORE_TEXT;
    bool before = than->classes > 0 || than->info.type == NN_STORE_TEXT;
    return labels != before ? labels : propose_values(item) < propose_values(than);
}

static bool propose_target(const nn_proposal *proposal, int part, nn_role role, propose_pair *pair)
{
    propose_pair trial = *pair;
    for (size_t i = 0; i < proposal->count; i++) {
        trial.y = &proposal->items[i];
        if (trial.y == trial.x || trial.y->part != part || trial.y->role != role || !propose_fits(&trial))
            continue;
        if (!pair->y || propose_is_better(trial.y, pair->y)) *pair = trial;
    }
    return pair->y != NULL;
}

/* Finds the input and the target of a part. */
static bool propose_find(const nn_proposal *proposal, int part, propose_pair *pair)
{
    *pair = (propose_pair){.x = propose_input(proposal, part, NN_ROLE_INPUT)};
    if (!pair->x) pair->x = propose_input(proposal, part, NN_ROLE_NONE);
    if (!pair->x) return false;
    return propose_target(proposal, part, NN_ROLE_TARGET, pair) ||
           propose_target(proposal, part, NN_ROLE_NONE, pair);
}

/* A dataset with one number per sample and this role; NULL: none. */
static const nn_proposed *propose_per_sample(const nn_proposal *proposal, int part, nn_role role,
                                             const propose_pair *pair)
{
    for (size_t i = 0; i < proposal->count; i++) {
        const nn_proposed *item = &proposal->items[i];
        bool one = propose_values(item) == (double)item->info.extents[0];
        bool fits = one && !pair->x_layout && item->rows == pair->x->rows && item->info.type != NN_STORE_TEXT;
        if (item->part == part && item->role == role && fits) return item;
    }
    return NULL;
}

/* ---- the section ---- */

static void propose_append_word(nn_text *text, const char *word)
{
    const char *plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-";
    bool starts =
        (*word >= 'a' && *word <= 'z') || (*word >= 'A' && *word <= 'Z') || *word == '/' || *word == '_';
    if (starts && word[strspn(word, plain)] == '\0')
        nn_text_append(text, "%s", word);
    else
        nn_text_append_json(text, word);
}

static void propose_append_files(nn_text *text, const nn_text_list *files)
{
    if (files->count > 1) nn_text_append(text, "[");
    for (size_t i = 0; i < files->count; i++) {
        nn_text_append(text, i > 0 ? ", " : "");
        propose_append_word(text, files->items[i]);
    }
    if (files->count > 1) nn_text_append(text, "]");
}

/* Whether a dataset is read together with an input, as columns or channels: a field of the same table, or,
 * one along the same axes, without another axis of time. */
static bool propose_is_next_to(const nn_proposed *item, const propose_pair *pair)
{
    const nn_proposed *x = pair->x;
    if (x->table) return item->table && strcmp(item->table, x->table) == 0 && item->info.dimensions <= 2;
    return x->axes && x->maps && !pair->x_layout && item->axes && strcmp(item->axes, x->axes) == 0;
}

/* The inputs that are read together: numbers, without those that their names make something else. Returns how
 * many; *missing: some have missing values. */
static size_t propose_append_fields(nn_text *text, const nn_proposal *proposal, const propose_pair *pair,
                                    bool *missing)
{
    size_t count = 0;
    *missing = false;
    if (pair->x->info.dimensions > (pair->x->table ? 2 : PROPOSE_JOINED)) return 0;
    for (size_t i = 0; i < proposal->count; i++) {
        const nn_proposed *item = &proposal->items[i];
        bool numbers = item->info.type < NN_STORE_TEXT;
        bool input = item->role == NN_ROLE_NONE || item->role == NN_ROLE_INPUT;
        if (item == pair->y || !propose_is_next_to(item, pair)) continue;
        if (!numbers || !input || item->part != pair->x->part) continue;
        nn_text_append(text, count++ > 0 ? ", " : "");
        propose_append_word(text, item->dataset);
        *missing |= item->missing;
    }
    return count;
}

/* files: those that hold what says nothing else. */
static void propose_append_dataset(nn_text *text, const char *key, const nn_proposed *item,
                                   const nn_text_list *files, const nn_proposal *proposal,
                                   const propose_pair *pair)
{
    bool elsewhere = !nn_list_equal(&item->files, files), missing;
    nn_text names = {0};
    size_t fields = item == pair->x ? propose_append_fields(&names, proposal, pair, &missing) : 0;
    nn_text_append(text, "%s: ", key);
    if (elsewhere) {
        nn_text_append(text, "{file: ");
        propose_append_files(text, &item->files);
        nn_text_append(text, ", path: ");
    }
    if (fields > 1)
        nn_text_append(text, "[%s]", names.bytes ? names.bytes : "");
    else
        propose_append_word(text, item->dataset);
    text->failed |= names.failed;
    nn_text_free(&names);
    if (elsewhere) nn_text_append(text, "}");
}

static void propose_append_part(nn_text *text, const nn_proposal *proposal, int part, int of,
                                const propose_pair *pair, const nn_text_list *files)
{
    static const struct {
        nn_role role;
        const char *key;
    } rows[] = {{NN_ROLE_LENGTHS, "lengths"}, {NN_ROLE_WEIGHTS, "weights"}};
    static const nn_text_list none = {0};
    bool own = files->count == 0 && (!pair->y || nn_list_equal(&pair->x->files, &pair->y->files));
    nn_text_append(text, "  %s: {", propose_parts[part]);
    if (own) {
        nn_text_append(text, "file: ");
        propose_append_files(text, &pair->x->files);
        nn_text_append(text, ", ");
    }
    const nn_text_list *known = own ? &pair->x->files : files->count > 0 ? files : &none;
    propose_append_dataset(text, "x", pair->x, known, proposal, pair);
    if (pair->y) nn_text_append(text, ", ");
    if (pair->y) propose_append_dataset(text, "y", pair->y, known, proposal, pair);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const nn_proposed *item = propose_per_sample(proposal, of, rows[i].role, pair);
        if (!item) continue;
        nn_text_append(text, ", ");
        propose_append_dataset(text, rows[i].key, item, known, proposal, pair);
    }
    nn_text_append(text, "}\n");
}

static void propose_append_option(nn_text *text, const char *format, const char *value)
{
    if (!value) return;
    nn_text_append(text, text->length > 0 ? ", " : "");
    nn_text_append(text, format, value);
}

/* The options of an input or a target; nothing where it needs none. */
static void propose_append_field(nn_text *fields, const char *key, const nn_proposed *item,
                                 const char *layout, bool missing, bool input)
{
    nn_text options = {0};
    char first[32];
    bool texts = input && item->info.type == NN_STORE_TEXT && strcmp(item->info.layout, "categorical") != 0;
    propose_append_option(&options, "%s", texts ? "kind: text" : item->option);
    propose_append_option(&options, "layout: %s", layout);
    if (!input && item->labels) propose_append_option(&options, "labels: %s", item->labels);
    snprintf(first, sizeof first, "%" PRId64, item->first_label);
    bool moved = !input && item->classes > 0 && !item->labels && item->first_label != 0;
    propose_append_option(&options, "first_label: %s", moved ? first : NULL);
    propose_append_option(&options, "missing: %s", missing ? input ? "mean" : "mask" : NULL);
    if (options.length > 0)
        nn_text_append(fields, "%s%s: {%s}", fields->length > 0 ? ", " : "", key, options.bytes);
    fields->failed |= options.failed;
    nn_text_free(&options);
}

static void propose_append_options(nn_text *fields, const nn_proposal *proposal, const propose_pair *pair)
{
    nn_text names = {0};
    bool missing;
    const char *layout = pair->x_layout;
    size_t joined = propose_append_fields(&names, proposal, pair, &missing);
    if (!layout && (joined <= 1 || pair->x->table)) layout = propose_image(pair->x);
    if (joined <= 1) missing = pair->x->missing;
    propose_append_field(fields, "x", pair->x, layout, missing, true);
    if (pair->y) propose_append_field(fields, "y", pair->y, pair->y_layout, pair->y->missing, false);
    fields->failed |= names.failed;
    nn_text_free(&names);
}

static void propose_append_loss(nn_text *text, const nn_proposed *y)
{
    if (y->info.type == NN_STORE_TEXT)
        nn_text_append(text, "  # the texts of y are classes: loss: cross_entropy\n");
    else if (y->classes > 0)
        nn_text_append(text,
                       "  # y has %" PRId64 " different integers: loss: cross_entropy if they are classes, "
                       "mse if they are quantities\n",
                       y->classes);
}

/* The files of all parts, if they are the same. */
static nn_text_list propose_common(const propose_pair *pairs, const bool *given)
{
    nn_text_list files = {0};
    for (int p = 0; p < NN_PARTS; p++) {
        if (!given[p]) continue;
        if (files.count == 0) files = pairs[p].x->files;
        if (!nn_list_equal(&files, &pairs[p].x->files)) return (nn_text_list){0};
        if (pairs[p].y && !nn_list_equal(&files, &pairs[p].y->files)) return (nn_text_list){0};
    }
    return files;
}

/* The length of windows, of which the validation part, a tenth of the rows, has several. */
static int64_t propose_window(int64_t rows)
{
    return rows / 20 < PROPOSE_WINDOW ? rows / 20 : PROPOSE_WINDOW;
}

/* Windows of a series, or of several; about half as long as those are. */
static void propose_append_window(const nn_proposal *proposal, const propose_pair *pair, nn_text *text)
{
    int64_t length = propose_window(pair->x->rows);
    bool several = proposal->series && pair->x->rows == proposal->series_rows;
    if (several) length = nn_larger(nn_smaller(length, proposal->series_each / 2), 1);
    nn_text_append(text, "  window: {length: %" PRId64, length);
    if (several) nn_text_append(text, ", %s: ", proposal->series_starts ? "starts" : "by");
    if (several) propose_append_word(text, proposal->series);
    nn_text_append(text, "}   # of %s, to predict the row after each\n",
                   several ? "each series" : "a series");
}

/* Rows of one series are alike: all of them are in one part. */
static void propose_append_split(const nn_proposal *proposal, const propose_pair *pair, nn_text *text)
{
    bool group = proposal->series && !proposal->series_starts && pair->x->rows == proposal->series_rows;
    nn_text_append(text, "  split: {validation: 0.1");
    if (group) nn_text_append(text, ", by: group");
    if (group && pair->y) nn_text_append(text, ", group: ");
    if (group && pair->y) propose_append_word(text, proposal->series);
    if (!group && pair->x->times) nn_text_append(text, ", order: chronological");
    nn_text_append(text, "}\n");
}

static void propose_append_section(const nn_proposal *proposal, const propose_pair *pairs, const bool *given,
                                   int of_train, nn_text *text)
{
    nn_text fields = {0};
    const propose_pair *train = &pairs[NN_TRAIN];
    const nn_text_list files = propose_common(pairs, given);
    nn_text_append(text, "data:\n");
    if (files.count > 0) {
        nn_text_append(text, "  file: ");
        propose_append_files(text, &files);
        nn_text_append(text, "\n");
    }
    for (int p = 0; p < NN_PARTS; p++)
        if (given[p]) propose_append_part(text, proposal, p, p == NN_TRAIN ? of_train : p, &pairs[p], &files);
    if (!given[NN_VALIDATION]) propose_append_split(proposal, train, text);
    if (!train->y) propose_append_window(proposal, train, text);
    propose_append_options(&fields, proposal, train);
    if (fields.length > 0) nn_text_append(text, "  fields: {%s}\n", fields.bytes);
    if (train->y) propose_append_loss(text, train->y);
    text->failed |= fields.failed;
    nn_text_free(&fields);
}

bool nn_proposal_append(const nn_proposal *proposal, nn_text *text)
{
    propose_pair pairs[NN_PARTS];
    bool given[NN_PARTS];
    int of_train = NN_TRAIN;
    for (int p = 0; p < NN_PARTS; p++) given[p] = propose_find(proposal, p, &pairs[p]);
    if (!given[NN_TRAIN]) of_train = -1;
    if (!given[NN_TRAIN]) given[NN_TRAIN] = propose_find(proposal, of_train, &pairs[NN_TRAIN]);
    const nn_proposed *x = pairs[NN_TRAIN].x;
    bool several = x && proposal->series && x->rows == proposal->series_rows;
    bool series = x && !given[NN_TRAIN] && (several || proposal->count == 1) && x->info.dimensions <= 2 &&
                  (several || x->rows >= PROPOSE_SERIES) && x->info.type < NN_STORE_TEXT;
    if (given[NN_TRAIN] || series) {
        given[NN_TRAIN] = true;
        propose_append_section(proposal, pairs, given, of_train, text);
        return true;
    }
    if (proposal->count > 0)
        nn_text_append(
            text, "no two datasets look like the inputs and the targets of the same samples: name them in a "
                  "configuration, data: {file: FILE, train: {x: INPUTS, y: TARGETS}}\n");
    return false;
}
