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
