/*
 * The series that windows do not cross: a part's rows are cut where data.window.by, starts or by_time say,
 * and where the groups of a split change. A stretch is what lies between two cuts, or a cut and the end of a
 * file. Private to data.
 */
#ifndef NN_DATA_STRETCHES_H
#define NN_DATA_STRETCHES_H

#include "data/source.h"

/* Whether the options cut the rows of files into series. */
bool nn_stretches_given(const nn_data_options *options);

/* Reads the datasets that say so, for a part, and sets source->breaks. Does nothing where rows are samples.
 * One process calls it. */
nn_status nn_stretches_find(const nn_data_options *options, nn_source *source, int part);

/* Logs how many series a part has, and how many windows fewer than if it had none. */
void nn_stretches_tell(const nn_data_options *options, const nn_source *source, int part);

/* One past the last row of the stretch that has this row; whether two rows are in the same one; and its
 * number, counted from 0 over all files. */
int64_t nn_stretches_end(nn_source *source, int64_t row);
bool nn_stretches_same(nn_source *source, int64_t row, int64_t other);
int64_t nn_stretches_number(nn_source *source, int64_t row);

#endif
