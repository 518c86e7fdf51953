#include "step/each.h"

#include <omp.h>

void nn_step_each(int threads, int64_t count, nn_step_task task, void *context)
{
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
    for (int64_t index = 0; index < count; index++) task(context, index, omp_get_thread_num());
}
