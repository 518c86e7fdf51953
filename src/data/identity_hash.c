/*
 * The identity of the data: a hash of the values of every dataset that affects results, row by row, as double
 * whatever their stored type. The hashes of rows are added, so the number of ranks and the reading order do
 * not matter. All rows of a small dataset are read; of a large one, rows all over it, or all if they are in
 * memory or were scanned anyway.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/least.h"
#include "base/memory.h"
#include "data/blocks.h"
#include "data/dataset_internal.h"
#include "data/stretches.h"
#include "host/pulse.h"

/* Values in memory up to which a rank hashes its share of all: about a second. */
#define IDENTITY_SHARE ((double)(1 << 30))

/* The rows read of a large array: this many runs of this many rows. */
#define IDENTITY_RUNS 64
#define IDENTITY_RUN_ROWS 16

/* Values of a file that are worth another rank's opening it. */
#define IDENTITY_READER ((double)(1 << 20))

/* Hashes of one array, on this rank or over all. */
typedef struct identity_sums {
    uint64_t some, all; /* sums over the chosen rows, and over all rows */
    int64_t all_rows;   /* number of rows in `all` */
} identity_sums;

typedef struct identity_work {
    nn_source *source;
    int which;
    int64_t rank, ranks; /* among those that share the rows */
    identity_sums *sums;
} identity_work;

uint64_t nn_identity_row(const nn_array *array, const unsigned char *raw, int64_t row)
{
    double values[NN_ARRAY_BLOCK];
    uint64_t hash = nn_hash(&row, sizeof row, 0);
    for (int64_t at = 0; at < array->values; at += NN_ARRAY_BLOCK) {
        int64_t count = nn_smaller(NN_ARRAY_BLOCK, array->values - at);
        nn_array_convert(array, raw, at, count, values);
        hash = nn_hash(values, (size_t)count * sizeof *values, hash);
    }
    return hash;
}

static double identity_values(const nn_array *array)
{
    return (double)array->rows * (double)array->values;
}

bool nn_identity_is_scanned(const nn_array *array)
{
    return !array->raw && !nn_array_is_small(array);
}

/* ---- rows ---- */

/* Adds up the hashes of some rows. */
static nn_status identity_read(const identity_work *work, nn_blocks *blocks, int64_t first, int64_t rows,
                               unsigned char *raw, uint64_t *sum)
{
    const nn_array *array = &work->source->arrays[work->which];
    for (int64_t row = first; row < first + rows; row++) {
        const unsigned char *at = array->raw ? array->raw + (size_t)row * array->row_size : raw;
        if (!array->raw) NN_TRY(nn_blocks_copy(blocks, work->which, row, 1, raw));
        *sum += nn_identity_row(array, at, row);
        nn_pulse();
    }
    return NN_OK;
}

/* Hashes this rank's share of all rows. */
static nn_status identity_of_all(const identity_work *work, nn_blocks *blocks, unsigned char *raw)
{
    const nn_array *array = &work->source->arrays[work->which];
    int64_t each = array->rows / work->ranks, longer = array->rows % work->ranks;
    int64_t begin = work->rank * each + nn_smaller(work->rank, longer);
    int64_t rows = each + (work->rank < longer);
    work->sums->all = 0;
    work->sums->all_rows = rows;
    return identity_read(work, blocks, begin, rows, raw, &work->sums->all);
}

static nn_status identity_of_some(const identity_work *work, nn_blocks *blocks, unsigned char *raw)
{
    int64_t rows = work->source->arrays[work->which].rows;
    int64_t length = nn_smaller(IDENTITY_RUN_ROWS, rows);
    for (int64_t run = work->rank; run < IDENTITY_RUNS; run += work->ranks) {
        int64_t first = (int64_t)((double)run / (IDENTITY_RUNS - 1) * (double)(rows - length));
        NN_TRY(identity_read(work, blocks, first, length, raw, &work->sums->some));
    }
    return NN_OK;
}

/* Hashes the attributes and the number of unwritten values, which the chosen rows of a large array may not
 * show. */
static uint64_t identity_packings(const nn_source *source, int which)
{
    const nn_store_packing *before = NULL;
    uint64_t hash = 0;
    int64_t gaps = 0;
    for (int i = 0; i < source->piece_count; i++) {
        const nn_store_packing *packing = source->pieces[i].packings[which];
        bool repeats = packing && before && nn_store_packing_equal(packing, before);
        if (packing && !repeats) hash = nn_hash(packing, sizeof *packing, hash);
        before = packing;
        gaps += nn_store_gaps_count(source->pieces[i].gaps[which]);
    }
    return gaps > 0 ? nn_hash(&gaps, sizeof gaps, hash) : hash;
}

static nn_status identity_array(nn_comm *comm, nn_source *source, int which, identity_sums *sums)
{
    const nn_array *array = &source->arrays[which];
    bool small = nn_array_is_small(array);
    identity_work work = {source, which, nn_comm_rank(comm), nn_comm_size(comm), sums};
    double readers = ceil(identity_values(array) / IDENTITY_READER);
    if (!array->raw && readers < (double)work.ranks) work.ranks = (int64_t)readers;
    bool all = small || (array->raw && identity_values(array) / (double)work.ranks <= IDENTITY_SHARE);
    unsigned char *raw = NULL;
    nn_blocks *blocks = NULL;
    *sums = (identity_sums){0};
    if (!all) *sums = (identity_sums){.all = array->content, .all_rows = array->content_rows};
    if (work.rank >= work.ranks) return NN_OK;
    nn_status status = nn_allocate((void **)&raw, 1, array->row_size, "a sample of the data");
    if (status == NN_OK) status = nn_blocks_create(source, 1u << which, small ? 2 : 0, &blocks);
    if (status == NN_OK && all) status = identity_of_all(&work, blocks, raw);
    if (status == NN_OK && small)
        sums->some = sums->all;
    else if (status == NN_OK)
        status = identity_of_some(&work, blocks, raw);
    if (status == NN_OK && !small && work.rank == 0) sums->some += identity_packings(source, which);
    nn_blocks_destroy(blocks);
    nn_free(raw);
    return status;
}

/* ---- lines ---- */

/* Appends the name of an array in the configuration. */
static void identity_append_name(const nn_source *source, int which, nn_text *lines)
{
    const nn_array *array = &source->arrays[which];
    bool input = which < source->inputs, field = which < NN_DATA_FIELDS;
    bool several = (input ? source->inputs : source->fields - source->inputs) > 1;
    if (which == NN_DATA_GROUP)
        nn_text_append(lines, "data.split.group");
    else
        nn_text_append(lines, "data.%s.%s%s%s", array->part, field ? input ? "x" : "y" : array->key,
                       field && several ? "." : "", field && several ? array->key : "");
}

static void identity_append(const nn_source *source, int which, const identity_sums *sums, nn_text *lines)
{
    const nn_array *array = &source->arrays[which];
    char all[NN_IDENTITY_WORD] = NN_IDENTITY_UNKNOWN;
    if (sums->all_rows == array->rows) snprintf(all, sizeof all, "%016" PRIx64, sums->all);
    identity_append_name(source, which, lines);
    nn_text_append(lines, "\t%" PRId64 "\t%" PRId64 "\t%016" PRIx64 "\t%s\t%s\t%s\n", array->rows,
                   array->values, sums->some, all, array->dataset, source->pieces[0].path);
}

/* Appends where files end, if samples depend on it. */
static void identity_append_files(const nn_dataset *dataset, int part, nn_text *lines)
{
    const nn_data_options *options = dataset->options;
    const nn_source *source = &dataset->sources[part];
    bool trains = part == NN_TRAIN &&
                  (options->shuffle == NN_SHUFFLE_STATEFUL || options->split.by == NN_SPLIT_BY_FILE);
    uint64_t hash = 0;
    if (options->window.length == 0 && !trains) return;
    for (int i = 0; i < source->piece_count; i++)
        hash = nn_hash(&source->pieces[i].rows, sizeof source->pieces[i].rows, hash);
    nn_text_append(lines, "data.%s.file\t%d\t0\t%016" PRIx64 "\t" NN_IDENTITY_UNKNOWN "\t\t%s\n",
                   nn_part_names[part], source->piece_count, hash, source->pieces[0].path);
}

/* Appends where series begin, if anything says so. */
static void identity_append_breaks(const nn_dataset *dataset, int part, nn_text *lines)
{
    const nn_source *source = &dataset->sources[part];
    if (!nn_stretches_given(dataset->options)) return;
    uint64_t hash = nn_hash(source->breaks, (size_t)source->break_count * sizeof *source->breaks, 0);
    nn_text_append(lines, "data.%s.series\t%" PRId64 "\t0\t%016" PRIx64 "\t" NN_IDENTITY_UNKNOWN "\t\t%s\n",
                   nn_part_names[part], source->break_count, hash, source->pieces[0].path);
}

/* Appends the bad rows that are left out, if they were looked for. */
static void identity_append_bad(const nn_dataset *dataset, int part, nn_text *lines)
{
    const nn_source *source = &dataset->sources[part];
    if (dataset->options->on_bad_sample != NN_BAD_SKIP || dataset->describes) return;
    uint64_t hash = nn_hash(source->bad, (size_t)source->bad_count * sizeof *source->bad, 0);
    nn_text_append(lines, "data.%s.skipped\t%" PRId64 "\t0\t0\t%016" PRIx64 "\t\t%s\n", nn_part_names[part],
                   source->bad_count, hash, source->pieces[0].path);
}

/* ---- names ---- */

static uint64_t identity_list(const nn_text_list *list, uint64_t hash)
{
    for (size_t i = 0; i < list->count; i++) hash = nn_hash(list->items[i], strlen(list->items[i]) + 1, hash);
    return nn_hash(&list->count, sizeof list->count, hash);
}

/* Hashes the names; data without names keeps its hash. */
static uint64_t identity_names(const nn_names *names, uint64_t hash)
{
    if (!nn_names_given(names)) return hash;
    hash = identity_list(&names->columns, identity_list(&names->classes, hash));
    for (size_t c = 0; c < names->columns.count; c++)
        hash = identity_list(nn_names_categories(names, (int64_t)c), hash);
    return hash;
}

/* ---- all of it ---- */

static nn_status identity_measure(nn_comm *comm, nn_dataset *dataset,
                                  identity_sums sums[NN_PARTS][NN_DATA_ARRAYS])
{
    for (int p = 0; p < NN_PARTS; p++)
        for (int a = 0; a < NN_DATA_ARRAYS; a++)
            if (dataset->sources[p].given && dataset->sources[p].arrays[a].sound)
                NN_TRY(identity_array(comm, &dataset->sources[p], a, &sums[p][a]));
    return NN_OK;
}

/* Replaces this rank's sums by those over all ranks. Collective. */
static nn_status identity_add_up(nn_comm *comm, identity_sums *sums, size_t count)
{
    uint64_t values[3 * NN_PARTS * NN_DATA_ARRAYS];
    for (size_t i = 0; i < count; i++) {
        values[3 * i] = sums[i].some;
        values[3 * i + 1] = sums[i].all;
        values[3 * i + 2] = (uint64_t)sums[i].all_rows;
    }
    NN_TRY(nn_comm_sum_integers(comm, values, 3 * count));
    for (size_t i = 0; i < count; i++)
        sums[i] = (identity_sums){values[3 * i], values[3 * i + 1], (int64_t)values[3 * i + 2]};
    return NN_OK;
}

nn_status nn_identity_hash(nn_comm *comm, nn_dataset *dataset)
{
    identity_sums sums[NN_PARTS][NN_DATA_ARRAYS] = {{{0}}};
    NN_TRY(nn_comm_agree(comm, identity_measure(comm, dataset, sums)));
    NN_TRY(identity_add_up(comm, &sums[0][0], (size_t)NN_PARTS * NN_DATA_ARRAYS));
    nn_text *lines = &dataset->identity_lines;
    nn_text_free(lines);
    for (int p = 0; p < NN_PARTS; p++) {
        if (!dataset->sources[p].given) continue;
        for (int a = 0; a < NN_DATA_ARRAYS; a++)
            if (dataset->sources[p].arrays[a].sound)
                identity_append(&dataset->sources[p], a, &sums[p][a], lines);
        identity_append_files(dataset, p, lines);
        identity_append_breaks(dataset, p, lines);
        identity_append_bad(dataset, p, lines);
    }
    dataset->identity = nn_identity_number(lines->bytes ? lines->bytes : "");
    for (int i = 0; i < dataset->names.count; i++)
        dataset->identity = identity_names(&dataset->names.items[i], dataset->identity);
    return nn_comm_agree(
        comm, lines->failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for the identity of the data") : NN_OK);
}

nn_status nn_dataset_identify(nn_comm *comm, nn_dataset *dataset)
{
    nn_status status = nn_identity_hash(comm, dataset);
    for (int p = 0; p < NN_PARTS; p++) nn_source_rest(&dataset->sources[p]);
    return status;
}

uint64_t nn_dataset_identity(const nn_dataset *dataset)
{
    return dataset->identity;
}

const char *nn_dataset_identity_lines(const nn_dataset *dataset)
{
    return dataset->identity_lines.bytes ? dataset->identity_lines.bytes : "";
}
