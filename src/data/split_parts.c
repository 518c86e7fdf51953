/* Splits the train part into shares for training, validation and test. */
#include "data/split_parts.h"

#include <math.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "data/stretches.h"

/* Consecutive units of which each part gets its share, at least. Few, so that units held out are spread
 * evenly and blocks consist of whole groups; also, permuting a group costs time in proportion to its size. */
#define SPLIT_GROUP 64

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

/* Adds the stretches of rows [row, end) of one file: no window goes from one to the next. */
static void split_add_stretches(const nn_data_options *options, int64_t row, int64_t end, nn_samples *samples)
{
    while (row < end) {
        int64_t next = nn_stretches_end(samples->source, row);
        if (next > end) next = end;
        split_add_segment(options, row, next - row, samples);
        row = next;
    }
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
    int64_t most = source->piece_count + source->break_count;
    if (most > INT32_MAX)
        NN_FAIL(NN_ERROR_DATA, "data.%s: there are %lld series; at most %d are possible: use longer ones",
                nn_part_names[part], (long long)most, INT32_MAX);
    NN_TRY(NN_ALLOCATE(&samples->segments, most, "the series of a part"));
    for (int i = 0; i < source->piece_count; i++) {
        const nn_piece *piece = &source->pieces[i];
        if (part_of && part_of[i] != part) continue;
        int64_t first = split_good_rows(source, piece->first);
        int64_t rows = split_good_rows(source, piece->first + piece->rows) - first;
        int64_t begin = nn_split_share(from, rows), end = nn_split_share(to, rows);
        if (windows)
            split_add_stretches(options, first + begin, first + end, samples);
        else
            split_add_segment(options, first + begin, end - begin, samples);
    }
    NN_TRY(split_leave_out(samples));
    samples->count = samples->units;
    if (samples->units > 0) return NN_OK;
    NN_FAIL(NN_ERROR_DATA,
            "data.%s: no %s has enough rows for one sample%s: use more data, shorter windows or other "
            "fractions",
            nn_part_names[part], source->break_count > 0 ? "series" : "file",
            windows ? ", a window with its target" : "");
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
    if (part == NN_VALIDATION && split->folds > 0) return true;
    return part == NN_TRAIN || (part == NN_VALIDATION ? split->validation : split->test) > 0;
}

/* A requested part must not vanish by rounding: windows and skipped rows reduce the number of samples. */
static nn_status split_check_count(int part, int64_t count, int64_t all)
{
    if (count > 0) return NN_OK;
    NN_FAIL(NN_ERROR_DATA, "data.split: %lld samples leave none for %s: use other fractions or more data",
            (long long)all, nn_part_names[part]);
}

/* Where the parts begin and end, as fractions of the rows; fold: from 0, where there are folds. */
static void split_fractions(const nn_split_options *split, int64_t fold, double edges[NN_PARTS][2])
{
    double rest = 1 - split->test, from = rest - split->validation, to = rest;
    if (split->folds > 0) {
        from = rest * nn_split_fold_edge(split->folds, fold + 1);
        to = rest * nn_split_fold_edge(split->folds, fold + 2);
    }
    const double all[NN_PARTS][2] = {{0, from}, {from, to}, {rest, 1}};
    memcpy(edges, all, sizeof all);
}

/* The same in rows, where the test part comes first in rounding. */
static void split_rows(const nn_split_options *split, int64_t fold, int64_t rows, int64_t edges[NN_PARTS][2])
{
    int64_t rest = rows - nn_split_share(split->test, rows), to = rest;
    int64_t from = rest - nn_split_share(split->validation, rows);
    if (split->folds > 0) {
        from = nn_split_share(nn_split_fold_edge(split->folds, fold + 1), rest);
        to = nn_split_share(nn_split_fold_edge(split->folds, fold + 2), rest);
    }
    const int64_t all[NN_PARTS][2] = {{0, from}, {from, to}, {rest, rows}};
    memcpy(edges, all, sizeof all);
}

static nn_status split_count_in_time(const nn_data_options *options, nn_source *source, nn_split_folds *folds)
{
    int64_t rows[NN_PARTS][2];
    double edges[NN_PARTS][2];
    for (int64_t f = 0; f < folds->count; f++) {
        nn_samples part;
        split_rows(&options->split, f, source->rows - source->bad_count, rows);
        folds->samples[f] = rows[NN_VALIDATION][1] - rows[NN_VALIDATION][0];
        if (options->window.length == 0) continue;
        split_fractions(&options->split, f, edges);
        nn_status status = split_cut_pieces(options, source, edges[NN_VALIDATION][0], edges[NN_VALIDATION][1],
                                            NULL, NN_VALIDATION, &part);
        folds->samples[f] = part.count;
        nn_samples_release(&part);
        NN_TRY(status);
    }
    return NN_OK;
}

/* The last rows are for test, those before them for validation; for windows, in every file. */
static nn_status split_chronological(const nn_data_options *options, nn_source *source, nn_samples *parts,
                                     nn_split_folds *folds)
{
    const nn_split_options *split = &options->split;
    int64_t rows = source->rows - source->bad_count, in_rows[NN_PARTS][2];
    double edges[NN_PARTS][2];
    split_fractions(split, folds->fold, edges);
    split_rows(split, folds->fold, rows, in_rows);
    for (int p = 0; p < NN_PARTS; p++) {
        if (!split_has_part(split, p)) continue;
        nn_samples_release(&parts[p]);
        if (options->window.length > 0) {
            NN_TRY(split_cut_pieces(options, source, edges[p][0], edges[p][1], NULL, p, &parts[p]));
            continue;
        }
        int64_t begin = in_rows[p][0], end = in_rows[p][1];
        NN_TRY(split_check_count(p, end - begin, rows));
        parts[p] = (nn_samples){
            .source = source, .part = p, .stride = 1, .units = rows, .first = begin, .count = end - begin};
    }
    return split_count_in_time(options, source, folds);
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
    runs->last = nn_split_share((double)training / (double)samples->units, rest);
    if (full == 0) {
        runs->last = training;
        return;
    }
    runs->each = (training - runs->last) / full;
    runs->longer = (training - runs->last) % full;
}

/* The sizes of folds of single samples, of which there are `of`. */
static void split_count_folds(int64_t of, nn_split_folds *folds)
{
    for (int64_t f = 0; f < folds->count; f++)
        folds->samples[f] = nn_split_fold_count((nn_split_fold){folds->count, f, of});
}

/* Makes `part` of the units of the train part, which keeps its own lists. */
static nn_status split_copy_whole(const nn_samples *whole, int p, nn_samples *part)
{
    *part = *whole;
    part->part = p;
    if (p == NN_TRAIN || !whole->segments) return NN_OK;
    part->segments = NULL;
    part->bad = NULL;
    NN_TRY(NN_ALLOCATE(&part->segments, whole->segment_count, "the series of a part"));
    memcpy(part->segments, whole->segments, (size_t)whole->segment_count * sizeof *whole->segments);
    if (whole->bad_count == 0) return NN_OK;
    NN_TRY(NN_ALLOCATE(&part->bad, whole->bad_count, "windows to be skipped"));
    memcpy(part->bad, whole->bad, (size_t)whole->bad_count * sizeof *whole->bad);
    return NN_OK;
}

static nn_status split_random(const nn_data_options *options, nn_random stream, nn_samples *parts,
                              nn_split_folds *folds)
{
    const nn_split_options *split = &options->split;
    nn_samples whole = parts[NN_TRAIN];
    int64_t taken[NN_PARTS] = {0, nn_split_share(split->validation, whole.units),
                               nn_split_share(split->test, whole.units)};
    int64_t training = whole.units - taken[NN_VALIDATION] - taken[NN_TEST];
    nn_split_fold fold = {folds->count, folds->fold, training};
    split_count_folds(training, folds);
    if (folds->count > 0) taken[NN_VALIDATION] = folds->samples[folds->fold];
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
        NN_TRY(split_copy_whole(&whole, p, &parts[p]));
        parts[p].count = taken[p];
        parts[p].shares = (nn_split_shares){split_group_size(split, &whole),
                                            whole.units - training - taken[NN_TEST], taken[NN_TEST], stream};
        split_make_runs(&parts[p], training);
        if (p != NN_TEST) parts[p].fold = fold;
    }
    return NN_OK;
}

/* Counts the samples of each fold, which for windows are not as many as the rows. */
static nn_status split_count_files(const nn_data_options *options, nn_source *source,
                                   const nn_split_unit *files, uint8_t *part_of, nn_split_folds *folds)
{
    nn_status status = NN_OK;
    for (int64_t f = 0; f < folds->count && status == NN_OK; f++) {
        nn_samples part;
        for (int i = 0; i < source->piece_count; i++)
            part_of[files[i].id] = files[i].fold == f ? NN_VALIDATION : NN_TRAIN;
        status = split_cut_pieces(options, source, 0, 1, part_of, NN_VALIDATION, &part);
        folds->samples[f] = part.count;
        nn_samples_release(&part);
    }
    return status;
}

/* Assigns every file to one part; a file counts by its rows. */
static nn_status split_files(const nn_data_options *options, nn_random stream, nn_source *source,
                             nn_samples *parts, nn_split_folds *folds)
{
    nn_split_unit *files = NULL;
    uint8_t *part_of = NULL;
    int64_t count = source->piece_count;
    nn_status status;
    NN_TRY_TO(done, status, NN_ALLOCATE(&files, count, "the files of a split"));
    NN_TRY_TO(done, status, NN_ALLOCATE(&part_of, count, "the files of a split"));
    for (int64_t i = 0; i < count; i++) files[i] = (nn_split_unit){.id = i, .size = source->pieces[i].rows};
    NN_TRY_TO(done, status, nn_split_assign(&options->split, stream, count, files));
    NN_TRY_TO(done, status, split_count_files(options, source, files, part_of, folds));
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
    int64_t *fold_samples = begin + NN_PARTS + 1, *places = fold_samples + split->folds;
    int32_t *keys = NULL;
    uint8_t *part_of = NULL;
    nn_status status;
    int array = split->stratified ? nn_source_class_array(train->source) : NN_DATA_GROUP;
    NN_TRY_TO(done, status, nn_samples_keys(train, array, &keys));
    NN_TRY_TO(done, status, NN_ALLOCATE(&part_of, train->units, "the table of a split"));
    if (split->stratified)
        NN_TRY_TO(done, status, nn_split_stratify(split, stream, keys, train->units, part_of));
    else
        NN_TRY_TO(done, status, nn_split_group(split, stream, keys, train->units, part_of, fold_samples));
    split_fill_table(part_of, train->units, begin, places);
done:
    nn_free(keys);
    nn_free(part_of);
    return status;
}

/* Splits by class or by group: the writers assign every unit, and all ranks learn where the parts begin. */
static nn_status split_by_table(nn_comm *comm, const nn_data_options *options, nn_random stream,
                                nn_node_memory *table, nn_samples *parts, nn_split_folds *folds)
{
    nn_samples whole = parts[NN_TRAIN];
    int64_t header = NN_PARTS + 1 + folds->count;
    size_t size = (size_t)(whole.units + header) * sizeof(int64_t);
    NN_TRY(nn_node_memory_create(comm, size, "the table of a split", table));
    int64_t *begin = table->bytes;
    nn_status status = table->writes ? split_write_table(options, stream, &whole, begin) : NN_OK;
    NN_TRY(nn_node_memory_publish(comm, table, status));
    for (int p = 0; p < NN_PARTS; p++) {
        if (!split_has_part(&options->split, p)) continue;
        NN_TRY(split_copy_whole(&whole, p, &parts[p]));
        parts[p].table = begin + header + begin[p];
        parts[p].count = begin[p + 1] - begin[p];
        if (parts[p].count == 0)
            NN_FAIL(NN_ERROR_DATA,
                    "data.split: no sample is left for %s: there are too few groups; use other fractions",
                    nn_part_names[p]);
    }
    if (options->split.stratified)
        split_count_folds(begin[NN_VALIDATION + 1] - begin[NN_TRAIN], folds);
    else
        memcpy(folds->samples, begin + NN_PARTS + 1, (size_t)folds->count * sizeof *folds->samples);
    return NN_OK;
}

nn_status nn_split_parts(nn_comm *comm, const nn_data_options *options, nn_source *sources,
                         nn_node_memory *table, nn_samples *parts, nn_split_folds *folds)
{
    const nn_split_options *split = &options->split;
    nn_status status = nn_split_whole(options, sources, parts);
    *folds = (nn_split_folds){split->folds, split->fold > 0 ? split->fold - 1 : 0, NULL};
    if (status == NN_OK) status = NN_ALLOCATE(&folds->samples, split->folds + 1, "the folds of a split");
    NN_TRY(nn_comm_agree(comm, status));
    if (!nn_split_is_given(split)) return NN_OK;
    nn_random stream = {.seed = (uint64_t)split->seed, .purpose = NN_RANDOM_SPLIT};
    if (split->stratified || split->by == NN_SPLIT_BY_GROUP)
        return split_by_table(comm, options, stream, table, parts, folds);
    if (split->by == NN_SPLIT_BY_FILE)
        status = split_files(options, stream, &sources[NN_TRAIN], parts, folds);
    else if (nn_split_is_chronological(options))
        status = split_chronological(options, &sources[NN_TRAIN], parts, folds);
    else
        status = split_random(options, stream, parts, folds);
    return nn_comm_agree(comm, status);
}
