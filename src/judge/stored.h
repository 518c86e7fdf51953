/*
 * RUN_DIR/results.json: the final results of a run, as one JSON object. Its last member, "time", holds all
 * that may differ between two equal runs, and a checksum of everything before it. `nntrain help results`
 * describes it.
 */
#ifndef NN_JUDGE_STORED_H
#define NN_JUDGE_STORED_H

#include "config/config.h"
#include "judge/judgement.h"

#define NN_JUDGE_FORMAT "nntrain results 1"

/* What results are of. Texts are borrowed. */
typedef struct nn_judge_origin {
    uint64_t run;              /* nn_checkpoint_run; 0: unknown */
    uint64_t data;             /* nn_dataset_identity */
    const char *fingerprint;   /* of the training weights of the checkpoint, 16 digits */
    const char *weights;       /* "best", "last", or the path of a checkpoint */
    int64_t epoch, step;       /* epoch -1: unknown */
    const nn_text_list *files; /* of the user, that are evaluated; NULL: the data of the run */
} nn_judge_origin;

/* What may differ. */
typedef struct nn_judge_time {
    double seconds; /* that the evaluation took */
    int ranks, threads;
} nn_judge_time;

/* Appends the beginning of the document: {"format": ... up to the parts, each of which follows as a member of
 * "parts"; and its end. Between parts the caller writes commas. */
void nn_judge_begin(const nn_judge_origin *origin, nn_text *text);
void nn_judge_append_part(const nn_judgement *judgement, bool first, nn_text *text);
/* validation: the results of the validation part at that epoch, as metrics.jsonl has them; NULL: none. */
void nn_judge_end(const char *validation, const nn_judge_time *time, nn_text *text);

/* Writes the document to the run directory: a reader finds the old file or the new one. */
nn_status nn_stored_write(const char *run_directory, const nn_text *document);

/* ---- reading ---- */

typedef enum nn_stored_state {
    NN_STORED_MISSING,
    NN_STORED_DAMAGED,
    NN_STORED_OTHER_RUN, /* another configuration, seed or data */
    NN_STORED_OUTDATED,  /* of this run, but of other weights than it has now */
    NN_STORED_INTACT
} nn_stored_state;

/* What the results of a run directory must be of. */
typedef struct nn_stored_expected {
    bool in_place;      /* another program trains, and evaluates */
    uint64_t run;       /* of the manifest; 0: unknown, and not compared */
    int ended;          /* 1: the run was trained to its end; 0: not yet; -1: unknown */
    int64_t best_epoch; /* of the newest checkpoint; 0: there are no best weights; -1: unknown */
    const char *best,
        *last; /* the fingerprints of the best weights and of the newest checkpoint; NULL: unknown */
} nn_stored_expected;

typedef struct nn_stored_results {
    nn_stored_state state;
    char words[512];     /* the state, in words */
    nn_config *document; /* owned; of intact and outdated files: the tree of it */
    char *text;          /* owned; the file itself */
} nn_stored_results;

/* Reads RUN_DIR/results.json. NN_ERROR_IO where the system cannot read it, which says nothing about the file.
 * Release in any case. */
nn_status nn_stored_read(const char *run_directory, const nn_stored_expected *expected,
                         nn_stored_results *results);
void nn_stored_release(nn_stored_results *results);

/* The part that the final results are of, such as "test", and a result of that part; NaN: there is none, or
 * it is undefined. */
const char *nn_stored_part(const nn_stored_results *results);
double nn_stored_metric(const nn_stored_results *results, const char *name);

/* The run of a run directory, as its manifest says; 0: it does not. */
uint64_t nn_stored_run(const char *run_directory);

#endif
