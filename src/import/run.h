/* The common part of every import: split, conversion, compression, progress, and the file under its final
 * name only when it is whole. */
#ifndef NN_IMPORT_RUN_H
#define NN_IMPORT_RUN_H

#include <signal.h>

#include "import/importer.h"

/* Options that every import has, beside the importer's own. */
typedef struct nn_import_settings {
    char *output;            /* file to write */
    char *like;              /* file of an earlier import to agree with, or NULL */
    double validation, test; /* shares of the rows to set apart; 0: none */
    int64_t seed;            /* of the choice of rows */
    bool stratified;         /* keep the shares of the classes of the label field */
    bool chronological;      /* the last rows: train, then validation, then test */
    int64_t compression;     /* 0 to 9 */
    int64_t chunk;           /* rows of a chunk; 0: a rule */
    int dtype;               /* as the source has it, or one of the choices in the table */
    bool overwrite;          /* replace an existing file */
    /* Not in the table. Called when the temporary file is begun: from then on a signal is to set the flag
     * that it returns, and the import ends with NN_STOPPED. NULL: none. */
    const volatile sig_atomic_t *(*watch_signals)(void);
} nn_import_settings;

extern const nn_option nn_import_settings_table[];

/* How several processes share an import; NULL stands for a single process. */
typedef struct nn_import_team {
    int rank, size;
    void *context;
    /* Collective: gathers `bytes` of every rank (as many from each), in order of ranks, to rank 0. */
    nn_status (*gather)(void *context, const void *own, size_t bytes, void *all);
    /* Collective: all succeed or all fail. */
    nn_status (*agree)(void *context, nn_status status);
} nn_import_team;

/* Runs an import from open() to the committed file; `import` has its options and sources. progress: show a
 * bar on stderr. A text of what was written (datasets, shapes, classes) is appended to `summary` on rank 0.
 */
nn_status nn_import_run(const nn_importer *importer, nn_import *import, const nn_import_settings *settings,
                        const nn_import_team *team, bool progress, nn_text *summary);

#endif
