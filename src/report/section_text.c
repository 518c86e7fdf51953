/* A text that the network wrote. */
#include "report/section.h"

static bool text_applies(const nn_report *report)
{
    return report->runs[0].evaluation.written != NULL;
}

/* Line breaks and spaces stay; the language is not known, so that each text has a direction of its own. */
static nn_status text_append(const nn_report *report, nn_html *page)
{
    const nn_stored_evaluation *evaluation = &report->runs[0].evaluation;
    nn_html_paragraph(
        page,
        "The network predicts the next symbol. It was given the beginning of the %s part, which "
        "is marked, and wrote the rest with %s weights: nntrain generate writes more.",
        evaluation->part, evaluation->weights);
    nn_html_append(page, "<blockquote class=\"written\" dir=\"auto\"><mark>");
    nn_html_append_text(page, "%s", evaluation->prompt);
    nn_html_append(page, "</mark>");
    nn_html_append_text(page, "%s", evaluation->written);
    nn_html_append(page, "</blockquote>\n");
    return NN_OK;
}

const nn_section nn_section_text = {.id = "text",
                                    .title = "A text by the network",
                                    .scope = NN_SECTION_ONE,
                                    .applies = text_applies,
                                    .append = text_append};
