/* The symbols of a text by their numbers: the names of the classes that a network predicts, or bytes. */
#ifndef NN_MODEL_ALPHABET_H
#define NN_MODEL_ALPHABET_H

#include <stddef.h>
#include <stdio.h>

#include "base/status.h"
#include "base/text.h"

typedef struct nn_alphabet {
    size_t count;
    char *text;     /* the names, one after another; NULL: symbol i is byte i */
    size_t *begins; /* of name i in it; count + 1 entries */
} nn_alphabet;

/* From names, one per line, as nn_predictor_class_names has them; NULL: bytes. */
nn_status nn_alphabet_create(const char *names, size_t count, nn_alphabet *alphabet);
void nn_alphabet_release(nn_alphabet *alphabet);

/* The numbers of the symbols of a text: *symbols is the caller's. Fails for what the alphabet does not have.
 */
nn_status nn_alphabet_read(const nn_alphabet *alphabet, const char *text, size_t **symbols, size_t *count);

/* Appends a symbol to a text; byte 0 becomes U+FFFD. */
void nn_alphabet_append(const nn_alphabet *alphabet, size_t symbol, nn_text *text);
void nn_alphabet_write(const nn_alphabet *alphabet, size_t symbol, FILE *file);

#endif
