/* nntrain verify RUN_DIR|CHECKPOINT... */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "cli/command.h"
#include "cli/verify.h"
#include "host/files.h"
#include "model/find.h"
#include "rundir/manifest.h"

static const nn_command_option verify_options[] = {{NULL, NULL, NULL}};

static const char verify_about[] =
    "Needs no MPI and changes nothing. (While a run goes on, what it has just removed may be told\n"
    "as gone.) Of each file it tells whether\n"
    "  - it can be read, and its seal (a checksum of the whole file) is right,\n"
    "  - each array in it has the checksum that it was written with,\n"
    "  - it has all that its own configuration asks for, in the right shapes,\n"
    "  - weights and optimizer state are finite, and the fingerprint is that of the weights,\n"
    "  - it was made at the step that its name tells, and by the run that the manifest names,\n"
    "  - it is the very file that RUN_DIR/manifest lists.\n"
    "What the manifest lists and is not there is told, too. Each file is a line, good or BAD,\n"
    "with what is wrong below it. The exit code is 0 where all are good, 9 where one is not.\n"
    "\n"
    "  nntrain verify runs/fashion\n"
    "  nntrain verify runs/fashion/checkpoints/step-0000001200.h5 copies/best.h5\n"
    "\n"
    "A run resumes from its newest good checkpoint by itself, and says which it passed over. A\n"
    "damaged checkpoint can only be restored from a copy.\n";

/* What is looked at, and what came of it. */
typedef struct verify_job {
    size_t files, bad;
    /* of the run directory at hand */
    nn_manifest manifest;
    bool knows;         /* its manifest could be read */
    uint64_t run;       /* that its files should be of */
    const char *run_of; /* whose word that is */
    int64_t newest;     /* step listed last */
} verify_job;

/* ---- one file ---- */

static void verify_print(verify_job *job, const char *path, const nn_verified *verified)
{
    char bytes[NN_FORMAT_SIZE];
    const nn_info_progress *progress = &verified->progress;
    bool bad = verified->problem_count > 0;
    job->files++;
    job->bad += bad;
    nn_format_bytes(bytes, (double)verified->bytes);
    printf("%s: %s", path, bad ? "BAD" : "good");
    if (verified->opens)
        printf(", step %lld, %lld epochs done, fingerprint %s", (long long)progress->step,
               (long long)progress->epochs, progress->fingerprint);
    printf(", %s, %lld of %lld arrays are right\n", bytes,
           (long long)(verified->arrays - verified->damaged_arrays), (long long)verified->arrays);
    if (bad) fputs(verified->problems.bytes, stdout);
}

static bool verify_is_listed(const nn_manifest_entry *entry, const nn_verified *verified)
{
    return entry->size == verified->bytes && entry->hash == verified->hash;
}

/* The file beside what the run directory says of it. Best weights that are newer than the manifest were
 * written just before the run was killed. */
static void verify_compare(const verify_job *job, int64_t step, nn_verified *verified)
{
    const nn_manifest_entry *entry = nn_manifest_find(&job->manifest, step);
    int64_t found = verified->progress.step;
    if (verified->opens && step >= 0 && found != step)
        nn_verified_note(verified,
                         "it is the checkpoint of step %lld, not of step %lld: files were exchanged",
                         (long long)found, (long long)step);
    if (verified->opens && job->run_of && verified->run != job->run)
        nn_verified_note(verified, "it is of another run than %s: its settings or its data differ",
                         job->run_of);
    bool newer = step == NN_MANIFEST_BEST && verified->opens && found >= job->newest;
    if (entry && verified->sealed && !newer && !verify_is_listed(entry, verified))
        nn_verified_note(verified, "it is another file than the one that the manifest lists");
    if (entry && !verified->sealed && verified->bytes != entry->size)
        nn_verified_note(verified, "it has %" PRIu64 " bytes of the %" PRIu64 " that the manifest lists",
                         verified->bytes, entry->size);
}

static nn_status verify_one(verify_job *job, const char *path, int64_t step)
{
    nn_verified verified;
    nn_status status = nn_verify_file(path, &verified);
    if (status == NN_OK) {
        verify_compare(job, step, &verified);
        if (!job->run_of && step >= 0 && verified.opens && verified.problem_count == 0) {
            job->run = verified.run;
            job->run_of = "the newest good checkpoint";
        }
        verify_print(job, path, &verified);
        if (verified.problems.failed) status = nn_fail(NN_ERROR_MEMORY, "no memory for what is wrong");
    }
    nn_verified_release(&verified);
    return status;
}

/* ---- a run directory ---- */

static void verify_bad_line(verify_job *job, const char *path, const char *problem)
{
    printf("%s: BAD\n    %s\n", path, problem);
    job->files++;
    job->bad++;
}

static nn_status verify_manifest(verify_job *job, const char *directory)
{
    char path[NN_PATH_SIZE];
    bool there;
    snprintf(path, sizeof path, "%.4000s/" NN_MANIFEST_NAME, directory);
    nn_status status = nn_manifest_read(directory, &job->manifest, &there);
    if (status == NN_ERROR_IO || status == NN_ERROR_MEMORY) return status;
    job->knows = status == NN_OK && there;
    if (there && !job->knows) verify_bad_line(job, path, nn_error_text());
    if (!there) printf("%s: there is none; an older nntrain wrote none, otherwise it is lost\n", path);
    if (!job->knows) return NN_OK;
    job->run = job->manifest.run;
    job->run_of = "the manifest says";
    for (size_t i = 0; i < job->manifest.count; i++)
        if (job->manifest.entries[i].step > job->newest) job->newest = job->manifest.entries[i].step;
    printf("%s: good, lists %zu files of the run %016" PRIx64 "\n", path, job->manifest.count, job->run);
    job->files++;
    return NN_OK;
}

static void verify_entry_path(const char *directory, int64_t step, char path[NN_PATH_SIZE])
{
    if (step == NN_MANIFEST_BEST)
        snprintf(path, NN_PATH_SIZE, "%.4000s/" NN_CHECKPOINT_BEST, directory);
    else
        nn_checkpoint_path(directory, step, path);
}

static nn_status verify_gone(verify_job *job, const char *directory)
{
    for (size_t i = 0; i < job->manifest.count; i++) {
        char path[NN_PATH_SIZE];
        bool there;
        verify_entry_path(directory, job->manifest.entries[i].step, path);
        NN_TRY(nn_file_exists(path, &there));
        if (!there) verify_bad_line(job, path, "it is gone: the manifest lists it");
    }
    return NN_OK;
}

static nn_status verify_files(verify_job *job, const char *directory, const int64_t *steps, size_t count)
{
    char path[NN_PATH_SIZE];
    bool there;
    size_t before = job->files;
    NN_TRY(verify_manifest(job, directory));
    for (size_t i = 0; i < count; i++) {
        nn_checkpoint_path(directory, steps[i], path);
        NN_TRY(verify_one(job, path, steps[i]));
    }
    verify_entry_path(directory, NN_MANIFEST_BEST, path);
    NN_TRY(nn_file_exists(path, &there));
    if (there) NN_TRY(verify_one(job, path, NN_MANIFEST_BEST));
    NN_TRY(verify_gone(job, directory));
    if (job->files == before)
        NN_FAIL(NN_ERROR_USAGE,
                "%s: has neither checkpoints nor a manifest; is it a run directory of nntrain?", directory);
    return NN_OK;
}

static nn_status verify_directory(verify_job *job, const char *directory)
{
    int64_t *steps = NULL;
    size_t count;
    job->newest = -1;
    NN_TRY(nn_checkpoint_list(directory, &steps, &count));
    nn_status status = verify_files(job, directory, steps, count);
    nn_free(steps);
    nn_manifest_release(&job->manifest);
    job->knows = false;
    job->run_of = NULL;
    return status;
}

/* ---- the command ---- */

/* The step that a file's name tells; -1: none. */
static int64_t verify_step_of(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    int64_t step;
    int end = 0;
    bool tells = sscanf(name, "step-%" SCNd64 ".h5%n", &step, &end) == 1 && end > 0 && !name[end];
    return tells ? step : -1;
}

static nn_status verify_path(verify_job *job, const char *path)
{
    struct stat facts;
    bool there;
    NN_TRY(nn_file_look(path, &facts, &there));
    if (!there) NN_FAIL(NN_ERROR_USAGE, "%s: there is no such run directory or checkpoint", path);
    if (S_ISDIR(facts.st_mode)) return verify_directory(job, path);
    job->run_of = NULL;
    return verify_one(job, path, verify_step_of(path));
}

static nn_status verify_run(const nn_arguments *arguments)
{
    verify_job job = {0};
    if (arguments->operand_count == 0)
        NN_FAIL(NN_ERROR_USAGE, "verify: name run directories or checkpoints: nntrain verify RUN_DIR");
    nn_status status = NN_OK;
    for (size_t i = 0; i < arguments->operand_count; i++) {
        nn_status one = verify_path(&job, arguments->operands[i]);
        if (one == NN_OK) continue;
        if (arguments->operand_count == 1) return one;
        printf("%s\n", nn_error_text());
        status = one;
    }
    printf("%zu file%s: %zu good, %zu bad\n", job.files, job.files == 1 ? "" : "s", job.files - job.bad,
           job.bad);
    if (job.bad == 0 && status == NN_OK) return NN_OK;
    if (job.bad == 0) NN_FAIL(status, "some of what was named could not be looked at");
    NN_FAIL(
        NN_ERROR_CHECKPOINT,
        "%zu of %zu files are damaged, gone or not what they should be: a run resumes from the newest good "
        "checkpoint, or from good best weights; restore the others from a copy, if there is one",
        job.bad, job.files);
}

const nn_command nn_command_verify = {
    .name = "verify",
    .operands = "RUN_DIR|CHECKPOINT...",
    .summary = "checks seals, checksums, steps, runs and finite weights of checkpoints; 9: not all are good",
    .options = verify_options,
    .about = verify_about,
    .run = verify_run,
};
