#include "diff/reasons.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/options.h"

/* ---- the list ---- */

static nn_status reasons_add(nn_reasons *reasons, nn_reason_weight weight, const char *kind, const char *what,
                             const char *a, const char *b)
{
    size_t at = reasons->count;
    NN_TRY(nn_reallocate((void **)&reasons->items, at, at + 1, sizeof *reasons->items, "a comparison"));
    while (at > 0 && reasons->items[at - 1].weight > weight) at--;
    memmove(&reasons->items[at + 1], &reasons->items[at], (reasons->count - at) * sizeof *reasons->items);
    reasons->items[at] = (nn_reason){weight, kind, NULL, NULL, NULL};
    reasons->count++;
    NN_TRY(nn_copy_text(what, &reasons->items[at].what));
    if (a) NN_TRY(nn_copy_text(a, &reasons->items[at].a));
    if (b) NN_TRY(nn_copy_text(b, &reasons->items[at].b));
    return NN_OK;
}

void nn_reasons_release(nn_reasons *reasons)
{
    for (size_t r = 0; r < reasons->count; r++) {
        nn_free(reasons->items[r].what);
        nn_free(reasons->items[r].a);
        nn_free(reasons->items[r].b);
    }
    nn_free(reasons->items);
    *reasons = (nn_reasons){0};
}

size_t nn_reasons_count(const nn_reasons *reasons, nn_reason_weight weight)
{
    size_t count = 0;
    for (size_t r = 0; r < reasons->count; r++) count += reasons->items[r].weight == weight;
    return count;
}

/* ---- lines of words separated by tabs ---- */

enum { ROW_WORDS = 8 };

typedef struct reasons_row {
    char *words[ROW_WORDS]; /* absent ones are "" */
} reasons_row;

typedef struct reasons_table {
    char *text; /* owned; cut to pieces */
    reasons_row *rows;
    size_t count;
} reasons_table;

/* The last of `words` words has the rest of its line. */
static nn_status table_read(const char *text, int words, char separator, reasons_table *table)
{
    size_t lines = 1;
    NN_TRY(nn_copy_text(text ? text : "", &table->text));
    for (const char *at = table->text; *at; at++) lines += *at == '\n';
    NN_TRY(NN_ALLOCATE(&table->rows, lines, "a comparison"));
    for (char *line = table->text, *next; *line; line = next) {
        next = line + strcspn(line, "\n");
        if (*next) *next++ = '\0';
        reasons_row *row = &table->rows[table->count++];
        for (int w = 0; w < ROW_WORDS; w++) {
            char *end = w < words - 1 ? strchr(line, separator) : NULL;
            row->words[w] = line;
            line = end ? end + 1 : line + strlen(line);
            if (end) *end = '\0';
        }
    }
    return NN_OK;
}

static void table_release(reasons_table *table)
{
    nn_free(table->rows);
    nn_free(table->text);
}

static const reasons_row *table_find(const reasons_table *table, int word, const char *key)
{
    for (size_t r = 0; r < table->count; r++)
        if (strcmp(table->rows[r].words[word], key) == 0) return &table->rows[r];
    return NULL;
}

/* ---- configuration ---- */

enum { SETTING_EFFECT, SETTING_PATH, SETTING_VALUE, SETTING_WORDS };

static bool reasons_begins(const char *path, const char *with)
{
    return strncmp(path, with, strlen(with)) == 0;
}

static const char *reasons_kind(const char *path)
{
    static const char *const kinds[][2] = {
        {"training.seed", "seed"},           {"data.split.seed", "seed"},
        {"training.precision", "precision"}, {"training.kernels", "kernels"},
        {"init_from", "initial weights"},    {"data.", "data settings"}};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        if (reasons_begins(path, kinds[k][0])) return kinds[k][1];
    return "configuration";
}

static nn_reason_weight reasons_weigh(const char *effect)
{
    int number = atoi(effect);
    return number == NN_EFFECT_RESULT   ? NN_REASON_CAUSE
           : number == NN_EFFECT_EXTENT ? NN_REASON_EXTENT
                                        : NN_REASON_HARMLESS;
}

/* Of a section that one run lacks, options that are not set say nothing. */
static bool reasons_is_empty(const reasons_row *a, const reasons_row *b)
{
    return (!a || !a->words[SETTING_VALUE][0]) && (!b || !b->words[SETTING_VALUE][0]);
}

static const char *reasons_shown(const reasons_row *row)
{
    return !row ? "absent" : row->words[SETTING_VALUE][0] ? row->words[SETTING_VALUE] : "not set";
}

static nn_status reasons_add_setting(nn_reasons *reasons, const reasons_row *a, const reasons_row *b)
{
    const reasons_row *any = a ? a : b;
    const char *path = any->words[SETTING_PATH];
    return reasons_add(reasons, reasons_weigh(any->words[SETTING_EFFECT]), reasons_kind(path), path,
                       reasons_shown(a), reasons_shown(b));
}

static nn_status reasons_compare_settings(const nn_account *a, const nn_account *b, nn_reasons *reasons)
{
    reasons_table left = {0}, right = {0};
    nn_status status = table_read(a->settings, SETTING_WORDS, '\t', &left);
    if (status == NN_OK) status = table_read(b->settings, SETTING_WORDS, '\t', &right);
    for (size_t r = 0; status == NN_OK && r < left.count; r++) {
        const reasons_row *row = &left.rows[r],
                          *other = table_find(&right, SETTING_PATH, row->words[SETTING_PATH]);
        if (other ? strcmp(row->words[SETTING_VALUE], other->words[SETTING_VALUE]) != 0
                  : !reasons_is_empty(row, NULL))
            status = reasons_add_setting(reasons, row, other);
    }
    for (size_t r = 0; status == NN_OK && r < right.count; r++)
        if (!reasons_is_empty(NULL, &right.rows[r]) &&
            !table_find(&left, SETTING_PATH, right.rows[r].words[SETTING_PATH]))
            status = reasons_add_setting(reasons, NULL, &right.rows[r]);
    table_release(&left);
    table_release(&right);
    return status;
}

/* ---- data ---- */

enum { DATA_NAME, DATA_ROWS, DATA_VALUES, DATA_SOME, DATA_ALL, DATA_WORDS = 7 };

/* "data.train.x" differs in its rows, in the values per row, or in the values. */
static nn_status reasons_compare_array(const reasons_row *a, const reasons_row *b, nn_reasons *reasons)
{
    nn_text what = {0};
    nn_status status = NN_OK;
    const char *name = a->words[DATA_NAME];
    if (strcmp(a->words[DATA_ROWS], b->words[DATA_ROWS]) != 0) {
        nn_text_append(&what, "the number of rows of %s", name);
        status = reasons_add(reasons, NN_REASON_CAUSE, "data", what.bytes ? what.bytes : name,
                             a->words[DATA_ROWS], b->words[DATA_ROWS]);
    } else if (strcmp(a->words[DATA_VALUES], b->words[DATA_VALUES]) != 0) {
        nn_text_append(&what, "the values per row of %s", name);
        status = reasons_add(reasons, NN_REASON_CAUSE, "data", what.bytes ? what.bytes : name,
                             a->words[DATA_VALUES], b->words[DATA_VALUES]);
    } else if (strcmp(a->words[DATA_SOME], b->words[DATA_SOME]) != 0) {
        nn_text_append(&what, "the values of %s", name);
        status = reasons_add(reasons, NN_REASON_CAUSE, "data", what.bytes ? what.bytes : name, NULL, NULL);
    }
    nn_text_free(&what);
    return status;
}

static nn_status reasons_compare_data(const nn_account *a, const nn_account *b, nn_reasons *reasons)
{
    reasons_table left = {0}, right = {0};
    nn_status status = table_read(a->data, DATA_WORDS, '\t', &left);
    if (status == NN_OK) status = table_read(b->data, DATA_WORDS, '\t', &right);
    for (size_t r = 0; status == NN_OK && r < left.count; r++) {
        const reasons_row *row = &left.rows[r], *other = table_find(&right, DATA_NAME, row->words[DATA_NAME]);
        status =
            other ? reasons_compare_array(row, other, reasons)
                  : reasons_add(reasons, NN_REASON_CAUSE, "data", row->words[DATA_NAME], "present", "absent");
    }
    for (size_t r = 0; status == NN_OK && r < right.count; r++)
        if (!table_find(&left, DATA_NAME, right.rows[r].words[DATA_NAME]))
            status = reasons_add(reasons, NN_REASON_CAUSE, "data", right.rows[r].words[DATA_NAME], "absent",
                                 "present");
    table_release(&left);
    table_release(&right);
    return status;
}

/* ---- machines and versions ---- */

/* What layers and the optimizer compute depends on their settings and on the shape of the data too. */
static bool reasons_explain(const nn_reasons *reasons)
{
    for (size_t r = 0; r < reasons->count; r++)
        if (reasons->items[r].weight == NN_REASON_CAUSE && strcmp(reasons->items[r].kind, "seed") != 0)
            return true;
    return false;
}

/* Another setting of kernels: the sets differ as it says. */
static bool reasons_name_kernels(const nn_reasons *reasons)
{
    for (size_t r = 0; r < reasons->count; r++)
        if (strcmp(reasons->items[r].what, "training.kernels") == 0) return true;
    return false;
}

static bool reasons_is_general(const char *part)
{
    return strcmp(part, "elementary functions") == 0 || strcmp(part, "vector kernels") == 0;
}

/* Parts of the arithmetic that both have, and that give other bits. */
static nn_status reasons_compare_machine(const nn_account *a, const nn_account *b, bool *differs,
                                         nn_reasons *reasons)
{
    reasons_table left = {0}, right = {0};
    bool explained = reasons_explain(reasons);
    nn_status status = table_read(a->machine, 2, ' ', &left);
    if (status == NN_OK) status = table_read(b->machine, 2, ' ', &right);
    for (size_t r = 0; status == NN_OK && r < left.count; r++) {
        const reasons_row *other = table_find(&right, 1, left.rows[r].words[1]);
        if (!other || strcmp(other->words[0], left.rows[r].words[0]) == 0) continue;
        if (explained && !reasons_is_general(left.rows[r].words[1])) continue;
        *differs = true;
        status = reasons_add(reasons, NN_REASON_CAUSE, "arithmetic", left.rows[r].words[1],
                             left.rows[r].words[0], other->words[0]);
    }
    table_release(&left);
    table_release(&right);
    return status;
}

/* Libraries, build and CPU, by what ", " separates: harmless where the machines compute the same. */
static nn_status reasons_compare_about(const nn_account *a, const nn_account *b, bool differs,
                                       nn_reasons *reasons)
{
    if (!a->about || !b->about || strcmp(a->about, b->about) == 0) return NN_OK;
    return reasons_add(reasons, differs ? NN_REASON_CAUSE : NN_REASON_HARMLESS, "versions",
                       "libraries, build and CPU", a->about, b->about);
}

static nn_status reasons_compare_text(const char *kind, const char *what, nn_reason_weight weight,
                                      const char *a, const char *b, nn_reasons *reasons)
{
    if (!a || !b || strcmp(a, b) == 0) return NN_OK;
    return reasons_add(reasons, weight, kind, what, a, b);
}

/* Several machines contributed to a run. */
static nn_status reasons_compare_changes(const nn_account *a, const nn_account *b, nn_reasons *reasons)
{
    const char *left = a->changes ? a->changes : "", *right = b->changes ? b->changes : "";
    if (strcmp(left, right) == 0) return NN_OK;
    return reasons_add(reasons, NN_REASON_CAUSE, "arithmetic", "changes of the machine during the run",
                       left[0] ? left : "none", right[0] ? right : "none");
}

nn_status nn_reasons_find(const nn_account *a, const nn_account *b, nn_reasons *reasons)
{
    bool differs = false;
    *reasons = (nn_reasons){.compared = a->settings && b->settings};
    if (!reasons->compared) return NN_OK;
    NN_TRY(reasons_compare_settings(a, b, reasons));
    if (a->data && b->data) NN_TRY(reasons_compare_data(a, b, reasons));
    if (a->machine && b->machine) NN_TRY(reasons_compare_machine(a, b, &differs, reasons));
    NN_TRY(
        reasons_compare_text("precision", "precision", NN_REASON_CAUSE, a->precision, b->precision, reasons));
    if (!reasons_name_kernels(reasons))
        NN_TRY(reasons_compare_text("kernels", "kernels", differs ? NN_REASON_CAUSE : NN_REASON_HARMLESS,
                                    a->kernels, b->kernels, reasons));
    NN_TRY(reasons_compare_text("versions", "version of nntrain",
                                differs ? NN_REASON_CAUSE : NN_REASON_HARMLESS, a->version, b->version,
                                reasons));
    NN_TRY(reasons_compare_about(a, b, differs, reasons));
    return reasons_compare_changes(a, b, reasons);
}
