/* Several runs as one table: what they were given differently, and what each came to, over seeds. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/options.h"
#include "cli/info.h"
#include "model/find.h"

#define SWEEP_SEED "training.seed"
#define SWEEP_ABSENT "-"
#define SWEEP_CELL 64

typedef struct sweep_run {
    const char *directory;
    char *values; /* "effect\tpath\tvalue\n", as in the checkpoint */
    char *figure, *order;
    nn_info_progress progress;
} sweep_run;

/* Runs that differ in nothing but the seed. */
typedef struct sweep_group {
    size_t first; /* a run of it */
    int runs;
    double mean, deviation, best;
    size_t best_run;
} sweep_group;

typedef struct sweep {
    sweep_run *runs;
    size_t run_count;
    char **columns; /* paths of what differs */
    size_t column_count;
    size_t *group_of; /* of each run */
    sweep_group *groups;
    size_t group_count;
    bool higher; /* a higher figure is better */
} sweep;

/* ---- reading ---- */

static nn_status sweep_read_facts(nn_store_file *file, sweep_run *run)
{
    NN_TRY(nn_info_read_progress(file, &run->progress));
    NN_TRY(nn_store_read_text(file, "config_values", &run->values));
    NN_TRY(nn_store_read_text(file, "@best_figure", &run->figure));
    return nn_store_read_text(file, "@best_order", &run->order);
}

static nn_status sweep_read_run(const char *directory, sweep_run *run)
{
    char path[NN_PATH_SIZE];
    void *bytes = NULL;
    size_t size;
    nn_store_file *file = NULL;
    nn_status status;
    run->directory = directory;
    NN_TRY_TO(done, status, nn_checkpoint_newest(directory, path, &bytes, &size));
    if (!bytes) status = nn_fail(NN_ERROR_USAGE, "%s: has no checkpoint", directory);
    if (status == NN_OK) status = nn_store_open_image(bytes, size, path, &file);
    if (status == NN_OK) status = sweep_read_facts(file, run);
done:
    nn_store_close(file);
    nn_free(bytes);
    return status;
}

static void sweep_release_run(sweep_run *run)
{
    nn_free(run->values);
    nn_free(run->figure);
    nn_free(run->order);
    *run = (sweep_run){0};
}

/* Runs that cannot be read are told and left out: one that has failed must not hide the others. */
static nn_status sweep_read(sweep *all, size_t count, const char *const *directories)
{
    NN_TRY(NN_ALLOCATE(&all->runs, count, "the runs of a table"));
    for (size_t i = 0; i < count; i++) {
        sweep_run *run = &all->runs[all->run_count];
        if (sweep_read_run(directories[i], run) == NN_OK) {
            all->run_count++;
            continue;
        }
        nn_log_warning("left out: %s", nn_error_text());
        sweep_release_run(run);
    }
    if (all->run_count == 0)
        NN_FAIL(NN_ERROR_USAGE, "none of the %zu run directories has a checkpoint", count);
    for (size_t i = 1; i < all->run_count; i++)
        if (strcmp(all->runs[i].figure, all->runs[0].figure) != 0)
            NN_FAIL(NN_ERROR_USAGE,
                    "%s is judged by %s and %s by %s: name runs that have the same figure (checkpoint.best)",
                    all->runs[0].directory, all->runs[0].figure, all->runs[i].directory, all->runs[i].figure);
    all->higher = strcmp(all->runs[0].order, "higher") == 0;
    return NN_OK;
}

/* ---- what differs ---- */

/* The value of a path into a cell, SWEEP_ABSENT where the run has none. */
static const char *sweep_value(const sweep_run *run, const char *path, char cell[SWEEP_CELL])
{
    size_t length = strlen(path);
    snprintf(cell, SWEEP_CELL, SWEEP_ABSENT);
    for (const char *line = run->values; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        const char *name = line + strcspn(line, "\t\n") + 1;
        if (strncmp(name, path, length) != 0 || name[length] != '\t') continue;
        const char *value = name + length + 1;
        snprintf(cell, SWEEP_CELL, "%.*s", (int)strcspn(value, "\n"), value);
        break;
    }
    return cell;
}

/* Whether two runs have the path and other values of it; an option of what only one of them has, such as
 * another optimizer, tells nothing beside the name of the optimizer. */
static bool sweep_differs(const sweep *all, const char *path)
{
    char first[SWEEP_CELL] = SWEEP_ABSENT, cell[SWEEP_CELL];
    for (size_t i = 0; i < all->run_count; i++) {
        sweep_value(&all->runs[i], path, cell);
        if (strcmp(cell, SWEEP_ABSENT) == 0) continue;
        if (strcmp(first, SWEEP_ABSENT) != 0 && strcmp(first, cell) != 0) return true;
        memcpy(first, cell, sizeof first);
    }
    return false;
}

static bool sweep_has_column(const sweep *all, const char *path)
{
    for (size_t c = 0; c < all->column_count; c++)
        if (strcmp(all->columns[c], path) == 0) return true;
    return false;
}

static nn_status sweep_add_column(sweep *all, const char *path)
{
    size_t count = all->column_count;
    NN_TRY(nn_reallocate((void **)&all->columns, count, count + 1, sizeof *all->columns,
                         "the columns of a table"));
    NN_TRY(nn_copy_text(path, &all->columns[count]));
    all->column_count++;
    return NN_OK;
}

/* Looks at what decides the result or how far a run goes, the seed aside. */
static nn_status sweep_find_columns(sweep *all)
{
    char path[NN_PATH_SIZE];
    for (size_t i = 0; i < all->run_count; i++)
        for (const char *line = all->runs[i].values; *line; line += *line == '\n') {
            int effect = atoi(line);
            const char *name = line + strcspn(line, "\t\n") + 1;
            size_t length = strcspn(name, "\t\n");
            if (length >= sizeof path) length = sizeof path - 1;
            memcpy(path, name, length);
            path[length] = '\0';
            line += strcspn(line, "\n");
            bool counts = effect == NN_EFFECT_RESULT || effect == NN_EFFECT_EXTENT;
            if (!counts || strcmp(path, SWEEP_SEED) == 0 || sweep_has_column(all, path)) continue;
            if (sweep_differs(all, path)) NN_TRY(sweep_add_column(all, path));
        }
    return NN_OK;
}

/* ---- groups ---- */

static bool sweep_same(const sweep *all, size_t a, size_t b)
{
    char left[SWEEP_CELL], right[SWEEP_CELL];
    for (size_t c = 0; c < all->column_count; c++)
        if (strcmp(sweep_value(&all->runs[a], all->columns[c], left),
                   sweep_value(&all->runs[b], all->columns[c], right)) != 0)
            return false;
    return true;
}

static void sweep_measure(const sweep *all, size_t g)
{
    sweep_group *group = &all->groups[g];
    double sum = 0, squares = 0;
    for (size_t i = 0; i < all->run_count; i++) {
        if (all->group_of[i] != g) continue;
        double value = all->runs[i].progress.best_value;
        bool better = all->higher ? value > group->best : value < group->best;
        if (group->runs++ == 0 || better) {
            group->best = value;
            group->best_run = i;
        }
        sum += value;
    }
    group->mean = sum / group->runs;
    for (size_t i = 0; i < all->run_count; i++)
        if (all->group_of[i] == g) squares += pow(all->runs[i].progress.best_value - group->mean, 2);
    group->deviation = group->runs > 1 ? sqrt(squares / (group->runs - 1)) : NAN;
}

static nn_status sweep_group_runs(sweep *all)
{
    NN_TRY(NN_ALLOCATE(&all->group_of, all->run_count, "the groups of a table"));
    NN_TRY(NN_ALLOCATE(&all->groups, all->run_count, "the groups of a table"));
    for (size_t i = 0; i < all->run_count; i++) {
        size_t g = 0;
        if (all->runs[i].progress.best_epoch == 0) all->runs[i].progress.best_value = NAN;
        while (g < all->group_count && !sweep_same(all, all->groups[g].first, i)) g++;
        if (g == all->group_count) all->groups[all->group_count++].first = i;
        all->group_of[i] = g;
    }
    for (size_t g = 0; g < all->group_count; g++) sweep_measure(all, g);
    return NN_OK;
}

/* Best first; what has no figure last. Few enough groups for a simple sort, which keeps the order of equals.
 */
static void sweep_sort(sweep *all)
{
    for (size_t i = 1; i < all->group_count; i++) {
        sweep_group moved = all->groups[i];
        size_t at = i;
        for (; at > 0; at--) {
            double before = all->groups[at - 1].mean;
            bool better = all->higher ? moved.mean > before : moved.mean < before;
            if (!better && !(isnan(before) && !isnan(moved.mean))) break;
            all->groups[at] = all->groups[at - 1];
        }
        all->groups[at] = moved;
    }
}

/* ---- showing ---- */

static const char *sweep_format(double value, char cell[SWEEP_CELL])
{
    if (isnan(value))
        snprintf(cell, SWEEP_CELL, SWEEP_ABSENT);
    else
        snprintf(cell, SWEEP_CELL, "%.6g", value);
    return cell;
}

static int sweep_width(const sweep *all, const char *path)
{
    char cell[SWEEP_CELL];
    size_t width = strlen(path);
    for (size_t i = 0; i < all->run_count; i++) {
        size_t length = strlen(sweep_value(&all->runs[i], path, cell));
        if (length > width) width = length;
    }
    return (int)width;
}

static void sweep_append_lines(const sweep *all, nn_text *text)
{
    char cell[SWEEP_CELL];
    nn_text_append(text, "validation %s at the best epoch, %s is better; %zu runs\n\n", all->runs[0].figure,
                   all->runs[0].order, all->run_count);
    for (size_t c = 0; c < all->column_count; c++)
        nn_text_append(text, "%*s  ", sweep_width(all, all->columns[c]), all->columns[c]);
    nn_text_append(text, "%5s %12s %12s %12s %7s  %s\n", "runs", "mean", "deviation", "best", "epoch",
                   "run of the best");
    for (size_t g = 0; g < all->group_count; g++) {
        const sweep_group *group = &all->groups[g];
        const sweep_run *best = &all->runs[group->best_run];
        for (size_t c = 0; c < all->column_count; c++) {
            const char *path = all->columns[c];
            nn_text_append(text, "%*s  ", sweep_width(all, path),
                           sweep_value(&all->runs[group->first], path, cell));
        }
        nn_text_append(text, "%5d %12s ", group->runs, sweep_format(group->mean, cell));
        nn_text_append(text, "%12s ", sweep_format(group->deviation, cell));
        nn_text_append(text, "%12s %4lld/%-2lld  %s\n", sweep_format(group->best, cell),
                       (long long)best->progress.best_epoch, (long long)best->progress.epochs,
                       best->directory);
    }
}

/* Runs that are still in progress would be judged too early without a word; those that have stopped early
 * have done what they were to do. */
static void sweep_append_unfinished(const sweep *all, nn_text *text)
{
    int64_t unfinished = 0, early = 0;
    for (size_t i = 0; i < all->run_count; i++) {
        unfinished += strcmp(all->runs[i].progress.ended, "no") == 0;
        early += strcmp(all->runs[i].progress.ended, "early stopping") == 0;
    }
    if (early > 0)
        nn_text_append(text, "\n%lld of the %zu runs stopped early, as training.early_stopping says\n",
                       (long long)early, all->run_count);
    if (unfinished == 0) return;
    nn_text_append(text, "\n%lld of the %zu runs have not finished:", (long long)unfinished, all->run_count);
    for (size_t i = 0; i < all->run_count; i++)
        if (strcmp(all->runs[i].progress.ended, "no") == 0)
            nn_text_append(text, " %s (%lld epochs done)", all->runs[i].directory,
                           (long long)all->runs[i].progress.epochs);
    nn_text_append(text, "\n");
}

static void sweep_append_json(const sweep *all, nn_facts *facts)
{
    char cell[SWEEP_CELL];
    nn_text_append(&facts->text, "{");
    nn_facts_word(facts, "figure", all->runs[0].figure);
    nn_facts_word(facts, "better", all->runs[0].order);
    nn_facts_key(facts, "settings");
    nn_text_append(&facts->text, "[");
    for (size_t g = 0; g < all->group_count; g++) {
        const sweep_group *group = &all->groups[g];
        const sweep_run *best = &all->runs[group->best_run];
        nn_facts_entry(facts);
        nn_text_append(&facts->text, "{");
        nn_facts_key(facts, "values");
        nn_text_append(&facts->text, "{");
        for (size_t c = 0; c < all->column_count; c++)
            nn_facts_word(facts, all->columns[c],
                          sweep_value(&all->runs[group->first], all->columns[c], cell));
        nn_text_append(&facts->text, "}");
        nn_facts_integer(facts, "runs", group->runs);
        nn_facts_number(facts, "mean", group->mean, 17);
        nn_facts_number(facts, "deviation", group->deviation, 17);
        nn_facts_number(facts, "best", group->best, 17);
        nn_facts_word(facts, "best_run", best->directory);
        nn_facts_word(facts, "best_fingerprint", best->progress.fingerprint);
        nn_text_append(&facts->text, "}");
    }
    nn_text_append(&facts->text, "]}\n");
}

static void sweep_release(sweep *all)
{
    for (size_t i = 0; i < all->run_count; i++) sweep_release_run(&all->runs[i]);
    nn_free(all->runs);
    nn_free(all->group_of);
    nn_free(all->groups);
    for (size_t c = 0; c < all->column_count; c++) nn_free(all->columns[c]);
    nn_free(all->columns);
}

nn_status nn_info_append_sweep(nn_facts *facts, size_t count, const char *const *directories)
{
    sweep all = {0};
    nn_status status;
    NN_TRY_TO(done, status, sweep_read(&all, count, directories));
    NN_TRY_TO(done, status, sweep_find_columns(&all));
    NN_TRY_TO(done, status, sweep_group_runs(&all));
    sweep_sort(&all);
    if (facts->json) {
        sweep_append_json(&all, facts);
    } else {
        sweep_append_lines(&all, &facts->text);
        sweep_append_unfinished(&all, &facts->text);
    }
done:
    sweep_release(&all);
    return status;
}
