/*
 * What an exporter is. The plug-in of an exporter is one file src/export/exporter_NAME.c with one exported
 * object nn_exporter_NAME, and one line in exporter_list.h. It writes the network of a checkpoint in a format
 * of its own: the weights that `nntrain predict` would use.
 */
#ifndef NN_EXPORT_EXPORTER_H
#define NN_EXPORT_EXPORTER_H

#include "base/options.h"
#include "base/status.h"
#include "base/text.h"
#include "store/store.h"

/* What is exported. All borrowed. */
typedef struct nn_export {
    nn_store_file *checkpoint; /* open, its seal verified; nn_store_path has its path */
    const char *output;        /* the file to write */
    const void *options;       /* the exporter's own; NULL: it has none */
} nn_export;

typedef struct nn_exporter {
    const char *name;    /* "onnx" */
    const char *ending;  /* of file names, which selects the format: ".onnx" */
    const char *summary; /* one line for help */
    const char *example; /* a command line: "nntrain export runs/x model.onnx" */
    const char *about;   /* more lines for `nntrain help NAME`; NULL: none */
    const nn_option *options;
    size_t options_size;
    /* What it writes: "a model.nn"; and whether an existing file is one (nn_output_kind). */
    const char *what;
    bool (*is)(const void *context, const char *path, const char *begin, size_t length);
    /* Writes the file, which is complete or absent (store/growing.h, nn_store_commit). Appends to `report`,
     * one per line, what the user should know about it. */
    nn_status (*write)(const nn_export *export, nn_text *report);
} nn_exporter;

/* The list, NULL-terminated; and the format of a file by its name's ending: NN_ERROR_USAGE, with all endings,
 * if there is none. */
const nn_exporter *const *nn_exporters(void);
nn_status nn_exporter_find(const char *path, const nn_exporter **exporter);

/* Opens the checkpoint of a run directory (its best weights), or the given one, and writes the file. */
nn_status nn_exporter_run(const nn_exporter *exporter, const char *run_or_checkpoint, const char *output,
                          const void *options, nn_text *report);

#endif
