/* nntrain export RUN_DIR|CHECKPOINT FILE */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "cli/command.h"
#include "cli/option_words.h"
#include "cli/session.h"
#include "export/exporter.h"

#define EXPORT_OPERANDS 2
#define EXPORT_USAGE "nntrain export RUN_DIR FILE"
#define EXPORT_INCOMPLETE                                                                                    \
    "export: give a run directory or checkpoint, and the file to write: " EXPORT_USAGE                       \
    "; `nntrain help export` lists the formats"

/* The command line, taken apart. */
typedef struct export_line {
    const char *operands[EXPORT_OPERANDS]; /* run, file */
    int operand_count;
    const nn_exporter *exporter;
    nn_option_words words;
} export_line;

static bool export_is_option(const char *word)
{
    return word[0] == '-' && word[1];
}

/* The format decides which options there are, and which words are their values: so it is found first, as that
 * of the last word with such an ending; NULL: there is none. export_parse checks that this word is the file.
 */
static const nn_exporter *export_find_format(int argc, char **argv)
{
    const nn_exporter *found, *last = NULL;
    for (int i = 0; i < argc; i++)
        if (!export_is_option(argv[i]) && nn_exporter_find(argv[i], &found) == NN_OK) last = found;
    nn_error_clear();
    return last;
}

static nn_status export_no_format(int argc, char **argv)
{
    const nn_exporter *found;
    int last = argc - 1;
    while (last > 0 && export_is_option(argv[last])) last--;
    if (last > 0 && !export_is_option(argv[0])) return nn_exporter_find(argv[last], &found);
    NN_FAIL(NN_ERROR_USAGE, EXPORT_INCOMPLETE);
}

/* The exporter's table, which may have no rows. */
static const nn_option *export_table(const nn_exporter *exporter)
{
    static const nn_option none[] = {{0}};
    return exporter->options ? exporter->options : none;
}

static nn_status export_parse(int argc, char **argv, export_line *line)
{
    line->exporter = export_find_format(argc, argv);
    if (!line->exporter) return export_no_format(argc, argv);
    const nn_option *const tables[] = {export_table(line->exporter), NULL};
    for (int i = 0, used = 1; i < argc; i += used) {
        used = 1;
        if (export_is_option(argv[i]))
            NN_TRY(nn_option_words_add(&line->words, "export", tables, argc - i, argv + i, &used));
        else if (line->operand_count == EXPORT_OPERANDS)
            NN_FAIL(NN_ERROR_USAGE,
                    "export: too many arguments: '%s'; give one run and one file: " EXPORT_USAGE, argv[i]);
        else
            line->operands[line->operand_count++] = argv[i];
    }
    if (line->operand_count < EXPORT_OPERANDS) NN_FAIL(NN_ERROR_USAGE, EXPORT_INCOMPLETE);
    return nn_exporter_find(line->operands[1], &line->exporter);
}

static nn_status export_read_options(const export_line *line, void *options)
{
    nn_config *config;
    const nn_option *table = export_table(line->exporter);
    NN_TRY(nn_config_from_words("nntrain export", line->words.items, line->words.count, &config));
    nn_config_read(config, nn_config_root(config), "", table, NULL, NULL, options);
    nn_status status = nn_config_finish(config);
    nn_config_destroy(config);
    return status;
}

static nn_status export_perform(const export_line *line)
{
    void *options;
    nn_text report = {0};
    NN_TRY(nn_allocate(&options, 1, line->exporter->options_size + 1, "options of the export"));
    nn_status status = export_read_options(line, options);
    if (status == NN_OK)
        status = nn_exporter_run(line->exporter, line->operands[0], line->operands[1], options, &report);
    if (status == NN_OK && report.length > 0) nn_log_text(report.bytes);
    nn_text_free(&report);
    nn_options_release(export_table(line->exporter), options);
    nn_free(options);
    return status;
}

/* Of several processes the first exports. */
static nn_status export_work(nn_comm *comm, const void *context)
{
    return nn_comm_agree(comm, nn_comm_rank(comm) == 0 ? export_perform(context) : NN_OK);
}

static bool export_asks(int argc, char **argv)
{
    for (int i = 0; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) return true;
    return false;
}

static nn_status export_run_words(int argc, char **argv)
{
    export_line line = {0};
    if (export_asks(argc, argv))
        return nn_command_find("help")->run(&(nn_arguments){.operands = {"export"}, .operand_count = 1});
    nn_status status = export_parse(argc, argv, &line);
    if (status == NN_OK)
        status = nn_session_is_shared() ? nn_session_run(export_work, &line) : export_perform(&line);
    nn_option_words_release(&line.words);
    return status;
}

static const nn_command_option export_options[] = {{NULL, NULL, NULL}};

const nn_command nn_command_export = {
    .name = "export",
    .operands = "RUN_DIR|CHECKPOINT FILE [--OPTION VALUE]...",
    .summary = "writes the trained network in the format of the file's ending: model.onnx, or model.nn for "
               "the C library "
               "and Python",
    .options = export_options,
    .about = "Of a run directory: the best weights, averaged ones if the run kept them, as `nntrain predict` "
             "uses\n"
             "them. The file appears when it is complete, and replaces an existing one. Needs neither MPI "
             "nor the\n"
             "data.",
    .run_words = export_run_words,
};
