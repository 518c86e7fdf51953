/* Several runs as one table. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/info.h"
#include "rundir/sweep.h"

static const char *sweep_format(double value, char cell[NN_SWEEP_CELL])
{
    if (isnan(value))
        snprintf(cell, NN_SWEEP_CELL, NN_SWEEP_ABSENT);
    else
        snprintf(cell, NN_SWEEP_CELL, "%.6g", value);
    return cell;
}

static int sweep_width(const nn_sweep *all, const char *path)
{
    char cell[NN_SWEEP_CELL];
    size_t width = strlen(path);
    for (size_t i = 0; i < all->run_count; i++) {
        size_t length = strlen(nn_sweep_value(&all->runs[i], path, cell));
        if (length > width) width = length;
    }
    return (int)width;
}

static void sweep_append_lines(const nn_sweep *all, nn_text *text)
{
    char cell[NN_SWEEP_CELL];
    nn_text_append(text, "validation %s at the best epoch, %s is better; %zu runs\n\n", all->runs[0].metric,
                   all->runs[0].order, all->run_count);
    for (size_t c = 0; c < all->column_count; c++)
        nn_text_append(text, "%*s  ", sweep_width(all, all->columns[c]), all->columns[c]);
    nn_text_append(text, "%5s %12s %12s %12s %7s  %s\n", "runs", "mean", "deviation", "best", "epoch",
                   "run of the best");
    for (size_t g = 0; g < all->group_count; g++) {
        const nn_sweep_group *group = &all->groups[g];
        const nn_sweep_run *best = &all->runs[group->best_run];
        for (size_t c = 0; c < all->column_count; c++) {
            const char *path = all->columns[c];
            nn_text_append(text, "%*s  ", sweep_width(all, path),
                           nn_sweep_value(&all->runs[group->first], path, cell));
        }
        nn_text_append(text, "%5d %12s ", group->runs, sweep_format(group->mean, cell));
        nn_text_append(text, "%12s ", sweep_format(group->deviation, cell));
        nn_text_append(text, "%12s %4lld/%-2lld  %s\n", sweep_format(group->best, cell),
                       (long long)best->progress.best_epoch, (long long)best->progress.epochs,
                       best->directory);
    }
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
        nn_text_append(text, "\n%lld of the %zu runs stopped early, due to training.early_stopping\n",
                       (long long)early, all->run_count);
    if (unfinished == 0) return;
    nn_text_append(text, "\n%lld of the %zu runs have not finished:", (long long)unfinished, all->run_count);
    for (size_t i = 0; i < all->run_count; i++)
        if (strcmp(all->runs[i].progress.ended, "no") == 0)
            nn_text_append(text, " %s (%lld epochs done)", all->runs[i].directory,
                           (long long)all->runs[i].progress.epochs);
    nn_text_append(text, "\n");
}

static void sweep_append_json(const nn_sweep *all, nn_facts *facts)
{
    char cell[NN_SWEEP_CELL];
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
            nn_facts_word(facts, all->columns[c],
                          nn_sweep_value(&all->runs[group->first], all->columns[c], cell));
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

nn_status nn_info_append_sweep(nn_facts *facts, size_t count, const char *const *directories)
{
    nn_sweep all;
    nn_status status = nn_sweep_compare(count, directories, &all);
    if (status == NN_OK && facts->json) {
        sweep_append_json(&all, facts);
    } else if (status == NN_OK) {
        sweep_append_lines(&all, &facts->text);
        sweep_append_unfinished(&all, &facts->text);
    }
    nn_sweep_release(&all);
    return status;
}
