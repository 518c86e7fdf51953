/* What `nntrain info` says: the same facts as lines for people, or as one JSON object. */
#ifndef NN_CLI_INFO_H
#define NN_CLI_INFO_H

#include "data/propose.h"
#include "judge/stored.h"
#include "store/scales.h"
#include "store/store.h"

/* ---- facts: "key: value" lines, or members of a JSON object ---- */

typedef struct nn_facts {
    nn_text text;
    bool json;
    bool full;             /* read all values of large datasets too, not a sample of them */
    nn_proposal *proposal; /* takes the datasets of data files; NULL: not wanted */
} nn_facts;

/* Begins a member: what follows is its value. In JSON the comma before it is put where one is needed. */
void nn_facts_key(nn_facts *facts, const char *key);
/* Begins an entry of a JSON list; for people nothing. */
void nn_facts_entry(nn_facts *facts);

void nn_facts_word(nn_facts *facts, const char *key, const char *value); /* NULL: null, or no line */
void nn_facts_integer(nn_facts *facts, const char *key, int64_t value);
void nn_facts_number(nn_facts *facts, const char *key, double value, int digits);
void nn_facts_bytes(nn_facts *facts, const char *key, uint64_t bytes);

/* Values without a key. JSON has no NaN and no Inf: they become null. */
void nn_facts_append_number(nn_facts *facts, double value, int digits);
void nn_facts_append_extents(nn_facts *facts, int dimensions,
                             const int64_t *extents); /* "28 x 28", [28,28] */

/* ---- what a path may be ---- */

/* All facts about a file or a run directory. A data set of which a part cannot be read gives its facts and a
 * failure; after any other failure there are no facts. */
nn_status nn_info_append(nn_facts *facts, const char *path);

nn_status nn_info_append_data(nn_facts *facts, nn_store_file *file);
/* The axes of a dataset by their scales, its unit, and, of coordinates that are times from `minimum` to
 * `maximum`, when that is; nothing where the file has none of these (NULL). In JSON the first two are
 * members. */
void nn_info_append_axes(nn_facts *facts, const nn_store_axes *axes, const char *units, const char *calendar,
                         double minimum, double maximum);
/* The section data: that reads what was proposed; nothing if there are no datasets. */
void nn_info_append_section(nn_facts *facts);
nn_status nn_info_append_checkpoint(nn_facts *facts, const char *path);
/* A file of `nntrain export RUN model.nn`. */
nn_status nn_info_append_model(nn_facts *facts, const char *path);
nn_status nn_info_append_run(nn_facts *facts, const char *directory);
/* The final results of a run directory, or what is wrong with them. */
nn_status nn_info_append_results(nn_facts *facts, const char *directory, const nn_stored_expected *expected);
/* Run directories as one table: a line for each setting, mean and deviation over seeds and folds, of the
 * validation and of the test part, best first; and one table for each metric, or loss, that they are judged
 * by. Runs without an intact checkpoint are reported and left out. A path that is not a folder is a failure,
 * after the table of the others. */
nn_status nn_info_append_sweep(nn_facts *facts, size_t count, const char *const *paths);

/* Prints the network of a run directory's best weights, or of a checkpoint, as JSON. */
nn_status nn_info_graph(const char *run_or_checkpoint);

/* Size of a file; 0 when there is none. */
uint64_t nn_info_file_bytes(const char *path);

#endif
