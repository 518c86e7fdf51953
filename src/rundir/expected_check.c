#include "base/memory.h"
#include "rundir/expected.h"

nn_status nn_expected_verify_f32(nn_store_file *file, nn_expected_report report, void *context);
nn_status nn_expected_verify_f64(nn_store_file *file, nn_expected_report report, void *context);

nn_status nn_expected_check(nn_store_file *file, nn_expected_report report, void *context)
{
    char *precision = NULL;
    NN_TRY(nn_store_read_text(file, "@precision", &precision));
    nn_scalar scalar = nn_scalar_named(precision);
    nn_free(precision);
    return scalar == NN_SCALAR_F64 ? nn_expected_verify_f64(file, report, context)
                                   : nn_expected_verify_f32(file, report, context);
}
