/* The fingerprints of weights that a line of metrics.jsonl records (logging.fingerprints):
 * {"line":"fingerprints","step":50,"weights":"0123...","layers":{"dense1":"4567...", ...}}. */
#ifndef NN_DIFF_FINGERPRINTS_H
#define NN_DIFF_FINGERPRINTS_H

#include <stdbool.h>

#include "base/list.h"

#define NN_FINGERPRINTS_LINE "fingerprints"

/* Zero-initialise; may be read into again; release. */
typedef struct nn_fingerprints {
    char weights[32];
    nn_text_list layers, values; /* names, and their fingerprints */
} nn_fingerprints;

/* NN_ERROR_DATA where the line has none. */
nn_status nn_fingerprints_read(const char *text, size_t length, nn_fingerprints *prints);
void nn_fingerprints_release(nn_fingerprints *prints);

/* Appends the layers whose fingerprints differ, or that only one of both has. */
nn_status nn_fingerprints_compare(const nn_fingerprints *a, const nn_fingerprints *b, bool *same,
                                  nn_text_list *layers);

#endif
