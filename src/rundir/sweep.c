#include "rundir/sweep.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/options.h"
#include "store/kept.h"

/* What runs of the same settings may differ in. */
static const char *const sweep_repeats[] = {"training.seed", "data.split.fold"};

/* ---- reading ---- */

static int sweep_by_path(const void *a, const void *b)
{
    return strcmp(((const nn_sweep_setting *)a)->path, ((const nn_sweep_setting *)b)->path);
}

/* Cuts the lines of `values` into settings, of which there may be hundreds per run. */
static nn_status sweep_cut(nn_sweep_run *run)
{
    size_t lines = 0;
    for (const char *at = run->values; *at; at++) lines += *at == '\n';
    NN_TRY(NN_ALLOCATE(&run->settings, lines + 1, "the settings of a run"));
    NN_TRY(NN_ALLOCATE(&run->by_path, lines + 1, "the settings of a run"));
    for (char *line = run->values, *next; *line; line = next) {
        next = line + strcspn(line, "\n");
        if (*next) *next++ = '\0';
        char *path = strchr(line, '\t'), *value = path ? strchr(path + 1, '\t') : NULL;
        if (!value) continue;
        *path++ = *value++ = '\0';
        run->settings[run->setting_count++] = (nn_sweep_setting){path, value, atoi(line)};
    }
    memcpy(run->by_path, run->settings, run->setting_count * sizeof *run->by_path);
    qsort(run->by_path, run->setting_count, sizeof *run->by_path, sweep_by_path);
    return NN_OK;
}

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
    run->test = NAN;
    NN_TRY_TO(done, status, nn_kept_newest(directory, path, &bytes, &size));
    if (!bytes) status = nn_fail(NN_ERROR_USAGE, "%s: has no checkpoint", directory);
    if (status == NN_OK) status = nn_store_open_image(bytes, size, path, &file);
    if (status == NN_OK) status = sweep_read_facts(file, run);
    if (status == NN_OK) status = sweep_cut(run);
done:
    nn_store_close(file);
    nn_free(bytes);
    return status;
}

static void sweep_release_run(nn_sweep_run *run)
{
    nn_free(run->values);
    nn_free(run->settings);
    nn_free(run->by_path);
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
    return NN_OK;
}

/* ---- what differs ---- */

/* The value of a setting; NULL: the run does not have it. */
static const char *sweep_find(const nn_sweep_run *run, const char *path)
{
    nn_sweep_setting wanted = {.path = path};
    const nn_sweep_setting *found =
        bsearch(&wanted, run->by_path, run->setting_count, sizeof wanted, sweep_by_path);
    return found ? found->value : NULL;
}

const char *nn_sweep_value(const nn_sweep_run *run, const char *path)
{
    const char *value = sweep_find(run, path);
    return value ? value : NN_SWEEP_ABSENT;
}

/* Whether two runs have the path and other values of it; an option of what only one of them has, such as
 * another optimizer, adds nothing to the name of the optimizer. */
static bool sweep_differs(const nn_sweep *all, const char *path)
{
    const char *first = NULL;
    for (size_t i = 0; i < all->run_count; i++) {
        const char *value = sweep_find(&all->runs[i], path);
        if (value && first && strcmp(first, value) != 0) return true;
        if (value) first = value;
    }
    return false;
}

/* Whether a run before this one has the path. */
static bool sweep_is_known(const nn_sweep *all, size_t run, const char *path)
{
    for (size_t i = 0; i < run; i++)
        if (sweep_find(&all->runs[i], path)) return true;
    return false;
}

static bool sweep_repeats_by(const char *path)
{
    for (size_t i = 0; i < sizeof sweep_repeats / sizeof *sweep_repeats; i++)
        if (strcmp(path, sweep_repeats[i]) == 0) return true;
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

/* Looks at what decides the result or how far a run goes, the seed and the fold aside. */
static nn_status sweep_find_columns(nn_sweep *all)
{
    for (size_t i = 0; i < all->run_count; i++)
        for (size_t s = 0; s < all->runs[i].setting_count; s++) {
            const nn_sweep_setting *setting = &all->runs[i].settings[s];
            bool counts = setting->effect == NN_EFFECT_RESULT || setting->effect == NN_EFFECT_EXTENT;
            if (!counts || sweep_repeats_by(setting->path) || sweep_is_known(all, i, setting->path)) continue;
            if (sweep_differs(all, setting->path)) NN_TRY(sweep_add_column(all, setting->path));
        }
    return NN_OK;
}

/* ---- groups ---- */

static bool sweep_same(const nn_sweep *all, size_t a, size_t b)
{
    for (size_t c = 0; c < all->column_count; c++) {
        const char *path = all->columns[c];
        if (strcmp(nn_sweep_value(&all->runs[a], path), nn_sweep_value(&all->runs[b], path)) != 0)
            return false;
    }
    return true;
}

/* The number that its runs have in group_of, wherever sorting has put the group. */
static size_t sweep_group_number(const nn_sweep *all, const nn_sweep_group *group)
{
    return all->group_of[group->first];
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

void nn_sweep_measure_test(nn_sweep *all)
{
    for (size_t g = 0; g < all->group_count; g++) {
        nn_sweep_group *group = &all->groups[g];
        size_t number = sweep_group_number(all, group);
        double sum = 0, squares = 0;
        group->tested = 0;
        for (size_t i = 0; i < all->run_count; i++) {
            if (all->group_of[i] != number || isnan(all->runs[i].test)) continue;
            sum += all->runs[i].test;
            group->tested++;
        }
        group->test_mean = sum / group->tested;
        for (size_t i = 0; i < all->run_count; i++) {
            double off = all->runs[i].test - group->test_mean;
            if (all->group_of[i] == number && !isnan(off)) squares += off * off;
        }
        group->test_deviation = group->tested > 1 ? sqrt(squares / (group->tested - 1)) : NAN;
    }
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

/* Compares the runs that have been read, which are of one kind. */
static nn_status sweep_arrange(nn_sweep *all)
{
    all->higher = strcmp(all->runs[0].order, "higher") == 0;
    NN_TRY(sweep_find_columns(all));
    NN_TRY(sweep_group_runs(all));
    sweep_sort(all);
    return NN_OK;
}

nn_status nn_sweep_compare(size_t count, const char *const *directories, nn_sweep *runs)
{
    nn_sweep *all = runs;
    *runs = (nn_sweep){0};
    NN_TRY(sweep_read(runs, count, directories));
    for (size_t i = 1; i < all->run_count; i++)
        if (strcmp(all->runs[i].metric, all->runs[0].metric) != 0)
            NN_FAIL(NN_ERROR_USAGE,
                    "%s is judged by %s and %s by %s: list runs with the same checkpoint.best",
                    all->runs[0].directory, all->runs[0].metric, all->runs[i].directory, all->runs[i].metric);
    return sweep_arrange(runs);
}

/* ---- several kinds ---- */

static bool sweep_is_loss(const nn_sweep_setting *setting)
{
    return strncmp(setting->path, "loss", 4) == 0;
}

/* Whether each setting of the loss of one run is that of the other. */
static bool sweep_has_loss_of(const nn_sweep_run *a, const nn_sweep_run *b)
{
    for (size_t s = 0; s < a->setting_count; s++)
        if (sweep_is_loss(&a->settings[s]) &&
            strcmp(a->settings[s].value, nn_sweep_value(b, a->settings[s].path)) != 0)
            return false;
    return true;
}

static bool sweep_comparable(const nn_sweep_run *a, const nn_sweep_run *b)
{
    if (strcmp(a->metric, b->metric) != 0 || strcmp(a->order, b->order) != 0) return false;
    return strcmp(a->metric, "loss") != 0 || (sweep_has_loss_of(a, b) && sweep_has_loss_of(b, a));
}

/* Moves the first run that is left, and all that are comparable with it. */
static nn_status sweep_take_kind(nn_sweep *all, nn_sweep *kind)
{
    size_t left = 0;
    NN_TRY(NN_ALLOCATE(&kind->runs, all->run_count, "the runs of a table"));
    for (size_t i = 0; i < all->run_count; i++)
        if (i == 0 || sweep_comparable(&kind->runs[0], &all->runs[i]))
            kind->runs[kind->run_count++] = all->runs[i];
        else
            all->runs[left++] = all->runs[i];
    all->run_count = left;
    return sweep_arrange(kind);
}

nn_status nn_sweep_compare_kinds(size_t count, const char *const *directories, nn_sweep **sweeps,
                                 size_t *sweep_count)
{
    nn_sweep all = {0};
    *sweeps = NULL;
    *sweep_count = 0;
    nn_status status = sweep_read(&all, count, directories);
    if (status == NN_OK) status = NN_ALLOCATE(sweeps, all.run_count, "tables of runs");
    while (status == NN_OK && all.run_count > 0) status = sweep_take_kind(&all, &(*sweeps)[(*sweep_count)++]);
    nn_sweep_release(&all);
    return status;
}

void nn_sweep_release_kinds(nn_sweep *sweeps, size_t sweep_count)
{
    for (size_t i = 0; i < sweep_count; i++) nn_sweep_release(&sweeps[i]);
    nn_free(sweeps);
}

const char *nn_sweep_heading(const nn_sweep *all, const char *path)
{
    const char *dot = strrchr(path, '.'), *end = dot ? dot + 1 : path;
    for (size_t c = 0; c < all->column_count; c++) {
        const char *other = strrchr(all->columns[c], '.');
        other = other ? other + 1 : all->columns[c];
        if (strcmp(all->columns[c], path) != 0 && strcmp(other, end) == 0) return path;
    }
    return end;
}
