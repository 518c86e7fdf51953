/*
 * Names in the files of a data set (base/names.h), and what follows where files number their classes and
 * categories, or order their columns, in different ways: the data set has one list of each, and what is read
 * from a file is mapped to it by name. Private to data.
 */
#ifndef NN_DATA_NAMING_H
#define NN_DATA_NAMING_H

#include "data/dataset_internal.h"
#include "data/request.h"

/* Reads the names of a field of a file that is open and described. */
nn_status nn_piece_read_names(nn_source *source, nn_piece *piece, int which, const nn_data_options *options);

/* Those of a file, which may be those of the first one. */
const nn_names *nn_naming_of_piece(const nn_source *source, int piece, int which);

/* Fails, saying what is there, unless the first file has the list that the configuration names. */
nn_status nn_naming_require(nn_source *source, int which, const char *told);

/* Whether the values of a field are numbers of an index. */
bool nn_naming_is_index(const nn_data_options *options, const nn_source *source, int which);

/*
 * Settles the names of every field: those that are known, else those of the first part's files, joined in the
 * order in which they come; then finds out how each file's numbers become those. A column, class or category
 * that the list lacks is a problem which shows both lists. A file without names is taken as it stands, with a
 * warning of what that means.
 */
void nn_naming_settle(nn_dataset *dataset, const nn_data_request *request, nn_problems *problems);

/* Its first half: the list of field v, into dataset->names. */
nn_status nn_naming_learn(nn_dataset *dataset, const nn_data_request *request, int v);

#endif
