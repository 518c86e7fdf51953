#include "base/narrow.h"

#include <limits.h>

nn_status nn_narrow(int64_t value, const char *what, const char *advice, int *narrow)
{
    if (value < 0 || value > INT_MAX)
        NN_FAIL(NN_ERROR_USAGE, "%s: %lld, but at most %d are possible; %s", what, (long long)value, INT_MAX,
                advice);
    *narrow = (int)value;
    return NN_OK;
}
