/* Finds what is wrong with checkpoints and run directories that are not in use. Changes nothing. */
#ifndef NN_RUNDIR_VERIFY_H
#define NN_RUNDIR_VERIFY_H

#include "base/text.h"
#include "rundir/checkpoint_progress.h"
#include "rundir/manifest.h"

/* What is known about one checkpoint file. */
typedef struct nn_verified {
    uint64_t bytes, hash; /* of the file; 0 where it cannot be read */
    bool sealed;          /* and the seal is correct */
    bool opens;           /* HDF5 finds the run's state in it: `progress` and `run` are known */
    nn_checkpoint_progress progress;
    uint64_t run;                   /* nn_config_identity */
    int64_t arrays, damaged_arrays; /* with checksums */
    nn_text problems;               /* one per line */
    size_t problem_count;
} nn_verified;

/* Reads all of the file and checks its seal, each array's checksum, whether it has all that its own
 * configuration asks for, whether weights and optimizer state are finite and the fingerprint is theirs. A
 * damaged file is checked as far as HDF5 can read it. Problems are noted; a failure is one of memory.
 * Release in any case. */
nn_status nn_verify_file(const char *path, nn_verified *verified);
void nn_verified_release(nn_verified *verified);

/* Adds a line to the problems, unless it is there. */
void nn_verified_note(nn_verified *verified, const char *format, ...) NN_PRINTF(2, 3);

/* Is given each result as soon as it is known. What is passed is borrowed. */
typedef struct nn_verify_listener {
    void *context;
    void (*file)(void *context, const char *path, const nn_verified *verified);
    /* Of a run directory: its manifest; NULL with a problem: it is damaged; NULL without: there is none. */
    void (*manifest)(void *context, const char *path, const nn_manifest *manifest, const char *problem);
    /* A file that the manifest lists and that is not there. */
    void (*gone)(void *context, const char *path);
} nn_verify_listener;

/* Verifies a checkpoint file, or all files of a run directory and its manifest, each against the others: that
 * a file is of the step that its name says, of the same run as the others, and the one that the manifest
 * lists. Fails where something cannot be read for reasons of the system, or where there is nothing. */
nn_status nn_verify(const char *run_or_checkpoint, const nn_verify_listener *listener);

#endif
