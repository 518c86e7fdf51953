/* The list of schedules, from schedule_list.h. */
#include <string.h>

#include "optim/schedule.h"

#define NN_SCHEDULE(name) extern const nn_schedule_type nn_schedule_##name;
#include "optim/schedule_list.h"
#undef NN_SCHEDULE

#define NN_SCHEDULE(name) &nn_schedule_##name,
static const nn_schedule_type *const schedule_types[] = {
#include "optim/schedule_list.h"
    NULL};

const nn_schedule_type *const *nn_schedule_types(void)
{
    return schedule_types;
}

const nn_schedule_type *nn_schedule_find(const char *name)
{
    const nn_schedule_type *const *type = schedule_types;
    while (*type && strcmp((*type)->name, name) != 0) type++;
    return *type;
}
