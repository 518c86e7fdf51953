/* What `nntrain info` says: the same facts as lines for people, or as one JSON object. */
#ifndef NN_CLI_INFO_H
#define NN_CLI_INFO_H

#include "store/packing.h"
#include "store/store.h"

/* ---- facts: "key: value" lines, or members of a JSON object ---- */

typedef struct nn_facts {
    nn_text text;
    bool json;
    bool full; /* read all values of large datasets too, not a sample of them */
} nn_facts;

/* Begins a member: what follows is its value. In JSON the comma before it is put where one is needed. */
void nn_facts_key(nn_facts *facts, const char *key);
/* Begins an entry of a JSON list; for people nothing. */
void nn_facts_entry(nn_facts *facts);

void nn_facts_word(nn_facts *facts, const char *key, const char *value); /* NULL: null, or no line */
void nn_facts_integer(nn_facts *facts, const char *key, int64_t value);
void nn_facts_number(nn_facts *facts, const char *key, double value, int digits);
void nn_facts_bytes(nn_facts *facts, const char *key, uint64_t bytes);

/* Values without a key. JSON has no NaN and no Inf: null stands for them. */
void nn_facts_append_number(nn_facts *facts, double value, int digits);
void nn_facts_append_extents(nn_facts *facts, int dimensions,
                             const int64_t *extents); /* "28 x 28", [28,28] */

/* ---- values of a dataset ---- */

#define NN_INFO_CLASSES 1000

/* Of a dataset's values, unpacked as its attributes say, read as doubles: integers beyond 2^53 are rounded.
 */
typedef struct nn_info_statistics {
    bool measured;      /* false: no numbers, or rows too long to be read here */
    int64_t count, row; /* elements of the dataset, and of a row */
    int64_t rows_read;  /* fewer than there are: evenly spread samples, and all figures are theirs */
    bool sampled;
    int64_t nans, infinities;
    int64_t missing; /* values that attributes call missing, or that were never written; not NaN as stored */
    int64_t unwritten; /* elements of the whole dataset that were never written */
    char cause[512];   /* of the first of these */
    bool packed;       /* attributes say how values are to be understood: `packing` */
    nn_store_packing packing;
    int64_t first_bad;       /* element that is missing, NaN or Inf, in row-major order; -1: none */
    double minimum, maximum; /* of the finite values, unpacked; NaN when there is none */
    int64_t constants;       /* values of a row that are the same in all rows, of at least two rows */
    int64_t first_constant;
    size_t class_count; /* of a list of integers, of which some come more than once; 0: it is none */
    struct nn_info_class {
        double label;
        int64_t count;
    } classes[NN_INFO_CLASSES];
} nn_info_statistics;

/* Reads the values, some MiB at a time; of large datasets a sample unless `full`. */
nn_status nn_info_measure(nn_store_file *file, const char *dataset, bool full,
                          nn_info_statistics *statistics);

/* ---- what a path may be ---- */

/* All facts about a file or a run directory. A data set of which a part cannot be read gives its facts and a
 * failure; after any other failure there are no facts. */
nn_status nn_info_append(nn_facts *facts, const char *path);

nn_status nn_info_append_data(nn_facts *facts, nn_store_file *file);
nn_status nn_info_append_checkpoint(nn_facts *facts, const char *path);
nn_status nn_info_append_run(nn_facts *facts, const char *directory);
/* Run directories as one table: a line for each setting, mean and deviation over seeds, best first. Runs
 * without a whole checkpoint are told and left out. */
nn_status nn_info_append_sweep(nn_facts *facts, size_t count, const char *const *directories);

/* Size of a file; 0 when there is none. */
uint64_t nn_info_file_bytes(const char *path);

/* Where a run was when it saved a checkpoint. */
typedef struct nn_info_progress {
    int64_t step, epochs; /* done */
    int64_t best_epoch;   /* 0: none yet */
    double best_value;
    uint64_t data_identity;
    char fingerprint[32];
    char ended[32];     /* "no", "all epochs", "early stopping" */
    char changes[2048]; /* of the machine, one a line; empty: none */
} nn_info_progress;

nn_status nn_info_read_progress(nn_store_file *checkpoint, nn_info_progress *progress);

#endif
