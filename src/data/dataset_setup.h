/* What a data set is opened for: the targets that losses need, and what an earlier run knows. */
#ifndef NN_DATA_DATASET_SETUP_H
#define NN_DATA_DATASET_SETUP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/names.h"
#include "base/real.h"
#include "base/shape.h"

/* A target that a loss needs. */
typedef struct nn_target_wanted {
    const char *name; /* of the field; NULL: all targets, joined into one called y */
    bool classes;     /* the loss takes class labels (for kind: auto) */
    bool exclusive;   /* ... of which only one applies at a time, so that they may be one-hot */
    bool counts;      /* the loss needs the class proportions */
    bool unknown;     /* there is no loss: whether the target is a class was not decided */
    const char *loss; /* its name; may be NULL if there is no domain */
    /* The values that the loss accepts; NULL: any. A bounded target is not normalised, and labels are read as
     * values where only values make sense: class probabilities, single probabilities, several yes/no answers.
     */
    const nn_domain *domain;
} nn_target_wanted;

/* What a resumed run or an evaluation already knows about a target, used in place of measuring it. */
typedef struct nn_known_target {
    const nn_scaling *scaling; /* NULL: measured on the train part */
    int64_t classes;           /* 0: the largest label of all parts, plus 1 */
    const nn_shape *absent;    /* sample shape of a target that no file has; NULL: files have it */
} nn_known_target;

/* How the names of an earlier run bind this one. */
typedef enum nn_data_names_use {
    NN_DATA_NAMES_FIXED, /* an unknown name is a problem */
    NN_DATA_NAMES_OPEN,  /* except for classes, which are shown but not scored */
    NN_DATA_NAMES_BEGIN  /* a new run keeps their order as far as its own names allow */
} nn_data_names_use;

/* The normalisation of a field in an earlier run. It is kept if the field has the same shape and column
 * names, and is normalised at all. */
typedef struct nn_known_field {
    const char *key;
    bool input;
    nn_shape shape; /* of a sample */
    nn_scaling scaling;
} nn_known_field;

typedef struct nn_data_known {
    const nn_known_field *fields; /* one per known field; field_count 0: none */
    int field_count;
    bool silent;                         /* do not log which of them are kept */
    const nn_scaling *input;             /* NULL: measured on the train part */
    const nn_known_target *targets;      /* one per target; NULL: nothing is known */
    int64_t steps;                       /* of sequences with lengths of their own; 0: not known */
    const int64_t *indices;              /* per input: its number of indices; NULL: not known */
    const nn_encoding *const *encodings; /* per input; NULL: not known */
    const nn_names_set *names;           /* of columns, classes and categories; NULL: not known */
    const char *names_from;              /* their origin, for messages */
    nn_data_names_use use;
    bool narrow; /* NN_DATA_NAMES_BEGIN: classes are kept only if all are the same */
    /* Every row is a sample, whatever it holds: nothing is checked before it is gathered, an unreadable row
     * reads as 0 (nn_dataset_is_unreadable), and a window may end at the end of its series
     * (nn_dataset_is_beyond). The data is streamed. Inputs may then hold any value. */
    bool lenient;
} nn_data_known;

/* What a data set is opened for. Borrowed during the call. */
typedef struct nn_dataset_setup {
    nn_scalar scalar;      /* type of the values in the network */
    const char *directory; /* relative file names start here */
    uint64_t seed;         /* of the order, the split and the augmentation */
    const nn_target_wanted *wanted;
    int wanted_count;           /* 1 to NN_DATA_FIELDS */
    const nn_data_known *known; /* NULL: nothing is known */
    bool again;                 /* what was logged when the same data was described is not logged again */
} nn_dataset_setup;

#endif
