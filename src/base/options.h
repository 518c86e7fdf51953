/*
 * Option tables: one row per option, which determines parsing, checking, help, the resolved configuration,
 * and what may change on resume. Code with options defines a table and a plain struct; config fills the
 * struct.
 */
#ifndef NN_BASE_OPTIONS_H
#define NN_BASE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/* The kind of an option's value, and the type of its field in the struct. */
typedef enum nn_option_kind {
    NN_OPTION_INTEGER,   /* int64_t; texts such as 12, 1e6, and the symbols given to the reader ("classes") */
    NN_OPTION_REAL,      /* double */
    NN_OPTION_BOOLEAN,   /* bool; true, false, yes, no, on, off */
    NN_OPTION_CHOICE,    /* int, the index of the word in `choices` */
    NN_OPTION_TEXT,      /* char *, owned by the struct, NULL when not given */
    NN_OPTION_TEXT_LIST, /* nn_text_list, owned by the struct; a single text is a list of one */
    NN_OPTION_INTEGER_LIST, /* nn_integer_list; a single number is a list of one; `choices`, if given, are
                               words allowed in place of numbers */
    NN_OPTION_DURATION, /* nn_duration: "3 epochs", "100 steps", "10 minutes", "5%" of the run; if `choices`
                           is nn_units_of_validations, a bare number counts validations */
    NN_OPTION_SECTION   /* not a field: documents a key that the reader handles itself (a nested mapping) */
} nn_option_kind;

/* What an option affects: decides what may differ when a run is resumed. */
typedef enum nn_option_effect {
    NN_EFFECT_RESULT, /* the trained bits */
    NN_EFFECT_EXTENT, /* the length of the run (epochs): may change on resume */
    NN_EFFECT_SPEED,  /* only speed or memory */
    NN_EFFECT_OUTPUT  /* only what is written, and where */
} nn_option_effect;

typedef enum nn_duration_unit {
    NN_DURATION_NONE,
    NN_DURATION_EPOCHS,
    NN_DURATION_STEPS,
    NN_DURATION_SECONDS,  /* from seconds, minutes, hours, days */
    NN_DURATION_FRACTION, /* of the entire run, from percent */
    NN_DURATION_VALIDATIONS
} nn_duration_unit;

typedef struct nn_duration {
    double amount;
    nn_duration_unit unit;
} nn_duration;

typedef struct nn_text_list {
    char **items;
    size_t count;
} nn_text_list;

/* A few numbers, such as the two extents of a kernel. */
#define NN_INTEGER_LIST_MAX 8
typedef struct nn_integer_list {
    int count;  /* 0: a word is given, or nothing */
    int choice; /* index of the word in `choices`, if count is 0 */
    int64_t items[NN_INTEGER_LIST_MAX];
} nn_integer_list;

typedef struct nn_option {
    const char *name; /* NULL ends a table */
    nn_option_kind kind;
    size_t offset;              /* of the field: offsetof(struct, field) */
    const char *default_value;  /* as written in YAML; NULL: required; "": not given */
    double minimum, maximum;    /* inclusive, for INTEGER, REAL, amounts; both 0: no limits */
    const char *const *choices; /* NULL-terminated, for CHOICE and INTEGER_LIST; units of a DURATION */
    nn_option_effect effect;
    const char *help; /* one line, with the unit */
} nn_option;

/* `choices` of a duration: the intended units, which messages suggest; NULL: all. The reader of the struct
 * decides whether other units are refused. */
extern const char *const nn_units_of_validations[]; /* validations, and epochs where each has one */
extern const char *const nn_units_of_intervals[];   /* steps, epochs */
extern const char
    *const nn_units_of_steps[]; /* epochs, steps, %: a number of steps, the same on every machine */

/* Appends a filled struct as a JSON object: every option of the table but sections, with its value. A text
 * that is not given is null; numbers have enough digits to restore their bits. */
void nn_options_append_json(const nn_option *table, const void *options, nn_text *text);

/* Releases the texts and lists owned by a filled struct, and zeroes those fields. */
void nn_options_release(const nn_option *table, void *options);

/* A name that represents a number known to the reader: {"classes", 10}; the value is NN_SYMBOL_UNKNOWN if the
 * number depends on data that is not open yet. */
#define NN_SYMBOL_UNKNOWN INT64_MIN
#define NN_SYMBOL_SAME (INT64_MIN + 1) /* "same": the size of the last dimension of the layer's input */
typedef struct nn_symbol {
    const char *name; /* NULL ends a list */
    int64_t value;
} nn_symbol;

#endif
