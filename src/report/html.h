/*
 * A page of HTML as it is written. Names, messages and values come from files: what has a format here is
 * escaped, but for nn_html_append. Tables, figures and lists have what a screen reader needs.
 */
#ifndef NN_REPORT_HTML_H
#define NN_REPORT_HTML_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

/* Zero-initialise; release with nn_html_release. A failed allocation sets text.failed. */
typedef struct nn_html {
    nn_text text;        /* the page so far; an SVG may be appended to it */
    nn_text values;      /* of charts, for the script: members of a JSON list */
    nn_text absent;      /* titles of the sections that have nn_html_missing: "Results, Norms" */
    const char *section; /* the title of the current one; NULL: none */
    bool said;           /* it is listed in `absent` */
    size_t figures;      /* for their ids */
} nn_html;

void nn_html_release(nn_html *page);

void nn_html_append(nn_html *page, const char *format, ...) NN_PRINTF(2, 3);      /* markup, as it is */
void nn_html_append_text(nn_html *page, const char *format, ...) NN_PRINTF(2, 3); /* text, escaped */

/* A name of the user's: its direction of writing does not reach beyond it, and a long one may be broken. */
void nn_html_append_name(nn_html *page, const char *name);

void nn_html_section_begin(nn_html *page, const char *id, const char *title);
void nn_html_section_end(nn_html *page);

/* A heading within a section. */
void nn_html_heading(nn_html *page, const char *format, ...) NN_PRINTF(2, 3);
void nn_html_paragraph(nn_html *page, const char *format, ...) NN_PRINTF(2, 3);

/* The one sentence in place of what cannot be shown: what is missing, and how to get it. */
void nn_html_missing(nn_html *page, const char *format, ...) NN_PRINTF(2, 3);

/* A remark in small print, such as an option that records more. */
void nn_html_hint(nn_html *page, const char *format, ...) NN_PRINTF(2, 3);

/* ---- tables: begin; of each row begin, cells, end; end ---- */

typedef struct nn_html_column {
    const char *name; /* escaped */
    bool numeric;     /* flush right */
} nn_html_column;

/* caption: above it. Rows can be sorted by the script where `sortable`. */
void nn_html_table_begin(nn_html *page, const char *caption, bool sortable, size_t count,
                         const nn_html_column *columns);
void nn_html_table_end(nn_html *page);
/* marked: the row is the one that a reader looks for, such as the best. */
void nn_html_row_begin(nn_html *page, bool marked);
void nn_html_row_end(nn_html *page);
void nn_html_row_name(nn_html *page, const char *name); /* the cell that the row is of: first in it */
void nn_html_cell(nn_html *page, const char *format, ...) NN_PRINTF(2, 3);
void nn_html_cell_integer(nn_html *page, int64_t value);
/* With 6 digits; NaN is "undefined". */
void nn_html_cell_number(nn_html *page, double value);

/* Appends a number as all of the page shows them: "0.123456", "undefined", "infinite". */
void nn_html_append_number(nn_html *page, double value);

/* ---- lists of facts: begin; items; end ---- */

void nn_html_facts_begin(nn_html *page);
void nn_html_facts_end(nn_html *page);
void nn_html_fact(nn_html *page, const char *name, const char *format, ...) NN_PRINTF(3, 4);
/* As above, but what follows up to nn_html_fact_end is its value. */
void nn_html_fact_begin(nn_html *page, const char *name);
void nn_html_fact_end(nn_html *page);

/* ---- figures: begin; one or more drawings; details, with a table of the same values; end ---- */

/* Several figures between these are next to one another where there is room. */
void nn_html_figures_begin(nn_html *page);
void nn_html_figures_end(nn_html *page);

/* title: its caption. Then the drawing is appended to page->text, between nn_chart_begin and nn_chart_end,
 * say. */
void nn_html_figure_begin(nn_html *page, const char *title);
/* Opens the part that can be unfolded: "Values as a table". */
void nn_html_figure_details(nn_html *page, const char *summary);
/* details: whether that part was opened. */
void nn_html_figure_end(nn_html *page, bool details);

#endif
