/* Loads plug-ins: registers what they provide with nn, loss and data, and notes them in base/plugins.h. */
#ifndef NN_PLUGIN_PLUGIN_LOAD_H
#define NN_PLUGIN_PLUGIN_LOAD_H

#include "config/config.h"

/* Loads a shared object, unless the same bytes are loaded already; given: with --plugin. NN_ERROR_USAGE, and
 * nothing of it is registered, where it is not a plug-in, is one for another interface, or has a name that
 * exists. While no other thread runs; not collective: each rank loads its own. */
nn_status nn_plugin_load(const char *path, bool given);

/*
 * Reads the key `plugins` of a configuration: before what may name their layers. Of a configuration in a file
 * the plug-ins are loaded, from paths relative to its folder; of one that a checkpoint has kept, they must
 * have been loaded already. Problems are collected. files: their names, for base/plugins.h; the caller
 * releases the list.
 */
void nn_plugin_read_all(nn_config *config, nn_text_list *files);

#endif
