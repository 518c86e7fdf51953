/* Finds the first row of a sample. */
#include "base/least.h"
#include "base/memory.h"
#include "data/blocks.h"
#include "data/split_parts.h"
#include "data/stretches.h"

/* Values per block, unless the user sets its samples: 1 MiB at 4 bytes each. */
#define SAMPLES_BLOCK_VALUES ((int64_t)1 << 18)

/* ---- shares ---- */

/* The number of units in the first `groups` groups that are not for training. */
static int64_t samples_held_out(const nn_samples *samples, int64_t groups)
{
    const nn_split_shares *shares = &samples->shares;
    if (groups > samples->runs.full) return shares->validation + shares->test;
    return groups * shares->group - nn_split_runs_begin(&samples->runs, groups);
}

/* The number of samples of a part in the first `groups` groups. Units held out are divided between validation
 * and test as evenly as integers allow. */
static int64_t samples_before(const nn_samples *samples, int part, int64_t groups)
{
    const nn_split_shares *shares = &samples->shares;
    int64_t held_out = samples_held_out(samples, groups), all = shares->validation + shares->test;
    if (part == NN_TRAIN)
        return groups > samples->runs.full ? samples->units - all
                                           : nn_split_runs_begin(&samples->runs, groups);
    double share = (double)shares->validation / (double)(all > 0 ? all : 1);
    int64_t validation = nn_smaller((int64_t)(share * (double)held_out), shares->validation);
    if (validation < held_out - shares->test) validation = held_out - shares->test;
    return part == NN_VALIDATION ? validation : held_out - validation;
}

/* The unit of a sample of what shares give a part, `count` samples in all. */
static int64_t samples_shared_unit(const nn_samples *samples, int part, int64_t count, int64_t sample)
{
    const nn_split_shares *shares = &samples->shares;
    int64_t last = (samples->units - 1) / shares->group;
    int64_t group = (int64_t)((double)sample / (double)count * (double)samples->units) / shares->group;
    if (group > last) group = last;
    while (group > 0 && samples_before(samples, part, group) > sample) group--;
    while (group < last && samples_before(samples, part, group + 1) <= sample) group++;
    int64_t begin = group * shares->group, size = nn_smaller(samples->units - begin, shares->group);
    int64_t place = sample - samples_before(samples, part, group);
    for (int p = NN_VALIDATION; p <= NN_TEST; p++)
        if (part == NN_TRAIN || p < part)
            place += samples_before(samples, p, group + 1) - samples_before(samples, p, group);
    nn_random stream = shares->stream;
    stream.step = (uint32_t)group;
    return begin + (int64_t)nn_random_permute(stream, (uint64_t)size, (uint64_t)place);
}

static int64_t samples_folded_unit(const nn_samples *samples, int64_t sample)
{
    bool validation = samples->part == NN_VALIDATION;
    sample = nn_split_fold_sample(samples->fold, validation, sample);
    return samples_shared_unit(samples, NN_TRAIN, samples->fold.of, sample);
}

/* ---- rows ---- */

/* The number at this place once the bad ones, ascending, are left out: the inverse of counting, by bisection.
 */
static int64_t samples_good(int64_t bad_count, const int64_t *bad, int64_t place)
{
    int64_t low = 0, high = bad_count; /* bounds on the number of bad ones before it */
    while (low < high) {
        int64_t middle = (low + high) / 2;
        if (bad[middle] - middle <= place)
            low = middle + 1;
        else
            high = middle;
    }
    return place + low;
}

static int64_t samples_good_row(const nn_source *source, int64_t place)
{
    return source->bad_windows ? place : samples_good(source->bad_count, source->bad, place);
}

static int64_t samples_unit_row(const nn_samples *samples, int64_t unit)
{
    if (!samples->segments) return samples_good_row(samples->source, unit);
    unit = samples_good(samples->bad_count, samples->bad, unit);
    int low = 0, high = samples->segment_count - 1;
    while (low < high) {
        int middle = (low + high + 1) / 2;
        if (samples->segments[middle].unit <= unit)
            low = middle;
        else
            high = middle - 1;
    }
    const nn_segment *segment = &samples->segments[low];
    return samples_good_row(samples->source, segment->row + (unit - segment->unit) * samples->stride);
}

int64_t nn_samples_row(const nn_samples *samples, int64_t sample)
{
    int64_t unit = samples->table            ? samples->table[sample]
                   : samples->fold.folds > 0 ? samples_folded_unit(samples, sample)
                   : samples->shares.group > 0
                       ? samples_shared_unit(samples, samples->part, samples->count, sample)
                       : samples->first + sample;
    return samples_unit_row(samples, unit);
}

int64_t nn_samples_block_units(const nn_samples *samples)
{
    const nn_source *source = samples->source;
    int64_t values = source->values > 0 ? source->values : 1, group = samples->shares.group;
    int64_t units = source->block > 0 ? source->block : SAMPLES_BLOCK_VALUES / values / samples->stride;
    if (units < 1) units = 1;
    if (group == 0) return units;
    return units < group ? group : (units + group / 2) / group * group;
}

/* Joins `together` runs into one. The last run takes what is left over. */
static nn_split_runs samples_join_runs(const nn_samples *samples, int64_t together)
{
    const nn_split_runs *runs = &samples->runs;
    nn_split_runs joined = {.full = runs->full / together, .of = runs->of};
    if (joined.full > 0) {
        joined.each = together * runs->each + together * runs->longer / runs->of;
        joined.longer = together * runs->longer % runs->of;
    }
    joined.last = samples->count - nn_split_runs_begin(&joined, joined.full);
    return joined;
}

nn_split_runs nn_samples_runs(const nn_samples *samples)
{
    int64_t units = nn_samples_block_units(samples);
    bool folded = samples->fold.folds > 0;
    if (samples->shares.group > 0 && !folded)
        return samples_join_runs(samples, units / samples->shares.group);
    /* The samples of a part with a table or of a fold are spread over the rows of all parts. */
    double share = samples->table || folded ? (double)samples->count / (double)samples->units : 1;
    int64_t each = (int64_t)(share * (double)units);
    if (each < 1) each = 1;
    return (nn_split_runs){.full = samples->count / each, .each = each, .last = samples->count % each};
}

void nn_samples_release(nn_samples *samples)
{
    nn_free(samples->segments);
    nn_free(samples->bad);
    *samples = (nn_samples){0};
}

/* Bad group numbers would put all such samples into one group. */
static nn_status samples_refuse_group(const nn_samples *samples, int64_t unit)
{
    const nn_array *array = &samples->source->arrays[NN_DATA_GROUP];
    NN_FAIL(NN_ERROR_DATA,
            "data.split.group: dataset \"%s\" of %s, row %lld: a group must be an integer below 2^53, or a "
            "text that is not empty; number "
            "the groups from 0, in Python with numpy.unique(groups, return_inverse=True)[1]",
            array->dataset, array->path, (long long)samples_unit_row(samples, unit));
}

nn_status nn_samples_keys(const nn_samples *samples, int array, int32_t **keys)
{
    nn_blocks *blocks = NULL;
    *keys = NULL;
    nn_status status = NN_ALLOCATE(keys, samples->units, "the labels of a split");
    if (status == NN_OK && !samples->source->arrays[array].given) {
        for (int64_t unit = 0; unit < samples->units; unit++)
            (*keys)[unit] = (int32_t)nn_stretches_number(samples->source, samples_unit_row(samples, unit));
        return NN_OK;
    }
    if (status == NN_OK) status = nn_blocks_create(samples->source, 1u << array, 2, &blocks);
    for (int64_t unit = 0; unit < samples->units && status == NN_OK; unit++)
        status = nn_blocks_copy(blocks, array, samples_unit_row(samples, unit), 1,
                                (unsigned char *)(*keys + unit));
    nn_blocks_destroy(blocks);
    for (int64_t unit = 0; array == NN_DATA_GROUP && unit < samples->units && status == NN_OK; unit++)
        if ((*keys)[unit] < 0) status = samples_refuse_group(samples, unit);
    if (status == NN_OK) return NN_OK;
    nn_free(*keys);
    *keys = NULL;
    return status;
}
