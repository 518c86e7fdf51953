#include "draw/diagram.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "draw/svg.h"

#define BOX_WIDTH 264.0
#define BOX_HEIGHT 44.0
#define ROW 66.0 /* from box to box */
#define COLUMN 304.0
#define MARGIN 16.0
#define GROUP 8.0      /* between a frame and its boxes */
#define GROUP_TITLE 20 /* a row whose boxes begin a frame has room for its title */
#define CURVE 26.0     /* how far a curve next to a column goes out, */
#define CURVE_MORE 7.0 /* and more for each row that it skips, */
#define CURVE_MOST 96.0

struct diagram_place {
    int row, column;
    double x, y;
};

/* ---- layout ---- */

static bool diagram_is_taken(const nn_diagram *diagram, int before, int row, int column)
{
    for (int n = 0; n < before; n++)
        if (diagram->places[n].row == row && diagram->places[n].column == column) return true;
    return false;
}

/* Whether an edge of one column passes boxes of it. */
static bool diagram_skips(const nn_diagram *diagram, int from, int to)
{
    const struct diagram_place *a = &diagram->places[from], *b = &diagram->places[to];
    if (a->column != b->column) return false;
    for (int n = 0; n < diagram->node_count; n++) {
        const struct diagram_place *own = &diagram->places[n];
        if (own->column == a->column && own->row > a->row && own->row < b->row) return true;
    }
    return false;
}

static double diagram_bulge(const nn_diagram *diagram, int from, int to)
{
    int rows = diagram->places[to].row - diagram->places[from].row;
    double bulge = CURVE + CURVE_MORE * rows;
    return bulge < CURVE_MOST ? bulge : CURVE_MOST;
}

static void diagram_place_node(const nn_diagram *diagram, int n)
{
    const nn_diagram_node *node = &diagram->nodes[n];
    struct diagram_place *own = &diagram->places[n];
    for (int i = 0; i < node->input_count; i++) {
        const struct diagram_place *input = &diagram->places[node->inputs[i]];
        if (input->row >= own->row) own->row = input->row + 1;
    }
    own->column = node->input_count > 0 ? diagram->places[node->inputs[0]].column : 0;
    while (diagram_is_taken(diagram, n, own->row, own->column)) own->column++;
}

nn_status nn_diagram_lay_out(int node_count, const nn_diagram_node *nodes, int group_count,
                             const nn_diagram_group *groups, nn_diagram *diagram)
{
    *diagram = (nn_diagram){node_count, group_count, nodes, groups, NULL, 0, 0};
    int rows = 0, *titles = NULL;
    double right = 0;
    NN_TRY(NN_ALLOCATE(&diagram->places, node_count + 1, "a diagram"));
    for (int n = 0; n < node_count; n++) {
        diagram_place_node(diagram, n);
        rows = diagram->places[n].row >= rows ? diagram->places[n].row + 1 : rows;
    }
    NN_TRY(NN_ALLOCATE(&titles, rows + 1, "a diagram"));
    for (int g = 0; g < group_count; g++) titles[diagram->places[groups[g].first].row] = 1;
    for (int r = 1; r < rows; r++) titles[r] += titles[r - 1];
    for (int n = 0; n < node_count; n++) {
        struct diagram_place *own = &diagram->places[n];
        own->x = MARGIN + GROUP + COLUMN * own->column;
        own->y = MARGIN + ROW * own->row + GROUP_TITLE * titles[own->row];
        right = own->x + BOX_WIDTH > right ? own->x + BOX_WIDTH : right;
        diagram->height = own->y + BOX_HEIGHT > diagram->height ? own->y + BOX_HEIGHT : diagram->height;
    }
    for (int n = 0; n < node_count; n++)
        for (int i = 0; i < nodes[n].input_count; i++) {
            int from = nodes[n].inputs[i];
            double out = diagram->places[n].x + BOX_WIDTH;
            if (diagram_skips(diagram, from, n)) out += diagram_bulge(diagram, from, n);
            right = out > right ? out : right;
        }
    diagram->width = right + GROUP + MARGIN;
    diagram->height += GROUP + MARGIN;
    nn_free(titles);
    return NN_OK;
}

void nn_diagram_release(nn_diagram *diagram)
{
    nn_free(diagram->places);
    *diagram = (nn_diagram){0};
}

/* ---- drawing ---- */

/* With an arrow's head at its end, pointing down, or to the left. */
static void diagram_append_edge(nn_text *svg, const nn_diagram *diagram, int from, int to)
{
    const struct diagram_place *a = &diagram->places[from], *b = &diagram->places[to];
    nn_text_append(svg, "<path class=\"chart-axis\" fill=\"none\" stroke=\"#222222\" d=\"");
    if (diagram_skips(diagram, from, to)) {
        double x = a->x + BOX_WIDTH, y = b->y + BOX_HEIGHT / 2;
        /* The middle of a Bezier curve goes out by 3/4 of its handles. */
        double out = x + diagram_bulge(diagram, from, to) / 0.75;
        nn_text_append(svg, "M%.6g,%.6gC%.6g,%.6g %.6g,%.6g %.6g,%.6gm5,-4l-5,4l5,4", x,
                       a->y + BOX_HEIGHT / 2, out, a->y + BOX_HEIGHT / 2, out, y, b->x + BOX_WIDTH, y);
    } else {
        double x = a->x + BOX_WIDTH / 2, y = a->y + BOX_HEIGHT, to_x = b->x + BOX_WIDTH / 2;
        if (x == to_x)
            nn_text_append(svg, "M%.6g,%.6gV%.6g", x, y, b->y);
        else
            nn_text_append(svg, "M%.6g,%.6gC%.6g,%.6g %.6g,%.6g %.6g,%.6g", x, y, x, y + ROW - BOX_HEIGHT,
                           to_x, b->y - (ROW - BOX_HEIGHT), to_x, b->y);
        nn_text_append(svg, "m-4,-5l4,5l4,-5");
    }
    nn_text_append(svg, "\"/>\n");
}

static void diagram_append_words(nn_text *svg, double x, double y, const char *more, const char *words)
{
    char start[4 * NN_DIAGRAM_LETTERS + 4];
    size_t letters = 0, bytes = 0;
    while (words[bytes] && bytes + 1 < sizeof start) {
        letters += ((unsigned char)words[bytes] & 0xC0) != 0x80;
        if (letters > NN_DIAGRAM_LETTERS) break;
        bytes++;
    }
    snprintf(start, sizeof start, "%.*s", (int)bytes, words);
    nn_text_append(svg, "<text class=\"chart-text\" x=\"%.6g\" y=\"%.6g\"%s>", x, y, more);
    nn_svg_append_text(svg, start);
    nn_text_append(svg, words[bytes] ? "\xE2\x80\xA6</text>\n" : "</text>\n");
}

static void diagram_append_box(nn_text *svg, const nn_diagram *diagram, int n)
{
    static const char *const colours[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                          "#e69f00", "#56b4e9", "#444444"};
    const nn_diagram_node *node = &diagram->nodes[n];
    const struct diagram_place *own = &diagram->places[n];
    nn_text_append(svg, "<g><title>");
    nn_svg_append_text(svg, node->title);
    nn_text_append(svg, ": ");
    nn_svg_append_text(svg, node->line);
    nn_text_append(svg,
                   "</title><rect class=\"chart-box\" x=\"%.6g\" y=\"%.6g\" width=\"%.6g\" height=\"%.6g\" "
                   "rx=\"4\" fill=\"#ffffff\" stroke=\"#888888\"/>\n",
                   own->x, own->y, BOX_WIDTH, BOX_HEIGHT);
    nn_text_append(svg,
                   "<path class=\"chart-bars chart-colour-%d\" fill=\"%s\" d=\"M%.6g,%.6gh5v%.6gh-5z\"/>\n",
                   node->colour % 7, colours[node->colour % 7], own->x + 4, own->y + 5, BOX_HEIGHT - 10);
    diagram_append_words(svg, own->x + 16, own->y + 18, " font-weight=\"bold\"", node->title);
    diagram_append_words(svg, own->x + 16, own->y + 35, "", node->line);
    nn_text_append(svg, "</g>\n");
}

static void diagram_append_group(nn_text *svg, const nn_diagram *diagram, const nn_diagram_group *group)
{
    double left = 1e9, top = 1e9, right = 0, bottom = 0;
    for (int n = group->first; n < group->first + group->count; n++) {
        const struct diagram_place *own = &diagram->places[n];
        left = own->x < left ? own->x : left;
        top = own->y < top ? own->y : top;
        right = own->x + BOX_WIDTH > right ? own->x + BOX_WIDTH : right;
        bottom = own->y + BOX_HEIGHT > bottom ? own->y + BOX_HEIGHT : bottom;
        for (int i = 0; i < diagram->nodes[n].input_count; i++) {
            int from = diagram->nodes[n].inputs[i];
            double out = own->x + BOX_WIDTH;
            if (from >= group->first && diagram_skips(diagram, from, n))
                out += diagram_bulge(diagram, from, n);
            right = out > right ? out : right;
        }
    }
    nn_text_append(
        svg,
        "<rect class=\"chart-frame\" x=\"%.6g\" y=\"%.6g\" width=\"%.6g\" height=\"%.6g\" rx=\"6\" "
        "fill=\"none\" stroke=\"#888888\" stroke-dasharray=\"5,4\"/>\n",
        left - GROUP, top - GROUP - GROUP_TITLE + 4, right - left + 2 * GROUP,
        bottom - top + 2 * GROUP + GROUP_TITLE - 4);
    diagram_append_words(svg, left, top - 9, "", group->title);
}

void nn_diagram_append(nn_text *svg, const nn_diagram *diagram)
{
    for (int g = 0; g < diagram->group_count; g++) diagram_append_group(svg, diagram, &diagram->groups[g]);
    for (int n = 0; n < diagram->node_count; n++)
        for (int i = 0; i < diagram->nodes[n].input_count; i++)
            diagram_append_edge(svg, diagram, diagram->nodes[n].inputs[i], n);
    for (int n = 0; n < diagram->node_count; n++) diagram_append_box(svg, diagram, n);
}
