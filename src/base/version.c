#include "build.h"
#include "nntrain/nntrain.h"

const char *nn_version(void)
{
    return NN_VERSION;
}
