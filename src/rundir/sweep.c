#include "rundir/sweep.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/options.h"
#include "store/kept.h"

#define SWEEP_SEED "training.seed"

/* ---- reading ---- */

static nn_status sweep_read_facts(nn_store_file *file, nn_sweep_run *run)
{
    NN_TRY(nn_checkpoint_get_progress(file, &run->progress));
    NN_TRY(nn_store_read_text(file, "config_values", &run->values));
    NN_TRY(nn_store_read_text(file, "@best_figure", &run->metric));
    return nn_store_read_text(file, "@best_order", &run->order);
}

static nn_status sweep_read_run(const char *directory, nn_sweep_run *run)
{
    char path[NN_PATH_SIZE];
    void *bytes = NULL;
    size_t size;
    nn_store_file *file = NULL;
    nn_status status;
    run->directory = directory;
    NN_TRY_TO(done, status, nn_kept_newest(directory, path, &bytes, &size));
    if (!bytes) status = nn_fail(NN_ERROR_USAGE, "%s: has no checkpoint", directory);
    if (status == NN_OK) status = nn_store_open_image(bytes, size, path, &file);
    if (status == NN_OK) status = sweep_read_facts(file, run);
done:
    nn_store_close(file);
    nn_free(bytes);
    return status;
}

static void sweep_release_run(nn_sweep_run *run)
{
    nn_free(run->values);
    nn_free(run->metric);
    nn_free(run->order);
    *run = (nn_sweep_run){0};
}

/* Runs that cannot be read are reported and left out: one that has failed must not hide the others. */
static nn_status sweep_read(nn_sweep *all, size_t count, const char *const *directories)
{
    NN_TRY(NN_ALLOCATE(&all->runs, count, "the runs of a table"));
    for (size_t i = 0; i < count; i++) {
        nn_sweep_run *run = &all->runs[all->run_count];
        if (sweep_read_run(directories[i], run) == NN_OK) {
            all->run_count++;
            continue;
        }
        nn_log_warning("run omitted: %s", nn_error_text());
        sweep_release_run(run);
    }
    if (all->run_count == 0)
        NN_FAIL(NN_ERROR_USAGE, "none of the %zu run directories has a checkpoint", count);
    for (size_t i = 1; i < all->run_count; i++)
        if (strcmp(all->runs[i].metric, all->runs[0].metric) != 0)
            NN_FAIL(NN_ERROR_USAGE,
                    "%s is judged by %s and %s by %s: list runs with the same checkpoint.best",
                    all->runs[0].directory, all->runs[0].metric, all->runs[i].directory, all->runs[i].metric);
    all->higher = strcmp(all->runs[0].order, "higher") == 0;
    return NN_OK;
}

/* ---- what differs ---- */

const char *nn_sweep_value(const nn_sweep_run *run, const char *path, char cell[NN_SWEEP_CELL])
{
    size_t length = strlen(path);
    snprintf(cell, NN_SWEEP_CELL, NN_SWEEP_ABSENT);
    for (const char *line = run->values; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        const char *name = line + strcspn(line, "\t\n") + 1;
        if (strncmp(name, path, length) != 0 || name[length] != '\t') continue;
        const char *value = name + length + 1;
        snprintf(cell, NN_SWEEP_CELL, "%.*s", (int)strcspn(value, "\n"), value);
        break;
    }
    return cell;
}

/* Whether two runs have the path and other values of it; an option of what only one of them has, such as
 * another optimizer, adds nothing to the name of the optimizer. */
static bool sweep_differs(const nn_sweep *all, const char *path)
{
    char first[NN_SWEEP_CELL] = NN_SWEEP_ABSENT, cell[NN_SWEEP_CELL];
    for (size_t i = 0; i < all->run_count; i++) {
        nn_sweep_value(&all->runs[i], path, cell);
        if (strcmp(cell, NN_SWEEP_ABSENT) == 0) continue;
        if (strcmp(first, NN_SWEEP_ABSENT) != 0 && strcmp(first, cell) != 0) return true;
        memcpy(first, cell, sizeof first);
    }
    return false;
}

static bool sweep_has_column(const nn_sweep *all, const char *path)
{
    for (size_t c = 0; c < all->column_count; c++)
        if (strcmp(all->columns[c], path) == 0) return true;
    return false;
}

static nn_status sweep_add_column(nn_sweep *all, const char *path)
{
    size_t count = all->column_count;
    NN_TRY(nn_reallocate((void **)&all->columns, count, count + 1, sizeof *all->columns,
                         "the columns of a table"));
    NN_TRY(nn_copy_text(path, &all->columns[count]));
    all->column_count++;
    return NN_OK;
}

/* Looks at what decides the result or how far a run goes, the seed aside. */
static nn_status sweep_find_columns(nn_sweep *all)
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

static bool sweep_same(const nn_sweep *all, size_t a, size_t b)
{
    char left[NN_SWEEP_CELL], right[NN_SWEEP_CELL];
    for (size_t c = 0; c < all->column_count; c++)
        if (strcmp(nn_sweep_value(&all->runs[a], all->columns[c], left),
                   nn_sweep_value(&all->runs[b], all->columns[c], right)) != 0)
            return false;
    return true;
}

static void sweep_measure(const nn_sweep *all, size_t g)
{
    nn_sweep_group *group = &all->groups[g];
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
    for (size_t i = 0; i < all->run_count; i++) {
        double off = all->runs[i].progress.best_value - group->mean;
        if (all->group_of[i] == g) squares += off * off;
    }
    group->deviation = group->runs > 1 ? sqrt(squares / (group->runs - 1)) : NAN;
}

static nn_status sweep_group_runs(nn_sweep *all)
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

/* Best first; what has no result last. Few enough groups for a simple sort, which keeps the order of equals.
 */
static void sweep_sort(nn_sweep *all)
{
    for (size_t i = 1; i < all->group_count; i++) {
        nn_sweep_group moved = all->groups[i];
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

/* ---- all of it ---- */

void nn_sweep_release(nn_sweep *all)
{
    for (size_t i = 0; i < all->run_count; i++) sweep_release_run(&all->runs[i]);
    nn_free(all->runs);
    nn_free(all->group_of);
    nn_free(all->groups);
    for (size_t c = 0; c < all->column_count; c++) nn_free(all->columns[c]);
    nn_free(all->columns);
}

nn_status nn_sweep_compare(size_t count, const char *const *directories, nn_sweep *runs)
{
    *runs = (nn_sweep){0};
    NN_TRY(sweep_read(runs, count, directories));
    NN_TRY(sweep_find_columns(runs));
    NN_TRY(sweep_group_runs(runs));
    sweep_sort(runs);
    return NN_OK;
}
