/* The common part of every import: splitting, conversion, compression and progress. The file gets its final
 * name only when it is complete. */
#ifndef NN_IMPORT_IMPORT_H
#define NN_IMPORT_IMPORT_H

#include <signal.h>

#include "import/importer.h"

/* Options that every import has, in addition to the importer's own. */
typedef struct nn_import_settings {
    char *output;            /* file to write */
    char *like;              /* file of an earlier import to agree with, or NULL */
    double validation, test; /* fractions of the rows to set apart; 0: none */
    int64_t seed;            /* for choosing these rows */
    bool stratified;         /* keep the proportions of the classes of the label field */
    bool chronological;      /* in order: the first rows for train, then validation, the last ones for test */
    int64_t compression;     /* 0 to 9 */
    int64_t chunk;           /* rows per chunk; 0: automatic */
    int dtype;               /* that of the source, or one of the choices in the table */
    bool overwrite;          /* replace an existing file */
    /* Not in the table. Called when the temporary file is created: from then on, a signal must set the flag
     * that it returns, and the import ends with NN_STOPPED. NULL: none. */
    const volatile sig_atomic_t *(*watch_signals)(void);
} nn_import_settings;

extern const nn_option nn_import_settings_table[];

/* How several processes share an import; a NULL team is a single process. */
typedef struct nn_import_team {
    int rank, size;
    void *context;
    /* Collective: gathers `bytes` from each rank (the same number on all) to rank 0, in rank order. */
    nn_status (*gather)(void *context, const void *own, size_t bytes, void *all);
    /* Collective: all succeed or all fail. */
    nn_status (*agree)(void *context, nn_status status);
} nn_import_team;

/* Runs an import from open() to the committed file; `import` has its options and sources. Collective over the
 * team. progress: show a progress line on stderr, if that is a terminal. Appends a description of what was
 * written (datasets, shapes, classes) to `summary` on rank 0. */
nn_status nn_import_run(const nn_importer *importer, nn_import *import, const nn_import_settings *settings,
                        const nn_import_team *team, bool progress, nn_text *summary);

#endif
