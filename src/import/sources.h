/* What importers of files share: the files that the sources stand for, and the part that a name tells of. */
#ifndef NN_IMPORT_SOURCES_H
#define NN_IMPORT_SOURCES_H

#include "import/importer.h"

/* Whether an importer wants the entry of a folder. */
typedef bool nn_source_filter(const char *folder, const char *name);

/* Appends the names in the folder that `takes` accepts, sorted by their bytes; *left (may be NULL) grows by
 * the number of the others. */
nn_status nn_source_list(const char *folder, nn_source_filter *takes, nn_text_list *names, size_t *left);

/* Appends the paths of all files that the sources stand for, in their order: a folder stands for the files in
 * it that `takes` accepts. A source that does not exist, or a folder without any such file, is an error;
 * `what` names them in it: "IDX files". */
nn_status nn_source_files(const nn_import *import, nn_source_filter *takes, const char *what,
                          nn_text_list *paths);

/* What cannot be looked at is one: listing it then says why not. */
bool nn_source_is_folder(const char *path);
/* Opens a regular file for reading; see nn_file_open. */
nn_status nn_source_open(const char *path, int *descriptor);
/* "folder/name"; *path is owned by the caller. */
nn_status nn_source_join(const char *folder, const char *name, char **path);
/* The name at the end of a path; borrowed from it. */
const char *nn_source_base(const char *path);
/* Whether the text ends so, capital letters or not. */
bool nn_source_ends(const char *text, const char *ending);

/* A part of the data that a name tells of. */
typedef struct nn_source_word {
    const char *part;     /* "train", "validation", "test"; NULL: no word of it */
    size_t begin, length; /* of the word in the name */
} nn_source_word;

/* Finds a word such as test, t10k, train, training or val in a name, where no letter stands before it. */
nn_source_word nn_source_part(const char *name);

/* The table of a part, made when it is not there yet. Its rows must be as many: the failure names `path`, and
 * so it does where only some of the names tell a part. */
nn_status nn_source_table(nn_import *import, const char *path, const char *part, int64_t rows, int *table);

#endif
