/* Layouts, element types, labels, columns and several inputs: the same samples however they are stored. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "opened.h"

enum { SAMPLES = 24, HEIGHT = 5, WIDTH = 4, CHANNELS = 3, CLASSES = 4 };

static double image_value(const int64_t *index)
{
    return (double)((index['N'] * 37 + index['H'] * 17 + index['W'] * 5 + index['C'] * 3) % 120);
}

static int64_t image_extent(char letter)
{
    return letter == 'N' ? SAMPLES : letter == 'H' ? HEIGHT : letter == 'W' ? WIDTH : CHANNELS;
}

/* Images as dataset "x", with dimensions in the order of the letters. */
static void write_images(hid_t file, const char *letters, hid_t type, hsize_t chunk)
{
    hsize_t extents[4];
    int64_t index[128] = {0}, count = 1;
    int dimensions = (int)strlen(letters);
    for (int d = 0; d < dimensions; d++) extents[d] = (hsize_t)image_extent(letters[d]);
    for (int d = 0; d < dimensions; d++) count *= (int64_t)extents[d];
    double *values = malloc((size_t)count * sizeof *values);
    for (int64_t i = 0; i < count; i++) {
        values[i] = image_value(index);
        for (int d = dimensions - 1; d >= 0; d--) {
            if (++index[(int)letters[d]] < (int64_t)extents[d]) break;
            index[(int)letters[d]] = 0;
        }
    }
    files_add(file, "x", type, H5T_NATIVE_DOUBLE, dimensions, extents, chunk, values);
    free(values);
}

static int64_t label_of(int64_t sample)
{
    return sample * 5 % CLASSES;
}

static void write_labels(hid_t file, hid_t type, int64_t first)
{
    double y[SAMPLES];
    for (int64_t i = 0; i < SAMPLES; i++) y[i] = (double)(label_of(i) + first);
    files_add_column(file, "y", type, SAMPLES, y);
}

static void write_file(const char *letters, hid_t type, hsize_t chunk)
{
    hid_t file = files_create("d.h5");
    write_images(file, letters, type, chunk);
    write_labels(file, H5T_STD_U8LE, 0);
    H5Fclose(file);
}

/* All train samples are the images, in the network's order. */
static void check_images(nn_data_options options, const char *letters)
{
    int64_t channels = strchr(letters, 'C') ? CHANNELS : 1;
    const nn_shape shape = {3, {HEIGHT, WIDTH, channels}};
    static nn_real inputs[SAMPLES * HEIGHT * WIDTH * CHANNELS];
    files_field(&options, "x")->normalize = NN_NORMALIZE_NONE;
    for (options.cache = NN_CACHE_MEMORY; options.cache <= NN_CACHE_STREAM; options.cache++) {
        const nn_real *next = inputs;
        int64_t index[128] = {0};
        nn_dataset *dataset = open_ok(&options, true);
        if (!nn_shape_equal(nn_dataset_input(dataset)->shape, shape))
            fail_msg("layout %s: wrong shape", letters);
        assert_int_equal(nn_dataset_count(dataset, NN_TRAIN), SAMPLES);
        gather_ok(dataset, NN_TRAIN, 0, SAMPLES, inputs, NULL, NULL);
        for (index['N'] = 0; index['N'] < SAMPLES; index['N']++)
            for (index['H'] = 0; index['H'] < HEIGHT; index['H']++)
                for (index['W'] = 0; index['W'] < WIDTH; index['W']++)
                    for (index['C'] = 0; index['C'] < channels; index['C']++)
                        if ((double)*next++ != image_value(index))
                            fail_msg("layout %s, cache %d: sample %lld differs", letters, options.cache,
                                     (long long)index['N']);
        nn_dataset_close(dataset);
    }
    expect_same_from_stream(options, true);
}

/* If it fails: images are silently transposed, or samples mixed with pixels. */
static void every_layout_gives_the_same_images(void **state)
{
    (void)state;
    static const char *const layouts[] = {"NHWC", "NCHW", "HWCN", "CHWN", "CNWH",
                                          "WHNC", "NHW",  "HWN",  "NWH"};
    for (size_t n = 0; n < sizeof layouts / sizeof *layouts; n++)
        for (hsize_t chunk = 0; chunk <= 2; chunk += 2) {
            nn_data_options options = files_options();
            write_file(layouts[n], H5T_IEEE_F32LE, chunk);
            files_field(&options, "x")->layout = (char *)layouts[n];
            check_images(options, layouts[n]);
        }
    nn_data_options options = files_options();
    write_file("NHWC", H5T_IEEE_F32LE, 0);
    check_images(options, "NHWC"); /* without a layout */
}

static hid_t half_float(void)
{
    hid_t half = H5Tcopy(H5T_IEEE_F32LE);
    H5Tset_fields(half, 15, 10, 5, 0, 10);
    H5Tset_size(half, 2);
    H5Tset_ebias(half, 15);
    return half;
}

/* If it fails: values of some element type are changed. */
static void every_element_type_gives_the_same_images(void **state)
{
    (void)state;
    hid_t half = half_float();
    const hid_t types[] = {half,          H5T_STD_U8LE,  H5T_STD_I8LE,   H5T_STD_I16BE, H5T_STD_U32BE,
                           H5T_STD_I64LE, H5T_STD_U64BE, H5T_IEEE_F32BE, H5T_IEEE_F64BE};
    for (size_t t = 0; t < sizeof types / sizeof *types; t++)
        for (hsize_t chunk = 0; chunk <= 5; chunk += 5) {
            nn_data_options options = files_options();
            write_file("NCHW", types[t], chunk);
            files_field(&options, "x")->layout = (char *)"NCHW";
            check_images(options, "NCHW");
        }
    H5Tclose(half);
}

/* If it fails: normalisation depends on how images are stored. */
static void a_layout_does_not_change_the_scaling(void **state)
{
    (void)state;
    static const char *const layouts[] = {"NHWC", "NCHW", "WHCN"};
    double scales[CHANNELS], offsets[CHANNELS];
    for (int n = 0; n < 3; n++) {
        nn_data_options options = files_options();
        write_file(layouts[n], H5T_IEEE_F64LE, 0);
        files_field(&options, "x")->layout = (char *)layouts[n];
        nn_dataset *dataset = open_ok(&options, true);
        const nn_scaling *scaling = nn_dataset_input_scaling(dataset);
        assert_int_equal(scaling->columns, CHANNELS);
        if (n == 0) memcpy(scales, scaling->scale, sizeof scales);
        if (n == 0) memcpy(offsets, scaling->offset, sizeof offsets);
        assert_memory_equal(scales, scaling->scale, sizeof scales);
        assert_memory_equal(offsets, scaling->offset, sizeof offsets);
        nn_dataset_close(dataset);
    }
}

/* If it fails: an impossible layout is accepted. */
static void wrong_layouts_are_refused(void **state)
{
    (void)state;
    static const char *const cases[][2] = {{"NHWX", "'X' is unknown"},
                                           {"NHWW", "'W' is unknown or repeated"},
                                           {"NHW", "has 3 dimensions, but the dataset has 4"},
                                           {"CHWD", "lacks N"}};
    write_file("NHWC", H5T_STD_U8LE, 0);
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        nn_data_options options = files_options();
        files_field(&options, "x")->layout = (char *)cases[n][0];
        expect_refused(&options, true, cases[n][1]);
        expect_message("data.train.x: dataset \"x\"");
    }
}

/* ---- labels ---- */

static void check_labels(nn_data_options options, const char *what)
{
    int64_t labels[SAMPLES];
    for (options.cache = NN_CACHE_MEMORY; options.cache <= NN_CACHE_STREAM; options.cache++) {
        nn_dataset *dataset = open_ok(&options, true);
        assert_true(nn_dataset_target(dataset, 0)->is_class);
        assert_int_equal(nn_dataset_target(dataset, 0)->shape.dimensions, 0);
        if (nn_dataset_target(dataset, 0)->classes != CLASSES)
            fail_msg("%s: %lld classes", what, (long long)nn_dataset_target(dataset, 0)->classes);
        gather_ok(dataset, NN_TRAIN, 0, SAMPLES, NULL, NULL, labels);
        for (int64_t i = 0; i < SAMPLES; i++)
            if (labels[i] != label_of(i))
                fail_msg("%s: sample %lld has label %lld", what, (long long)i, (long long)labels[i]);
        nn_dataset_close(dataset);
    }
    expect_same_from_stream(options, true);
}

static void write_one_hot(hid_t type, bool last)
{
    double y[SAMPLES * CLASSES] = {0};
    for (int64_t i = 0; i < SAMPLES; i++) y[last ? label_of(i) * SAMPLES + i : i * CLASSES + label_of(i)] = 1;
    hid_t file = files_create("d.h5");
    write_images(file, "NHWC", H5T_STD_U8LE, 0);
    files_add_rows(file, "y", type, last ? CLASSES : SAMPLES, last ? SAMPLES : CLASSES, y);
    H5Fclose(file);
}

/* If it fails: labels stored in another form become different classes. */
static void labels_come_in_many_forms(void **state)
{
    (void)state;
    const hid_t types[] = {H5T_STD_U8LE, H5T_STD_I64BE, H5T_IEEE_F32LE, H5T_IEEE_F64BE, H5T_STD_I8LE};
    static const int64_t firsts[] = {0, 1, -3, 100};
    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
        nn_data_options options = files_options();
        write_one_hot(types[t], false);
        check_labels(options, "one-hot");
        for (size_t f = 0; f < 4; f++) {
            if (t == 0 && firsts[f] < 0) continue;
            hid_t file = files_create("d.h5");
            write_images(file, "NHWC", H5T_STD_U8LE, 0);
            write_labels(file, types[t], firsts[f]);
            H5Fclose(file);
            files_field(&options, "y")->first_label = firsts[f];
            check_labels(options, "first_label");
        }
    }
    nn_data_options options = files_options();
    write_one_hot(H5T_STD_U8LE, true);
    files_field(&options, "y")->layout = (char *)"FN";
    check_labels(options, "one-hot with the samples last");
    files_field(&options, "y")->kind = NN_KIND_CLASS;
    nn_dataset *dataset = open_ok(&options, false);
    assert_true(nn_dataset_target(dataset, 0)->is_class);
    nn_dataset_close(dataset);
}

/* If it fails: a class without samples is not an output of the network, although one-hot rows have it. */
static void one_hot_rows_give_the_number_of_classes(void **state)
{
    (void)state;
    double y[SAMPLES * 6] = {0};
    for (int64_t i = 0; i < SAMPLES; i++) y[i * 6 + label_of(i)] = 1;
    hid_t file = files_create("d.h5");
    write_images(file, "NHWC", H5T_STD_U8LE, 0);
    files_add_rows(file, "y", H5T_STD_U8LE, SAMPLES, 6, y);
    H5Fclose(file);
    nn_data_options options = files_options();
    nn_dataset *dataset = open_ok(&options, true);
    assert_int_equal(nn_dataset_target(dataset, 0)->classes, 6);
    nn_dataset_close(dataset);
}

/* If it fails: classes without samples are not outputs although the user or the file names them. */
static void classes_are_configured_or_named(void **state)
{
    (void)state;
    static const char names[5][6] = {"cat", "dog", "frog", "horse", "lorry"};
    const hsize_t count = 5;
    hid_t text = H5Tcopy(H5T_C_S1), file = files_create("d.h5");
    H5Tset_size(text, sizeof *names);
    write_images(file, "NHWC", H5T_STD_U8LE, 0);
    write_labels(file, H5T_STD_U8LE, 0);
    files_add(file, "animals", text, text, 1, &count, 0, names);
    H5Tclose(text);
    H5Fclose(file);
    nn_data_options options = files_options();
    files_field(&options, "y")->class_names = (char *)"animals";
    nn_dataset *dataset = open_ok(&options, true);
    assert_int_equal(nn_dataset_target(dataset, 0)->classes, 5);
    assert_string_equal(nn_dataset_target(dataset, 0)->class_names, "cat\ndog\nfrog\nhorse\nlorry");
    nn_dataset_close(dataset);
    files_field(&options, "y")->class_names = NULL;
    files_field(&options, "y")->classes = 7;
    dataset = open_ok(&options, true);
    assert_int_equal(nn_dataset_target(dataset, 0)->classes, 7);
    nn_dataset_close(dataset);
    files_field(&options, "y")->classes = 3;
    expect_refused(&options, true, "contains the label 3, but there are only 3 classes, 0 to 2");
}

/* Everything that a run takes from the values of all samples. */
static uint64_t hash_of_measured(const nn_dataset *dataset)
{
    const nn_scaling *scalings[2] = {nn_dataset_input_scaling(dataset),
                                     nn_dataset_target_scaling(dataset, 0)};
    const nn_field *target = nn_dataset_target(dataset, 0);
    double prior[CLASSES] = {0};
    assert_true(nn_dataset_knows_prior(dataset, 0));
    nn_dataset_prior(dataset, 0, prior);
    assert_true(prior[0] != 0);
    uint64_t hash = nn_hash(prior, sizeof prior, (uint64_t)target->classes);
    for (int i = 0; i < 2; i++) {
        size_t size = (size_t)scalings[i]->columns * sizeof(double);
        hash = nn_hash(scalings[i]->offset, size, nn_hash(scalings[i]->scale, size, hash));
    }
    return hash;
}

/* If it fails: a stream whose values are not all checked trains with different or missing class proportions,
 * normalisation or baseline than the same data in memory. */
static void unseen_streams_measure_what_training_needs(void **state)
{
    (void)state;
    write_file("NHWC", H5T_STD_U8LE, 0);
    for (int normalize = NN_NORMALIZE_AUTO; normalize <= NN_NORMALIZE_NONE; normalize++)
        for (int classes = 0; classes <= CLASSES; classes += CLASSES)
            for (int for_class = 0; for_class < 2; for_class++) {
                uint64_t hashes[2];
                nn_data_options options = files_options();
                files_field(&options, "x")->normalize = normalize;
                files_field(&options, "y")->normalize = for_class ? NN_NORMALIZE_AUTO : NN_NORMALIZE_NONE;
                files_field(&options, "y")->classes = classes;
                for (int i = 0; i < 2; i++) {
                    options.cache = i ? NN_CACHE_STREAM : NN_CACHE_MEMORY;
                    options.check = i ? NN_CHECK_NONE : NN_CHECK_ALL;
                    nn_dataset *dataset = open_ok(&options, for_class);
                    hashes[i] = hash_of_measured(dataset);
                    nn_dataset_close(dataset);
                }
                assert_true(hashes[0] == hashes[1]);
                expect_same_from_stream(options, for_class);
            }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_layout_gives_the_same_images),
        cmocka_unit_test(every_element_type_gives_the_same_images),
        cmocka_unit_test(a_layout_does_not_change_the_scaling),
        cmocka_unit_test(wrong_layouts_are_refused),
        cmocka_unit_test(labels_come_in_many_forms),
        cmocka_unit_test(one_hot_rows_give_the_number_of_classes),
        cmocka_unit_test(classes_are_configured_or_named),
        cmocka_unit_test(unseen_streams_measure_what_training_needs),
    };
    int failures;
    RUN_TESTS(argc, argv, tests, failures);
    return failures;
}
