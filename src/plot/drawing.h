/* The drawing that `nntrain plot` draws: a panel per metric, in it the curves of all runs. */
#ifndef NN_PLOT_DRAWING_H
#define NN_PLOT_DRAWING_H

#include <stdbool.h>

#include "draw/chart.h"
#include "plot/plotted.h"

typedef struct nn_drawing_request {
    const char *const *runs; /* run directories */
    size_t run_count;
    const char *const *names; /* of the runs, in the legend; NULL: what differs in their paths */
    const char *const *metrics;
    size_t metric_count;
    bool by_step;      /* otherwise by epoch */
    bool log_x, log_y; /* logarithmic axes */
    bool mean;         /* of runs that differ in the seed and the fold alone, with a band */
} nn_drawing_request;

typedef struct nn_panel {
    nn_chart chart;
    nn_curve *curves; /* owned */
    size_t capacity;
} nn_panel;

typedef struct nn_drawing {
    nn_panel *panels; /* owned, one per metric */
    size_t count;
    nn_text description; /* a sentence or two */
    nn_plotted plotted;  /* the runs */
    void **owned;        /* what the curves point to */
    size_t owned_count;
} nn_drawing;

/* Reads the runs and selects their curves. Runs, and metrics of some runs, that are missing are warned about;
 * NN_ERROR_USAGE where no run is left, or where none has a metric. Release in any case. */
nn_status nn_drawing_make(const nn_drawing_request *request, nn_drawing *drawing);
void nn_drawing_release(nn_drawing *drawing);

/* Appends the drawing as an SVG document, `width` pixels wide, each panel without its legend `height` high.
 * title: above it; NULL: none. */
nn_status nn_drawing_append_svg(const nn_drawing *drawing, const char *title, double width, double height,
                                nn_text *svg);

#endif
