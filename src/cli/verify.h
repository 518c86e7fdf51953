/* What `nntrain verify` finds out about one checkpoint file. */
#ifndef NN_CLI_VERIFY_H
#define NN_CLI_VERIFY_H

#include "cli/info.h"

typedef struct nn_verified {
    uint64_t bytes, hash; /* of the file; 0 where it cannot be read */
    bool sealed;          /* and the seal is right */
    bool opens;           /* HDF5 finds the run's state in it: `progress` and `run` are known */
    nn_info_progress progress;
    uint64_t run;                   /* nn_config_identity */
    int64_t arrays, damaged_arrays; /* with checksums */
    nn_text problems;               /* a line each */
    size_t problem_count;
} nn_verified;

/* Reads the file whole and looks at its seal, at each array's checksum, whether it has all that its own
 * configuration asks for, whether weights and optimizer state are finite and the fingerprint is theirs. A
 * damaged file is looked at as far as HDF5 can read it. Problems are noted; a failure is one of memory.
 * Release in any case. */
nn_status nn_verify_file(const char *path, nn_verified *verified);
void nn_verified_release(nn_verified *verified);

/* Adds a line to the problems, unless it is there. */
void nn_verified_note(nn_verified *verified, const char *format, ...) NN_PRINTF(2, 3);

#endif
