#include "report/judged.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool nn_judged_say(const nn_report_run *run, nn_html *page)
{
    const nn_stored_evaluation *evaluation = &run->evaluation;
    switch (evaluation->state) {
    case NN_STORED_INTACT:
        return true;
    case NN_STORED_OUTDATED:
        nn_html_paragraph(page, "What follows is %s (evaluation.h5).", evaluation->words);
        return true;
    case NN_STORED_MISSING:
        nn_html_missing(page,
                        "evaluation.h5 is missing: it is written at the end of a run, and by nntrain eval %s "
                        "--store.",
                        run->word);
        return false;
    default:
        nn_html_missing(page, "evaluation.h5 is not shown: it is %s (nntrain eval %s --store writes it).",
                        evaluation->words, run->word);
        return false;
    }
}

void nn_judged_append_origin(const nn_report_run *run, nn_text *text)
{
    const nn_stored_evaluation *evaluation = &run->evaluation;
    nn_text_append(text, "%s part, %s weights", evaluation->part,
                   strcmp(evaluation->weights, "best") == 0 ? "best" : "last");
    if (evaluation->epoch > 0) nn_text_append(text, " of epoch %lld", (long long)evaluation->epoch);
}

void nn_judged_origin(const nn_report_run *run, nn_html *page, const char *more)
{
    nn_text text = {0};
    nn_judged_append_origin(run, &text);
    if (text.bytes && text.bytes[0] >= 'a' && text.bytes[0] <= 'z') text.bytes[0] -= 'a' - 'A';
    nn_html_paragraph(page, "%s%s", text.bytes ? text.bytes : "", more);
    nn_text_free(&text);
}

static const char *judged_word(const nn_report_run *run, const char *key)
{
    if (!run->results.document) return "";
    const char *word = nn_config_text(nn_config_get(nn_config_root(run->results.document), key));
    return word ? word : "";
}

static bool judged_are_same(const nn_report_run *run)
{
    return run->results.document &&
           strcmp(judged_word(run, "fingerprint"), run->evaluation.fingerprint) == 0 &&
           strcmp(judged_word(run, "part"), run->evaluation.part) == 0;
}

bool nn_judged_has_results(const nn_report_run *run, nn_html *page)
{
    if (judged_are_same(run)) return true;
    if (run->results.document)
        nn_html_missing(page,
                        "Results of the whole part are not shown: results.json and evaluation.h5 are of "
                        "different weights or parts; nntrain eval %s --store writes evaluation.h5 again.",
                        run->word);
    else
        nn_html_missing(page, "Results of the whole part are not shown: results.json is %s.",
                        run->results.words);
    return false;
}

nn_config_node *nn_judged_target(const nn_report_run *run, const nn_evaluation_target *target)
{
    if (!judged_are_same(run)) return NULL;
    nn_config_node *parts = nn_config_get(nn_config_root(run->results.document), "parts");
    nn_config_node *targets = nn_config_get(nn_config_get(parts, judged_word(run, "part")), "targets");
    for (size_t i = 0; i < nn_config_count(targets); i++) {
        nn_config_node *own = nn_config_item(targets, i);
        const char *name = nn_config_text(nn_config_get(own, "name"));
        if (name && strncmp(name, target->name, NN_EVALUATION_NAME) == 0) return own;
    }
    return NULL;
}

bool nn_judged_is_change(const nn_report_run *run, const nn_evaluation_target *target)
{
    const char *baseline = nn_config_text(nn_config_get(nn_judged_target(run, target), "baseline"));
    return baseline && strcmp(baseline, "the last value seen") == 0;
}

double nn_judged_number(nn_config_node *object, const char *key)
{
    return nn_config_number(nn_config_get(object, key));
}

double nn_judged_metric(const nn_report_run *run, const nn_evaluation_target *target, const char *metric)
{
    nn_text name = {0};
    if (!judged_are_same(run)) return NAN;
    if (run->evaluation.target_count > 1) nn_text_append(&name, "%s.", target->name);
    nn_text_append(&name, "%s", metric);
    double value = name.bytes ? nn_stored_metric(&run->results, name.bytes) : (double)NAN;
    nn_text_free(&name);
    return value;
}

void nn_judged_heading(const nn_report_run *run, const nn_evaluation_target *target, nn_html *page)
{
    if (run->evaluation.target_count > 1) nn_html_heading(page, "%s", target->name);
}

const char *nn_judged_name(const nn_evaluation_target *target, int64_t i)
{
    if (i < 0 || i >= target->count) return "none";
    return target->names[i][0] ? target->names[i] : "(no name)";
}

void nn_judged_short(const char *name, size_t letters, char shortened[NN_JUDGED_SHORT])
{
    size_t count = 0, bytes = 0, most = NN_JUDGED_SHORT - 8;
    for (; name[bytes] && bytes < most; bytes++) {
        count += ((unsigned char)name[bytes] & 0xC0) != 0x80;
        if (count > letters) break;
    }
    while (name[bytes] && bytes > 0 && ((unsigned char)name[bytes] & 0xC0) == 0x80) bytes--;
    snprintf(shortened, NN_JUDGED_SHORT, "%.*s%s", (int)bytes, name, name[bytes] ? "..." : "");
}

bool nn_judged_is_map(const nn_stored_evaluation *evaluation, const nn_evaluation_target *target,
                      int64_t *height, int64_t *width, int64_t *channels)
{
    const nn_shape *shape = &target->output, *input = &evaluation->worst.input;
    if (shape->dimensions < 2 || shape->dimensions > 3 || input->dimensions < 2) return false;
    *height = shape->extents[0];
    *width = shape->extents[1];
    *channels = shape->dimensions == 3 ? shape->extents[2] : 1;
    /* Steps of a sequence have features, too: an image has as many rows and columns as the input. */
    return *height > 1 && *width > 1 && input->dimensions == 3 && *height == input->extents[0] &&
           *width == input->extents[1];
}
