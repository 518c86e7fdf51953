/* File patterns: *, ? and [...] within the parts of a path, as in a shell. */
#ifndef NN_HOST_PATTERN_H
#define NN_HOST_PATTERN_H

#include "base/options.h"
#include "base/status.h"

/* Whether a path contains any pattern characters. */
bool nn_path_is_pattern(const char *path);

/* The paths that match, in byte order. No match is not a failure, but a folder that cannot be listed is. A
 * part of the pattern that exists literally stands for itself: a folder "run[2]". Release the paths with
 * nn_list_release in any case. */
nn_status nn_pattern_list(const char *pattern, nn_text_list *paths);

#endif
