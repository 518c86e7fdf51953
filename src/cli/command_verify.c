/* nntrain verify RUN_DIR|CHECKPOINT... */
#include <inttypes.h>
#include <stdio.h>

#include "base/format.h"
#include "base/log.h"
#include "cli/command.h"
#include "rundir/verify.h"

static const nn_command_option verify_options[] = {{NULL, NULL, NULL}};

static const char verify_about[] =
    "Needs no MPI and changes nothing. (During a run, files that it has just removed may be reported as\n"
    "missing.) For each file it checks whether\n"
    "  - it can be read, and its seal (a checksum of the whole file) is correct,\n"
    "  - each array in it has the checksum recorded when it was written,\n"
    "  - it contains everything that its own configuration requires, in the right shapes,\n"
    "  - weights and optimizer state are finite, and the fingerprint is that of the weights,\n"
    "  - it was made at the step that its name tells, and by the run that the manifest names,\n"
    "  - it is the very file that RUN_DIR/manifest lists.\n"
    "Files that the manifest lists but that are missing are reported too. There is one line per file,\n"
    "good or BAD, followed by its problems. The exit code is 0 if all are good, otherwise 9.\n"
    "\n"
    "  nntrain verify runs/fashion\n"
    "  nntrain verify runs/fashion/checkpoints/step-0000001200.h5 copies/best.h5\n"
    "\n"
    "A run resumes from its newest good checkpoint, and reports those that it skipped. A damaged\n"
    "checkpoint can only be restored from a copy.\n";

/* How many were good. */
typedef struct verify_count {
    size_t files, bad;
} verify_count;

static void verify_print_file(void *context, const char *path, const nn_verified *verified)
{
    char bytes[NN_FORMAT_SIZE];
    verify_count *count = context;
    const nn_checkpoint_progress *progress = &verified->progress;
    bool bad = verified->problem_count > 0;
    count->files++;
    count->bad += bad;
    nn_format_bytes(bytes, (double)verified->bytes);
    nn_text line = {0};
    nn_text_append(&line, "%s: %s", path, bad ? "BAD" : "good");
    if (verified->opens)
        nn_text_append(&line, ", step %lld, %lld epochs done, fingerprint %s", (long long)progress->step,
                       (long long)progress->epochs, progress->fingerprint);
    nn_text_append(&line, ", %s, %lld of %lld arrays are correct\n", bytes,
                   (long long)(verified->arrays - verified->damaged_arrays), (long long)verified->arrays);
    if (bad) nn_text_append(&line, "%s", verified->problems.bytes);
    nn_log_text(line.bytes ? line.bytes : "");
    nn_text_free(&line);
}

static void verify_print_bad(verify_count *count, const char *path, const char *problem)
{
    nn_log_line("%s: BAD\n    %s", path, problem);
    count->files++;
    count->bad++;
}

static void verify_print_manifest(void *context, const char *path, const nn_manifest *manifest,
                                  const char *problem)
{
    verify_count *count = context;
    if (!manifest && problem) {
        verify_print_bad(count, path, problem);
    } else if (!manifest) {
        nn_log_line("%s: missing; it was lost, or an older nntrain wrote the run", path);
    } else {
        nn_log_line("%s: good, lists %zu files of the run %016" PRIx64, path, manifest->count, manifest->run);
        count->files++;
    }
}

static void verify_print_gone(void *context, const char *path)
{
    verify_print_bad(context, path, "it is missing, but listed in the manifest");
}

static nn_status verify_run(const nn_arguments *arguments)
{
    verify_count count = {0};
    const nn_verify_listener listener = {&count, verify_print_file, verify_print_manifest, verify_print_gone};
    if (arguments->operand_count == 0)
        NN_FAIL(NN_ERROR_USAGE, "verify: give run directories or checkpoints: nntrain verify RUN_DIR");
    nn_status status = NN_OK;
    for (size_t i = 0; i < arguments->operand_count; i++) {
        nn_status one = nn_verify(arguments->operands[i], &listener);
        if (one == NN_OK) continue;
        if (arguments->operand_count == 1) return one;
        nn_log_line("%s", nn_error_text());
        status = one;
    }
    nn_log_line("%zu file%s: %zu good, %zu bad", count.files, count.files == 1 ? "" : "s",
                count.files - count.bad, count.bad);
    if (count.bad == 0 && status == NN_OK) return NN_OK;
    if (count.bad == 0) NN_FAIL(status, "some of the paths given could not be verified");
    NN_FAIL(NN_ERROR_CHECKPOINT,
            "%zu of %zu files are damaged, missing or not what they should be: a run resumes from the newest "
            "good checkpoint, or from good best weights; restore the others from a copy, if there is one",
            count.bad, count.files);
}

const nn_command nn_command_verify = {
    .name = "verify",
    .operands = "RUN_DIR|CHECKPOINT...",
    .summary =
        "checks that checkpoints are intact, finite and from the right run and step; exits with 9 if not",
    .options = verify_options,
    .about = verify_about,
    .run = verify_run,
};
