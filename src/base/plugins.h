/*
 * The plug-ins that this process has loaded (plugin/plugin_load.h loads them), and the lines by which a
 * checkpoint names those of its run: file, hash of its bytes, and what it provides. A process loads plug-ins
 * before it starts threads, and keeps them.
 */
#ifndef NN_BASE_PLUGINS_H
#define NN_BASE_PLUGINS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"

/* In a checkpoint. */
#define NN_PLUGINS_NAME "plugins"

typedef struct nn_plugin_record {
    char *file; /* the name of the shared object, without its folder: by it a run knows the plug-in */
    char *path; /* from where it was loaded */
    uint64_t hash;
    char *provides; /* "layer ramp, metric bias" */
    bool given;     /* with --plugin, not by a configuration */
} nn_plugin_record;

/* The name of a file without its folder; borrowed. */
const char *nn_plugins_file(const char *path);

/* One by number, and by the name of its file; NULL: it is not loaded. Borrowed. */
const nn_plugin_record *nn_plugins_at(size_t index);
const nn_plugin_record *nn_plugins_find(const char *file);

/* Copies the record. */
nn_status nn_plugins_note(const nn_plugin_record *record);

/* Appends a line for each of these files, all of which are loaded. */
void nn_plugins_append_lines(const nn_text_list *files, nn_text *lines);

/* Whether some plug-in of such lines is not loaded. */
bool nn_plugins_lack(const char *lines);

/* Fails unless those of such lines are loaded, with the same bytes. path: of the checkpoint, for the message,
 * which says what to do. */
nn_status nn_plugins_expect(const char *lines, const char *path);

#endif
