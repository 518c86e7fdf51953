/* A run in words and curves, for a window. */
#ifndef NN_WATCH_SCENE_H
#define NN_WATCH_SCENE_H

#include "watch/look.h"
#include "watch/records.h"

typedef struct nn_scene {
    const char *directory;
    const nn_look *look;
    const nn_records *records;
    const char *problem; /* why it cannot be read at present; NULL: it can */
    time_t now;
    int columns, lines;
    bool ascii; /* no Unicode */
    int curve;  /* which is shown first: 0 is the loss; others in the order of the file, over and over */
} nn_scene;

/* Appends all of it, at most columns x lines, where there is room for that. */
void nn_scene_append(const nn_scene *scene, nn_text *text);

/* Appends one line, without its line feed: how the run is, such as "runs/a: running for 12 s on n1, begun".
 */
void nn_scene_append_phase(const nn_scene *scene, nn_text *text);

/* Appends one line about the last line of the records: "epoch 3/30: train loss 0.5; validation loss 0.6";
 * nothing if it is one by step. */
void nn_scene_append_record(const nn_scene *scene, nn_text *text);

/* Appends one line on the health of the run, or nothing if there is nothing to report. */
void nn_scene_append_health(const nn_scene *scene, nn_text *text);

#endif
