#include "report/repeats.h"

#include <string.h>

#include "base/hash.h"
#include "base/memory.h"

#define REPEATS_PERIOD 64 /* layers of the longest stretch */

/* All that a drawing shows of a layer, but its name and the layers that it reads. */
static uint64_t repeats_hash(const nn_described_layer *layer, int own)
{
    uint64_t hash = nn_hash(layer->type, strlen(layer->type), 0);
    const char *activation = nn_described_word(layer, "activation");
    const int64_t numbers[] = {layer->shape.dimensions, layer->tensor_count, layer->shares == own};
    hash = nn_hash(numbers, sizeof numbers, hash);
    hash =
        nn_hash(layer->shape.extents, (size_t)layer->shape.dimensions * sizeof *layer->shape.extents, hash);
    if (activation) hash = nn_hash(activation, strlen(activation), hash);
    for (int t = 0; t < layer->tensor_count; t++) {
        const nn_shape *shape = &layer->tensors[t].shape;
        hash = nn_hash(shape->extents, (size_t)shape->dimensions * sizeof *shape->extents, hash);
    }
    return hash;
}

/* Whether layers a < b look alike and read layers in the same way: from the layers before their own stretch,
 * or at the same distance. */
static bool repeats_are_alike(const nn_description *description, const uint64_t *hashes, int a, int b)
{
    const nn_described_layer *one = &description->layers[a], *other = &description->layers[b];
    if (hashes[a] != hashes[b] || one->input_count != other->input_count) return false;
    for (int i = 0; i < one->input_count; i++)
        if (a - one->inputs[i] != b - other->inputs[i]) return false;
    return true;
}

static nn_repeat repeats_longest(const nn_description *description, const uint64_t *hashes, int first)
{
    nn_repeat best = {first, 1, 1};
    int layers = description->layer_count;
    for (int period = 1; period <= REPEATS_PERIOD && first + 2 * period <= layers; period++) {
        int alike = 0;
        while (first + period + alike < layers &&
               repeats_are_alike(description, hashes, first + alike, first + period + alike))
            alike++;
        int times = 1 + alike / period;
        if (period * (times - 1) > best.period * (best.times - 1)) best = (nn_repeat){first, period, times};
    }
    return best;
}

/* Only the last stretch may be read from outside, since that is what a drawing of one of them shows. */
static bool repeats_is_closed(const nn_description *description, const nn_repeat *repeat)
{
    int last = repeat->first + repeat->period * (repeat->times - 1), end = last + repeat->period;
    for (int l = end; l < description->layer_count; l++)
        for (int i = 0; i < description->layers[l].input_count; i++) {
            int input = description->layers[l].inputs[i];
            if (input >= repeat->first && input < last) return false;
        }
    return true;
}

nn_status nn_repeats_find(const nn_description *description, int least, nn_repeat *repeats, int *count)
{
    uint64_t *hashes = NULL;
    *count = 0;
    NN_TRY(NN_ALLOCATE(&hashes, description->layer_count + 1, "the layers of a network"));
    for (int l = 0; l < description->layer_count; l++) hashes[l] = repeats_hash(&description->layers[l], l);
    for (int l = 1; l < description->layer_count;) {
        nn_repeat found = repeats_longest(description, hashes, l);
        if (found.period * (found.times - 1) < least || !repeats_is_closed(description, &found)) {
            l++;
            continue;
        }
        repeats[(*count)++] = found;
        l += found.period * found.times;
    }
    nn_free(hashes);
    return NN_OK;
}
