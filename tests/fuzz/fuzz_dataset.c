/* Data files of any content that HDF5 itself can write, under any options: the bytes of an input choose
 * datasets, types, shapes, chunks and values, and what the configuration says of them. Whatever opens is
 * gathered from. */
#include "fuzz.h"

#include <math.h>

#include "../data/files.h"
#include "base/log.h"

enum { DATASETS = 6, MOST_VALUES = 600, MOST_GATHERED = 1 << 16 };

static const char *const names[DATASETS] = {"x", "y", "z", "lengths", "x_columns", "y_classes"};
static const int usual_dimensions[DATASETS] = {2, 1, 2, 1, 1, 1};
static const bool is_text[DATASETS] = {[4] = true, [5] = true};

static nn_comm *comm;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    fuzz_make_folder();
    snprintf(files_directory, sizeof files_directory, "%s", fuzz_folder);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    fuzz_expect(nn_comm_create_alone(&comm) == NN_OK, "no communicator");
    nn_log_enable(getenv("NN_FUZZ_SAY") != NULL);
    return 0;
}

/* Not where the input has ended: what it does not say is as usual. */
static bool rarely(fuzz_bytes *bytes, size_t count)
{
    return fuzz_below(bytes, count) == count - 1;
}

/* ---- the file ---- */

static hid_t text_type(size_t size)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, size);
    return type;
}

/* A type to store in, owned. */
static hid_t make_type(fuzz_bytes *bytes, bool text)
{
    const hid_t numbers[] = {H5T_IEEE_F32LE, H5T_IEEE_F64LE, H5T_STD_U8LE,  H5T_STD_I64LE,
                             H5T_IEEE_F32BE, H5T_STD_I16BE,  H5T_STD_U64LE, H5T_STD_I8LE};
    size_t choice = (fuzz_below(bytes, 16) + (text ? 12 : 0)) % 16;
    if (choice < 12) return H5Tcopy(numbers[choice % (sizeof numbers / sizeof *numbers)]);
    if (choice == 12) return text_type(H5T_VARIABLE);
    if (choice == 13) return text_type(1 + fuzz_below(bytes, 9));
    if (choice == 14) return H5Tvlen_create(H5T_NATIVE_FLOAT);
    hid_t pair = H5Tcreate(H5T_COMPOUND, 16);
    H5Tinsert(pair, "a", 0, H5T_NATIVE_DOUBLE);
    H5Tinsert(pair, "b", 8, H5T_NATIVE_DOUBLE);
    return pair;
}

/* Dimensions of which one or more may be 0, or far more than is ever written. */
static hsize_t make_shape(fuzz_bytes *bytes, hsize_t rows, int usual, int *dimensions, hsize_t extents[5])
{
    static const hsize_t others[] = {3, 2, 1, 4, 6, 0, 16, 1};
    hsize_t count = 1;
    size_t other = fuzz_below(bytes, 16);
    *dimensions = other < 10 ? usual : (int)other - 10;
    for (int d = 0; d < *dimensions; d++) {
        size_t choice = fuzz_below(bytes, 32);
        extents[d] = choice == 31 ? (hsize_t)1 << 40 : choice > 20 || d == 0 ? rows : others[choice % 8];
        if (d == 0 && choice >= 28 && choice < 31) extents[d] = rows + choice - 29;
        count = count > MOST_VALUES || extents[d] > MOST_VALUES ? MOST_VALUES + 1 : count * extents[d];
    }
    return count;
}

static hid_t make_properties(fuzz_bytes *bytes, int dimensions, const hsize_t *extents)
{
    hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
    size_t choice = fuzz_below(bytes, 8);
    hsize_t chunk[5];
    for (int d = 0; d < dimensions; d++) {
        chunk[d] = 1 + fuzz_below(bytes, 9);
        if (chunk[d] > extents[d] && extents[d] > 0) chunk[d] = extents[d];
    }
    if (choice == 1 || dimensions == 0) return properties;
    if (choice == 2) H5Pset_layout(properties, H5D_COMPACT);
    if (choice > 3) H5Pset_chunk(properties, dimensions, chunk);
    if (choice > 5) H5Pset_shuffle(properties);
    if (choice > 6) H5Pset_deflate(properties, 1);
    if (choice == 4) H5Pset_fletcher32(properties);
    return properties;
}

static void write_values(fuzz_bytes *bytes, hid_t dataset, hid_t type, hsize_t count)
{
    static const double odd[] = {NAN, INFINITY, -INFINITY, -1, 1e300, 0.5, 9e18, 255};
    double values[MOST_VALUES];
    H5T_class_t class = H5Tget_class(type);
    size_t way = fuzz_below(bytes, 4), period = 1 + fuzz_below(bytes, 16);
    if (way == 3 || count > MOST_VALUES) return; /* never written */
    if (class == H5T_STRING) {
        char *texts[MOST_VALUES];
        for (hsize_t i = 0; i < count; i++) texts[i] = (char *)(uintptr_t)(i % 3 ? "close" : "a\n\\b");
        if (H5Tis_variable_str(type) > 0) H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, texts);
        return;
    }
    if (class != H5T_INTEGER && class != H5T_FLOAT) return;
    for (hsize_t i = 0; i < count; i++) values[i] = (double)(way == 0 ? i % period : fuzz_byte(bytes) % 8);
    if (way == 2 && count > 0) values[fuzz_byte(bytes) % count] = odd[fuzz_below(bytes, 8)];
    H5Dwrite(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
}

static void add_dataset(fuzz_bytes *bytes, hid_t file, size_t number, hsize_t rows)
{
    int dimensions;
    hsize_t extents[5];
    hid_t type = make_type(bytes, is_text[number]);
    hsize_t count = make_shape(bytes, rows, usual_dimensions[number], &dimensions, extents);
    hid_t space = dimensions == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(dimensions, extents, NULL);
    hid_t properties = make_properties(bytes, dimensions, extents);
    hid_t dataset = H5Dcreate2(file, names[number], type, space, H5P_DEFAULT, properties, H5P_DEFAULT);
    if (dataset >= 0) {
        write_values(bytes, dataset, type, count);
        H5Dclose(dataset);
    }
    H5Pclose(properties);
    if (space >= 0) H5Sclose(space);
    H5Tclose(type);
}

static void add_link(hid_t file, const char *name, size_t kind)
{
    if (kind == 0) H5Lcreate_soft("/x", file, name, H5P_DEFAULT, H5P_DEFAULT);
    if (kind == 1) H5Lcreate_external("b.h5", "/x", file, name, H5P_DEFAULT, H5P_DEFAULT);
    if (kind == 2) H5Gclose(H5Gcreate2(file, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
}

static void write_file(fuzz_bytes *bytes, const char *name)
{
    hid_t file = files_create(name);
    hsize_t rows = 24 - fuzz_below(bytes, 24);
    for (size_t d = 0; d < DATASETS; d++) {
        size_t kind = fuzz_below(bytes, 16);
        if (kind < 12)
            add_dataset(bytes, file, d, rows);
        else
            add_link(file, names[d], kind - 12);
    }
    H5Fclose(file);
}

/* ---- the options ---- */

static char *name_of(fuzz_bytes *bytes)
{
    return (char *)(uintptr_t)names[fuzz_below(bytes, DATASETS)];
}

static void choose_field(fuzz_bytes *bytes, nn_data_field_options *field)
{
    static const char *const layouts[] = {NULL,  NULL,  NULL,   "NC",   "CN", "NHW",
                                          "NTC", "TNC", "NHWC", "NCHW", "N",  "NT"};
    static const char *const ignored[] = {NULL, NULL, "-1", "3", "255", "x"};
    static const char *const columns[] = {"close", "1", "7", "-2", "a"};
    field->normalize = (int)fuzz_below(bytes, 4);
    field->kind = (int)fuzz_below(bytes, 4);
    field->layout = (char *)(uintptr_t)layouts[fuzz_below(bytes, sizeof layouts / sizeof *layouts)];
    field->first_label = rarely(bytes, 5) ? fuzz_int64(bytes) : 0;
    field->classes = rarely(bytes, 4) ? fuzz_byte(bytes) : 0;
    field->ignored_label = (char *)(uintptr_t)ignored[fuzz_below(bytes, sizeof ignored / sizeof *ignored)];
    field->missing = (int)fuzz_below(bytes, 2);
    field->class_names = rarely(bytes, 8) ? name_of(bytes) : NULL;
    field->scale = 1;
    field->transform = (int)fuzz_below(bytes, 3);
    if (rarely(bytes, 4)) field->columns = files_text(columns[fuzz_below(bytes, 5)]);
}

static void choose_part(fuzz_bytes *bytes, nn_part_options *part, bool needed)
{
    if (!needed && !rarely(bytes, 4)) return;
    part->x = files_name("x", rarely(bytes, 4) ? name_of(bytes) : "x");
    if (rarely(bytes, 4)) files_add_name(&part->x, "z", name_of(bytes));
    if (!rarely(bytes, 4)) part->y = files_name("y", rarely(bytes, 4) ? name_of(bytes) : "y");
    if (rarely(bytes, 6)) part->lengths = name_of(bytes);
    if (rarely(bytes, 8)) part->weights = name_of(bytes);
}

static void choose_options(fuzz_bytes *bytes, nn_data_options *options, bool two_files)
{
    static char *both[] = {(char *)"a.h5", (char *)"b.h5"};
    static const double shares[] = {0, 0, 0.1, 0.5, 0.9, 1e-6};
    *options = files_options();
    options->parts[NN_TRAIN] = (nn_part_options){0};
    options->file = files_list(both, two_files ? 2 : 1);
    options->cache = (int)fuzz_below(bytes, 3);
    options->memory = 0.25;
    options->shuffle = (int)fuzz_below(bytes, 5);
    options->shuffle_window = 0.01;
    options->balanced = rarely(bytes, 8);
    options->bucket_by_length = rarely(bytes, 8);
    options->check = (int)fuzz_below(bytes, 2);
    options->on_bad_sample = (int)fuzz_below(bytes, 2);
    for (int p = 0; p < NN_PARTS; p++) choose_part(bytes, &options->parts[p], p == NN_TRAIN);
    options->split.validation = shares[fuzz_below(bytes, 6)];
    options->split.test = rarely(bytes, 4) ? 0.2 : 0;
    options->split.stratified = rarely(bytes, 8);
    options->split.order = (int)fuzz_below(bytes, 3);
    options->split.by = rarely(bytes, 4) ? (int)fuzz_below(bytes, 3) : 0;
    if (options->split.by == NN_SPLIT_BY_GROUP) options->split.group = name_of(bytes);
    options->window.length = rarely(bytes, 3) ? (int64_t)fuzz_below(bytes, 30) : 0;
    options->window.horizon = (int64_t)fuzz_below(bytes, 4);
    options->window.stride = 1 + (int64_t)fuzz_below(bytes, 5);
    options->window.target = (int)fuzz_below(bytes, 2);
    if (rarely(bytes, 3)) options->window.targets = files_text(fuzz_below(bytes, 2) ? "close" : "1");
    if (fuzz_below(bytes, 2)) choose_field(bytes, files_field(options, "x"));
    if (fuzz_below(bytes, 2)) choose_field(bytes, files_field(options, "y"));
}

/* ---- what opens ---- */

static void gather(nn_dataset *dataset, nn_part part)
{
    size_t inputs = (size_t)nn_shape_count(nn_dataset_input(dataset)->shape), targets = 0, labels = 0;
    int64_t count = nn_dataset_count(dataset, part);
    for (int t = 0; t < nn_dataset_target_count(dataset); t++) {
        const nn_field *target = nn_dataset_target(dataset, t);
        *(target->is_class ? &labels : &targets) += (size_t)nn_shape_count(target->shape);
    }
    if (count > 5) count = 5;
    if (count == 0 || inputs + targets + labels > MOST_GATHERED) return;
    nn_real *x = calloc((size_t)count * inputs + 1, sizeof *x),
            *y = calloc((size_t)count * targets + 1, sizeof *y);
    int64_t *l = calloc((size_t)count * labels + 1, sizeof *l);
    fuzz_expect_told(files_gather(dataset, part, 0, count, x, y, l));
    free(x);
    free(y);
    free(l);
}

static void use(nn_dataset *dataset)
{
    if (nn_dataset_arrange(dataset, 4, 2) != NN_OK) return;
    (void)nn_dataset_identity(dataset);
    (void)nn_dataset_memory(dataset);
    for (int p = 0; p < NN_PARTS; p++) {
        int64_t count = nn_dataset_count(dataset, (nn_part)p);
        for (int64_t i = 0; i < count && i < 20; i++) {
            int64_t sample = nn_dataset_order(dataset, (nn_part)p, 1, i);
            fuzz_expect(sample >= 0 && sample < count, "an order of samples that are not there");
        }
        gather(dataset, (nn_part)p);
    }
}

/* NN_FUZZ_SAY=1 shows what an input means, as far as it is needed to write it as a configuration. */
static void say(const nn_data_options *options, bool classes, bool joined)
{
    fprintf(stderr,
            "files %zu cache %d shuffle %d check %d bad %d balanced %d buckets %d classes %d joined %d\n",
            options->file.count, options->cache, options->shuffle, options->check, options->on_bad_sample,
            options->balanced, options->bucket_by_length, classes, joined);
    fprintf(stderr, "window %lld %lld %lld %d %s, split %g %g %d %d %d\n", (long long)options->window.length,
            (long long)options->window.horizon, (long long)options->window.stride, options->window.target,
            options->window.targets.count ? options->window.targets.items[0] : "-", options->split.validation,
            options->split.test, options->split.stratified, options->split.order, options->split.by);
    for (int p = 0; p < NN_PARTS; p++) {
        const nn_part_options *part = &options->parts[p];
        for (int i = 0; i < part->x.count; i++)
            fprintf(stderr, "part %d: x %s: %s\n", p, part->x.names[i], part->x.datasets[i]);
        for (int i = 0; i < part->y.count; i++)
            fprintf(stderr, "part %d: y %s: %s\n", p, part->y.names[i], part->y.datasets[i]);
        if (part->lengths) fprintf(stderr, "part %d: lengths %s\n", p, part->lengths);
        if (part->weights) fprintf(stderr, "part %d: weights %s\n", p, part->weights);
    }
    for (int f = 0; f < options->fields.count; f++) {
        const nn_data_field_options *field = &options->fields.fields[f];
        fprintf(stderr,
                "field %s: normalize %d kind %d layout %s first %lld classes %lld ignored %s missing %d "
                "columns %s\n",
                options->fields.names[f], field->normalize, field->kind, field->layout ? field->layout : "-",
                (long long)field->first_label, (long long)field->classes,
                field->ignored_label ? field->ignored_label : "-", field->missing,
                field->columns.count ? field->columns.items[0] : "-");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_bytes bytes = {data, data + size};
    size_t before = nn_memory_in_use();
    nn_data_options options;
    nn_dataset *dataset = NULL;
    bool two_files = rarely(&bytes, 3), classes = fuzz_below(&bytes, 2) == 0, joined = !rarely(&bytes, 4);
    choose_options(&bytes, &options, two_files);
    const nn_target_wanted wanted = {.name = joined ? NULL : "y", .classes = classes};
    write_file(&bytes, "a.h5");
    if (two_files || rarely(&bytes, 4)) write_file(&bytes, "b.h5");
    if (getenv("NN_FUZZ_SAY")) say(&options, classes, joined);
    nn_status status = files_open(comm, &options, 7, &wanted, 1, NULL, &dataset);
    if (status == NN_OK) use(dataset);
    fuzz_expect_told(status);
    nn_dataset_close(dataset);
    fuzz_clear(fuzz_folder);
    fuzz_expect(nn_memory_in_use() == before, "memory is not given back");
    return 0;
}
