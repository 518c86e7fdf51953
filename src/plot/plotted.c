#include "plot/plotted.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "rundir/sweep.h"

/* Bytes of a value in a legend, at most. */
#define PLOTTED_VALUE 63

/* ---- reading ---- */

static nn_status plotted_read_run(const char *directory, nn_plotted *plotted)
{
    nn_plotted_run *run = &plotted->runs[plotted->count];
    run->directory = directory;
    nn_status status = nn_histories_read(directory, &run->histories);
    if (status == NN_ERROR_MEMORY) return status;
    const nn_histories *histories = &run->histories;
    if (status == NN_OK && histories->damaged > 0)
        nn_log_warning("%s/metrics.jsonl: %zu of %zu lines cannot be read; the others are used", directory,
                       histories->damaged, histories->lines);
    if (status != NN_OK) {
        nn_log_warning("run omitted: %s", nn_error_text());
        nn_error_clear();
    } else if (histories->count == 0) {
        nn_log_warning("run omitted: %s/metrics.jsonl %s", directory,
                       histories->there ? "has no complete line yet" : "does not exist");
    } else {
        plotted->count++;
        return NN_OK;
    }
    nn_histories_release(&run->histories);
    return NN_OK;
}

/* ---- names and groups ---- */

/* The bytes that all paths begin with, up to a slash. */
static size_t plotted_common(const nn_plotted *plotted)
{
    const char *first = plotted->runs[0].directory;
    size_t common = strlen(first);
    for (size_t r = 1; r < plotted->count; r++) {
        size_t same = 0;
        while (same < common && plotted->runs[r].directory[same] == first[same]) same++;
        common = same;
    }
    while (common > 0 && first[common - 1] != '/') common--;
    return common;
}

static nn_status plotted_name_run(nn_plotted *plotted, size_t r, const char *name, size_t common)
{
    const char *path = plotted->runs[r].directory + common;
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/') length--;
    NN_TRY(nn_copy_text(name ? name : path, &plotted->names[r]));
    if (!name && length > 0) plotted->names[r][length] = '\0';
    plotted->runs[r].group = r;
    plotted->sizes[r] = 1;
    plotted->groups = r + 1;
    return NN_OK;
}

/* "learning_rate 0.01, units 64": the settings in which groups differ, by the end of their names. */
static nn_status plotted_name_group(nn_plotted *plotted, const nn_sweep *sweep, size_t g)
{
    nn_text name = {0};
    for (size_t c = 0; c < sweep->column_count; c++) {
        const char *path = sweep->columns[c], *dot = strrchr(path, '.');
        nn_text_append(&name, "%s%s %.*s", c > 0 ? ", " : "", dot ? dot + 1 : path, PLOTTED_VALUE,
                       nn_sweep_value(&sweep->runs[sweep->groups[g].first], path));
    }
    plotted->sizes[g] = (size_t)sweep->groups[g].runs;
    plotted->groups = g + 1;
    nn_status status = nn_copy_text(name.bytes ? name.bytes : "", &plotted->names[g]);
    if (name.failed) status = nn_fail(NN_ERROR_MEMORY, "out of memory for names");
    nn_text_free(&name);
    return status;
}

/* sweep->groups is sorted; group_of numbers the groups as they were found. */
static size_t plotted_group_of(const nn_sweep *sweep, size_t run)
{
    for (size_t g = 0; g < sweep->group_count; g++)
        if (sweep->group_of[sweep->groups[g].first] == sweep->group_of[run]) return g;
    return 0;
}

static nn_status plotted_group(nn_plotted *plotted)
{
    nn_sweep sweep = {0};
    const char **directories;
    NN_TRY(NN_ALLOCATE(&directories, plotted->count, "the runs of a drawing"));
    for (size_t r = 0; r < plotted->count; r++) directories[r] = plotted->runs[r].directory;
    nn_status status = nn_sweep_compare(plotted->count, directories, &sweep);
    if (status == NN_OK && sweep.run_count < plotted->count)
        status = nn_fail(NN_ERROR_USAGE,
                         "plot: --mean groups runs by the settings in their checkpoints, and "
                         "%zu of these %zu have none: leave them out",
                         plotted->count - sweep.run_count, plotted->count);
    for (size_t g = 0; status == NN_OK && g < sweep.group_count; g++)
        status = plotted_name_group(plotted, &sweep, g);
    for (size_t r = 0; status == NN_OK && r < plotted->count; r++)
        plotted->runs[r].group = plotted_group_of(&sweep, r);
    nn_sweep_release(&sweep);
    nn_free(directories);
    return status;
}

nn_status nn_plotted_read(const char *const *runs, size_t count, const char *const *names, bool mean,
                          nn_plotted *plotted)
{
    *plotted = (nn_plotted){0};
    NN_TRY(NN_ALLOCATE(&plotted->runs, count, "the runs of a drawing"));
    NN_TRY(NN_ALLOCATE(&plotted->names, count, "the runs of a drawing"));
    NN_TRY(NN_ALLOCATE(&plotted->sizes, count, "the runs of a drawing"));
    for (size_t r = 0; r < count; r++) NN_TRY(plotted_read_run(runs[r], plotted));
    if (plotted->count == 0) NN_FAIL(NN_ERROR_USAGE, "plot: none of the runs has results yet");
    if (mean) return plotted_group(plotted);
    size_t common = plotted_common(plotted);
    for (size_t r = 0, given = 0; r < plotted->count; r++, given++) {
        while (runs[given] != plotted->runs[r].directory) given++; /* runs may have been left out */
        NN_TRY(plotted_name_run(plotted, r, names ? names[given] : NULL, common));
    }
    return NN_OK;
}

void nn_plotted_release(nn_plotted *plotted)
{
    for (size_t r = 0; r < plotted->count; r++) nn_histories_release(&plotted->runs[r].histories);
    for (size_t g = 0; g < plotted->groups; g++) nn_free(plotted->names[g]);
    nn_free(plotted->runs);
    nn_free(plotted->names);
    nn_free(plotted->sizes);
    *plotted = (nn_plotted){0};
}
