/* An earlier import whose names of columns, classes and categories a new one takes over. Private to
 * import. */
#ifndef NN_IMPORT_LIKE_H
#define NN_IMPORT_LIKE_H

#include "import/importer.h"

typedef struct nn_import_like nn_import_like;

/* Opens the file; the caller owns *like. */
nn_status nn_import_like_open(const char *path, nn_import_like **like);
void nn_import_like_close(nn_import_like *like); /* accepts NULL */
const char *nn_import_like_path(const nn_import_like *like);

/* Appends copies of the names in a dataset; none if there is no such dataset, or if like is NULL. */
nn_status nn_import_like_names(const nn_import_like *like, const char *dataset, nn_text_list *names);

/* What the field's dataset holds (FIELD, or that of a part: FIELD_train, ...). False: there is none. The
 * shape is that of a row. */
typedef struct nn_import_like_field {
    nn_store_type type;
    nn_shape shape;
} nn_import_like_field;
bool nn_import_like_find(const nn_import_like *like, const char *field, nn_import_like_field *found);

/* Refuses fields that differ from those of the earlier import: in shape, in labels versus values, in lists of
 * names. Fields without names get the earlier ones. To be called once the importer has opened its sources;
 * does nothing without `like`. */
nn_status nn_import_like_check(nn_import *import);

#endif
