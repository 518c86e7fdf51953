/* The page: its head, list of contents, sections, values and script. */
#include <stdio.h>

#include "report/section.h"
#include "report_assets.h"

static bool page_has(const nn_report *report, const nn_section *section)
{
    return section->scope == (report->several ? NN_SECTION_SEVERAL : NN_SECTION_ONE) &&
           (!section->applies || section->applies(report));
}

/* "run fashion"; "12 runs". */
static void page_append_title(const nn_report *report, nn_html *page)
{
    if (!report->several)
        nn_html_append_text(page, "%s", report->runs[0].name);
    else
        nn_html_append_text(page, "%zu run%s", report->count, report->count == 1 ? "" : "s");
}

static void page_append_head(const nn_report *report, nn_html *page)
{
    nn_html_append(page, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                         "<meta name=\"generator\" content=\"" NN_REPORT_FORMAT "\">\n"
                         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                         /* Nothing is loaded, whatever a name in the page may say. */
                         "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                         "img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n"
                         "<link rel=\"icon\" href=\"data:,\">\n<title>");
    page_append_title(report, page);
    nn_html_append(page, " - nntrain report</title>\n<style>\n%s</style>\n</head>\n<body>\n",
                   nn_report_style);
}

static void page_append_contents(const nn_report *report, nn_html *page)
{
    nn_html_append(page, "<nav aria-label=\"Contents\">\n<ul>\n");
    for (const nn_section *const *section = nn_sections(); *section; section++) {
        if (!page_has(report, *section)) continue;
        nn_html_append(page, "<li><a href=\"#%s\">", (*section)->id);
        nn_html_append_text(page, "%s", (*section)->title);
        nn_html_append(page, "</a></li>\n");
    }
    nn_html_append(page, "</ul>\n</nav>\n");
}

static nn_status page_append_sections(const nn_report *report, nn_html *page)
{
    for (const nn_section *const *section = nn_sections(); *section; section++) {
        if (!page_has(report, *section)) continue;
        nn_html_section_begin(page, (*section)->id, (*section)->title);
        NN_TRY((*section)->append(report, page));
        nn_html_section_end(page);
    }
    return NN_OK;
}

nn_status nn_report_append_page(const nn_report *report, nn_html *page)
{
    char when[NN_REPORT_TIME];
    page_append_head(report, page);
    nn_html_append(page, "<a class=\"skip\" href=\"#content\">Skip to the content</a>\n<header>\n<h1>");
    page_append_title(report, page);
    nn_html_append(page,
                   "</h1>\n<p class=\"made\">nntrain %s, %s</p>\n<button type=\"button\" id=\"report-theme\" "
                   "hidden>Dark</button>\n</header>\n",
                   nn_version(), nn_report_time(report->now, when));
    page_append_contents(report, page);
    nn_html_append(page, "<main id=\"content\" tabindex=\"-1\">\n");
    NN_TRY(page_append_sections(report, page));
    nn_html_append(page, "</main>\n<script type=\"application/json\" id=\"report-values\">[%s]</script>\n",
                   page->values.bytes ? page->values.bytes : "");
    nn_html_append(page, "<script>\n%s</script>\n</body>\n</html>\n", nn_report_script);
    if (page->text.failed || page->values.failed || page->absent.failed)
        NN_FAIL(NN_ERROR_MEMORY, "out of memory for a report");
    return NN_OK;
}
