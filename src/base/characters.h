/* Characters in UTF-8 (RFC 3629: no overlong forms, no surrogates). */
#ifndef NN_BASE_CHARACTERS_H
#define NN_BASE_CHARACTERS_H

#include <stdint.h>

#define NN_CHARACTERS 0x110000 /* code points are below this */
#define NN_CHARACTER_SIZE 5    /* bytes of a character, and NUL */

/* The length of the character at `bytes`, a C string that has not ended; 0: it is invalid. */
int nn_character_length(const char *bytes);
/* The code point of a valid character of this length. */
int32_t nn_character_code(const char *bytes, int length);
/* Writes a character, and NUL. */
void nn_character_write(int32_t code, char bytes[NN_CHARACTER_SIZE]);

#endif
