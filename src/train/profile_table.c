/* A profile for people, and for programs. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "train/profiling.h"

/* Milliseconds that are shown as 0. */
#define TABLE_LEAST 0.0005

/* What the lines of a profile have in common. */
typedef struct table_of {
    const nn_network *network;
    const nn_profiling_sums *sums;
    double milliseconds; /* of a step, for a second of all threads together */
    double peak;         /* FLOP/s of one thread; 0: unknown */
    int width;           /* of the names */
    nn_text *text;
} table_of;

static table_of table_begin(const nn_network *network, const nn_profiling_sums *sums, double threads,
                            double peak, nn_text *text)
{
    table_of of = {network, sums, 1e3 / (threads * (double)sums->steps), peak / threads, 0, text};
    for (int kind = NN_PROFILE_LAYER_KINDS; kind < NN_PROFILE_KINDS; kind++) {
        int length = (int)strlen(nn_profile_kind_name((nn_profile_kind)kind));
        if (length > of.width) of.width = length;
    }
    for (int l = 1; l < network->layer_count; l++)
        if ((int)strlen(network->layers[l].name) > of.width) of.width = (int)strlen(network->layers[l].name);
    return of;
}

static double table_seconds(const table_of *of, nn_profile_kind kind, int layer)
{
    return of->sums->seconds[nn_profile_place(of->network->layer_count, kind, layer)];
}

/* FLOPs of a sample. */
static double table_flops(const nn_layer *layer)
{
    return layer->flops_forward + (layer->frozen ? 0 : layer->flops_gradient) +
           (layer->needs_input_gradient ? layer->flops_input_gradient : 0);
}

static double table_layer_seconds(const table_of *of, int l)
{
    double seconds = 0;
    for (int kind = 0; kind < NN_PROFILE_LAYER_KINDS; kind++)
        seconds += table_seconds(of, (nn_profile_kind)kind, l);
    return seconds;
}

/* FLOP/s of one thread in the layer; 0: it multiplies nothing. */
static double table_rate(const table_of *of, int l)
{
    double seconds = table_layer_seconds(of, l);
    return seconds > 0 ? table_flops(&of->network->layers[l]) * of->sums->samples / seconds : 0;
}

/* What is neither recorded work nor waiting. */
static double table_idle(const table_of *of)
{
    double seconds = table_seconds(of, NN_PROFILE_STEP, 0);
    for (int l = 1; l < of->network->layer_count; l++) seconds -= table_layer_seconds(of, l);
    for (int kind = NN_PROFILE_LAYER_KINDS; kind < NN_PROFILE_STEP; kind++)
        seconds -= table_seconds(of, (nn_profile_kind)kind, 0);
    return seconds > 0 ? seconds : 0;
}

/* ---- for people ---- */

/* The end of a line: its total, the share of the step, and its rate. */
static void table_total(const table_of *of, double seconds, double rate)
{
    nn_text_append(of->text, " %9.3f %7.1f %%", seconds * of->milliseconds,
                   100 * seconds / table_seconds(of, NN_PROFILE_STEP, 0));
    if (rate > 0) nn_text_append(of->text, " %8.1f", rate * 1e-9);
    if (rate > 0 && of->peak > 0) nn_text_append(of->text, " %6.0f %%", 100 * rate / of->peak);
    nn_text_append(of->text, "\n");
}

static void table_layer(const table_of *of, int l)
{
    if (table_layer_seconds(of, l) <= 0 || of->network->layers[l].is_alias) return;
    nn_text_append(of->text, "  %-*s", of->width, of->network->layers[l].name);
    for (int kind = 0; kind < NN_PROFILE_LAYER_KINDS; kind++) {
        double seconds = table_seconds(of, (nn_profile_kind)kind, l);
        if (seconds > 0)
            nn_text_append(of->text, " %9.3f", seconds * of->milliseconds);
        else
            nn_text_append(of->text, " %9s", "-");
    }
    table_total(of, table_layer_seconds(of, l), table_rate(of, l));
}

static void table_line(const table_of *of, const char *name, double seconds, double rate)
{
    if (seconds * of->milliseconds < TABLE_LEAST) return;
    nn_text_append(of->text, "  %-*s %9s %9s %9s", of->width, name, "", "", "");
    table_total(of, seconds, rate);
}

void nn_profiling_table(const nn_network *network, const nn_profiling_sums *sums, double threads, double peak,
                        nn_text *table)
{
    table_of of = table_begin(network, sums, threads, peak, table);
    double step = table_seconds(&of, NN_PROFILE_STEP, 0);
    nn_text_append(table, "profile of %" PRId64 " step%s, in milliseconds per step", sums->steps,
                   sums->steps == 1 ? "" : "s");
    if (threads > 1) nn_text_append(table, ", averaged over %.0f threads", threads);
    nn_text_append(table, "\n");
    nn_text_append(table, "  %-*s %9s %9s %9s %9s %9s %8s", of.width, "layer", "forward", "backward",
                   "gradient", "total", "of step", "GFLOP/s");
    nn_text_append(table, "%s\n", peak > 0 ? "  of peak" : "");
    for (int l = 1; l < network->layer_count; l++) table_layer(&of, l);
    for (int kind = NN_PROFILE_LAYER_KINDS; kind < NN_PROFILE_STEP; kind++)
        table_line(&of, nn_profile_kind_name((nn_profile_kind)kind),
                   table_seconds(&of, (nn_profile_kind)kind, 0), 0);
    table_line(&of, "idle threads", table_idle(&of), 0);
    table_line(&of, "step", step, network->flops_training * sums->samples / step);
    if (peak > 0)
        nn_text_append(table,
                       "GFLOP/s are those of one thread; the peak is the best matrix product measured at the "
                       "start, %.1f\n",
                       of.peak * 1e-9);
}

/* ---- for programs ---- */

static void table_json_list(const table_of *of, const char *key, nn_profile_kind kind)
{
    const char *before = "";
    nn_text_append(of->text, ",\"profile_%s_ms\":[", key);
    for (int l = 1; l < of->network->layer_count; l++, before = ",")
        nn_text_append(of->text, "%s%.4f", before, table_seconds(of, kind, l) * of->milliseconds);
    nn_text_append(of->text, "]");
}

static void table_json_value(const table_of *of, const char *name, double seconds)
{
    char key[64];
    snprintf(key, sizeof key, "%s", name);
    for (char *at = key; *at; at++)
        if (*at == ' ') *at = '_';
    nn_text_append(of->text, ",\"profile_%s_ms\":%.4f", key, seconds * of->milliseconds);
}

void nn_profiling_json(const nn_network *network, const nn_profiling_sums *sums, double threads, double peak,
                       nn_text *json)
{
    table_of of = table_begin(network, sums, threads, peak, json);
    const char *before = "";
    nn_text_append(json, ",\"profile_layers\":[");
    for (int l = 1; l < network->layer_count; l++, before = ",") {
        nn_text_append(json, "%s", before);
        nn_text_append_json(json, network->layers[l].name);
    }
    nn_text_append(json, "]");
    table_json_list(&of, "forward", NN_PROFILE_FORWARD);
    table_json_list(&of, "backward", NN_PROFILE_BACKWARD);
    table_json_list(&of, "gradient", NN_PROFILE_GRADIENT);
    nn_text_append(json, ",\"profile_gflops\":[");
    for (int l = 1; l < network->layer_count; l++)
        nn_text_append(json, "%s%.3f", l > 1 ? "," : "", table_rate(&of, l) * 1e-9);
    nn_text_append(json, "],\"profile_of_peak\":[");
    for (int l = 1; l < network->layer_count; l++)
        nn_text_append(json, "%s%.4f", l > 1 ? "," : "", peak > 0 ? table_rate(&of, l) / of.peak : 0);
    nn_text_append(json, "]");
    for (int kind = NN_PROFILE_LAYER_KINDS; kind < NN_PROFILE_KINDS; kind++)
        table_json_value(&of, nn_profile_kind_name((nn_profile_kind)kind),
                         table_seconds(&of, (nn_profile_kind)kind, 0));
    table_json_value(&of, "idle threads", table_idle(&of));
}
