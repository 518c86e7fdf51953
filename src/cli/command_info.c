/* nntrain info FILE|RUN_DIR... */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/command.h"
#include "cli/info.h"
#include "host/files.h"
#include "host/system.h"
#include "model/model_file.h"
#include "store/probe.h"
#include "store/seal.h"

#define INFO_SEAL_MAGIC 8 /* bytes at the start of a seal that are the same in all */

#define INFO_CPU_SECONDS 60

enum { OPTION_JSON, OPTION_FULL, OPTION_GRAPH };

static const nn_command_option info_options[] = {
    {"--json", NULL, "the same facts as one JSON object"},
    {"--full", NULL, "read large datasets completely, not a sample of their rows"},
    {"--graph", NULL,
     "the network of a checkpoint, run directory or model.nn as JSON (nntrain help checkpoint-format)"},
    {NULL, NULL, NULL}};

uint64_t nn_info_file_bytes(const char *path)
{
    struct stat facts;
    bool there;
    return nn_file_look(path, &facts, &there) == NN_OK && there ? (uint64_t)facts.st_size : 0;
}

/* Whether the file ends in a seal: then its checksum is verified before HDF5 sees a byte of it. */
static nn_status info_look_for_seal(const char *path, bool *sealed)
{
    unsigned char seal[NN_STORE_SEAL_SIZE], end[NN_STORE_SEAL_SIZE];
    nn_patience patience = {0};
    *sealed = false;
    nn_store_seal(seal, 0);
    int descriptor = nn_file_open(path, O_RDONLY);
    if (descriptor < 0) return NN_OK; /* said when it is opened as data */
    off_t at = lseek(descriptor, -(off_t)sizeof end, SEEK_END);
    ssize_t got = 0;
    do {
        if (at >= 0) got = pread(descriptor, end, sizeof end, at);
    } while (got < 0 && nn_patience_lasts(&patience, errno, path));
    int error = errno;
    close(descriptor);
    if (got < 0) return nn_system_fail(NN_ERROR_IO, error, "cannot read %s", path);
    *sealed = got == (ssize_t)sizeof end && memcmp(end, seal, INFO_SEAL_MAGIC) == 0;
    return NN_OK;
}

/* A checkpoint that has lost its seal still says what it was. */
static bool info_was_checkpoint(nn_store_file *file)
{
    return nn_store_has(file, "@format") && nn_store_has(file, "state/step_best_identity");
}

/* What the command reads, in a child: HDF5 may survive a first look and not this one. */
static void info_look(const char *path)
{
    nn_facts unused = {0};
    nn_store_file *file;
    if (nn_store_open(path, &file) != NN_OK) return;
    (void)nn_info_append_data(&unused, file);
    nn_store_close(file);
    nn_text_free(&unused.text);
}

static nn_status info_append_file(nn_facts *facts, const char *path)
{
    nn_store_file *file;
    bool sealed;
    if (nn_model_file_is(path)) return nn_info_append_model(facts, path);
    NN_TRY(info_look_for_seal(path, &sealed));
    if (sealed) return nn_info_append_checkpoint(facts, path);
    nn_status status = nn_probe_files(1, &path);
    if (status == NN_OK && !facts->full) status = nn_probe_with(path, info_look, INFO_CPU_SECONDS);
    if (status == NN_OK) status = nn_store_open(path, &file);
    if (status != NN_OK) nn_text_free(&facts->text);
    NN_TRY(status);
    bool checkpoint = info_was_checkpoint(file);
    if (!checkpoint) status = nn_info_append_data(facts, file);
    nn_store_close(file);
    return checkpoint ? nn_info_append_checkpoint(facts, path) : status;
}

/* Files of networks that are not read here. */
static nn_status info_check_foreign(const char *path, bool there)
{
    const char *dot = strrchr(path, '.');
    if (!there || !dot) return NN_OK;
    if (strcmp(dot, ".onnx") == 0)
        NN_FAIL(NN_ERROR_USAGE,
                "info: %s is an ONNX model, which nntrain writes but does not read: give the run directory "
                "or the "
                "checkpoint that it was exported from",
                path);
    if (strcmp(dot, ".safetensors") == 0)
        NN_FAIL(NN_ERROR_USAGE,
                "info: %s has weights of another program: `nntrain check` lists how they fit a configuration "
                "with "
                "init_from: %s",
                path, path);
    return NN_OK;
}

static nn_status info_append_one(nn_facts *facts, const char *path)
{
    struct stat found;
    bool there;
    NN_TRY(nn_file_look(path, &found, &there));
    NN_TRY(info_check_foreign(path, there));
    bool folder = there && S_ISDIR(found.st_mode);
    if (facts->json) nn_text_append(&facts->text, "{");
    nn_facts_word(facts, "path", path);
    nn_status status = folder ? nn_info_append_run(facts, path) : info_append_file(facts, path);
    return facts->text.failed ? NN_ERROR_MEMORY : status;
}

nn_status nn_info_append(nn_facts *facts, const char *path)
{
    nn_status status = info_append_one(facts, path);
    if (facts->proposal && facts->text.length > 0 && status == NN_OK) nn_info_append_section(facts);
    if (facts->text.length > 0 && facts->json) nn_text_append(&facts->text, "}\n");
    return facts->text.failed ? NN_ERROR_MEMORY : status;
}

static bool info_are_files(size_t count, const char *const *paths)
{
    bool files = true, there;
    struct stat found;
    for (size_t i = 0; i < count && files; i++)
        files = nn_file_look(paths[i], &found, &there) == NN_OK && there && !S_ISDIR(found.st_mode);
    nn_error_clear();
    return files;
}

/* Files of data: each of them, and the section that reads them together. */
static nn_status info_append_files(nn_facts *facts, size_t count, const char *const *paths)
{
    nn_proposal *proposal = facts->proposal;
    nn_status status = NN_OK;
    if (facts->json) nn_text_append(&facts->text, "{\"files\":[");
    for (size_t i = 0; i < count && status == NN_OK; i++) {
        nn_facts one = *facts;
        one.text = (nn_text){0};
        if (i > 0) nn_text_append(&facts->text, facts->json ? "," : "\n");
        status = info_append_one(&one, paths[i]);
        if (one.text.bytes) nn_text_append(&facts->text, facts->json ? "%s}" : "%s", one.text.bytes);
        facts->text.failed |= one.text.failed;
        nn_text_free(&one.text);
    }
    if (facts->json) nn_text_append(&facts->text, "]");
    if (status == NN_OK && proposal->count > 0) nn_info_append_section(facts);
    if (facts->json) nn_text_append(&facts->text, "}\n");
    return status;
}

static nn_status info_run(const nn_arguments *arguments)
{
    size_t count = arguments->operand_count;
    if (count == 0)
        NN_FAIL(NN_ERROR_USAGE, "info: give a file, or one or more run directories: nntrain info FILE");
    if (arguments->value_counts[OPTION_GRAPH] > 0) {
        if (count != 1) NN_FAIL(NN_ERROR_USAGE, "info --graph: give one run directory or checkpoint");
        return nn_info_graph(arguments->operands[0]);
    }
    nn_facts facts = {.json = arguments->value_counts[OPTION_JSON] > 0,
                      .full = arguments->value_counts[OPTION_FULL] > 0};
    nn_proposal proposal = {0};
    facts.proposal = &proposal;
    bool files = count > 1 && info_are_files(count, arguments->operands);
    nn_status status = count == 1 ? nn_info_append(&facts, arguments->operands[0])
                       : files    ? info_append_files(&facts, count, arguments->operands)
                                  : nn_info_append_sweep(&facts, count, arguments->operands);
    nn_proposal_release(&proposal);
    if (facts.text.length > 0 && !facts.text.failed) {
        if (facts.json)
            fputs(facts.text.bytes, stdout);
        else
            nn_log_text(facts.text.bytes);
    }
    nn_text_free(&facts.text);
    return status;
}

const nn_command nn_command_info = {
    .name = "info",
    .operands = "FILE...|RUN_DIR...",
    .summary = "shows the contents of a data set, a checkpoint, a model.nn or a run directory; several runs "
               "as one table",
    .options = info_options,
    .run = info_run,
};
