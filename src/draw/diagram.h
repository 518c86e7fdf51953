/*
 * A directed acyclic graph as boxes from top to bottom: each box is below all that it reads, in the column of
 * the first of them where that is free. What skips boxes of its own column is a curve on their right.
 */
#ifndef NN_DRAW_DIAGRAM_H
#define NN_DRAW_DIAGRAM_H

#include "base/text.h"

#define NN_DIAGRAM_LETTERS 42 /* of a line in a box that are shown */

typedef struct nn_diagram_node {
    const char *title, *line; /* line: below the title; all of both is the box's tooltip */
    int colour;               /* of its left edge: nn_chart_begin's */
    int input_count;
    const int *inputs; /* indices of boxes before it */
} nn_diagram_node;

/* A frame around successive boxes. */
typedef struct nn_diagram_group {
    int first, count;
    const char *title;
} nn_diagram_group;

typedef struct nn_diagram {
    int node_count, group_count;
    const nn_diagram_node *nodes; /* borrowed, as are the groups */
    const nn_diagram_group *groups;
    struct diagram_place *places; /* owned */
    double width, height;         /* in pixels */
} nn_diagram;

/* Lays out the boxes; release in any case. */
nn_status nn_diagram_lay_out(int node_count, const nn_diagram_node *nodes, int group_count,
                             const nn_diagram_group *groups, nn_diagram *diagram);
void nn_diagram_release(nn_diagram *diagram);

/* Appends it, with its corner at the origin, between nn_chart_begin and nn_chart_end (draw/chart.h). */
void nn_diagram_append(nn_text *svg, const nn_diagram *diagram);

#endif
