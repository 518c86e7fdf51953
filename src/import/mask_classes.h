/* The classes that the values of masks mean. Private to import. */
#ifndef NN_IMPORT_MASK_CLASSES_H
#define NN_IMPORT_MASK_CLASSES_H

#include "import/image_mask.h"
#include "import/importer.h"

typedef struct nn_mask_class_options {
    nn_text_list classes; /* names in order of the values, or VALUE=NAME */
    nn_text_list ignore;  /* values that mean no class */
    int palette;
} nn_mask_class_options;

enum { NN_MASK_PALETTE_NUMBER, NN_MASK_PALETTE_COLOUR };
extern const char *const nn_mask_palette_choices[];

/* The rows of their option table; `at` is the offset of the nn_mask_class_options in the importer's options.
 */
#define NN_MASK_CLASS_OPTION(at, name, kind, field, value, choices, help)                                    \
    {                                                                                                        \
        name, kind, (at) + offsetof(nn_mask_class_options, field), value, 0, 0, choices, NN_EFFECT_RESULT,   \
            help                                                                                             \
    }
#define NN_MASK_CLASS_OPTION_ROWS(at)                                                                        \
    NN_MASK_CLASS_OPTION(at, "classes", NN_OPTION_TEXT_LIST, classes, "", NULL,                              \
                         "names of the classes, in order of their values in the masks, or with them: "       \
                         "--classes 0=background,255=cell, '#ff0000=road' (default: the values)"),           \
        NN_MASK_CLASS_OPTION(at, "ignore", NN_OPTION_TEXT_LIST, ignore, "", NULL,                            \
                             "values of pixels without a class, such as borders: --ignore 255; they "        \
                             "become 255 in y, for data.fields.y.ignored_label"),                            \
        NN_MASK_CLASS_OPTION(at, "palette", NN_OPTION_CHOICE, palette, "number", nn_mask_palette_choices,    \
                             "what a mask with a palette means: the numbers of its colours, or the colours")

#define NN_MASK_IGNORED 255 /* in y */

typedef struct nn_mask_classes {
    const nn_mask_class_options *options; /* borrowed */
    nn_mask_values found;
    int codes[NN_MASK_VALUES]; /* of found.values */
    nn_text_list names;        /* by code */
    bool ignores;              /* a value of --ignore occurs */
    unsigned char outside;     /* code of pixels outside a mask */
    int background;            /* code of value 0 or black; -1: no class has it */
} nn_mask_classes;

/* Zero-initialise, begin, meet every mask, settle; then describe, code and report. */
void nn_mask_classes_begin(nn_mask_classes *classes, const nn_mask_class_options *options);
void nn_mask_classes_release(nn_mask_classes *classes);

/* Takes note of a mask's values. */
nn_status nn_mask_classes_meet(nn_mask_classes *classes, const nn_mask *mask);

/* Numbers the classes, from the options, an earlier import or the values found. */
nn_status nn_mask_classes_settle(nn_mask_classes *classes, const nn_import *import);

/* Decides which class fills the room around a mask, if it may be needed. */
nn_status nn_mask_classes_check_pad(nn_mask_classes *classes, bool needed);

/* Makes `field` a label with these classes. */
nn_status nn_mask_classes_describe(const nn_mask_classes *classes, nn_import_field *field);

/* Writes the code of each pixel; false: a value was not met before. */
bool nn_mask_classes_code(const nn_mask_classes *classes, const nn_mask *mask, unsigned char *codes);

/* Appends a table of the values for the user. */
void nn_mask_classes_append_report(const nn_mask_classes *classes, nn_text *text);

#endif
