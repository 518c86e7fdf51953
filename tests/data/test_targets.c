/* Several targets, each with its own loss, and several inputs by name. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "opened.h"

enum { ROWS = 60, BOX = 4, KINDS = 3, SORTS = 5 };

static double box_value(int64_t row, int64_t column)
{
    return 100 * files_number((uint64_t)(row * BOX + column)) * (double)(column + 1) + 7;
}

static int64_t kind_of(int64_t row)
{
    return row * 5 % KINDS;
}

static int64_t sort_of(int64_t row)
{
    return row * 3 % SORTS;
}

/* An image of 2 x 3 x 1 values, a table of 2, and targets: "box" of 4 values, "drag" of 1, labels "kind" and
 * "sort". */
static void write_targets(void)
{
    static const char names[KINDS][6] = {"cube", "ball", "tube"};
    const hsize_t image[4] = {ROWS, 2, 3, 1}, count = KINDS;
    double pixels[ROWS * 6], table[ROWS * 2], box[ROWS * BOX], drag[ROWS], kind[ROWS], sort[ROWS];
    for (int64_t i = 0; i < ROWS; i++) {
        for (int64_t c = 0; c < 6; c++) pixels[i * 6 + c] = (double)((i * 7 + c) % 256);
        for (int64_t c = 0; c < 2; c++) table[i * 2 + c] = (double)(i * (c + 1));
        for (int64_t c = 0; c < BOX; c++) box[i * BOX + c] = box_value(i, c);
        drag[i] = (double)(i % 7);
        kind[i] = (double)kind_of(i);
        sort[i] = (double)sort_of(i) + 1;
    }
    hid_t file = files_create("d.h5"), type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, sizeof *names);
    files_add(file, "pixels", H5T_STD_U8LE, H5T_NATIVE_DOUBLE, 4, image, 8, pixels);
    files_add_rows(file, "table", H5T_STD_I16LE, ROWS, 2, table);
    files_add_rows(file, "box", H5T_IEEE_F64LE, ROWS, BOX, box);
    files_add_column(file, "drag", H5T_IEEE_F32LE, ROWS, drag);
    files_add_column(file, "kind", H5T_STD_U8LE, ROWS, kind);
    files_add(file, "kind_classes", type, type, 1, &count, 0, names);
    files_add_column(file, "sort", H5T_STD_I64LE, ROWS, sort);
    H5Fclose(file);
    H5Tclose(type);
}

static nn_data_options target_options(void)
{
    nn_data_options options = files_options();
    nn_part_options *train = &options.parts[NN_TRAIN];
    *train = (nn_part_options){.x = files_name("image", "pixels")};
    files_add_name(&train->x, "table", "table");
    files_add_name(&train->y, "kind", "kind");
    files_add_name(&train->y, "force", "drag");
    files_add_name(&train->y, "sort", "sort");
    files_add_name(&train->y, "place", "box");
    files_field(&options, "sort")->first_label = 1;
    files_field(&options, "sort")->classes = SORTS + 2;
    return options;
}

/* In an order other than that of the configuration. */
static const nn_target_wanted four[] = {{.name = "place"},
                                        {.name = "sort", .classes = true},
                                        {.name = "force"},
                                        {.name = "kind", .classes = true}};

static void check_four_fields(const nn_dataset *dataset)
{
    static const struct {
        int64_t begin, classes;
        nn_shape shape;
    } is[] = {{0, 0, {1, {BOX}}}, {0, SORTS + 2, {0}}, {BOX, 0, {1, {1}}}, {1, KINDS, {0}}};
    assert_int_equal(nn_dataset_target_count(dataset), 4);
    for (int t = 0; t < 4; t++) {
        const nn_field *field = nn_dataset_target(dataset, t);
        assert_string_equal(field->name, four[t].name);
        assert_int_equal(field->begin, is[t].begin);
        assert_int_equal(field->classes, is[t].classes);
        assert_int_equal(field->is_class, four[t].classes);
        assert_true(nn_shape_equal(field->shape, is[t].shape));
        assert_int_equal(nn_dataset_target_scaling(dataset, t)->columns,
                         field->is_class ? 0 : nn_shape_count(field->shape));
    }
    assert_null(nn_dataset_target(dataset, 1)->class_names);
    assert_string_equal(nn_dataset_target(dataset, 3)->class_names, "cube\nball\ntube");
}

/* If it fails: a loss is computed on the target of another, or metrics are shown in its units. */
static void targets_are_separate(void **state)
{
    (void)state;
    write_targets();
    nn_data_options options = target_options();
    for (options.cache = NN_CACHE_MEMORY; options.cache <= NN_CACHE_STREAM; options.cache++) {
        nn_dataset *dataset = open_targets(&options, four, 4);
        check_four_fields(dataset);
        for (int64_t i = 0; i < ROWS; i++) {
            nn_real inputs[8], targets[BOX + 1];
            int64_t labels[2];
            gather_ok(dataset, NN_TRAIN, i, 1, inputs, targets, labels);
            const nn_scaling *box = nn_dataset_target_scaling(dataset, 0),
                             *drag = nn_dataset_target_scaling(dataset, 2);
            for (int c = 0; c < BOX; c++)
                assert_true(targets[c] == (nn_real)(box_value(i, c) * box->scale[c] + box->offset[c]));
            assert_true(targets[BOX] == (nn_real)((double)(i % 7) * drag->scale[0] + drag->offset[0]));
            assert_int_equal(labels[0], sort_of(i));
            assert_int_equal(labels[1], kind_of(i));
        }
        nn_dataset_close(dataset);
    }
    expect_targets_from_stream(options, four, 4);
    options.split.validation = 0.25;
    expect_targets_from_stream(options, four, 4);
}

/* If it fails: the constant prediction of one target is compared with another target. */
static void each_target_has_its_own_prior(void **state)
{
    (void)state;
    write_targets();
    nn_data_options options = target_options();
    nn_dataset *dataset = open_targets(&options, four, 4);
    double box[BOX], sorts[SORTS + 2], drag, kinds[KINDS];
    nn_dataset_prior(dataset, 0, box);
    nn_dataset_prior(dataset, 1, sorts);
    nn_dataset_prior(dataset, 2, &drag);
    nn_dataset_prior(dataset, 3, kinds);
    for (int c = 0; c < BOX; c++) assert_true(fabs(box[c]) < 1e-12);
    for (int c = 0; c < SORTS + 2; c++) assert_true(fabs(sorts[c] - (c < SORTS ? 1.0 / SORTS : 0)) < 1e-12);
    for (int c = 0; c < KINDS; c++) assert_true(fabs(kinds[c] - 1.0 / KINDS) < 1e-12);
    assert_true(fabs(drag) < 1e-12);
    nn_dataset_close(dataset);
}

/* If it fails: a resumed run uses the normalisation of another target. */
static void known_targets_are_kept_apart(void **state)
{
    (void)state;
    double scale[BOX] = {2, 3, 4, 5}, offset[BOX] = {1, 1, 2, 2}, one = 9, zero = -3;
    const nn_scaling box = {.columns = BOX, .scale = scale, .offset = offset},
                     drag = {.columns = 1, .scale = &one, .offset = &zero};
    const nn_known_target targets[] = {{.scaling = &box}, {.classes = 9}, {.scaling = &drag}, {.classes = 4}};
    const nn_data_known known = {.targets = targets};
    nn_dataset *dataset = NULL;
    write_targets();
    nn_data_options options = target_options();
    assert_int_equal(files_open(comm, &options, 7, four, 4, &known, &dataset), NN_OK);
    nn_real values[BOX + 1];
    gather_ok(dataset, NN_TRAIN, 11, 1, NULL, values, NULL);
    for (int c = 0; c < BOX; c++)
        assert_true(values[c] == (nn_real)(box_value(11, c) * scale[c] + offset[c]));
    assert_true(values[BOX] == 4 * 9 - 3);
    assert_int_equal(nn_dataset_target(dataset, 1)->classes, 9);
    assert_int_equal(nn_dataset_target(dataset, 3)->classes, 4);
    nn_dataset_close(dataset);
}

/* If it fails: a misspelt name trains on nothing, or a target is silently left out. */
static void names_must_fit(void **state)
{
    (void)state;
    write_targets();
    nn_data_options options = target_options();
    const nn_target_wanted wrong[] = {{.name = "plase"}, {.name = "sort", .classes = true}};
    expect_targets_refused(&options, wrong, 2,
                           "data.train.y: there is no target 'plase', which a loss needs; did you mean "
                           "'place'?");
    expect_targets_refused(&options, four, 3, "data.train.y.kind: this target has no loss");
    options.parts[NN_VALIDATION] = files_part("pixels", "box");
    files_add_name(&options.parts[NN_VALIDATION].x, "table", "table");
    expect_targets_refused(&options, four, 4, "data.validation.y: there is no target 'place'");
    expect_refused(&options, true, "a class label must be the only target");
    options = target_options();
    options.parts[NN_TRAIN].x.datasets[0] = options.parts[NN_TRAIN].x.datasets[1] = (char *)"absent";
    expect_targets_refused(&options, four, 4, "data.train.image: dataset \"absent\"");
    options = target_options();
    options.split = (nn_split_options){.validation = 0.2, .stratified = true, .seed = -1};
    expect_targets_refused(&options, four, 4, "the targets are several sets of classes");
    options = target_options();
    options.balanced = true;
    expect_targets_refused(&options, four, 4, "data.balanced: needs exactly one class per sample");
}

/* If it fails: an unreadable input is used as a target that does not exist. */
static void lost_inputs_are_not_targets(void **state)
{
    (void)state;
    write_targets();
    nn_data_options options = target_options();
    options.parts[NN_TRAIN].x = files_name("image", "pixles");
    files_add_name(&options.parts[NN_TRAIN].x, "table", "tables");
    expect_targets_refused(&options, four, 4, "pixles");
}

/* If it fails: a single target differs with and without a name. */
static void one_target_by_name_is_that_target(void **state)
{
    (void)state;
    write_targets();
    nn_data_options options = target_options();
    options.parts[NN_TRAIN].y = files_name("kind", "kind");
    const nn_target_wanted one = {.name = "kind", .classes = true};
    options.split = (nn_split_options){.validation = 0.2, .stratified = true, .seed = -1};
    options.balanced = true;
    nn_dataset *dataset = open_targets(&options, &one, 1), *joined = open_ok(&options, true);
    for (int64_t i = 0; i < 48; i++) {
        int64_t label, other;
        assert_int_equal(nn_dataset_row(dataset, NN_TRAIN, i), nn_dataset_row(joined, NN_TRAIN, i));
        gather_ok(dataset, NN_TRAIN, i, 1, NULL, NULL, &label);
        gather_ok(joined, NN_TRAIN, i, 1, NULL, NULL, &other);
        assert_int_equal(label, other);
    }
    assert_string_equal(nn_dataset_target(dataset, 0)->name, "kind");
    assert_string_equal(nn_dataset_target(joined, 0)->name, "y");
    nn_dataset_close(dataset);
    nn_dataset_close(joined);
}

/* If it fails: an input is given to the layer of another. */
static void inputs_are_parts_by_name(void **state)
{
    (void)state;
    write_targets();
    nn_data_options options = target_options();
    nn_dataset *dataset = open_targets(&options, four, 4);
    const nn_field *input = nn_dataset_input(dataset);
    assert_int_equal(input->part_count, 2);
    assert_true(nn_shape_equal(input->shape, (nn_shape){1, {8}}));
    assert_string_equal(input->parts[0].name, "image");
    assert_string_equal(input->parts[1].name, "table");
    assert_true(nn_shape_equal(input->parts[0].shape, (nn_shape){3, {2, 3, 1}}));
    assert_true(nn_shape_equal(input->parts[1].shape, (nn_shape){1, {2}}));
    assert_int_equal(input->parts[0].begin, 0);
    assert_int_equal(input->parts[1].begin, 6);
    nn_dataset_close(dataset);
    options.parts[NN_TRAIN].x = files_name("image", "pixels");
    dataset = open_targets(&options, four, 4);
    assert_int_equal(nn_dataset_input(dataset)->part_count, 0);
    nn_dataset_close(dataset);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets_are_separate),         cmocka_unit_test(each_target_has_its_own_prior),
        cmocka_unit_test(known_targets_are_kept_apart), cmocka_unit_test(names_must_fit),
        cmocka_unit_test(lost_inputs_are_not_targets),  cmocka_unit_test(one_target_by_name_is_that_target),
        cmocka_unit_test(inputs_are_parts_by_name),
    };
    int failures;
    RUN_TESTS(argc, argv, tests, failures);
    return failures;
}
