/* Opens data sets on one rank for unit tests. Include after cmocka.h. */
#ifndef NN_TESTS_DATA_OPENED_H
#define NN_TESTS_DATA_OPENED_H

#include "base/hash.h"
#include "files.h"

static nn_comm *comm;

static inline void expect_message(const char *part)
{
    if (!strstr(nn_error_text(), part)) fail_msg("the message lacks \"%s\": %s", part, nn_error_text());
}

/* A described data set agrees with the opened one, except for what depends on values. */
static inline void expect_described(const nn_data_options *options, const nn_target_wanted *wanted, int count,
                                    const nn_dataset *opened)
{
    nn_dataset *dataset = NULL;
    bool drops = options->on_bad_sample == NN_BAD_SKIP; /* the number of samples left is not known */
    for (int f = 0; f < options->fields.count; f++)
        drops |= options->fields.fields[f].missing == NN_MISSING_DROP;
    if (drops) return;
    if (nn_dataset_describe(comm, options,
                            &(nn_dataset_setup){.scalar = NN_SCALAR_REAL,
                                                .directory = files_directory,
                                                .seed = 7,
                                                .wanted = wanted,
                                                .wanted_count = count},
                            &dataset) != NN_OK)
        fail_msg("not described: %s", nn_error_text());
    for (int p = 0; p < NN_PARTS; p++) {
        assert_int_equal(nn_dataset_count(dataset, (nn_part)p), nn_dataset_count(opened, (nn_part)p));
        assert_int_equal(nn_dataset_has_lengths(dataset, (nn_part)p),
                         nn_dataset_has_lengths(opened, (nn_part)p));
    }
    const nn_field *input = nn_dataset_input(dataset), *opened_input = nn_dataset_input(opened);
    assert_int_equal(nn_shape_count(input->shape), nn_shape_count(opened_input->shape));
    assert_int_equal(input->classes, opened_input->classes);
    assert_int_equal(nn_dataset_input_scaling(dataset)->columns, nn_dataset_input_scaling(opened)->columns);
    for (int t = 0; t < count; t++) {
        const nn_field *target = nn_dataset_target(dataset, t), *other = nn_dataset_target(opened, t);
        assert_int_equal(target->classes, other->classes);
        assert_int_equal(nn_shape_count(target->shape), nn_shape_count(other->shape));
        assert_int_equal(nn_dataset_target_scaling(dataset, t)->columns,
                         nn_dataset_target_scaling(opened, t)->columns);
    }
    assert_int_equal(nn_dataset_streams(dataset), nn_dataset_streams(opened));
    assert_int_equal(nn_dataset_memory(dataset), nn_dataset_memory(opened));
    assert_int_equal(nn_dataset_identify(comm, dataset), NN_OK);
    assert_true(nn_dataset_identity(dataset) == nn_dataset_identity(opened));
    nn_dataset_close(dataset);
}

static inline nn_dataset *open_targets(const nn_data_options *options, const nn_target_wanted *wanted,
                                       int count)
{
    nn_dataset *dataset = NULL;
    if (files_open(comm, options, 7, wanted, count, NULL, &dataset) != NN_OK) fail_msg("%s", nn_error_text());
    expect_described(options, wanted, count, dataset);
    return dataset;
}

static inline nn_dataset *open_ok(const nn_data_options *options, bool for_class_loss)
{
    return open_targets(options, &(nn_target_wanted){.classes = for_class_loss}, 1);
}

static inline void expect_targets_refused(const nn_data_options *options, const nn_target_wanted *wanted,
                                          int count, const char *part)
{
    nn_dataset *dataset = NULL;
    nn_status status = files_open(comm, options, 7, wanted, count, NULL, &dataset);
    if (status == NN_OK) fail_msg("not refused: %s", part);
    assert_int_equal(status, NN_ERROR_DATA);
    assert_null(dataset);
    expect_message(part);
}

static inline void expect_refused(const nn_data_options *options, bool for_class_loss, const char *part)
{
    expect_targets_refused(options, &(nn_target_wanted){.classes = for_class_loss}, 1, part);
}

static inline void gather_ok(nn_dataset *dataset, nn_part part, int64_t first, int64_t count, nn_real *inputs,
                             nn_real *targets, int64_t *labels)
{
    if (files_gather(dataset, part, first, count, inputs, targets, labels) != NN_OK)
        fail_msg("%s", nn_error_text());
}

/* ---- the same bytes from memory and from a stream ---- */

enum { SPAN = 7, SPAN_EPOCHS = 2 };

/* Epochs in spans of 7 samples. */
static inline bool spans_of_epochs(const void *context, int64_t index, nn_data_span *span)
{
    int64_t count = *(const int64_t *)context, each = (count + SPAN - 1) / SPAN;
    span->epoch = index / each;
    span->first = index % each * SPAN;
    span->count = count - span->first < SPAN ? count - span->first : SPAN;
    return span->epoch < SPAN_EPOCHS;
}

typedef struct gathered_bytes {
    int64_t samples[SPAN], lengths[SPAN], *labels;
    nn_real *inputs, *targets, weights[SPAN];
} gathered_bytes;

/* Gathers a span in two pieces, as threads share one. Returns a hash of everything gathered. */
static inline uint64_t hash_of_span(const nn_dataset *dataset, nn_part part, nn_data_span span)
{
    size_t inputs = (size_t)nn_shape_count(nn_dataset_input(dataset)->shape), targets = 0, labels = 0;
    for (int t = 0; t < nn_dataset_target_count(dataset); t++) {
        const nn_field *target = nn_dataset_target(dataset, t);
        *(target->is_class ? &labels : &targets) += (size_t)nn_shape_count(target->shape);
    }
    gathered_bytes to = {.inputs = calloc(SPAN * inputs, sizeof(nn_real)),
                         .targets = calloc(SPAN * targets + 1, sizeof(nn_real)),
                         .labels = calloc(SPAN * labels + 1, sizeof(int64_t))};
    bool weighted = nn_dataset_has_weights(dataset, part), sequences = nn_dataset_has_lengths(dataset, part);
    for (int half = 0; half < 2; half++) {
        int64_t begin = half ? span.count / 2 : 0, end = half ? span.count : span.count / 2;
        nn_data_span piece = {.epoch = span.epoch, .first = span.first + begin, .count = end - begin};
        const nn_gathered gathered = {.inputs = to.inputs + (size_t)begin * inputs,
                                      .targets = to.targets + (size_t)begin * targets,
                                      .labels = to.labels + (size_t)begin * labels,
                                      .weights = weighted ? to.weights + begin : NULL,
                                      .lengths = sequences ? to.lengths + begin : NULL,
                                      .samples = to.samples + begin};
        if (end > begin) nn_dataset_gather(dataset, part, piece, false, &gathered);
    }
    uint64_t hash = nn_hash(to.samples, (size_t)span.count * sizeof(int64_t), 0);
    hash = nn_hash(to.inputs, (size_t)span.count * inputs * sizeof(nn_real), hash);
    hash = nn_hash(to.targets, (size_t)span.count * targets * sizeof(nn_real), hash);
    hash = nn_hash(to.labels, (size_t)span.count * labels * sizeof(int64_t), hash);
    hash = nn_hash(to.weights, sizeof to.weights, hash);
    hash = nn_hash(to.lengths, sizeof to.lengths, hash);
    free(to.inputs);
    free(to.targets);
    free(to.labels);
    return hash;
}

/* Holds two spans at a time, and releases the later one first. */
static inline void check_span_pairs(const nn_dataset *memory, nn_dataset *stream, nn_part part)
{
    int64_t count = nn_dataset_count(memory, part);
    nn_data_span spans[2];
    assert_int_equal(nn_dataset_count(stream, part), count);
    if (count == 0) return;
    if (nn_dataset_follow(stream, part, spans_of_epochs, &count, 0, 2, true) != NN_OK)
        fail_msg("part %d: %s", (int)part, nn_error_text());
    for (int64_t index = 0; spans_of_epochs(&count, index, &spans[0]); index += 2) {
        int both = spans_of_epochs(&count, index + 1, &spans[1]) ? 2 : 1;
        for (int i = 0; i < both; i++)
            if (hash_of_span(memory, part, spans[i]) != hash_of_span(stream, part, spans[i]))
                fail_msg("part %d, epoch %lld, samples from %lld on: the stream has different bytes",
                         (int)part, (long long)spans[i].epoch, (long long)spans[i].first);
        for (int i = both; i > 0; i--) nn_dataset_release(stream, part, index + i - 1);
    }
    if (nn_dataset_status(stream, part) != NN_OK) fail_msg("%s", nn_error_text());
    nn_dataset_unfollow(stream, part);
}

/* Reads all parts in both ways, in every order. */
static inline void expect_targets_from_stream(nn_data_options options, const nn_target_wanted *wanted,
                                              int count)
{
    for (int shuffle = NN_SHUFFLE_FULL; shuffle <= NN_SHUFFLE_NONE; shuffle++) {
        nn_dataset *datasets[2];
        options.shuffle = shuffle;
        for (int i = 0; i < 2; i++) {
            options.cache = i == 0 ? NN_CACHE_MEMORY : NN_CACHE_STREAM;
            datasets[i] = open_targets(&options, wanted, count);
            assert_int_equal(nn_dataset_streams(datasets[i]), i == 1);
            assert_int_equal(nn_dataset_arrange(datasets[i], 14, 2), NN_OK);
        }
        assert_true(nn_dataset_identity(datasets[0]) == nn_dataset_identity(datasets[1]));
        for (int p = 0; p < NN_PARTS; p++) check_span_pairs(datasets[0], datasets[1], (nn_part)p);
        for (int i = 0; i < 2; i++) nn_dataset_close(datasets[i]);
    }
}

static inline void expect_same_from_stream(nn_data_options options, bool for_class_loss)
{
    expect_targets_from_stream(options, &(nn_target_wanted){.classes = for_class_loss}, 1);
}

/* ---- a file for splits ---- */

enum { SPLIT_ROWS = 1000 };

/* Sample i has x = i; its label is 0 for 600 samples, 1 for 300, 2 for 97, 3 for 3. */
static inline int64_t split_label(int64_t i)
{
    int64_t place = i * 7 % SPLIT_ROWS;
    return place < 600 ? 0 : place < 900 ? 1 : place < 997 ? 2 : 3;
}

static inline void write_split_file(void)
{
    double x[SPLIT_ROWS], y[SPLIT_ROWS];
    for (int64_t i = 0; i < SPLIT_ROWS; i++) {
        x[i] = (double)i;
        y[i] = (double)split_label(i);
    }
    hid_t file = files_create("d.h5");
    files_add_column(file, "x", H5T_STD_U16LE, SPLIT_ROWS, x);
    files_add_column(file, "y", H5T_STD_U8LE, SPLIT_ROWS, y);
    H5Fclose(file);
}

/* Runs the tests between MPI_Init and MPI_Finalize, with a directory for files. */
#define RUN_TESTS(argc, argv, tests, failures)                                                               \
    do {                                                                                                     \
        if (nn_comm_start(&(argc), &(argv), &comm) != NN_OK || !files_make_directory()) return 1;            \
        (failures) = cmocka_run_group_tests(tests, NULL, NULL);                                              \
        files_remove_directory();                                                                            \
        nn_comm_destroy(comm);                                                                               \
    } while (0)

#endif
