/*
 * What a model was saved in: named texts, lists of texts and lists of numbers. There are two kinds,
 * checkpoints (model/checkpoint_archive.h) and files model.nn (model/model_file.h), with the same names in
 * both. Attributes of a checkpoint have names that begin with '@'.
 */
#ifndef NN_MODEL_ARCHIVE_H
#define NN_MODEL_ARCHIVE_H

#include "base/list.h"
#include "model/model.h"

typedef struct nn_archive nn_archive;

typedef struct nn_archive_type {
    bool (*has)(const nn_archive *archive, const char *name);
    bool (*has_group)(const nn_archive *archive, const char *group);
    nn_status (*read_text)(const nn_archive *archive, const char *name, char **text);
    nn_status (*read_names)(const nn_archive *archive, const char *name, nn_text_list *names);
    nn_status (*count)(const nn_archive *archive, const char *name, int64_t *count);
    nn_status (*read)(const nn_archive *archive, const char *name, nn_store_type type, int64_t count,
                      void *values);
} nn_archive_type;

struct nn_archive {
    const nn_archive_type *type;
    const char *path;    /* for messages; borrowed, as is the next */
    void *contents;      /* of the type */
    const char *metrics; /* a YAML list in place of those of its configuration; NULL: these */
};

static inline bool nn_archive_has(const nn_archive *archive, const char *name)
{
    return archive->type->has(archive, name);
}

static inline bool nn_archive_has_group(const nn_archive *archive, const char *group)
{
    return archive->type->has_group(archive, group);
}

/* The caller owns *text. */
static inline nn_status nn_archive_read_text(const nn_archive *archive, const char *name, char **text)
{
    return archive->type->read_text(archive, name, text);
}

/* Appends the texts to a list. */
static inline nn_status nn_archive_read_names(const nn_archive *archive, const char *name,
                                              nn_text_list *names)
{
    return archive->type->read_names(archive, name, names);
}

/* Values of a list of numbers; -1 if it has another number of dimensions than one. */
static inline nn_status nn_archive_count(const nn_archive *archive, const char *name, int64_t *count)
{
    return archive->type->count(archive, name, count);
}

/* Reads a list of exactly `count` numbers, of NN_STORE_I64 or NN_STORE_F64, and verifies its checksum. */
static inline nn_status nn_archive_read(const nn_archive *archive, const char *name, nn_store_type type,
                                        int64_t count, void *values)
{
    return archive->type->read(archive, name, type, count, values);
}

/* ---- archive_model.c, archive_names.c ---- */

/* The precision of the model. */
nn_status nn_archive_get_scalar(const nn_archive *archive, nn_scalar *scalar);

/* Builds the model, owned by the caller, for microbatches of *microbatch samples; 0: becomes that of the run;
 * predicts: with our own products, as nn_model_get_to_predict, and a network that can derive with respect to
 * its input. */
nn_status nn_archive_get_model(const nn_archive *archive, nn_scalar scalar, bool predicts,
                               int64_t *microbatch, nn_model **model);

/* Reads the normalisation of a field: "input" or the group of a target. Release it in any case. */
nn_status nn_archive_get_scaling(const nn_archive *archive, const char *group, nn_scaling *scaling);

/* The group of a head's target; name NULL: the only one. */
#define NN_ARCHIVE_PATH 512
void nn_archive_target_group(const char *name, char group[NN_ARCHIVE_PATH]);

/* Integers saved per field: classes, transform, number of dimensions, extents, outputs, whether the extents
 * are features. */
#define NN_ARCHIVE_FACTS (5 + NN_MAX_DIMENSIONS)
/* Of an input, by place of its last extent, where it has an encoding: see nn_encoding. */
#define NN_ARCHIVE_CATEGORIES "categories"
#define NN_ARCHIVE_UNITS "category_units"
#define NN_ARCHIVE_FILLS "missing_values"
#define NN_ARCHIVE_INDICATES "missing_indicator"
#define NN_ARCHIVE_PRIOR "prior" /* of a target: nn_head.prior */

/* Reads the names of all fields (set: zero-initialised; release it in any case). Without names the set is
 * left empty. */
nn_status nn_archive_get_names(const nn_archive *archive, nn_names_set *set);

/* The names of a field's classes in the form of nn_field.class_names, owned by the caller. NULL: they have no
 * names. */
nn_status nn_archive_class_lines(const nn_names_set *set, int field, char **lines);

/* The dataset of names: those of all fields, and of field KEY. */
#define NN_ARCHIVE_NAMES "names"
#define NN_ARCHIVE_KEYS NN_ARCHIVE_NAMES "/keys"
nn_status nn_archive_names_path(nn_text *path, const char *key, const char *what);

#endif
