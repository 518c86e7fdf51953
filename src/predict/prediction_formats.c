/* The formats of predictions. */
#include <string.h>
#include <strings.h>

#include "predict/prediction_format.h"

extern const nn_prediction_format nn_prediction_csv, nn_prediction_h5, nn_prediction_npy;

static const nn_prediction_format *const formats[] = {&nn_prediction_csv, &nn_prediction_h5,
                                                      &nn_prediction_npy};

nn_status nn_prediction_format_find(const char *path, const nn_prediction_format **format)
{
    const char *name = strrchr(path, '/');
    const char *ending = strrchr(name ? name + 1 : path, '.');
    *format = NULL;
    for (size_t i = 0; ending && i < sizeof formats / sizeof *formats; i++)
        if (strcasecmp(ending, formats[i]->ending) == 0) *format = formats[i];
    if (*format) return NN_OK;
    NN_FAIL(NN_ERROR_USAGE,
            "predict: -o %s: the name must end in .csv, .h5 or .npy, the formats that are "
            "written",
            path);
}
