/*
 * Option tables: one row an option, from which parsing, checking, help, the resolved configuration and what
 * may change on a resume all follow. Whoever has options owns a table and a plain struct; config fills the
 * struct.
 */
#ifndef NN_BASE_OPTIONS_H
#define NN_BASE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What an option's value is, and the type of its field in the struct. */
typedef enum nn_option_kind {
    NN_OPTION_INTEGER, /* int64_t; text forms 12, 1e6, and the symbols that the reader is given ("classes") */
    NN_OPTION_REAL,    /* double */
    NN_OPTION_BOOLEAN, /* bool; true, false, yes, no, on, off */
    NN_OPTION_CHOICE,  /* int, the index of the word in `choices` */
    NN_OPTION_TEXT,    /* char *, owned by the struct, NULL when not given */
    NN_OPTION_TEXT_LIST,    /* nn_text_list, owned by the struct; a single text is a list of one */
    NN_OPTION_INTEGER_LIST, /* nn_integer_list; a single number is a list of one; `choices`, where given, are
                               words that may stand in place of numbers */
    NN_OPTION_DURATION,     /* nn_duration: "3 epochs", "100 steps", "10 minutes", "5%" of the run; where
                               `choices`     is nn_epochs_only a number alone counts epochs */
    NN_OPTION_SECTION /* not a field: documents a key that the reader handles itself (a nested mapping) */
} nn_option_kind;

/* What a change of the option changes: decides what may differ when a run is resumed. */
typedef enum nn_option_effect {
    NN_EFFECT_RESULT, /* the trained bits */
    NN_EFFECT_EXTENT, /* how far the run goes (epochs): may be changed on resume */
    NN_EFFECT_SPEED,  /* only speed or memory */
    NN_EFFECT_OUTPUT  /* only what is written where */
} nn_option_effect;

typedef enum nn_duration_unit {
    NN_DURATION_NONE,
    NN_DURATION_EPOCHS,
    NN_DURATION_STEPS,
    NN_DURATION_SECONDS, /* from seconds, minutes, hours */
    NN_DURATION_FRACTION /* of the whole run, from percent */
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
    int count;  /* 0: a word stands here, or nothing is given */
    int choice; /* the index of the word in `choices`, where count is 0 */
    int64_t items[NN_INTEGER_LIST_MAX];
} nn_integer_list;

typedef struct nn_option {
    const char *name; /* NULL ends a table */
    nn_option_kind kind;
    size_t offset;              /* of the field: offsetof(struct, field) */
    const char *default_value;  /* as it would be written in YAML; NULL: required; "": not given */
    double minimum, maximum;    /* inclusive, for INTEGER, REAL, amounts; both 0: no limits */
    const char *const *choices; /* NULL-terminated, for CHOICE and INTEGER_LIST; units of a DURATION */
    nn_option_effect effect;
    const char *help; /* one line, with the unit */
} nn_option;

/* The `choices` of a duration: the units that it is meant to be in, which messages offer; NULL: all. Whether
 * one in another unit is refused is up to who reads the struct. */
extern const char *const nn_epochs_only[];
extern const char *const nn_units_of_steps[]; /* epochs, steps, %: a number of steps, on any machine */

/* Releases the texts and lists that a filled struct owns, and zeroes those fields. */
void nn_options_release(const nn_option *table, void *options);

/* A name that stands for a number where the reader knows it: {"classes", 10}; its value is NN_SYMBOL_UNKNOWN
 * where the number follows from data that is not open yet. */
#define NN_SYMBOL_UNKNOWN INT64_MIN
#define NN_SYMBOL_SAME (INT64_MIN + 1) /* "same": as many as the layer's input has in its last dimension */
typedef struct nn_symbol {
    const char *name; /* NULL ends a list */
    int64_t value;
} nn_symbol;

#endif
