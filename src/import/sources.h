/* Shared by the importers of files: the files that the sources name, and the part that a name indicates. */
#ifndef NN_IMPORT_SOURCES_H
#define NN_IMPORT_SOURCES_H

#include "import/importer.h"

/* Whether an importer accepts an entry of a folder. */
typedef bool nn_import_source_filter(const char *folder, const char *name);

/* Appends the names in the folder that `takes` accepts, sorted by their bytes; adds the number of the others
 * to *left (may be NULL). */
nn_status nn_import_source_list(const char *folder, nn_import_source_filter *takes, nn_text_list *names,
                                size_t *left);

/* Appends the paths of all files that the sources name, in their order: a folder names the files in it that
 * `takes` accepts. A source that does not exist, or a folder without any such file, is an error, which calls
 * the files `what`: "IDX files". */
nn_status nn_import_source_files(const nn_import *import, nn_import_source_filter *takes, const char *what,
                                 nn_text_list *paths);

/* Also true if it cannot be inspected: listing it then reports why. */
bool nn_import_source_is_folder(const char *path);
/* Opens a regular file for reading; see nn_file_open. */
nn_status nn_import_source_open(const char *path, int *descriptor);
/* "folder/name"; the caller owns *path. */
nn_status nn_import_source_join(const char *folder, const char *name, char **path);
/* The last component of a path; borrowed from it. */
const char *nn_import_source_base(const char *path);
/* Whether the text has this ending, in upper or lower case. */
bool nn_import_source_ends(const char *text, const char *ending);

/* The part of the data that a name indicates. */
typedef struct nn_import_source_word {
    const char *part;     /* "train", "validation", "test"; NULL: none */
    size_t begin, length; /* of the word in the name */
} nn_import_source_word;

/* Finds a word such as test, t10k, train, training or val in a name, unless a letter precedes it. */
nn_import_source_word nn_import_source_part(const char *name);

/* Finds or creates the table of a part. A failure names `path`: the table has another number of rows, or only
 * some of the names indicate a part. */
nn_status nn_import_source_table(nn_import *import, const char *path, const char *part, int64_t rows,
                                 int *table);

#endif
