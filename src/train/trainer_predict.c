/* Predictions with the present weights of a trainer. No rank needs another for them. */
#include "model/predictor.h"
#include "train/trainer.h"

static nn_status predict_prepare(nn_trainer *trainer)
{
    nn_run *run = &trainer->run;
    if (!trainer->scaled)
        NN_FAIL(
            NN_ERROR_USAGE,
            "the normalisation is not known yet: %lld of the %lld samples of data.in_place.from_first have "
            "come; call nn_trainer_step first",
            (long long)trainer->kept_count, (long long)run->settings.data.in_place.from_first);
    if (trainer->predictor) return NN_OK;
    return nn_predictor_of_model(run->config, run->model, run->plan.microbatch_size,
                                 nn_reduction_weights(run->stepper->reduction), &trainer->predictor);
}

nn_status nn_trainer_predictor(nn_trainer *trainer, nn_predictor **predictor)
{
    if (!predictor) NN_FAIL(NN_ERROR_USAGE, "predictor is NULL: pass the address of an nn_predictor pointer");
    *predictor = NULL;
    NN_TRY(nn_trainer_enter(trainer));
    nn_status status = predict_prepare(trainer);
    nn_watchdog_set_idle(trainer->run.watchdog, true);
    nn_host_leave(&trainer->host);
    if (status == NN_OK) *predictor = trainer->predictor;
    return status;
}

nn_status nn_trainer_predict(nn_trainer *trainer, size_t samples, const float *inputs, float *outputs)
{
    nn_predictor *predictor = trainer && trainer->failed == NN_OK ? trainer->predictor : NULL;
    if (!predictor) NN_TRY(nn_trainer_predictor(trainer, &predictor));
    return nn_predictor_run(predictor, samples, inputs, outputs);
}

nn_status nn_trainer_predict_f64(nn_trainer *trainer, size_t samples, const double *inputs, double *outputs)
{
    nn_predictor *predictor = trainer && trainer->failed == NN_OK ? trainer->predictor : NULL;
    if (!predictor) NN_TRY(nn_trainer_predictor(trainer, &predictor));
    return nn_predictor_run_f64(predictor, samples, inputs, outputs);
}
