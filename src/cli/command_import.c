/* nntrain import FORMAT SOURCE... -o OUT.h5 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "cli/command.h"
#include "cli/option_words.h"
#include "cli/session.h"
#include "config/config.h"
#include "import/import.h"
#include "store/probe.h"
#include "store/zarr.h"

#define NAME_MAX_SIZE 64

/* The command line, taken apart. */
typedef struct import_line {
    const nn_importer *importer;
    const char **sources;
    size_t source_count;
    nn_option_words words;
} import_line;

/* What the command does, as far as all ranks know it before they meet. */
typedef struct import_task {
    const import_line *line;
    const nn_import_settings *settings;
    const void *options;
} import_task;

/* ---- words ---- */

static nn_status import_unknown_format(const char *word)
{
    nn_text names = {0};
    const char *known[32];
    size_t count = 0;
    if (nn_store_is_zarr(word)) return nn_store_fail_zarr(word);
    for (const nn_importer *const *importer = nn_importers(); *importer && count < 32; importer++) {
        nn_text_append(&names, "%s%s", count > 0 ? ", " : "", (*importer)->name);
        known[count++] = (*importer)->name;
    }
    const char *near = nn_nearest(word, known, count);
    nn_status status =
        nn_fail(NN_ERROR_USAGE,
                "import: unknown format '%s'%s%s%s; give the format first (%s): nntrain import "
                "FORMAT SOURCE... -o OUT.h5",
                word, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "", names.bytes);
    nn_text_free(&names);
    return status;
}

static nn_status import_parse(int argc, char **argv, import_line *line)
{
    if (argc == 0 || argv[0][0] == '-')
        NN_FAIL(NN_ERROR_USAGE, "import: give the format first: nntrain import FORMAT SOURCE... -o OUT.h5; "
                                "`nntrain help import` lists the formats");
    line->importer = nn_importer_find(argv[0]);
    int first = line->importer ? 1 : 0; /* without a format the first word is a file */
    if (!line->importer) line->importer = nn_importer_of_file(argv[0]);
    if (!line->importer) return import_unknown_format(argv[0]);
    NN_TRY(NN_ALLOCATE(&line->sources, argc, "the command line"));
    const nn_option *const tables[] = {nn_import_settings_table, line->importer->options, NULL};
    bool only_sources = false;
    for (int i = first, used = 1; i < argc; i += used) {
        used = 1;
        if (!only_sources && strcmp(argv[i], "--") == 0)
            only_sources = true;
        else if (!only_sources && argv[i][0] == '-' && argv[i][1])
            NN_TRY(nn_option_words_add(&line->words, "import", tables, argc - i, argv + i, &used));
        else
            line->sources[line->source_count++] = argv[i];
    }
    return NN_OK;
}

/* ---- options ---- */

/* Names of a table's options, NULL-terminated; nn_free the array. */
static nn_status import_names(const nn_option *table, const char ***names)
{
    size_t count = 0;
    while (table && table[count].name) count++;
    NN_TRY(NN_ALLOCATE(names, count + 1, "names of options"));
    for (size_t i = 0; i < count; i++) (*names)[i] = table[i].name;
    return NN_OK;
}

/* Each table knows what the other one has, so that an unknown option is one that neither knows. */
static nn_status import_read_options(nn_config *config, const nn_importer *importer,
                                     nn_import_settings *settings, void *options)
{
    const char **own = NULL, **common = NULL;
    nn_config_node *root = nn_config_root(config);
    nn_status status = import_names(importer->options, &own);
    if (status == NN_OK) status = import_names(nn_import_settings_table, &common);
    if (status == NN_OK) {
        nn_config_read(config, root, "", nn_import_settings_table, NULL, own, settings);
        if (importer->options) nn_config_read(config, root, "", importer->options, NULL, common, options);
        status = nn_config_finish(config);
    }
    nn_free(own);
    nn_free(common);
    return status;
}

/* ---- the import ---- */

static nn_status import_run_task(const import_task *task, const nn_import_team *team)
{
    nn_text summary = {0};
    const nn_importer *importer = task->line->importer;
    nn_import import = {
        .options = task->options, .sources = task->line->sources, .source_count = task->line->source_count};
    nn_status status = nn_import_run(importer, &import, task->settings, team, true, &summary);
    nn_import_release(importer, &import);
    if (status == NN_OK && summary.failed) status = nn_fail(NN_ERROR_MEMORY, "out of memory for the summary");
    if (status == NN_OK && summary.length > 0) nn_log_text(summary.bytes);
    nn_text_free(&summary);
    return status;
}

/* ---- several processes ---- */

typedef struct import_context {
    nn_comm *comm;
    size_t *sizes; /* of the parts of all ranks */
} import_context;

static nn_status import_gather(void *context, const void *own, size_t bytes, void *all)
{
    const import_context *shared = context;
    for (int rank = 0; rank < nn_comm_size(shared->comm); rank++) shared->sizes[rank] = bytes;
    return nn_comm_gather(shared->comm, own, shared->sizes, all);
}

static nn_status import_agree(void *context, nn_status status)
{
    return nn_comm_agree(((const import_context *)context)->comm, status);
}

static nn_status import_work(nn_comm *comm, const void *context)
{
    import_context shared = {.comm = comm};
    nn_status status = NN_ALLOCATE(&shared.sizes, nn_comm_size(comm), "sizes of blocks");
    NN_TRY(nn_comm_agree(comm, status));
    const nn_import_team team = {.rank = nn_comm_rank(comm),
                                 .size = nn_comm_size(comm),
                                 .context = &shared,
                                 .gather = import_gather,
                                 .agree = import_agree};
    status = import_run_task(context, &team);
    nn_free(shared.sizes);
    return status;
}

/* ---- the command ---- */

static nn_status import_start(const import_line *line, nn_config *config)
{
    nn_import_settings settings = {.watch_signals = nn_session_stop_flag};
    void *options = NULL;
    NN_TRY(nn_allocate(&options, 1, line->importer->options_size, "options of the import"));
    const import_task task = {.line = line, .settings = &settings, .options = options};
    nn_status status = import_read_options(config, line->importer, &settings, options);
    if (status == NN_OK && line->source_count == 0)
        status = nn_fail(NN_ERROR_USAGE, "nntrain import %s: give at least one file or folder to import",
                         line->importer->name);
    const char *file = status == NN_OK && line->importer->reads ? line->importer->reads(options) : NULL;
    if (file) status = nn_probe_files(1, &file);
    file = settings.like;
    if (status == NN_OK && file) status = nn_probe_files(1, &file);
    if (status == NN_OK)
        status = nn_session_is_shared() ? nn_session_run(import_work, &task) : import_run_task(&task, NULL);
    nn_options_release(nn_import_settings_table, &settings);
    if (line->importer->options) nn_options_release(line->importer->options, options);
    nn_free(options);
    return status;
}

/* `nntrain import csv --help` describes csv. */
static bool import_asks(int argc, char **argv)
{
    for (int i = 0; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) return true;
    return false;
}

static nn_status import_help(const char *word)
{
    const nn_importer *importer = word ? nn_importer_find(word) : NULL;
    const nn_arguments arguments = {.operands = {importer ? importer->name : "import"}, .operand_count = 1};
    return nn_command_find("help")->run(&arguments);
}

static nn_status import_run_words(int argc, char **argv)
{
    char name[NAME_MAX_SIZE];
    import_line line = {0};
    nn_config *config = NULL;
    if (import_asks(argc, argv)) return import_help(argc > 0 ? argv[0] : NULL);
    nn_status status = import_parse(argc, argv, &line);
    if (status == NN_OK && line.importer) {
        snprintf(name, sizeof name, "nntrain import %s", line.importer->name);
        status = nn_config_from_words(name, line.words.items, line.words.count, &config);
    }
    if (status == NN_OK && config) status = import_start(&line, config);
    nn_config_destroy(config);
    nn_option_words_release(&line.words);
    nn_free(line.sources);
    return status;
}

static const nn_command_option import_options[] = {{NULL, NULL, NULL}};

const nn_command nn_command_import = {
    .name = "import",
    .operands = "FORMAT SOURCE... -o OUT.h5 [--OPTION VALUE]...",
    .summary = "converts files of other formats to a data file for training",
    .options = import_options,
    .run_words = import_run_words,
};
