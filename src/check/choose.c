/* From a precision to its check. */
#include "check/forecast.h"

nn_status nn_check_run_f32(const nn_forecast_request *request, nn_forecast *forecast);
nn_status nn_check_run_f64(const nn_forecast_request *request, nn_forecast *forecast);

/* A configuration that cannot be read is reported by the check itself, with everything else. */
nn_status nn_check_job(const nn_forecast_request *request, nn_forecast *forecast)
{
    *forecast = (nn_forecast){0};
    return nn_job_engine(request->job) == &nn_engine_f64 ? nn_check_run_f64(request, forecast)
                                                         : nn_check_run_f32(request, forecast);
}
