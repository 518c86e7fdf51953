/* Masks: PNG images whose pixels are numbers or colours of classes. Private to import. */
#ifndef NN_IMPORT_IMAGE_MASK_H
#define NN_IMPORT_IMAGE_MASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "import/image.h"

/* What the pixels of a mask are. */
typedef enum nn_mask_kind {
    NN_MASK_GREY,   /* grey values as stored, of 1 to 16 bits */
    NN_MASK_INDEX,  /* numbers of colours in a palette */
    NN_MASK_COLOUR, /* 0xrrggbb */
} nn_mask_kind;

#define NN_MASK_PALETTE 256

/* Row-major. Zero-initialise; reading another mask reuses the memory. */
typedef struct nn_mask {
    nn_mask_kind kind;
    int64_t height, width;
    uint32_t *values;
    size_t capacity;
    int colours;                       /* of NN_MASK_INDEX: how many are in the palette, */
    uint32_t palette[NN_MASK_PALETTE]; /* and which, 0xrrggbb */
} nn_mask;

void nn_mask_release(nn_mask *mask);

/* Reads a PNG file exactly as it is stored. `colours`: pixels of a palette and grey ones are delivered as
 * colours. Transparent pixels, and files other than PNG, are errors that name the file: lossy compression
 * changes the numbers. */
nn_status nn_mask_read(const char *path, bool colours, nn_mask *mask);

/* Writes a value as people do: 7, or #00ff00. */
#define NN_MASK_VALUE_TEXT 16
const char *nn_mask_value_text(char text[NN_MASK_VALUE_TEXT], nn_mask_kind kind, uint32_t value);

/* Reads what nn_mask_value_text writes; false: the text is not a value. */
bool nn_mask_value_parse(const char *text, nn_mask_kind kind, uint32_t *value);

/* The different values of several masks, in order of their numbers. */
#define NN_MASK_VALUES 256
typedef struct nn_mask_values {
    nn_mask_kind kind;
    bool any; /* `kind` is that of a mask; later ones must be of the same */
    size_t count;
    uint32_t values[NN_MASK_VALUES];
    uint32_t colours[NN_MASK_VALUES]; /* in the palette, of NN_MASK_INDEX */
    int64_t pixels[NN_MASK_VALUES], images[NN_MASK_VALUES];
} nn_mask_values;

/* Place of a value, or -1. */
int nn_mask_values_find(const nn_mask_values *values, uint32_t value);

/* Takes note of a mask. Refused: more values than there is room for, another kind than that of the masks
 * before, and a palette whose numbers are other colours. */
nn_status nn_mask_values_meet(nn_mask_values *values, const nn_mask *mask);

#endif
