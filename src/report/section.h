/* A section of the page: one file section_NAME.c with one exported object nn_section_NAME, and one line in
 * section_list.h, in the order of the page. */
#ifndef NN_REPORT_SECTION_H
#define NN_REPORT_SECTION_H

#include "report/html.h"
#include "report/report.h"

typedef enum nn_section_scope {
    NN_SECTION_ONE,    /* on the page of one run */
    NN_SECTION_SEVERAL /* on the page of several runs */
} nn_section_scope;

typedef struct nn_section {
    const char *id;    /* of the element, and in links */
    const char *title; /* in the list of contents too */
    nn_section_scope scope;
    bool (*applies)(const nn_report *report); /* whether the run has what it is about; NULL: all have */
    /* Appends what follows its title: what the run directory has, or nn_html_missing where a source is
     * missing or damaged. A failure ends the page: it is for a lack of memory. */
    nn_status (*append)(const nn_report *report, nn_html *page);
} nn_section;

/* nn_html_missing of what is read from the newest checkpoint, where none could be opened: "The network is in
 * checkpoints, and the run has none yet." what: "The network is". */
void nn_section_no_checkpoint(const nn_report_run *run, const char *what, nn_html *page);

const nn_section *const *nn_sections(void); /* NULL-terminated */

#endif
