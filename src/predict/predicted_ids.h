/* The values of a dataset at the rows that are predicted, by which they can be joined with other tables. */
#ifndef NN_PREDICT_PREDICTED_IDS_H
#define NN_PREDICT_PREDICTED_IDS_H

#include "train/trained.h"

/* What the dataset holds. */
typedef struct nn_predicted_id {
    const char *option;  /* that names it, for messages; borrowed, as is the next */
    const char *dataset; /* NULL: none is wanted */
    nn_store_type type;  /* I64, F64 or TEXT; U64 where I64 cannot hold it */
    size_t cell;         /* bytes per value; a text is padded with at least one NUL */
} nn_predicted_id;

/* Looks at the dataset in all files of the given parts, and fails where one lacks it, has another type, or
 * has not one value for each row of the data. */
nn_status nn_predicted_id_find(const nn_trained *trained, const bool *parts, nn_predicted_id *id);

/* Whether the dataset in all files of the given parts would be accepted. */
nn_status nn_predicted_id_offered(const nn_trained *trained, const bool *parts, const char *dataset,
                                  bool *offered);

/* Writes a cell for a row that is not there: NaN, the least integer, an empty text; and recognises it. */
void nn_predicted_id_clear(const nn_predicted_id *id, void *cell);
bool nn_predicted_id_is_clear(const nn_predicted_id *id, const void *cell);

/* The file that ids were read from last. Zero-initialise; release in any case. */
typedef struct nn_predicted_ids {
    const char *path; /* borrowed */
    nn_store_file *file;
    nn_store_array *array; /* NULL: texts */
} nn_predicted_ids;
void nn_predicted_ids_release(nn_predicted_ids *ids);

/* Reads rows [first, first + rows) of the dataset in a file, whose path stays valid. */
nn_status nn_predicted_ids_read(nn_predicted_ids *ids, const nn_predicted_id *id, const char *path,
                                int64_t first, int64_t rows, void *cells);

#endif
