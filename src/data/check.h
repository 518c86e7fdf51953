/* What can only be seen in the values themselves. Private to data. */
#ifndef NN_DATA_CHECK_H
#define NN_DATA_CHECK_H

#include "data/source.h"

#define nn_check_content NN_REAL_SYMBOL(nn_check_content)

/* Values must be finite, and labels be whole numbers from 0 up; the ranks look at a share each. What is wrong
 * is collected on all ranks alike. *classes: when not 0, labels must be below; when 0, becomes the largest
 * label + 1. Collective. */
nn_status nn_check_content(nn_comm *comm, const nn_source *sources, bool labels, int64_t *classes,
                           nn_problems *problems);

#endif
