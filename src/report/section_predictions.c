/* What the sections that follow are of: predictions next to truths. */
#include "report/judged.h"
#include "report/section.h"

static nn_status predictions_append(const nn_report *report, nn_html *page)
{
    const nn_report_run *run = &report->runs[0];
    const nn_stored_evaluation *evaluation = &run->evaluation;
    nn_text more = {0};
    if (!nn_judged_say(run, page)) return NN_OK;
    nn_text_append(&more, ": %lld samples", (long long)evaluation->samples);
    if (evaluation->sample.count > 0)
        nn_text_append(&more, "; figures of single samples show %lld of them, chosen at random",
                       (long long)evaluation->sample.count);
    nn_text_append(&more, ".");
    nn_judged_origin(run, page, more.bytes ? more.bytes : "");
    nn_text_free(&more);
    nn_judged_has_results(run, page);
    return NN_OK;
}

const nn_section nn_section_predictions = {
    .id = "predictions", .title = "Predictions", .scope = NN_SECTION_ONE, .append = predictions_append};
