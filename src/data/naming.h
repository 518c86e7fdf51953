/* Names in the files of a data set (base/names.h). Files may number their classes and categories, or order
 * their columns, differently: the data set has one list of each, and what is read from a file is mapped to it
 * by name. Private to data. */
#ifndef NN_DATA_NAMING_H
#define NN_DATA_NAMING_H

#include "data/dataset_internal.h"
#include "data/request.h"

/* Reads the names that an open, described file has for a field. */
nn_status nn_piece_read_names(nn_source *source, nn_piece *piece, int which, const nn_data_options *options);

/* The names of a file, which may be those of the first file. Borrowed. */
const nn_names *nn_naming_of_piece(const nn_source *source, int piece, int which);

/* Fails unless the first file has the list of names at path `path`, which the configuration gives; the
 * message says what the file has. */
nn_status nn_naming_require(nn_source *source, int which, const char *path);

/* Whether a field is an input of indices. */
bool nn_naming_is_index(const nn_data_options *options, const nn_source *source, int which);

/*
 * Settles the names of every field: the known ones, otherwise those of the first part's files, merged in
 * order of appearance. Then maps each file's numbers to them. A column, class or category that the list lacks
 * is a problem, and the message shows both lists. A file without names is read as it is, with a warning that
 * says what this assumes.
 */
void nn_naming_settle(nn_dataset *dataset, const nn_data_request *request, nn_problems *problems);

/* Its first half: stores the names of field v in dataset->names. */
nn_status nn_naming_learn(nn_dataset *dataset, const nn_data_request *request, int v);

#endif
