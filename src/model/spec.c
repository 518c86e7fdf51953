/* Reads a model's spec from a configuration. */
#include "model/spec.h"

#include "model/model.h"

void nn_model_spec_read(nn_config *config, nn_scalar scalar, nn_model_spec *spec)
{
    spec->network.scalar = scalar;
    nn_spec_read_network(config, nn_config_root(config), &spec->network);
    nn_model_spec_read_heads(config, spec);
}

void nn_model_spec_release(nn_model_spec *spec)
{
    nn_network_spec_release(&spec->network);
    nn_model_spec_release_heads(spec);
    *spec = (nn_model_spec){0};
}
