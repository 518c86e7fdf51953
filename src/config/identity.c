#include "config/identity.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

void nn_config_append_values(const nn_config *config, nn_text *lines)
{
    const nn_config_value *values;
    size_t count = nn_config_values(config, &values);
    for (size_t i = 0; i < count; i++)
        nn_text_append(lines, "%d\t%s\t%s\n", (int)values[i].effect, values[i].path, values[i].value);
}

uint64_t nn_config_identity(const char *lines, uint64_t data_identity)
{
    uint64_t sum = 0;
    while (*lines) {
        size_t length = strcspn(lines, "\n");
        if (atoi(lines) == NN_EFFECT_RESULT) sum += nn_hash(lines, length, 0);
        lines += length + (lines[length] == '\n');
    }
    return nn_hash(&sum, sizeof sum, data_identity);
}
