/* Text folded to the width of a window, or of a page. */
#ifndef NN_BASE_WRAP_H
#define NN_BASE_WRAP_H

#include "base/text.h"

/* Appends `text`, whose lines that are wider than `columns` are broken between words; a word that is wider
 * stays in one piece, so that paths can be copied. The rest of a line begins below its text: after its
 * indentation, its bullet (- ), or, in a row "name    what it is", below the second column; `hanging` columns
 * further where it has neither. With hanging 0, the rest of a line of prose is joined with the next line of
 * its paragraph. A comment after YAML ("key: value   # comment") moves to a line before it. Lines that are
 * narrow enough stay as they are. */
void nn_wrap(nn_text *wrapped, const char *text, int columns, int hanging);

#endif
