#include "rundir/expected.h"

#include <stdio.h>

#include "base/memory.h"
#include "model/checkpoint_names.h"
#include "model/model.h"
#include "rundir/compare.h"
#include "settings/settings.h"

/* One vector: the weights, or a state of the optimizer. */
static bool expected_vector(const nn_model *model, nn_store_file *file, const char *group, nn_real *values,
                            nn_expected_report report, void *context)
{
    bool whole = nn_model_get_values(model, file, group, values) == NN_OK;
    if (!whole) report(context, nn_error_text());
    return whole;
}

static nn_status expected_vectors(const nn_settings *settings, const nn_model *model, nn_store_file *file,
                                  nn_expected_report report, void *context)
{
    const char *names[NN_OPTIMIZER_SLOTS];
    nn_real *values;
    NN_TRY(NN_ALLOCATE_VALUES(model->scalar, &values, model->network->value_count, "verifying a checkpoint"));
    if (expected_vector(model, file, "weights", values, report, context) &&
        nn_checkpoint_compare_fingerprint(model->network, file, values) != NN_OK)
        report(context, nn_error_text());
    int count = settings->optimizer->slots(settings->optimizer_options, names);
    for (int i = 0; i < count; i++) {
        char group[64];
        snprintf(group, sizeof group, "optimizer/%s", names[i]);
        expected_vector(model, file, group, values, report, context);
    }
    if (settings->training.average > 0)
        expected_vector(model, file, NN_MODEL_AVERAGE, values, report, context);
    nn_free(values);
    return NN_OK;
}

nn_status nn_expected_verify(nn_store_file *file, nn_expected_report report, void *context)
{
    char *text = NULL, *precision = NULL;
    nn_config *config = NULL;
    nn_settings settings = {0};
    nn_model *model = NULL;
    nn_status status;
    NN_TRY_TO(done, status, nn_store_read_text(file, "@precision", &precision));
    NN_TRY_TO(done, status, nn_store_read_text(file, "config", &text));
    NN_TRY_TO(done, status, nn_model_expect_plugins(file));
    NN_TRY_TO(done, status, nn_config_parse(text, nn_store_path(file), NULL, 0, &config));
    NN_TRY_TO(done, status, nn_settings_read(config, &settings));
    NN_TRY_TO(done, status, nn_model_get(file, nn_scalar_named(precision), &model));
    status = expected_vectors(&settings, model, file, report, context);
done:
    nn_model_destroy(model);
    nn_settings_release(&settings);
    nn_config_destroy(config);
    nn_free(text);
    nn_free(precision);
    return status;
}
