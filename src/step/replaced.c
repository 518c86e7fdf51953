#include "step/replaced.h"

#include <string.h>

void nn_replaced_apply(const nn_replaced *replaced, nn_scalar scalar, int64_t inputs, nn_loaded *loaded)
{
    size_t size = nn_scalar_size(scalar);
    for (int64_t i = 0; i < loaded->microbatch->samples; i++) {
        uint64_t from =
            nn_random_permute(replaced->stream, (uint64_t)replaced->samples, (uint64_t)loaded->samples[i]);
        for (int64_t p = 0; p < replaced->places; p++)
            memcpy(nn_scalar_at(scalar, loaded->microbatch->outputs[0],
                                (size_t)(i * inputs + replaced->first + p * replaced->stride)),
                   nn_scalar_at(scalar, replaced->values, (size_t)((int64_t)from * replaced->places + p)),
                   size);
    }
}
