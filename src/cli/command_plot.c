/* nntrain plot RUN_DIR... METRIC... -o curve.svg */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/memory.h"
#include "cli/command.h"
#include "draw/terminal_plot.h"
#include "host/files.h"
#include "plot/drawing.h"
#include "store/output.h"
#include "store/store.h"

#define PLOT_COLUMNS 100 /* at most */
#define PLOT_LINES 20

enum {
    OPTION_OUTPUT,
    OPTION_TERMINAL,
    OPTION_X,
    OPTION_LOG,
    OPTION_MEAN,
    OPTION_NAME,
    OPTION_TITLE,
    OPTION_SIZE
};

static const nn_command_option plot_options[] = {
    {"-o", "FILE.svg", "the drawing to write"},
    {"--terminal", NULL, "draw in the terminal instead"},
    {"--x", "epoch|step", "what the horizontal axis counts (default: epoch)"},
    {"--log", "x|y", "a logarithmic axis; may be given twice"},
    {"--mean", NULL,
     "the mean of runs that differ in seed and fold alone, in a band of one standard deviation"},
    {"--name", "TEXT", "name of a run in the legend; once per run, in the same order"},
    {"--title", "TEXT", "title of the drawing"},
    {"--size", "WIDTHxHEIGHT", "of each panel, in pixels (default: 640x360)"},
    {NULL, NULL, NULL}};

static const char *plot_value(const nn_arguments *arguments, int option)
{
    size_t count = arguments->value_counts[option];
    return count > 0 ? arguments->values[option][count - 1] : NULL;
}

/* Operands are run directories up to the first that is not a directory. */
static nn_status plot_split(const nn_arguments *arguments, nn_drawing_request *request)
{
    static const char *const loss[] = {"loss"};
    size_t runs = 0;
    for (; runs < arguments->operand_count; runs++) {
        struct stat facts;
        bool there;
        NN_TRY(nn_file_look(arguments->operands[runs], &facts, &there));
        if (there && S_ISDIR(facts.st_mode)) continue;
        if (runs == 0 || strchr(arguments->operands[runs], '/'))
            NN_FAIL(NN_ERROR_USAGE, "plot: %s is not a run directory", arguments->operands[runs]);
        break;
    }
    if (runs == 0)
        NN_FAIL(NN_ERROR_USAGE, "plot: give run directories: nntrain plot RUN_DIR loss -o curve.svg");
    request->runs = arguments->operands;
    request->run_count = runs;
    request->metrics = arguments->operand_count > runs ? arguments->operands + runs : loss;
    request->metric_count = arguments->operand_count > runs ? arguments->operand_count - runs : 1;
    return NN_OK;
}

static nn_status plot_read_options(const nn_arguments *arguments, nn_drawing_request *request)
{
    const char *x = plot_value(arguments, OPTION_X);
    if (x && strcmp(x, "epoch") != 0 && strcmp(x, "step") != 0)
        NN_FAIL(NN_ERROR_USAGE, "plot: --x %s: expected epoch or step", x);
    request->by_step = x && strcmp(x, "step") == 0;
    for (size_t i = 0; i < arguments->value_counts[OPTION_LOG]; i++) {
        const char *axis = arguments->values[OPTION_LOG][i];
        if (strcmp(axis, "x") != 0 && strcmp(axis, "y") != 0)
            NN_FAIL(NN_ERROR_USAGE, "plot: --log %s: expected x or y", axis);
        request->log_x |= axis[0] == 'x';
        request->log_y |= axis[0] == 'y';
    }
    request->mean = arguments->value_counts[OPTION_MEAN] > 0;
    size_t names = arguments->value_counts[OPTION_NAME];
    if (names > 0 && request->mean)
        NN_FAIL(NN_ERROR_USAGE, "plot: --name is for single runs; --mean names its curves by the settings");
    if (names > 0 && names != request->run_count)
        NN_FAIL(NN_ERROR_USAGE, "plot: --name is given %zu times, for %zu runs: give it once per run", names,
                request->run_count);
    request->names = names > 0 ? arguments->values[OPTION_NAME] : NULL;
    return NN_OK;
}

static bool plot_is_drawing(const void *context, const char *path, const char *begin, size_t length)
{
    (void)context, (void)path;
    return nn_output_begins(begin, length, "<svg ") && nn_output_has(begin, length, "class=\"chart-");
}

static nn_status plot_write_svg(const nn_arguments *arguments, const nn_drawing *drawing, const char *path)
{
    int width = 640, height = 360, end = 0;
    const char *size = plot_value(arguments, OPTION_SIZE);
    if (size && (sscanf(size, "%dx%d%n", &width, &height, &end) != 2 || size[end] || width < 200 ||
                 width > 10000 || height < 120 || height > 10000))
        NN_FAIL(NN_ERROR_USAGE, "plot: --size %s: expected WIDTHxHEIGHT in pixels, 200x120 to 10000x10000",
                size);
    nn_text svg = {0};
    nn_status status =
        nn_drawing_append_svg(drawing, plot_value(arguments, OPTION_TITLE), width, height, &svg);
    if (status == NN_OK) status = nn_store_commit(path, svg.bytes, svg.length);
    if (status == NN_OK) nn_log_line("%s: %s", path, drawing->description.bytes);
    nn_text_free(&svg);
    return status;
}

static nn_status plot_draw_panel(const nn_chart *chart, nn_text *text)
{
    int columns = nn_plot_columns();
    nn_plot plot = {.width = columns < PLOT_COLUMNS ? columns : PLOT_COLUMNS,
                    .height = PLOT_LINES,
                    .ascii = !nn_plot_has_unicode(),
                    .log_x = chart->log_x,
                    .log_y = chart->log_y,
                    .x_name = chart->x_name,
                    .y_name = chart->y_name,
                    .y_top = (double)NAN,
                    .mark = (double)NAN};
    nn_plot_series *series;
    NN_TRY(NN_ALLOCATE(&series, chart->count, "the curves of a drawing"));
    for (size_t c = 0; c < chart->count; c++) {
        const nn_curve *curve = &chart->curves[c];
        series[c] = (nn_plot_series){curve->name, curve->points.count, curve->points.x, curve->points.y};
    }
    nn_plot_append(&plot, series, chart->count, text);
    nn_free(series);
    return text->failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for a drawing") : NN_OK;
}

/* Without bands. */
static nn_status plot_draw(const nn_drawing *drawing, const char *title)
{
    nn_text text = {0};
    nn_status status = NN_OK;
    if (title) nn_text_append(&text, "%s\n", title);
    for (size_t p = 0; p < drawing->count && status == NN_OK; p++)
        status = plot_draw_panel(&drawing->panels[p].chart, &text);
    if (status == NN_OK) fputs(text.bytes, stdout);
    nn_text_free(&text);
    return status;
}

static nn_status plot_run(const nn_arguments *arguments)
{
    static const nn_output_kind kind = {.what = "a drawing of nntrain plot", .is = plot_is_drawing};
    nn_drawing_request request = {0};
    nn_drawing drawing;
    const char *path = plot_value(arguments, OPTION_OUTPUT), *dot = path ? strrchr(path, '.') : NULL;
    bool terminal = arguments->value_counts[OPTION_TERMINAL] > 0;
    if (!path == !terminal) NN_FAIL(NN_ERROR_USAGE, "plot: give either -o FILE.svg or --terminal");
    if (path && (!dot || strcmp(dot, ".svg") != 0))
        NN_FAIL(NN_ERROR_USAGE, "plot: -o %s: drawings are SVG; give a name that ends in .svg", path);
    NN_TRY(plot_split(arguments, &request));
    NN_TRY(plot_read_options(arguments, &request));
    if (path) NN_TRY(nn_output_check("plot", path, &kind));
    nn_status status = nn_drawing_make(&request, &drawing);
    if (status == NN_OK && path) status = plot_write_svg(arguments, &drawing, path);
    if (status == NN_OK && terminal) status = plot_draw(&drawing, plot_value(arguments, OPTION_TITLE));
    nn_drawing_release(&drawing);
    return status;
}

static const char plot_about[] =
    "Draws what RUN_DIR/metrics.jsonl has, of runs in progress, that have ended or that have failed; nothing "
    "else is\n"
    "read, but for --mean. The operands are run directories, then metrics (default: loss), each of which\n"
    "gets a panel. A metric is named by its place in the file, such as validation.loss, step.gradient_norm\n"
    "or step.norms.LAYER.gradient, or by the end of that: loss is that of training and of validation,\n"
    "samples_per_second the speed. Of what is recorded both by epoch and by step (logging.every), --x\n"
    "selects one.\n"
    "\n"
    "  nntrain plot runs/fashion loss accuracy -o curve.svg\n"
    "  nntrain plot runs/a runs/b validation.loss --log y --x step -o curve.svg\n"
    "  nntrain plot runs/sweep-* validation.accuracy --mean -o curve.svg\n"
    "  nntrain plot runs/fashion learning_rate --terminal\n"
    "\n"
    "With --mean, runs that differ in nothing but training.seed and data.split.fold are one curve, named by\n"
    "the settings in which the curves differ: the mean where all of them have a value, in a band of one\n"
    "standard deviation (of a sample) to each side, which the terminal leaves out. Long runs are thinned out "
    "without losing an extreme.\n"
    "Values that are not finite are gaps.\n";

const nn_command nn_command_plot = {
    .name = "plot",
    .operands = "RUN_DIR... [METRIC...]",
    .summary = "draws curves of runs as SVG, for a paper, or in the terminal",
    .options = plot_options,
    .about = plot_about,
    .run = plot_run,
};
