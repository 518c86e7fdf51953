/* The problems of all runs of a search, before the first of them. */
#include <stdio.h>
#include <string.h>

#include "base/list.h"
#include "base/memory.h"
#include "check/forecast.h"
#include "search/search.h"

/* A problem may be that of many runs: it is shown once. */
typedef struct check_found {
    nn_text_list lines;
    size_t *runs;  /* how many have it */
    size_t *first; /* the first that has it */
} check_found;

/* A problem of --set is one of the value in the file. */
static void check_place(const nn_search_run *run, const char *line, size_t length, nn_text *text)
{
    static const char word[] = "--set ";
    const size_t skip = sizeof word - 1;
    for (size_t i = 0; length > skip && strncmp(line, word, skip) == 0 && i < run->sets.count; i++) {
        size_t set = strlen(run->sets.items[i]);
        if (length <= skip + set || strncmp(line + skip, run->sets.items[i], set) != 0 ||
            line[skip + set] != ':')
            continue;
        nn_text_append(text, "%s%.*s", run->places[i], (int)(length - skip - set), line + skip + set);
        return;
    }
    nn_text_append(text, "%.*s", (int)length, line);
}

static nn_status check_add(check_found *found, size_t run, const nn_text *text)
{
    if (text->failed) NN_FAIL(NN_ERROR_MEMORY, "out of memory for the problems of a search");
    int64_t known = nn_list_find(&found->lines, text->bytes);
    if (known >= 0) {
        found->runs[known]++;
        return NN_OK;
    }
    size_t count = found->lines.count;
    NN_TRY(nn_reallocate((void **)&found->runs, count, count + 1, sizeof *found->runs,
                         "the problems of a search"));
    NN_TRY(nn_reallocate((void **)&found->first, count, count + 1, sizeof *found->first,
                         "the problems of a search"));
    NN_TRY(nn_list_add(&found->lines, text->bytes));
    found->runs[count] = 1;
    found->first[count] = run;
    return NN_OK;
}

/* Takes the problems of a run apart: a line that begins with a space belongs to the one before. */
static nn_status check_take(const nn_search *search, size_t run, const char *problems, check_found *found)
{
    while (*problems) {
        nn_text text = {0};
        size_t length = strcspn(problems, "\n");
        check_place(&search->runs[run], problems, length, &text);
        for (problems += length; problems[0] == '\n' && problems[1] == ' '; problems += length) {
            length = strcspn(problems + 1, "\n") + 1;
            nn_text_append(&text, "%.*s", (int)length, problems);
        }
        problems += *problems == '\n';
        nn_status status = check_add(found, run, &text);
        nn_text_free(&text);
        NN_TRY(status);
    }
    return NN_OK;
}

static nn_status check_run(const nn_search *search, size_t run, check_found *found)
{
    char directory[NN_SEARCH_NAME + 4096];
    nn_forecast forecast;
    snprintf(directory, sizeof directory, "%s/%s", search->run_directories, search->runs[run].name);
    nn_job job = {.config_path = search->path,
                  .overrides = (const char *const *)search->runs[run].sets.items,
                  .override_count = search->runs[run].sets.count,
                  .run_directory = directory};
    nn_forecast_request request = {.job = &job, .ranks = 1, .nodes = 1, .brief = true};
    nn_status status = nn_check_job(&request, &forecast);
    if (status == NN_OK && forecast.problems.bytes)
        status = check_take(search, run, forecast.problems.bytes, found);
    nn_forecast_release(&forecast);
    return status;
}

static nn_status check_report(const nn_search *search, const check_found *found)
{
    nn_text text = {0};
    if (found->lines.count == 0) return NN_OK;
    for (size_t i = 0; i < found->lines.count; i++) {
        const char *line = found->lines.items[i];
        bool all = found->runs[i] == search->run_count;
        bool placed = strncmp(line, nn_config_place(nn_config_root(search->config)),
                              strcspn(nn_config_place(nn_config_root(search->config)), ":") + 1) == 0;
        nn_text_append(&text, "%s", i > 0 ? "\n" : "");
        if (!all && !placed)
            nn_text_append(&text, "run %zu of %zu, %s: ", found->first[i] + 1, search->run_count,
                           search->runs[found->first[i]].name);
        nn_text_append(&text, "%s", line);
    }
    nn_status status = nn_fail(text.failed ? NN_ERROR_MEMORY : NN_ERROR_USAGE, "%s",
                               text.failed ? "out of memory for the problems of a search" : text.bytes);
    nn_text_free(&text);
    return status;
}

nn_status nn_search_check(const nn_search *search)
{
    check_found found = {0};
    nn_status status = NN_OK;
    for (size_t r = 0; r < search->run_count && status == NN_OK; r++) status = check_run(search, r, &found);
    if (status == NN_OK) status = check_report(search, &found);
    nn_list_release(&found.lines);
    nn_free(found.runs);
    nn_free(found.first);
    return status;
}
