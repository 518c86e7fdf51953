/* The sections of the page. */
#include <stddef.h>

#include "report/section.h"

#define NN_SECTION(name) extern const nn_section nn_section_##name;
#include "report/section_list.h"
#undef NN_SECTION

static const nn_section *const sections[] = {
#define NN_SECTION(name) &nn_section_##name,
#include "report/section_list.h"
#undef NN_SECTION
    NULL};

const nn_section *const *nn_sections(void)
{
    return sections;
}

void nn_section_no_checkpoint(const nn_report_run *run, const char *what, nn_html *page)
{
    if (run->look.checkpoints == 0)
        nn_html_missing(page, "%s in checkpoints, and the run directory has none.", what);
    else
        nn_html_missing(page, "%s in checkpoints, none of which is intact: nntrain verify %s.", what,
                        run->word);
}
