/* A matrix of counts as a heat map: the darker a cell, the larger its share of its row; the count is in it.
 */
#ifndef NN_DRAW_HEAT_MAP_H
#define NN_DRAW_HEAT_MAP_H

#include "base/text.h"

typedef struct nn_heat_map {
    size_t rows, columns;
    const double *values;                               /* rows x columns, not negative */
    const char *const *row_names, *const *column_names; /* long ones are cut */
    const char *row_title, *column_title;
} nn_heat_map;

/* What it needs, in pixels. */
void nn_heat_map_size(const nn_heat_map *map, double *width, double *height);

/* Appends it, with its corner at the origin, between nn_chart_begin and nn_chart_end (draw/chart.h). */
void nn_heat_map_append(nn_text *svg, const nn_heat_map *map);

#endif
