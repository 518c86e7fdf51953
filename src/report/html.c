#include "report/html.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "draw/svg.h"

void nn_html_release(nn_html *page)
{
    nn_text_free(&page->text);
    nn_text_free(&page->values);
    nn_text_free(&page->absent);
    *page = (nn_html){0};
}

/* ---- text ---- */

static void html_append_list(nn_html *page, const char *format, va_list arguments) NN_PRINTF(2, 0);
static void html_append_list(nn_html *page, const char *format, va_list arguments)
{
    nn_text plain = {0};
    nn_text_append_list(&plain, format, arguments);
    if (plain.bytes) nn_svg_append_text(&page->text, plain.bytes);
    page->text.failed |= plain.failed;
    nn_text_free(&plain);
}

/* Appends markup, the text, and markup. */
#define HTML_APPEND_BETWEEN(page, before, after)                                                             \
    do {                                                                                                     \
        va_list arguments_;                                                                                  \
        va_start(arguments_, format);                                                                        \
        nn_text_append(&(page)->text, "%s", before);                                                         \
        html_append_list(page, format, arguments_);                                                          \
        nn_text_append(&(page)->text, "%s", after);                                                          \
        va_end(arguments_);                                                                                  \
    } while (0)

void nn_html_append(nn_html *page, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    nn_text_append_list(&page->text, format, arguments);
    va_end(arguments);
}

void nn_html_append_text(nn_html *page, const char *format, ...)
{
    HTML_APPEND_BETWEEN(page, "", "");
}

void nn_html_append_name(nn_html *page, const char *name)
{
    nn_html_append(page, "<bdi>");
    if (name[0])
        nn_svg_append_text(&page->text, name);
    else
        nn_html_append(page, "<i>(no name)</i>");
    nn_html_append(page, "</bdi>");
}

/* ---- sections ---- */

void nn_html_section_begin(nn_html *page, const char *id, const char *title)
{
    page->section = title;
    page->said = false;
    nn_html_append(page, "<section id=\"%s\" aria-labelledby=\"%s-title\">\n<h2 id=\"%s-title\">", id, id,
                   id);
    nn_html_append_text(page, "%s", title);
    nn_html_append(page, "</h2>\n");
}

void nn_html_section_end(nn_html *page)
{
    page->section = NULL;
    nn_html_append(page, "</section>\n");
}

void nn_html_heading(nn_html *page, const char *format, ...)
{
    HTML_APPEND_BETWEEN(page, "<h3>", "</h3>\n");
}

void nn_html_paragraph(nn_html *page, const char *format, ...)
{
    HTML_APPEND_BETWEEN(page, "<p>", "</p>\n");
}

void nn_html_missing(nn_html *page, const char *format, ...)
{
    HTML_APPEND_BETWEEN(page, "<p class=\"missing\">", "</p>\n");
    if (page->section && !page->said)
        nn_text_append(&page->absent, "%s%s", page->absent.length > 0 ? ", " : "", page->section);
    page->said = true;
}

void nn_html_hint(nn_html *page, const char *format, ...)
{
    HTML_APPEND_BETWEEN(page, "<p class=\"hint\">", "</p>\n");
}

/* ---- numbers ---- */

void nn_html_append_number(nn_html *page, double value)
{
    if (isnan(value))
        nn_html_append(page, "undefined");
    else if (isinf(value))
        nn_html_append(page, value > 0 ? "infinite" : "-infinite");
    else
        nn_html_append(page, "%.6g", value);
}

/* ---- tables ---- */

void nn_html_table_begin(nn_html *page, const char *caption, bool sortable, size_t count,
                         const nn_html_column *columns)
{
    /* What is wider than the window scrolls by itself, and by the keyboard. */
    nn_html_append(page, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"");
    nn_html_append_text(page, "%s", caption);
    nn_html_append(page, "\">\n<table%s>\n<caption>", sortable ? " class=\"sortable\"" : "");
    nn_html_append_text(page, "%s", caption);
    nn_html_append(page, "</caption>\n<thead><tr>");
    for (size_t c = 0; c < count; c++) {
        nn_html_append(page, "<th scope=\"col\"%s>", columns[c].numeric ? " class=\"number\"" : "");
        nn_html_append_text(page, "%s", columns[c].name);
        nn_html_append(page, "</th>");
    }
    nn_html_append(page, "</tr></thead>\n<tbody>\n");
}

void nn_html_table_end(nn_html *page)
{
    nn_html_append(page, "</tbody></table></div>\n");
}

void nn_html_row_begin(nn_html *page, bool marked)
{
    nn_html_append(page, marked ? "<tr class=\"marked\">" : "<tr>");
}

void nn_html_row_end(nn_html *page)
{
    nn_html_append(page, "</tr>\n");
}

void nn_html_row_name(nn_html *page, const char *name)
{
    nn_html_append(page, "<th scope=\"row\">");
    nn_html_append_name(page, name);
    nn_html_append(page, "</th>");
}

void nn_html_cell(nn_html *page, const char *format, ...)
{
    HTML_APPEND_BETWEEN(page, "<td>", "</td>");
}

void nn_html_cell_integer(nn_html *page, int64_t value)
{
    nn_html_append(page, "<td class=\"number\">%lld</td>", (long long)value);
}

void nn_html_cell_number(nn_html *page, double value)
{
    nn_html_append(page, "<td class=\"number\">");
    nn_html_append_number(page, value);
    nn_html_append(page, "</td>");
}

/* ---- facts ---- */

void nn_html_facts_begin(nn_html *page)
{
    nn_html_append(page, "<dl>\n");
}

void nn_html_facts_end(nn_html *page)
{
    nn_html_append(page, "</dl>\n");
}

void nn_html_fact_begin(nn_html *page, const char *name)
{
    nn_html_append(page, "<div><dt>");
    nn_html_append_text(page, "%s", name);
    nn_html_append(page, "</dt><dd>");
}

void nn_html_fact_end(nn_html *page)
{
    nn_html_append(page, "</dd></div>\n");
}

void nn_html_fact(nn_html *page, const char *name, const char *format, ...)
{
    nn_html_fact_begin(page, name);
    HTML_APPEND_BETWEEN(page, "", "");
    nn_html_fact_end(page);
}

/* ---- figures ---- */

void nn_html_figures_begin(nn_html *page)
{
    nn_html_append(page, "<div class=\"figures\">\n");
}

void nn_html_figures_end(nn_html *page)
{
    nn_html_append(page, "</div>\n");
}

void nn_html_figure_begin(nn_html *page, const char *title)
{
    page->figures++;
    nn_html_append(page, "<figure id=\"figure-%zu\" role=\"group\" aria-labelledby=\"figure-%zu-title\">\n",
                   page->figures, page->figures);
    nn_html_append(page, "<figcaption id=\"figure-%zu-title\">", page->figures);
    nn_html_append_text(page, "%s", title);
    nn_html_append(page, "</figcaption>\n<div class=\"drawing\">\n");
}

void nn_html_figure_details(nn_html *page, const char *summary)
{
    nn_html_append(page, "</div>\n<details><summary>");
    nn_html_append_text(page, "%s", summary);
    nn_html_append(page, "</summary>\n");
}

void nn_html_figure_end(nn_html *page, bool details)
{
    nn_html_append(page, details ? "</details>\n</figure>\n" : "</div>\n</figure>\n");
}
