/* Configuration, identity of the data, and what computed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "host/files.h"
#include "report/section.h"
#include "rundir/sweep.h"

#define SETTINGS_LARGEST ((size_t)1 << 22)

/* ---- the file ---- */

/* As it was written, or as the checkpoint has it. NULL: neither can be read. *text: owned. */
static nn_status settings_read(const nn_report_run *run, char **text, bool *from_file)
{
    char path[NN_PATH_SIZE];
    bool there = false;
    size_t size;
    *text = NULL;
    snprintf(path, sizeof path, "%.4000s/config.yaml", run->directory);
    nn_status status = nn_file_exists(path, &there);
    if (status == NN_OK && there)
        status = nn_file_load(path, SETTINGS_LARGEST, "a configuration", (void **)text, &size);
    if (status == NN_ERROR_MEMORY) return status;
    nn_error_clear();
    *from_file = *text != NULL;
    if (*text || !run->newest.file) return NN_OK;
    status = nn_store_read_text(run->newest.file, "config", text);
    if (status == NN_ERROR_MEMORY) return status;
    nn_error_clear();
    return NN_OK;
}

static nn_status settings_append_file(const nn_report_run *run, nn_html *page)
{
    char *text;
    bool from_file;
    NN_TRY(settings_read(run, &text, &from_file));
    if (!text) {
        nn_section_no_checkpoint(
            run, "config.yaml is missing, which is written again when the run is resumed; a copy is", page);
        return NN_OK;
    }
    if (!from_file)
        nn_html_missing(
            page, "config.yaml is missing or cannot be read; this is the copy in the newest checkpoint.");
    nn_html_hint(
        page, "The configuration of the run, in which include: and the options of the command line (--set) "
              "are applied.");
    nn_html_append(page, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"config.yaml\">"
                         "<pre><code>");
    nn_html_append_text(page, "%s", text);
    nn_html_append(page, "</code></pre></div>\n");
    nn_free(text);
    return NN_OK;
}

/* ---- all settings, defaults too ---- */

static const char *settings_effect(const char *line)
{
    static const char *const effects[] = {[NN_EFFECT_RESULT] = "the result",
                                          [NN_EFFECT_EXTENT] = "the length",
                                          [NN_EFFECT_SPEED] = "the speed",
                                          [NN_EFFECT_OUTPUT] = "the output"};
    int effect = atoi(line);
    return effect >= 0 && effect <= NN_EFFECT_OUTPUT ? effects[effect] : "";
}

static nn_status settings_append_resolved(const nn_report_run *run, nn_html *page)
{
    static const nn_html_column columns[] = {{"setting", false}, {"value", false}, {"affects", false}};
    char *values = NULL;
    nn_html_heading(page, "All settings, with defaults");
    nn_status status =
        run->newest.file ? nn_store_read_text(run->newest.file, "config_values", &values) : NN_OK;
    if (status == NN_ERROR_MEMORY) return status;
    nn_error_clear();
    if (!values) {
        nn_section_no_checkpoint(run, "They are", page);
        return NN_OK;
    }
    nn_html_append(page, "<details><summary>All settings as a table</summary>\n");
    nn_html_table_begin(page, "All settings, in the order in which they were read", true, 3, columns);
    for (char *line = values, *next; *line; line = next) {
        next = line + strcspn(line, "\n");
        if (*next) *next++ = '\0';
        char *path = strchr(line, '\t'), *value = path ? strchr(path + 1, '\t') : NULL;
        if (!value) continue;
        *path++ = *value++ = '\0';
        nn_html_row_begin(page, false);
        nn_html_row_name(page, path);
        nn_html_cell(page, "%s", value);
        nn_html_cell(page, "%s", settings_effect(line));
        nn_html_row_end(page);
    }
    nn_html_table_end(page);
    nn_html_append(page, "</details>\n");
    nn_free(values);
    return NN_OK;
}

/* ---- what computed ---- */

static nn_status settings_append_machine(const nn_report_run *run, nn_html *page)
{
    static const char *const texts[][2] = {
        {"nntrain", "@version"},       {"Machine", "@machine_about"}, {"Arithmetic", "@machine"},
        {"Kernels", "@kernels"},       {"Precision", "@precision"},   {"Folder of the data", "@data_folder"},
        {"Changes", "machine/changes"}};
    nn_html_heading(page, "Machine, versions and data");
    if (!run->newest.file) {
        nn_section_no_checkpoint(run, "They are", page);
        return NN_OK;
    }
    nn_html_facts_begin(page);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char *text = NULL;
        if (!nn_store_has(run->newest.file, texts[i][1])) continue;
        nn_status status = nn_store_read_text(run->newest.file, texts[i][1], &text);
        if (status == NN_ERROR_MEMORY) return status;
        nn_error_clear();
        if (text && text[0]) nn_html_fact(page, texts[i][0], "%s", text);
        nn_free(text);
    }
    if (run->look.host[0]) nn_html_fact(page, "Host of rank 0", "%s", run->look.host);
    nn_html_fact(page, "Identity of the data", "%016llx", (unsigned long long)run->progress.data_identity);
    if (run->expected.run != 0)
        nn_html_fact(page, "Identity of the run", "%016llx", (unsigned long long)run->expected.run);
    nn_html_facts_end(page);
    return NN_OK;
}

static nn_status settings_append(const nn_report *report, nn_html *page)
{
    const nn_report_run *run = &report->runs[0];
    NN_TRY(settings_append_file(run, page));
    NN_TRY(settings_append_resolved(run, page));
    return settings_append_machine(run, page);
}

const nn_section nn_section_settings = {
    .id = "settings", .title = "Configuration", .scope = NN_SECTION_ONE, .append = settings_append};
