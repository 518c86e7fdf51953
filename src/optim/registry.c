/* The lists of plug-ins, from the *_list.h files. */
#include <string.h>

#include "optim/optimizer.h"
#include "optim/schedule.h"

#define NN_OPTIMIZER(name) extern const nn_optimizer_type nn_optimizer_##name;
#define NN_SCHEDULE(name) extern const nn_schedule_type nn_schedule_##name;
#include "optim/optimizer_list.h"
#include "optim/schedule_list.h"
#undef NN_OPTIMIZER
#undef NN_SCHEDULE

#define NN_OPTIMIZER(name) &nn_optimizer_##name,
#define NN_SCHEDULE(name) &nn_schedule_##name,
static const nn_optimizer_type *const optimizer_types[] = {
#include "optim/optimizer_list.h"
    NULL};
static const nn_schedule_type *const schedule_types[] = {
#include "optim/schedule_list.h"
    NULL};

const nn_optimizer_type *const *nn_optimizer_types(void)
{
    return optimizer_types;
}

const nn_schedule_type *const *nn_schedule_types(void)
{
    return schedule_types;
}

const nn_optimizer_type *nn_optimizer_find(const char *name)
{
    const nn_optimizer_type *const *type = optimizer_types;
    while (*type && strcmp((*type)->name, name) != 0) type++;
    return *type;
}

const nn_schedule_type *nn_schedule_find(const char *name)
{
    const nn_schedule_type *const *type = schedule_types;
    while (*type && strcmp((*type)->name, name) != 0) type++;
    return *type;
}
