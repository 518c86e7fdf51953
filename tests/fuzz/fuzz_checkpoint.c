/* Checkpoints whose seal is valid and whose content is wrong: the datasets and attributes of a sound one,
 * changed as the bytes of an input say and sealed again. A predictor opens the file, and a run resumes from
 * it. */
#include "fuzz.h"

#include "base/log.h"
#include "store/seal.h"
#include "train/setup.h"

enum { ENTRIES = 200, CHANGES = 6, STEP = 3, SAMPLES = 24, COLUMNS = 4, MOST_INPUTS = 1 << 16 };

/* A dataset or, with '@' before its name, an attribute of the file. */
typedef struct entry {
    char name[128];
    bool left_out;
    char *text; /* NULL: numbers */
    bool list;  /* of texts, each a line of `text` */
    nn_store_type type;
    int dimensions;
    int64_t extents[NN_MAX_DIMENSIONS + 2];
    char *values;
    size_t bytes;
} entry;

static nn_comm *comm;
static nn_run run;
static nn_job job;
static char run_folder[320], checkpoint_path[400], config_path[320];
static entry sound[ENTRIES];
static size_t entry_count;

/* ---- the sound one ---- */

static void write_data(const char *path)
{
    nn_store_image *image = NULL;
    void *bytes = NULL;
    size_t size = 0;
    float x[SAMPLES * COLUMNS];
    int64_t label[SAMPLES], extents[2] = {SAMPLES, COLUMNS};
    for (int i = 0; i < SAMPLES * COLUMNS; i++) x[i] = (float)(i * 37 % 11);
    for (int i = 0; i < SAMPLES; i++) label[i] = i % 3;
    bool written = nn_store_image_create(&image) == NN_OK &&
                   nn_store_image_put(image, "x", NN_STORE_F32, 2, extents, x) == NN_OK &&
                   nn_store_image_put(image, "label", NN_STORE_I64, 1, extents, label) == NN_OK &&
                   nn_store_image_put(image, "size", NN_STORE_F32, 1, extents, x) == NN_OK &&
                   nn_store_image_seal(image, &bytes, &size) == NN_OK;
    fuzz_expect(written, "no data file");
    fuzz_write(path, bytes, size);
    nn_free(bytes);
    nn_store_image_destroy(image);
}

static const char config_text[] =
    "data:\n"
    "  file: data.h5\n"
    "  train: {x: x, y: {label: label, size: size}}\n"
    "  split: {validation: 0.25}\n"
    "network:\n"
    "  - dense: {units: 4, activation: relu, name: body}\n"
    "  - batch_norm\n"
    "  - dropout: 0.1\n"
    "  - dense: {units: classes, name: label}\n"
    "  - dense: {units: 1, name: size, inputs: body}\n"
    "losses: {label: {cross_entropy: {class_weights: balanced}}, size: mse}\n"
    "metrics: [label.accuracy]\n"
    "lr_schedule: {reduce_on_plateau: {}}\n"
    "training:\n"
    "  {epochs: 2, batch_size: 4, microbatch_size: 2, threads: 1, average: 0.9, peak_seconds: 0,\n"
    "   early_stopping: {patience: 3 epochs}}\n";

static void open_run(void)
{
    char path[320];
    snprintf(run_folder, sizeof run_folder, "%s/run", fuzz_folder);
    snprintf(checkpoint_path, sizeof checkpoint_path, "%s/checkpoints/step-%010d.h5", run_folder, STEP);
    snprintf(config_path, sizeof config_path, "%s/config.yaml", fuzz_folder);
    snprintf(path, sizeof path, "%s/data.h5", fuzz_folder);
    write_data(path);
    fuzz_write(config_path, config_text, strlen(config_text));
    job = (nn_job){.config_path = config_path, .run_directory = run_folder};
    nn_status status = nn_setup_open(comm, &job, &run);
    fuzz_expect(status == NN_OK, "the run does not open");
}

static nn_status take_names(nn_store_file *file, entry *e)
{
    char **names = NULL;
    size_t count = 0;
    nn_text lines = {0};
    NN_TRY(nn_store_read_names(file, e->name, &names, &count));
    for (size_t i = 0; i < count; i++) nn_text_append(&lines, "%s\n", names[i]);
    nn_store_free_names(names, count);
    e->list = true;
    e->text = lines.bytes;
    return lines.failed || !lines.bytes ? NN_ERROR_MEMORY : NN_OK;
}

static void put_names(nn_store_image *image, const entry *e)
{
    char *names[ENTRIES], text[4096];
    size_t count = 0;
    snprintf(text, sizeof text, "%s", e->text);
    for (char *at = text; *at && count < ENTRIES; count++) {
        names[count] = at;
        at += strcspn(at, "\n");
        if (*at) *at++ = '\0';
    }
    if (count > 0) nn_store_image_put_names(image, e->name, count, names);
}

static nn_status take_entry(void *context, const char *name, const nn_store_info *info)
{
    nn_store_file *file = context;
    fuzz_expect(entry_count < ENTRIES && strlen(name) < sizeof sound->name, "too many entries");
    entry *e = &sound[entry_count++];
    snprintf(e->name, sizeof e->name, "%s", name);
    if (info->type == NN_STORE_TEXT && info->dimensions > 0) return take_names(file, e);
    if (info->type == NN_STORE_TEXT) return nn_store_read_text(file, name, &e->text);
    size_t count = 1;
    e->type = info->type;
    e->dimensions = info->dimensions;
    for (int d = 0; d < info->dimensions; d++) count *= (size_t)(e->extents[d] = info->extents[d]);
    e->bytes = count * nn_store_type_size(e->type);
    NN_TRY(nn_allocate((void **)&e->values, e->bytes, 1, "an entry"));
    return nn_store_read(file, name, e->type, count, e->values);
}

static void take_apart(void)
{
    static const char *const attributes[] = {"@fingerprint", "@format",  "@version",     "@precision",
                                             "@data_folder", "@average", "@has_lengths", "@kernels"};
    nn_checkpoint_parts parts = nn_run_parts(&run);
    nn_store_file *file;
    void *bytes;
    size_t size;
    run.state.step = STEP;
    fuzz_expect(nn_checkpoint_build(&parts, &bytes, &size) == NN_OK, "no checkpoint");
    fuzz_expect(nn_store_open_image(bytes, size, "sound", &file) == NN_OK, "it does not open");
    fuzz_expect(nn_store_visit(file, take_entry, file) == NN_OK, "it cannot be read");
    for (size_t a = 0; a < sizeof attributes / sizeof *attributes; a++) {
        if (!nn_store_has(file, attributes[a])) continue;
        entry *e = &sound[entry_count++];
        snprintf(e->name, sizeof e->name, "%s", attributes[a]);
        fuzz_expect(nn_store_read_text(file, attributes[a], &e->text) == NN_OK,
                    "an attribute cannot be read");
    }
    nn_store_close(file);
    nn_free(bytes);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    fuzz_make_folder();
    nn_log_enable(false);
    fuzz_expect(nn_comm_create_alone(&comm) == NN_OK, "no communicator");
    open_run();
    take_apart();
    mkdir(fuzz_path("run/checkpoints"), 0700);
    if (getenv("NN_FUZZ_SAY"))
        for (size_t i = 0; i < entry_count; i++) fprintf(stderr, "%zu %s\n", i, sound[i].name);
    return 0;
}

/* ---- changes ---- */

static const double odd_reals[] = {0, -1, 1e300, -1e-300, 0.0 / 0.0, 1.0 / 0.0, 3.5, 4294967296.0};
static const int64_t odd_integers[] = {
    0, -1, 1, INT64_MIN, INT64_MAX, (int64_t)1 << 32, ((int64_t)1 << 62) + 1, 1000000007};

static void change_number(entry *e, fuzz_bytes *bytes)
{
    size_t size = nn_store_type_size(e->type), count = size ? e->bytes / size : 0,
           choice = fuzz_below(bytes, 9);
    if (count == 0) return;
    char *at = e->values + (fuzz_byte(bytes) % count) * size;
    if (choice == 8) {
        int64_t raw = fuzz_int64(bytes);
        memcpy(at, &raw, size < sizeof raw ? size : sizeof raw);
    } else if (e->type == NN_STORE_F64) {
        memcpy(at, &odd_reals[choice], size);
    } else if (e->type == NN_STORE_F32) {
        float value = choice == 2 ? 3e38f : (float)odd_reals[choice];
        memcpy(at, &value, size);
    } else {
        memcpy(at, &odd_integers[choice], size < sizeof(int64_t) ? size : sizeof(int64_t));
    }
}

/* Replaces `cut` bytes at a place of the text by those that follow in the input. */
static void change_text(entry *e, fuzz_bytes *bytes)
{
    size_t length = strlen(e->text), left = (size_t)(bytes->end - bytes->at);
    size_t at = (fuzz_byte(bytes) * 256u + fuzz_byte(bytes)) % (length + 1), cut = fuzz_byte(bytes);
    size_t added = fuzz_byte(bytes);
    if (left < 4) return;
    if (cut == 255 || cut > length - at) cut = length - at;
    if (added > left - 4) added = left - 4;
    char *text;
    fuzz_expect(NN_ALLOCATE(&text, length - cut + added + 1, "a text") == NN_OK, "no memory");
    memcpy(text, e->text, at);
    memcpy(text + at, bytes->at, added);
    memcpy(text + at + added, e->text + at + cut, length - at - cut);
    bytes->at += added;
    nn_free(e->text);
    e->text = text;
}

/* Another shape of as many values or more, which are then 0. */
static void change_shape(entry *e, fuzz_bytes *bytes)
{
    size_t count = 1, size = nn_store_type_size(e->type);
    e->dimensions = (int)fuzz_below(bytes, NN_MAX_DIMENSIONS + 2);
    for (int d = 0; d < e->dimensions; d++) count *= (size_t)(e->extents[d] = (int64_t)fuzz_below(bytes, 8));
    size_t needed = count * size;
    fuzz_expect(nn_reallocate((void **)&e->values, e->bytes, needed > e->bytes ? needed : e->bytes, 1,
                              "values") == NN_OK,
                "no memory");
    e->bytes = needed;
}

static void change_type(entry *e, fuzz_bytes *bytes)
{
    e->type = (nn_store_type)fuzz_below(bytes, NN_STORE_TEXT);
    size_t needed = 8;
    for (int d = 0; d < e->dimensions; d++) needed *= (size_t)e->extents[d];
    fuzz_expect(nn_reallocate((void **)&e->values, e->bytes, needed > e->bytes ? needed : e->bytes, 1,
                              "values") == NN_OK,
                "no memory");
    e->bytes = needed / 8 * nn_store_type_size(e->type);
}

static void change(entry *entries, fuzz_bytes *bytes)
{
    entry *e = &entries[fuzz_below(bytes, entry_count)], *other;
    switch (fuzz_below(bytes, 8)) {
    case 0:
        e->left_out = true;
        break;
    case 1:
        other = &entries[fuzz_below(bytes, entry_count)];
        if (e != other && e->name[0] != '@' && other->name[0] != '@') {
            memcpy(e->name, other->name, sizeof e->name);
            other->left_out = true;
        }
        break;
    case 2:
        if (!e->text) change_shape(e, bytes);
        break;
    case 3:
        if (!e->text) change_type(e, bytes);
        break;
    default:
        if (e->text)
            change_text(e, bytes);
        else
            change_number(e, bytes);
    }
}

static void copy_entries(entry *entries)
{
    for (size_t i = 0; i < entry_count; i++) {
        entries[i] = sound[i];
        if (sound[i].text) {
            fuzz_expect(nn_copy_text(sound[i].text, &entries[i].text) == NN_OK, "no memory");
            continue;
        }
        fuzz_expect(nn_allocate((void **)&entries[i].values, sound[i].bytes, 1, "values") == NN_OK,
                    "no memory");
        memcpy(entries[i].values, sound[i].values, sound[i].bytes);
    }
}

static void release_entries(entry *entries)
{
    for (size_t i = 0; i < entry_count; i++) {
        nn_free(entries[i].text);
        nn_free(entries[i].values);
    }
}

/* What cannot be put, such as a dataset where a group is, is left out. */
static bool seal_entries(const entry *entries, void **bytes, size_t *size)
{
    nn_store_image *image;
    fuzz_expect(nn_store_image_create(&image) == NN_OK, "no image");
    for (size_t i = 0; i < entry_count; i++) {
        const entry *e = &entries[i];
        if (e->left_out) continue;
        if (e->name[0] == '@')
            nn_store_image_put_attribute(image, e->name + 1, e->text);
        else if (e->list)
            put_names(image, e);
        else if (e->text)
            nn_store_image_put_text(image, e->name, e->text);
        else
            nn_store_image_put(image, e->name, e->type, e->dimensions, e->extents, e->values);
    }
    bool sealed = nn_store_image_seal(image, bytes, size) == NN_OK;
    nn_store_image_destroy(image);
    return sealed;
}

/* ---- use ---- */

static void predict(void)
{
    nn_predictor *predictor = NULL;
    nn_status status = nn_predictor_open(checkpoint_path, &predictor);
    if (status == NN_OK) {
        size_t inputs = nn_predictor_input_count(predictor), outputs = nn_predictor_output_count(predictor);
        (void)nn_predictor_class_count(predictor);
        (void)nn_predictor_class_names(predictor);
        if (inputs < MOST_INPUTS && outputs < MOST_INPUTS) {
            float *x = calloc(inputs + 1, sizeof *x), *y = calloc(outputs + 1, sizeof *y);
            status = nn_predictor_run(predictor, 1, x, y);
            free(x);
            free(y);
        }
    }
    fuzz_expect_told(status);
    nn_predictor_close(predictor);
}

/* As nn_setup_open resumes, with what the run carries as new. */
static void resume(void)
{
    nn_text_free(&run.state.history);
    run.state = (nn_run_state){0};
    unlink(fuzz_path("run/manifest")); /* of the input before */
    nn_status status = nn_setup_resume(&run);
    if (status == NN_OK)
        fuzz_expect(run.state.step == 0 || run.state.step == STEP,
                    "a run continues from another step than the file's");
    fuzz_expect_told(status);
    nn_text_free(&run.state.history);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static entry entries[ENTRIES];
    fuzz_bytes bytes = {data, data + size};
    void *image;
    size_t before = nn_memory_in_use(), image_size;
    copy_entries(entries);
    for (int i = 0; i < CHANGES && bytes.at < bytes.end; i++) change(entries, &bytes);
    if (seal_entries(entries, &image, &image_size)) {
        fuzz_write(checkpoint_path, image, image_size);
        nn_free(image);
        predict();
        resume();
    }
    nn_error_clear();
    release_entries(entries);
    fuzz_expect(nn_memory_in_use() == before, "memory is not given back");
    return 0;
}
