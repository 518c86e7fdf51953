/* File patterns: *, ? and [...] within the parts of a path, as a shell has them. */
#ifndef NN_HOST_PATTERN_H
#define NN_HOST_PATTERN_H

#include "base/options.h"
#include "base/status.h"

/* Whether a path has any of the characters that make a pattern. */
bool nn_path_is_pattern(const char *path);

/* The paths that match, ordered by their bytes; none is no failure, but a folder that cannot be listed is. A
 * part of the pattern that exists under this very name is that name: a folder "run[2]" is itself. Release
 * them with nn_list_release, in any case. */
nn_status nn_pattern_list(const char *pattern, nn_text_list *paths);

#endif
