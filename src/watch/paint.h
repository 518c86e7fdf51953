/* A full-screen display: lines that are painted over the last ones, byte for byte only where they differ. */
#ifndef NN_WATCH_PAINT_H
#define NN_WATCH_PAINT_H

#include <stdbool.h>

#include "base/text.h"

typedef enum nn_painter_event {
    NN_PAINTER_TIME, /* it is time to look again */
    NN_PAINTER_RESIZED,
    NN_PAINTER_KEY,
    NN_PAINTER_QUIT /* q, Ctrl-C, a signal that ends the program, or the terminal is gone */
} nn_painter_event;

/* Takes the terminal of standard output and input: another screen, no cursor, keys at once. It is given back
 * by nn_painter_end, and while the program is suspended (Ctrl-Z). */
void nn_painter_begin(void);
void nn_painter_end(void);

/* Paints the lines of `text`, those that fit. */
void nn_painter_show(const char *text);

/* Waits up to `seconds`; *key: the character that was typed. */
nn_painter_event nn_painter_wait(double seconds, char *key);

/* Appends to `bytes` what turns the screen from `before` into `after`: sequences of lines, without the last
 * line feed. For nn_painter_show, and tests. */
void nn_painter_differ(const char *before, const char *after, int columns, int lines, nn_text *bytes);

#endif
