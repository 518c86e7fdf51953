/* From a precision to its check. */
#include "check/forecast.h"

nn_status nn_check_run_f32(const nn_forecast_request *request, nn_forecast *forecast);
nn_status nn_check_run_f64(const nn_forecast_request *request, nn_forecast *forecast);

/* A configuration that cannot be read is reported by the check itself, with everything else. */
nn_status nn_check_job(const nn_forecast_request *request, nn_forecast *forecast)
{
    const nn_job *job = request->job;
    nn_config *config = NULL;
    nn_scalar scalar = NN_SCALAR_F32;
    *forecast = (nn_forecast){0};
    if (nn_config_load(job->config_path, job->overrides, job->override_count, &config) == NN_OK)
        scalar = nn_job_scalar(config);
    else
        nn_error_clear();
    nn_config_destroy(config);
    return scalar == NN_SCALAR_F64 ? nn_check_run_f64(request, forecast)
                                   : nn_check_run_f32(request, forecast);
}
