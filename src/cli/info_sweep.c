/* Several runs as one table. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/wrap.h"
#include "cli/info.h"
#include "host/files.h"
#include "judge/tested.h"
#include "rundir/sweep.h"
#include "store/kept.h"

/* The widest line of a table, and how far its continuation is indented. */
#define SWEEP_COLUMNS 100
#define SWEEP_HANGING 4

#define SWEEP_NUMBER 32

static const char *sweep_format(double value, char cell[SWEEP_NUMBER])
{
    if (isnan(value))
        snprintf(cell, SWEEP_NUMBER, NN_SWEEP_ABSENT);
    else
        snprintf(cell, SWEEP_NUMBER, "%.5g", value);
    return cell;
}

static int sweep_width(const nn_sweep *all, const char *path)
{
    size_t width = strlen(nn_sweep_heading(all, path));
    for (size_t i = 0; i < all->run_count; i++) {
        size_t length = strlen(nn_sweep_value(&all->runs[i], path));
        if (length > width) width = length;
    }
    return (int)width;
}

static bool sweep_is_tested(const nn_sweep *all)
{
    for (size_t g = 0; g < all->group_count; g++)
        if (all->groups[g].tested > 0) return true;
    return false;
}

static void sweep_append_results_head(bool tested, nn_text *text)
{
    nn_text_append(text, "%5s %10s %10s ", "runs", "mean", "deviation");
    if (tested) nn_text_append(text, "%10s %10s ", "test mean", "deviation");
    nn_text_append(text, "%10s %7s", "best", "epoch");
}

static void sweep_append_results(const nn_sweep *all, const nn_sweep_group *group, bool tested, nn_text *text)
{
    char cell[SWEEP_NUMBER];
    const nn_checkpoint_progress *best = &all->runs[group->best_run].progress;
    nn_text_append(text, "%5d %10s ", group->runs, sweep_format(group->mean, cell));
    nn_text_append(text, "%10s ", sweep_format(group->deviation, cell));
    if (tested) {
        nn_text_append(text, "%10s ", sweep_format(group->test_mean, cell));
        nn_text_append(text, "%10s ", sweep_format(group->test_deviation, cell));
    }
    nn_text_append(text, "%10s %4lld/%-2lld", sweep_format(group->best, cell), (long long)best->best_epoch,
                   (long long)best->epochs);
}

static void sweep_append_table(const nn_sweep *all, bool tested, nn_text *text)
{
    for (size_t c = 0; c < all->column_count; c++)
        nn_text_append(text, "%*s  ", sweep_width(all, all->columns[c]),
                       nn_sweep_heading(all, all->columns[c]));
    sweep_append_results_head(tested, text);
    nn_text_append(text, "  run of the best\n");
    for (size_t g = 0; g < all->group_count; g++) {
        const nn_sweep_group *group = &all->groups[g];
        for (size_t c = 0; c < all->column_count; c++) {
            const char *path = all->columns[c];
            nn_text_append(text, "%*s  ", sweep_width(all, path),
                           nn_sweep_value(&all->runs[group->first], path));
        }
        sweep_append_results(all, group, tested, text);
        nn_text_append(text, "  %s\n", all->runs[group->best_run].directory);
    }
}

/* Where the table would be too wide: the results by number, and then what the numbers mean. */
static void sweep_append_list(const nn_sweep *all, bool tested, nn_text *text)
{
    nn_text_append(text, "%4s ", "");
    sweep_append_results_head(tested, text);
    for (size_t g = 0; g < all->group_count; g++) {
        nn_text_append(text, "\n%4zu ", g + 1);
        sweep_append_results(all, &all->groups[g], tested, text);
    }
    for (size_t g = 0; g < all->group_count; g++) {
        const nn_sweep_group *group = &all->groups[g];
        nn_text_append(text, "\n\n%4zu  run of the best: %s", g + 1, all->runs[group->best_run].directory);
        for (size_t c = 0; c < all->column_count; c++)
            nn_text_append(text, "\n      %s: %s", all->columns[c],
                           nn_sweep_value(&all->runs[group->first], all->columns[c]));
    }
    nn_text_append(text, "\n");
}

static bool sweep_is_wide(const char *text)
{
    for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n')
        if (strcspn(line, "\n") > SWEEP_COLUMNS) return true;
    return false;
}

static void sweep_append_lines(const nn_sweep *all, nn_text *text)
{
    nn_text table = {0};
    bool tested = sweep_is_tested(all);
    nn_text_append(text, "validation %s at the best epoch, %s is better; %zu run%s\n\n", all->runs[0].metric,
                   all->runs[0].order, all->run_count, all->run_count == 1 ? "" : "s");
    sweep_append_table(all, tested, &table);
    if (table.bytes && sweep_is_wide(table.bytes)) {
        nn_text_free(&table);
        sweep_append_list(all, tested, &table);
    }
    text->failed |= table.failed;
    nn_text_append(text, "%s", table.bytes ? table.bytes : "");
    nn_text_free(&table);
}

/* Without this note, runs in progress would be judged too early. Runs that stopped early are complete. */
static void sweep_append_unfinished(const nn_sweep *all, nn_text *text)
{
    int64_t unfinished = 0, early = 0;
    for (size_t i = 0; i < all->run_count; i++) {
        unfinished += strcmp(all->runs[i].progress.ended, "no") == 0;
        early += strcmp(all->runs[i].progress.ended, "early stopping") == 0;
    }
    if (early > 0)
        nn_text_append(text, "\n%lld of the %zu run%s stopped early, due to training.early_stopping\n",
                       (long long)early, all->run_count, all->run_count == 1 ? "" : "s");
    if (unfinished == 0) return;
    nn_text_append(text, "\n%lld of the %zu run%s not finished:", (long long)unfinished, all->run_count,
                   all->run_count == 1 ? " has" : "s have");
    for (size_t i = 0; i < all->run_count; i++)
        if (strcmp(all->runs[i].progress.ended, "no") == 0)
            nn_text_append(text, " %s (%lld epochs done)", all->runs[i].directory,
                           (long long)all->runs[i].progress.epochs);
    nn_text_append(text, "\n");
}

/* Each run: what the table has of it, and whether it has ended ("no", "all epochs", "early stopping"). */
static void sweep_append_json_runs(const nn_sweep *all, nn_facts *facts)
{
    nn_facts_key(facts, "runs");
    nn_text_append(&facts->text, "[");
    for (size_t i = 0; i < all->run_count; i++) {
        const nn_checkpoint_progress *progress = &all->runs[i].progress;
        nn_facts_entry(facts);
        nn_text_append(&facts->text, "{");
        nn_facts_word(facts, "directory", all->runs[i].directory);
        nn_facts_number(facts, "value", progress->best_value, 17);
        nn_facts_integer(facts, "best_epoch", progress->best_epoch);
        nn_facts_integer(facts, "epochs", progress->epochs);
        nn_facts_word(facts, "ended", progress->ended);
        nn_facts_word(facts, "fingerprint", progress->fingerprint);
        nn_text_append(&facts->text, "}");
    }
    nn_text_append(&facts->text, "]");
}

static void sweep_append_json(const nn_sweep *all, nn_facts *facts)
{
    nn_text_append(&facts->text, "{");
    nn_facts_word(facts, "figure", all->runs[0].metric);
    nn_facts_word(facts, "better", all->runs[0].order);
    nn_facts_key(facts, "settings");
    nn_text_append(&facts->text, "[");
    for (size_t g = 0; g < all->group_count; g++) {
        const nn_sweep_group *group = &all->groups[g];
        const nn_sweep_run *best = &all->runs[group->best_run];
        nn_facts_entry(facts);
        nn_text_append(&facts->text, "{");
        nn_facts_key(facts, "values");
        nn_text_append(&facts->text, "{");
        for (size_t c = 0; c < all->column_count; c++)
            nn_facts_word(facts, all->columns[c], nn_sweep_value(&all->runs[group->first], all->columns[c]));
        nn_text_append(&facts->text, "}");
        nn_facts_integer(facts, "runs", group->runs);
        nn_facts_number(facts, "mean", group->mean, 17);
        nn_facts_number(facts, "deviation", group->deviation, 17);
        nn_facts_number(facts, "best", group->best, 17);
        nn_facts_integer(facts, "tested", group->tested);
        nn_facts_number(facts, "test_mean", group->test_mean, 17);
        nn_facts_number(facts, "test_deviation", group->test_deviation, 17);
        nn_facts_word(facts, "best_run", best->directory);
        nn_facts_word(facts, "best_fingerprint", best->progress.fingerprint);
        nn_text_append(&facts->text, "}");
    }
    nn_text_append(&facts->text, "]");
    sweep_append_json_runs(all, facts);
    nn_text_append(&facts->text, "}");
}

/* One table alone is the object; several are a list in it. */
static void sweep_append_all_json(const nn_sweep *sweeps, size_t count, nn_facts *facts)
{
    if (count > 1) {
        nn_text_append(&facts->text, "{");
        nn_facts_key(facts, "tables");
        nn_text_append(&facts->text, "[");
    }
    for (size_t i = 0; i < count; i++) {
        if (count > 1) nn_facts_entry(facts);
        sweep_append_json(&sweeps[i], facts);
    }
    nn_text_append(&facts->text, count > 1 ? "]}\n" : "\n");
}

static void sweep_append_all_lines(const nn_sweep *sweeps, size_t count, nn_text *text)
{
    nn_text lines = {0};
    if (count > 1)
        nn_text_append(&lines,
                       "%zu tables: runs of different tables cannot be compared, since they have another "
                       "metric (checkpoint.best) or loss\n\n",
                       count);
    for (size_t i = 0; i < count; i++) {
        if (i > 0) nn_text_append(&lines, "\n");
        sweep_append_lines(&sweeps[i], &lines);
        sweep_append_unfinished(&sweeps[i], &lines);
    }
    if (lines.bytes) nn_wrap(text, lines.bytes, SWEEP_COLUMNS, SWEEP_HANGING);
    text->failed |= lines.failed;
    nn_text_free(&lines);
}

/* Moves what can be a run before what cannot, and lists the latter. */
static nn_status sweep_sort_out(size_t count, const char *const *paths, const char **folders,
                                size_t *folder_count, nn_text *others)
{
    for (size_t i = 0; i < count; i++) {
        struct stat facts;
        bool there;
        NN_TRY(nn_file_look(paths[i], &facts, &there));
        if (there && S_ISDIR(facts.st_mode))
            folders[(*folder_count)++] = paths[i];
        else
            nn_text_append(others, "%s%s%s", others->length > 0 ? ", " : "", paths[i],
                           there ? "" : " (which does not exist)");
    }
    return others->failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for a list of files") : NN_OK;
}

static nn_status sweep_append_kinds(nn_facts *facts, size_t count, const char *const *directories)
{
    nn_sweep *sweeps = NULL;
    size_t sweep_count = 0;
    nn_status status = nn_sweep_compare_kinds(count, directories, &sweeps, &sweep_count);
    for (size_t i = 0; i < sweep_count && status == NN_OK; i++) status = nn_tested_read(&sweeps[i]);
    if (status == NN_OK && facts->json)
        sweep_append_all_json(sweeps, sweep_count, facts);
    else if (status == NN_OK)
        sweep_append_all_lines(sweeps, sweep_count, &facts->text);
    nn_sweep_release_kinds(sweeps, sweep_count);
    return status;
}

nn_status nn_info_append_sweep(nn_facts *facts, size_t count, const char *const *paths)
{
    const char **folders;
    size_t folder_count = 0;
    nn_text others = {0};
    NN_TRY(NN_ALLOCATE(&folders, count, "the runs of a table"));
    nn_status status = sweep_sort_out(count, paths, folders, &folder_count, &others);
    if (status == NN_OK && folder_count > 0) status = sweep_append_kinds(facts, folder_count, folders);
    if (status == NN_OK && others.length > 0)
        status = nn_fail(
            NN_ERROR_USAGE,
            "info: not run directories, and not in the table: %s; give a file alone to see its contents",
            others.bytes);
    nn_text_free(&others);
    nn_free(folders);
    return status;
}
