/* What the main file of a checkpoint in several files says about the others. */
#ifndef NN_STORE_SHARDED_NAMES_H
#define NN_STORE_SHARDED_NAMES_H

#include "base/shape.h"

#define NN_SHARDED_FACTS "shards/step_and_values"
#define NN_SHARDED_FOLDER "shards/folder"
#define NN_SHARDED_FILES "shards/files" /* per shard: */
#define NN_SHARDED_COLUMNS 4            /* begin, end, size, seal */
#define NN_SHARDED_GROUPS "shards/groups"
#define NN_SHARDED_TENSORS "shards/tensors"      /* names */
#define NN_SHARDED_SHAPES "shards/shapes"        /* per tensor: */
#define NN_SHARDED_SHAPE (2 + NN_MAX_DIMENSIONS) /* begin, number of dimensions, extents */

#endif
