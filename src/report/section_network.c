/* The network as a graph, and as a table of its layers. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "draw/chart.h"
#include "draw/diagram.h"
#include "report/repeats.h"
#include "report/section.h"

#define NETWORK_LAYERS 30 /* a network with more is shown with repeated layers once */
#define NETWORK_MOST 400  /* and one with more boxes than this is only a table */
#define NETWORK_WORDS 160

/* A box of the drawing. */
typedef struct network_box {
    char title[NETWORK_WORDS], line[NETWORK_WORDS];
} network_box;

typedef struct network_drawing {
    nn_repeat *repeats;
    int repeat_count;
    int *box_of; /* by layer; -1: not drawn, being a repetition */
    int box_count;
    nn_diagram_node *nodes;
    network_box *boxes;
    int *inputs; /* of all boxes */
    nn_diagram_group *groups;
    char (*titles)[NETWORK_WORDS]; /* of groups */
} network_drawing;

/* ---- what is said of a layer ---- */

static void network_append_shape(const nn_shape *shape, nn_text *text)
{
    if (shape->dimensions == 0) nn_text_append(text, "1");
    for (int d = 0; d < shape->dimensions; d++)
        nn_text_append(text, "%s%lld", d > 0 ? " x " : "", (long long)shape->extents[d]);
}

static int64_t network_parameters(const nn_description *description, int l)
{
    int64_t count = 0;
    if (description->layers[l].shares != l) return 0;
    for (int t = 0; t < description->layers[l].tensor_count; t++)
        count += nn_shape_count(description->layers[l].tensors[t].shape);
    return count;
}

/* "relu, 3 x 3": what distinguishes layers of a type. */
static void network_append_details(const nn_described_layer *layer, nn_text *text)
{
    const char *activation = nn_described_word(layer, "activation");
    size_t begin = text->length;
    for (int d = 0; d < layer->windows.dimensions; d++)
        nn_text_append(text, "%s%lld", d > 0 ? " x " : "", (long long)layer->windows.kernel[d]);
    if (activation && strcmp(activation, "none") != 0)
        nn_text_append(text, "%s%s", text->length > begin ? ", " : "", activation);
}

/* "layer_norm: 36 x 16, 32 parameters", without the type where the name says it. */
static void network_line(const nn_description *description, int l, char line[NETWORK_WORDS])
{
    nn_text text = {0}, details = {0};
    const nn_described_layer *layer = &description->layers[l];
    int64_t parameters = network_parameters(description, l);
    bool says = strncmp(layer->name, layer->type, strlen(layer->type)) == 0;
    network_append_details(layer, &details);
    nn_text_append(&text, "%s%s%s", says ? "" : layer->type, says || details.length == 0 ? "" : " ",
                   details.bytes ? details.bytes : "");
    if (text.length > 0) nn_text_append(&text, ": ");
    network_append_shape(&layer->shape, &text);
    if (layer->shares != l)
        nn_text_append(&text, ", weights of %.60s", description->layers[layer->shares].name);
    else if (parameters > 0)
        nn_text_append(&text, ", %lld parameter%s", (long long)parameters, parameters == 1 ? "" : "s");
    snprintf(line, NETWORK_WORDS, "%.150s", text.bytes ? text.bytes : "");
    nn_text_free(&text);
    nn_text_free(&details);
}

/* By the kind of computation. */
static int network_colour(const nn_description *description, int l)
{
    const nn_described_layer *layer = &description->layers[l];
    static const char *const merges[] = {"add", "concat", "multiply"};
    for (size_t i = 0; i < sizeof merges / sizeof *merges; i++)
        if (strcmp(layer->type, merges[i]) == 0) return 1;
    if (l == 0) return 4;
    if (strstr(layer->type, "norm")) return 3;
    return layer->tensor_count > 0 ? 0 : 6;
}

/* ---- boxes ---- */

static nn_status network_allocate(const nn_description *description, network_drawing *drawing)
{
    int64_t inputs = 0, layers = description->layer_count;
    for (int l = 0; l < description->layer_count; l++) inputs += description->layers[l].input_count;
    NN_TRY(NN_ALLOCATE(&drawing->repeats, layers, "the drawing of a network"));
    NN_TRY(NN_ALLOCATE(&drawing->box_of, layers, "the drawing of a network"));
    NN_TRY(NN_ALLOCATE(&drawing->nodes, layers, "the drawing of a network"));
    NN_TRY(NN_ALLOCATE(&drawing->boxes, layers, "the drawing of a network"));
    NN_TRY(NN_ALLOCATE(&drawing->inputs, inputs + 1, "the drawing of a network"));
    NN_TRY(NN_ALLOCATE(&drawing->groups, layers, "the drawing of a network"));
    return nn_allocate((void **)&drawing->titles, (size_t)layers, sizeof *drawing->titles,
                       "the drawing of a network");
}

static void network_release(network_drawing *drawing)
{
    nn_free(drawing->repeats);
    nn_free(drawing->box_of);
    nn_free(drawing->nodes);
    nn_free(drawing->boxes);
    nn_free(drawing->inputs);
    nn_free(drawing->groups);
    nn_free(drawing->titles);
}

/* Of a repeated stretch the first is drawn, in place of the last: what follows reads its boxes. */
static void network_choose(const nn_description *description, network_drawing *drawing)
{
    int r = 0;
    for (int l = 0; l < description->layer_count; l++) {
        while (r < drawing->repeat_count &&
               l >= drawing->repeats[r].first + drawing->repeats[r].period * drawing->repeats[r].times)
            r++;
        const nn_repeat *repeat = r < drawing->repeat_count ? &drawing->repeats[r] : NULL;
        if (repeat && l >= repeat->first + repeat->period)
            drawing->box_of[l] = -1 - drawing->box_of[repeat->first + (l - repeat->first) % repeat->period];
        else
            drawing->box_of[l] = drawing->box_count++;
    }
}

static void network_fill(const nn_description *description, network_drawing *drawing)
{
    int *next = drawing->inputs;
    for (int l = 0; l < description->layer_count; l++) {
        const nn_described_layer *layer = &description->layers[l];
        int b = drawing->box_of[l];
        if (b < 0) continue;
        snprintf(drawing->boxes[b].title, NETWORK_WORDS, "%.150s", layer->name);
        network_line(description, l, drawing->boxes[b].line);
        drawing->nodes[b] = (nn_diagram_node){drawing->boxes[b].title, drawing->boxes[b].line,
                                              network_colour(description, l), layer->input_count, next};
        for (int i = 0; i < layer->input_count; i++) {
            int box = drawing->box_of[layer->inputs[i]];
            *next++ = box < 0 ? -1 - box : box;
        }
    }
    for (int r = 0; r < drawing->repeat_count; r++) {
        const nn_repeat *repeat = &drawing->repeats[r];
        snprintf(drawing->titles[r], NETWORK_WORDS, "%d times", repeat->times);
        drawing->groups[r] =
            (nn_diagram_group){drawing->box_of[repeat->first], repeat->period, drawing->titles[r]};
    }
}

static nn_status network_draw(const nn_description *description, nn_html *page)
{
    network_drawing drawing = {0};
    nn_diagram diagram = {0};
    nn_status status = network_allocate(description, &drawing);
    if (status == NN_OK && description->layer_count > NETWORK_LAYERS)
        status = nn_repeats_find(description, 2, drawing.repeats, &drawing.repeat_count);
    if (status != NN_OK) goto done;
    network_choose(description, &drawing);
    if (drawing.box_count > NETWORK_MOST) {
        nn_html_paragraph(page,
                          "There are too many different layers to be drawn; the table has all of them.");
        goto done;
    }
    network_fill(description, &drawing);
    NN_TRY_TO(
        done, status,
        nn_diagram_lay_out(drawing.box_count, drawing.nodes, drawing.repeat_count, drawing.groups, &diagram));
    nn_html_figure_begin(page,
                         drawing.repeat_count > 0
                             ? "The network, from its input to its output; repeated layers are drawn once"
                             : "The network, from its input to its output");
    nn_html_append(page, "<div class=\"natural\">");
    nn_chart_begin(&page->text, diagram.width, diagram.height, "The network as a graph",
                   "One box for each layer, below those that it reads; the table of layers has the same");
    nn_diagram_append(&page->text, &diagram);
    nn_chart_end(&page->text);
    nn_html_append(page, "</div>");
    nn_html_figure_end(page, false);
done:
    nn_diagram_release(&diagram);
    network_release(&drawing);
    return status;
}

/* ---- the table ---- */

static void network_row(const nn_description *description, int l, nn_html *page)
{
    const nn_described_layer *layer = &description->layers[l];
    nn_text shape = {0}, inputs = {0}, details = {0};
    network_append_shape(&layer->shape, &shape);
    network_append_details(layer, &details);
    for (int i = 0; i < layer->input_count; i++)
        nn_text_append(&inputs, "%s%s", i > 0 ? ", " : "", description->layers[layer->inputs[i]].name);
    nn_html_row_begin(page, false);
    nn_html_row_name(page, layer->name);
    nn_html_cell(page, "%s", layer->type);
    nn_html_cell(page, "%s", details.bytes ? details.bytes : "");
    nn_html_cell(page, "%s", inputs.bytes ? inputs.bytes : "");
    nn_html_cell(page, "%s", shape.bytes ? shape.bytes : "");
    if (layer->shares != l)
        nn_html_cell(page, "those of %s", description->layers[layer->shares].name);
    else
        nn_html_cell_integer(page, network_parameters(description, l));
    nn_html_row_end(page);
    nn_text_free(&shape);
    nn_text_free(&inputs);
    nn_text_free(&details);
}

static void network_table(const nn_description *description, nn_html *page)
{
    static const nn_html_column columns[] = {{"layer", false}, {"type", false},         {"options", false},
                                             {"reads", false}, {"output shape", false}, {"parameters", true}};
    nn_html_append(page, "<details><summary>Layers as a table</summary>\n");
    nn_html_table_begin(page, "Layers of the network", true, sizeof columns / sizeof *columns, columns);
    for (int l = 0; l < description->layer_count; l++) network_row(description, l, page);
    nn_html_table_end(page);
    nn_html_append(page, "</details>\n");
}

static nn_status network_append(const nn_report *report, nn_html *page)
{
    const nn_report_run *run = &report->runs[0];
    nn_description *description = NULL;
    int64_t parameters = 0;
    if (!run->newest.file) {
        nn_section_no_checkpoint(run, "The network is", page);
        return NN_OK;
    }
    nn_status status = nn_description_create(run->newest.file, &description);
    if (status == NN_ERROR_MEMORY) return status;
    if (status != NN_OK) {
        nn_html_missing(page, "The network is not shown: %s", nn_error_text());
        nn_error_clear();
        return NN_OK;
    }
    for (int l = 0; l < description->layer_count; l++) parameters += network_parameters(description, l);
    nn_html_paragraph(page, "%d layers, %lld parameters, %s.", description->layer_count,
                      (long long)parameters, description->precision);
    status = network_draw(description, page);
    if (status == NN_OK) network_table(description, page);
    nn_description_destroy(description);
    return status;
}

const nn_section nn_section_network = {
    .id = "network", .title = "Network", .scope = NN_SECTION_ONE, .append = network_append};
