/* Splits the train part into shares for training, validation and test. */
#include "data/split_parts.h"

#include <math.h>

#include "base/log.h"
#include "base/memory.h"

/* Consecutive units of which each part gets its share, at least. Few, so that units held out are spread
 * evenly and blocks consist of whole groups; also, permuting a group costs time in proportion to its size. */
#define SPLIT_GROUP 64

static int64_t split_share(double share, int64_t count)
{
    return (int64_t)floor(share * (double)count + 0.5);
}

static bool split_is_given(const nn_split_options *split)
{
    return split->validation > 0 || split->test > 0;
}

static bool split_is_chronological(const nn_data_options *options)
{
    int order = options->split.order;
    return order == NN_SPLIT_CHRONOLOGICAL || (order == NN_SPLIT_AUTO && options->window.length > 0);
}

/* ---- checks of the options ---- */

static nn_status split_check_share(const nn_split_options *split, const nn_source *sources, int part)
{
    const char *name = nn_part_names[part];
    double share = part == NN_VALIDATION ? split->validation : split->test;
    int64_t rows = sources[NN_TRAIN].rows;
    if (share == 0) return NN_OK;
    if (sources[part].given)
        NN_FAIL(NN_ERROR_USAGE, "data.split.%s and data.%s cannot both be given: remove one of them", name,
                name);
    if (rows > 0 && split_share(share, rows) == 0)
        NN_FAIL(NN_ERROR_USAGE,
                "data.split.%s: a fraction of %g of %lld samples is less than one sample: make it larger",
                name, share, (long long)rows);
    return NN_OK;
}

static nn_status split_check_rest(const nn_split_options *split, const nn_source *sources)
{
    int64_t rows = sources[NN_TRAIN].rows;
    bool none = rows > 0 && split_share(split->validation, rows) + split_share(split->test, rows) >= rows;
    if (!(split->validation + split->test < 1) || none)
        NN_FAIL(NN_ERROR_USAGE,
                "data.split: fractions of %g for validation and %g for test leave nothing to train on: make "
                "them smaller",
                split->validation, split->test);
    return NN_OK;
}

static nn_status split_check_kind(const nn_data_options *options, const nn_source *train)
{
    const nn_split_options *split = &options->split;
    int labels = 0, alone = nn_source_class_array(train);
    for (int a = train->inputs; a < train->fields; a++) labels += train->arrays[a].label;
    if (split->stratified && alone >= 0 && train->arrays[alone].sound && train->arrays[alone].values > 1)
        NN_FAIL(NN_ERROR_USAGE, "data.split.stratified: samples have several labels, not one: remove it");
    bool windows = options->window.length > 0;
    if (split->stratified && train->listed && labels != 1)
        NN_FAIL(NN_ERROR_USAGE, "data.split.stratified: the targets are %s; remove it",
                labels == 0 ? "values, not classes" : "several sets of classes");
    if (split->stratified && (windows || split_is_chronological(options) || split->by != NN_SPLIT_BY_SAMPLE))
        NN_FAIL(NN_ERROR_USAGE,
                "data.split.stratified: only a random split by single samples can be stratified; remove it");
    if (split->by == NN_SPLIT_BY_GROUP && (windows || !split->group))
        NN_FAIL(NN_ERROR_USAGE, "data.split.by: group: %s",
                windows ? "windows have no groups; store each series in its own file and use by: file"
                        : "needs data.split.group, the dataset of each sample's group number");
    bool random = split->by != NN_SPLIT_BY_FILE && !split_is_chronological(options);
    if (options->shuffle == NN_SHUFFLE_STATEFUL && random)
        NN_FAIL(NN_ERROR_USAGE, "data.shuffle: stateful: after a random split, samples are no longer "
                                "consecutive: set data.split.order: chronological");
    if (split->by != NN_SPLIT_BY_SAMPLE && split->order == NN_SPLIT_CHRONOLOGICAL)
        NN_FAIL(NN_ERROR_USAGE, "data.split.by: files and groups are always chosen at random; remove order");
    return NN_OK;
}

void nn_split_check(const nn_data_options *options, const nn_source *sources, nn_problems *problems)
{
    const nn_split_options *split = &options->split;
    if (options->window.length > 0 && options->on_bad_sample == NN_BAD_SKIP)
        nn_problems_collect(
            problems,
            nn_fail(NN_ERROR_USAGE,
                    "data.on_bad_sample: skip: rows of a series cannot be skipped; repair the data"));
    if (!split_is_given(split)) return;
    bool fits = nn_problems_collect(problems, split_check_share(split, sources, NN_VALIDATION));
    fits &= nn_problems_collect(problems, split_check_share(split, sources, NN_TEST));
    if (fits) nn_problems_collect(problems, split_check_rest(split, sources));
    nn_problems_collect(problems, split_check_kind(options, &sources[NN_TRAIN]));
}

/* ---- units ---- */

/* Rows covered by a window and its target, or by the window alone if the target may lie beyond the end. */
static int64_t split_reach(const nn_data_window_options *window, bool open_end)
{
    return window->length > 0 ? window->length + (open_end ? 0 : window->horizon) : 1;
}

static void split_add_segment(const nn_data_options *options, int64_t row, int64_t rows, nn_samples *samples)
{
    int64_t reach = split_reach(&options->window, samples->source->lenient);
    if (rows < reach) return;
    samples->segments[samples->segment_count++] = (nn_segment){row, samples->units};
    samples->units += (rows - reach) / samples->stride + 1;
}

/* Leaves out the windows that start at a bad row. */
static nn_status split_leave_out(nn_samples *samples)
{
    const nn_source *source = samples->source;
    if (!source->bad_windows || source->bad_count == 0) return NN_OK;
    NN_TRY(NN_ALLOCATE(&samples->bad, source->bad_count, "windows to be skipped"));
    for (int64_t i = 0, s = 0; i < source->bad_count; i++) {
        while (s + 1 < samples->segment_count && samples->segments[s + 1].row <= source->bad[i]) s++;
        if (samples->segment_count == 0) break;
        const nn_segment *segment = &samples->segments[s];
        int64_t end = s + 1 < samples->segment_count ? samples->segments[s + 1].unit : samples->units;
        int64_t after = source->bad[i] - segment->row, unit = segment->unit + after / samples->stride;
        if (after < 0 || after % samples->stride != 0 || unit >= end) continue;
        samples->bad[samples->bad_count++] = unit;
    }
    samples->units -= samples->bad_count;
    return NN_OK;
}

/* The number of a row once bad ones are left out. */
static int64_t split_good_rows(const nn_source *source, int64_t row)
{
    int64_t bad = 0;
    if (source->bad_windows) return row;
    while (bad < source->bad_count && source->bad[bad] < row) bad++;
    return row - bad;
}

/* Cuts units from the fraction [from, to) of the rows of every piece that belongs to the part; part_of NULL:
 * all do. */
static nn_status split_cut_pieces(const nn_data_options *options, nn_source *source, double from, double to,
                                  const uint8_t *part_of, int part, nn_samples *samples)
{
    bool windows = options->window.length > 0;
    *samples = (nn_samples){.source = source, .part = part, .stride = windows ? options->window.stride : 1};
    NN_TRY(NN_ALLOCATE(&samples->segments, source->piece_count, "the files of a part"));
    for (int i = 0; i < source->piece_count; i++) {
        const nn_piece *piece = &source->pieces[i];
        if (part_of && part_of[i] != part) continue;
        int64_t first = split_good_rows(source, piece->first);
        int64_t rows = split_good_rows(source, piece->first + piece->rows) - first;
        int64_t begin = split_share(from, rows), end = split_share(to, rows);
        split_add_segment(options, first + begin, end - begin, samples);
    }
    NN_TRY(split_leave_out(samples));
    samples->count = samples->units;
    if (samples->units > 0) return NN_OK;
    NN_FAIL(NN_ERROR_DATA,
            "data.%s: no file has enough rows for one sample%s: use more data, shorter windows or other "
            "fractions",
            nn_part_names[part], windows ? ", a window with its target" : "");
}

nn_status nn_split_whole(const nn_data_options *options, nn_source *sources, nn_samples *parts)
{
    for (int p = 0; p < NN_PARTS; p++) {
        nn_source *source = &sources[p];
        if (!source->given || source->rows == 0) continue;
        if (options->window.length > 0) {
            NN_TRY(split_cut_pieces(options, source, 0, 1, NULL, p, &parts[p]));
        } else {
            int64_t rows = source->rows - source->bad_count;
            parts[p] = (nn_samples){.source = source, .part = p, .stride = 1, .units = rows, .count = rows};
        }
    }
    return NN_OK;
}

/* ---- splitting ---- */

static bool split_has_part(const nn_split_options *split, int part)
{
    return part == NN_TRAIN || (part == NN_VALIDATION ? split->validation : split->test) > 0;
}

/* A requested part must not vanish by rounding: windows and skipped rows reduce the number of samples. */
static nn_status split_check_count(int part, int64_t count, int64_t all)
{
    if (count > 0) return NN_OK;
    NN_FAIL(NN_ERROR_DATA, "data.split: %lld samples leave none for %s: use other fractions or more data",
            (long long)all, nn_part_names[part]);
}

/* The last rows are for test, those before them for validation; for windows, in every file. */
static nn_status split_chronological(const nn_data_options *options, nn_source *source, nn_samples *parts)
{
    const nn_split_options *split = &options->split;
    double edges[] = {0, 1 - split->validation - split->test, 1 - split->test, 1};
    for (int p = 0; p < NN_PARTS; p++) {
        if (!split_has_part(split, p)) continue;
        int64_t rows = source->rows - source->bad_count;
        nn_samples_release(&parts[p]);
        if (options->window.length > 0) {
            NN_TRY(split_cut_pieces(options, source, edges[p], edges[p + 1], NULL, p, &parts[p]));
            continue;
        }
        int64_t test = split_share(split->test, rows), rest = rows - test,
                validation = split_share(split->validation, rows);
        const int64_t begins[] = {0, rest - validation, rest, rows};
        int64_t begin = begins[p], end = begins[p + 1];
        NN_TRY(split_check_count(p, end - begin, rows));
        parts[p] = (nn_samples){
            .source = source, .part = p, .stride = 1, .units = rows, .first = begin, .count = end - begin};
    }
    return NN_OK;
}

/* Doubles the group while it would be too small for its shares. */
static int64_t split_group_size(const nn_split_options *split, const nn_samples *whole)
{
    int64_t group = SPLIT_GROUP;
    double rest = 1 - split->validation - split->test;
    while (group < whole->units && rest * (double)group < 2) group *= 2;
    return group;
}

/* Sets how many units of each group are for training: the same everywhere, up to one. */
static void split_make_runs(nn_samples *samples, int64_t training)
{
    int64_t group = samples->shares.group, full = samples->units / group, rest = samples->units % group;
    nn_split_runs *runs = &samples->runs;
    *runs = (nn_split_runs){.full = full, .of = full};
    runs->last = split_share((double)training / (double)samples->units, rest);
    if (full == 0) {
        runs->last = training;
        return;
    }
    runs->each = (training - runs->last) / full;
    runs->longer = (training - runs->last) % full;
}

static nn_status split_random(const nn_data_options *options, nn_random stream, nn_samples *parts)
{
    const nn_split_options *split = &options->split;
    nn_samples whole = parts[NN_TRAIN];
    int64_t taken[NN_PARTS] = {0, split_share(split->validation, whole.units),
                               split_share(split->test, whole.units)};
    taken[NN_TRAIN] = whole.units - taken[NN_VALIDATION] - taken[NN_TEST];
    if (options->window.length > 0 && split_reach(&options->window, false) > options->window.stride)
        nn_log_warning(
            "data.split: windows of %lld rows, with targets, start every %lld rows and overlap, so a random "
            "split lets training see rows of the test windows; order: chronological does not",
            (long long)options->window.length, (long long)options->window.stride);
    for (int p = 0; p < NN_PARTS; p++)
        if (split_has_part(split, p)) NN_TRY(split_check_count(p, taken[p], whole.units));
    for (int p = 0; p < NN_PARTS; p++) {
        if (!split_has_part(split, p)) continue;
        nn_segment *segments = parts[NN_TRAIN].segments;
        parts[p] = whole;
        if (p != NN_TRAIN && segments) {
            NN_TRY(NN_ALLOCATE(&parts[p].segments, whole.segment_count, "the files of a part"));
            for (int i = 0; i < whole.segment_count; i++) parts[p].segments[i] = segments[i];
            parts[p].bad = NULL;
            if (whole.bad_count > 0)
                NN_TRY(NN_ALLOCATE(&parts[p].bad, whole.bad_count, "windows to be skipped"));
            for (int64_t i = 0; i < whole.bad_count; i++) parts[p].bad[i] = whole.bad[i];
        }
        parts[p].part = p;
        parts[p].count = taken[p];
        parts[p].shares =
            (nn_split_shares){split_group_size(split, &whole), taken[NN_VALIDATION], taken[NN_TEST], stream};
        split_make_runs(&parts[p], taken[NN_TRAIN]);
    }
    return NN_OK;
}

/* Assigns every file to one part; a file counts by its rows. */
static nn_status split_files(const nn_data_options *options, nn_random stream, nn_source *source,
                             nn_samples *parts)
{
    nn_split_unit *files = NULL;
    uint8_t *part_of = NULL;
    int64_t count = source->piece_count;
    nn_status status;
    NN_TRY_TO(done, status, NN_ALLOCATE(&files, count, "the files of a split"));
    NN_TRY_TO(done, status, NN_ALLOCATE(&part_of, count, "the files of a split"));
    for (int64_t i = 0; i < count; i++) files[i] = (nn_split_unit){.id = i, .size = source->pieces[i].rows};
    nn_split_assign(&options->split, stream, count, files);
    for (int64_t i = 0; i < count; i++) part_of[files[i].id] = files[i].part;
    for (int p = 0; p < NN_PARTS && status == NN_OK; p++) {
        if (!split_has_part(&options->split, p)) continue;
        nn_samples_release(&parts[p]);
        status = split_cut_pieces(options, source, 0, 1, part_of, p, &parts[p]);
    }
done:
    nn_free(files);
    nn_free(part_of);
    return status;
}

/* Sorts units by part, ascending within each; part p has table[begin[p] .. begin[p + 1]). */
static void split_fill_table(const uint8_t *part_of, int64_t units, int64_t *begin, int64_t *table)
{
    int64_t next = 0;
    for (int p = 0; p < NN_PARTS; p++) {
        begin[p] = next;
        for (int64_t unit = 0; unit < units; unit++)
            if (part_of[unit] == p) table[next++] = unit;
    }
    begin[NN_PARTS] = next;
}

static nn_status split_write_table(const nn_data_options *options, nn_random stream, const nn_samples *train,
                                   int64_t *begin)
{
    const nn_split_options *split = &options->split;
    int32_t *keys = NULL;
    uint8_t *part_of = NULL;
    nn_status status;
    int array = split->stratified ? nn_source_class_array(train->source) : NN_DATA_GROUP;
    NN_TRY_TO(done, status, nn_samples_keys(train, array, &keys));
    NN_TRY_TO(done, status, NN_ALLOCATE(&part_of, train->units, "the table of a split"));
    if (split->stratified)
        NN_TRY_TO(done, status, nn_split_stratify(split, stream, keys, train->units, part_of));
    else
        NN_TRY_TO(done, status, nn_split_group(split, stream, keys, train->units, part_of));
    split_fill_table(part_of, train->units, begin, begin + NN_PARTS + 1);
done:
    nn_free(keys);
    nn_free(part_of);
    return status;
}

/* Splits by class or by group: the writers assign every unit, and all ranks learn where the parts begin. */
static nn_status split_by_table(nn_comm *comm, const nn_data_options *options, nn_random stream,
                                nn_node_memory *table, nn_samples *parts)
{
    nn_samples whole = parts[NN_TRAIN];
    size_t size = (size_t)(whole.units + NN_PARTS + 1) * sizeof(int64_t);
    NN_TRY(nn_node_memory_create(comm, size, "the table of a split", table));
    int64_t *begin = table->bytes;
    nn_status status = table->writes ? split_write_table(options, stream, &whole, begin) : NN_OK;
    NN_TRY(nn_node_memory_publish(comm, table, status));
    for (int p = 0; p < NN_PARTS; p++) {
        if (!split_has_part(&options->split, p)) continue;
        parts[p] = whole;
        parts[p].part = p;
        parts[p].table = begin + NN_PARTS + 1 + begin[p];
        parts[p].count = begin[p + 1] - begin[p];
        if (parts[p].count == 0)
            NN_FAIL(NN_ERROR_DATA,
                    "data.split: no sample is left for %s: there are too few groups; use other fractions",
                    nn_part_names[p]);
    }
    return NN_OK;
}

nn_status nn_split_parts(nn_comm *comm, const nn_data_options *options, nn_source *sources,
                         nn_node_memory *table, nn_samples *parts)
{
    const nn_split_options *split = &options->split;
    NN_TRY(nn_comm_agree(comm, nn_split_whole(options, sources, parts)));
    if (!split_is_given(split)) return NN_OK;
    nn_random stream = {.seed = (uint64_t)split->seed, .purpose = NN_RANDOM_SPLIT};
    if (split->stratified || split->by == NN_SPLIT_BY_GROUP)
        return split_by_table(comm, options, stream, table, parts);
    nn_status status;
    if (split->by == NN_SPLIT_BY_FILE)
        status = split_files(options, stream, &sources[NN_TRAIN], parts);
    else if (split_is_chronological(options))
        status = split_chronological(options, &sources[NN_TRAIN], parts);
    else
        status = split_random(options, stream, parts);
    return nn_comm_agree(comm, status);
}
