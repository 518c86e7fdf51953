/* nntrain report RUN_DIR... -o report.html */

#include "base/format.h"
#include "base/log.h"
#include "cli/command.h"
#include "host/system.h"
#include "report/html.h"
#include "report/report.h"
#include "store/output.h"
#include "store/store.h"

#define REPORT_PATIENCE 5 /* seconds, with a file system that fails: the page says what it could not read */

enum { OPTION_OUTPUT };

static const nn_command_option report_options[] = {
    {"-o", "FILE.html", "the page to write (default: report.html)"}, {NULL, NULL, NULL}};

static bool report_is_page(const void *context, const char *path, const char *begin, size_t length)
{
    (void)context, (void)path;
    return nn_output_begins(begin, length, "<!DOCTYPE html>") &&
           nn_output_has(begin, length, "content=\"" NN_REPORT_FORMAT "\"");
}

static nn_status report_write(const nn_report *report, const char *path)
{
    char size[NN_FORMAT_SIZE];
    nn_html page = {0};
    nn_status status = nn_report_append_page(report, &page);
    if (status == NN_OK) status = nn_store_commit(path, page.text.bytes, page.text.length);
    if (status == NN_OK) {
        bool lacks = page.absent.length > 0;
        nn_log_line("%s: %s%s%s", path, nn_format_bytes(size, (double)page.text.length),
                    lacks ? "; parts missing, see there: " : "", lacks ? page.absent.bytes : "");
    }
    nn_html_release(&page);
    return status;
}

static nn_status report_run(const nn_arguments *arguments)
{
    static const nn_output_kind kind = {.what = "a report of nntrain", .is = report_is_page};
    size_t given = arguments->value_counts[OPTION_OUTPUT];
    const char *path = given > 0 ? arguments->values[OPTION_OUTPUT][given - 1] : "report.html";
    nn_report report;
    if (arguments->operand_count == 0)
        NN_FAIL(NN_ERROR_USAGE, "report: give run directories: nntrain report RUN_DIR -o report.html");
    NN_TRY(nn_output_check("report", path, &kind));
    nn_patience_limit(REPORT_PATIENCE);
    nn_status status = nn_report_read(arguments->operands, arguments->operand_count, &report);
    if (status == NN_OK) status = report_write(&report, path);
    nn_report_release(&report);
    return status;
}

static const char report_about[] =
    "Writes one HTML page about a run, or about several, which a browser shows without a network: nothing\n"
    "is loaded from elsewhere, and it is complete without its script. It works on a login node, without "
    "MPI,\n"
    "for runs in progress, that have ended or that have failed. It only reads the run directories; what one\n"
    "lacks the page says in place of it, and how to get it. An older report of the same name is replaced,\n"
    "another file is not.\n"
    "\n"
    "  nntrain report runs/fashion -o fashion.html\n"
    "  nntrain report runs/sweep/* -o sweep.html\n"
    "\n"
    "What the parts about one run are from:\n"
    "  Summary           status, checkpoints; results.json, of a run that has ended\n"
    "  Loss and metrics  metrics.jsonl; by step with logging: {every: 50 steps}. Marked are the best epoch, "
    "and\n"
    "                    where the run was started again or on another number of ranks\n"
    "  Predictions, and what follows: evaluation.h5, of a run that has ended (nntrain help results);\n"
    "                    nntrain eval RUN_DIR --store writes it again\n"
    "  Norms by layer    logging: {every: 50 steps, norms: true}\n"
    "  Speed             metrics.jsonl; by layer with nntrain train --profile\n"
    "  Network, Configuration: the newest intact checkpoint, config.yaml\n"
    "Several runs: their settings that differ and their results, as nntrain info RUN_DIR... compares them, "
    "and\n"
    "the curves of validation over one another, with means over training.seed and data.split.fold. Of more "
    "than\n"
    "10 runs the best 10 are in colour. Runs without an intact checkpoint are listed by their state.\n"
    "Long curves are thinned; the drawings lose no extreme. Numbers have 6 digits.\n";

const nn_command nn_command_report = {
    .name = "report",
    .operands = "RUN_DIR...",
    .summary = "writes a page about a run, or several, for a browser",
    .options = report_options,
    .about = report_about,
    .run = report_run,
};
