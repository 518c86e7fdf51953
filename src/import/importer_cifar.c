/* The binary files of CIFAR-10 and CIFAR-100 (Krizhevsky 2009): records of one or two labels and three planes
 * of 32 x 32 pixels. */
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/list.h"
#include "base/memory.h"
#include "host/files.h"
#include "import/sources.h"

#define CIFAR_NAMES ((size_t)1 << 20) /* largest size in bytes of a file of names */

enum { CIFAR_SIDE = 32, CIFAR_PLANE = CIFAR_SIDE * CIFAR_SIDE, CIFAR_PIXELS = 3 * CIFAR_PLANE };
enum { VARIANT_AUTO, VARIANT_10, VARIANT_100 };
enum { LABELS_FINE, LABELS_COARSE };

typedef struct cifar_options {
    int variant, labels;
} cifar_options;

static const char *const variant_choices[] = {"auto", "cifar10", "cifar100", NULL};
static const char *const label_choices[] = {"fine", "coarse", NULL};

static const nn_option cifar_table[] = {
    {"variant", NN_OPTION_CHOICE, offsetof(cifar_options, variant), "auto", 0, 0, variant_choices,
     NN_EFFECT_RESULT, "cifar10, cifar100, or auto: from the names and sizes of the files"},
    {"labels", NN_OPTION_CHOICE, offsetof(cifar_options, labels), "fine", 0, 0, label_choices,
     NN_EFFECT_RESULT, "for cifar100: the 100 fine classes, or the 20 coarse ones"},
    {.name = NULL}};

typedef struct cifar_file {
    const char *path; /* borrowed from the list of paths */
    FILE *file;
    const char *part;
    int64_t rows, next; /* next: the row to be read next */
} cifar_file;

typedef struct cifar_state {
    nn_text_list paths, classes;
    cifar_file *files; /* as many as paths */
    int labels;        /* bytes before the pixels */
    int label;         /* the index of the one that is used */
} cifar_state;

static bool cifar_takes(const char *folder, const char *name)
{
    (void)folder;
    return name[0] != '.' && nn_import_source_ends(name, ".bin") &&
           (strncmp(name, "data_batch", 10) == 0 || nn_import_source_part(name).part);
}

/* Labels per record, 1 or 2; 0: the size is not a multiple of either record size. */
static int cifar_labels_by_size(int64_t size, const char *name)
{
    bool ten = size % (CIFAR_PIXELS + 1) == 0, hundred = size % (CIFAR_PIXELS + 2) == 0;
    if (ten && hundred) return strstr(name, "batch") ? 1 : 2;
    return ten ? 1 : hundred ? 2 : 0;
}

static nn_status cifar_open_file(cifar_state *state, const char *path, cifar_file *file)
{
    struct stat status;
    const char *name = nn_import_source_base(path);
    file->path = path;
    file->part = strncmp(name, "data_batch", 10) == 0 ? "train" : nn_import_source_part(name).part;
    int descriptor;
    NN_TRY(nn_import_source_open(path, &descriptor));
    file->file = fdopen(descriptor, "rb");
    if (!file->file) close(descriptor);
    if (!file->file || fstat(fileno(file->file), &status) != 0)
        NN_FAIL(NN_ERROR_IO, "'%s' cannot be opened: %s", path, strerror(errno));
    int64_t size = status.st_size;
    if (state->labels == 0) state->labels = cifar_labels_by_size(size, name);
    int64_t record = CIFAR_PIXELS + state->labels;
    if (size == 0 || state->labels == 0 || size % record != 0)
        NN_FAIL(NN_ERROR_DATA,
                "'%s' has %" PRId64 " bytes, not a whole number of records of %s: it is not a binary file of "
                "CIFAR, or is cut short: download it again",
                path, size,
                state->labels == 1   ? "3073 (CIFAR-10)"
                : state->labels == 2 ? "3074 (CIFAR-100)"
                                     : "3073 (CIFAR-10) or 3074 (CIFAR-100)");
    file->rows = size / record;
    return NN_OK;
}

static nn_status cifar_read_names(const char *path, cifar_state *state)
{
    void *bytes;
    size_t size;
    bool there;
    NN_TRY(nn_file_exists(path, &there));
    if (!there) return NN_OK; /* the names are optional */
    NN_TRY(nn_file_load(path, CIFAR_NAMES, "the names of the classes", &bytes, &size));
    nn_status status = NN_OK;
    for (char *rest = bytes, *line; status == NN_OK && (line = strtok_r(rest, "\r\n", &rest));)
        status = nn_list_add(&state->classes, line);
    nn_free(bytes);
    return status;
}

/* The names of the classes are next to the first file. */
static nn_status cifar_find_names(cifar_state *state)
{
    const char *name = state->labels == 1  ? "batches.meta.txt"
                       : state->label == 0 ? "coarse_label_names.txt"
                                           : "fine_label_names.txt";
    const char *first = state->paths.items[0], *base = nn_import_source_base(first);
    char *folder, *path = NULL;
    NN_TRY(nn_copy_text(base == first ? "." : first, &folder));
    if (base != first) folder[base - first] = '\0';
    nn_status status = nn_import_source_join(folder, name, &path);
    if (status == NN_OK) status = cifar_read_names(path, state);
    nn_free(folder);
    nn_free(path);
    return status;
}

static nn_status cifar_add_table(nn_import *import, const cifar_state *state, const char *part)
{
    int64_t rows = 0;
    nn_import_table *table;
    nn_import_field *field;
    for (size_t i = 0; i < state->paths.count; i++)
        if (state->files[i].part == part) rows += state->files[i].rows;
    if (rows == 0) return NN_OK;
    NN_TRY(nn_import_add_table(import, part, rows, &table));
    const nn_shape pixels = {3, {CIFAR_SIDE, CIFAR_SIDE, 3}};
    NN_TRY(nn_import_add_field(table, "x", NN_STORE_U8, pixels, NULL));
    NN_TRY(nn_import_add_field(table, "y", NN_STORE_U8, (nn_shape){0}, &field));
    field->label = true;
    for (size_t i = 0; i < state->classes.count; i++)
        NN_TRY(nn_list_add(&field->classes, state->classes.items[i]));
    return NN_OK;
}

/* One table per part; from here on, the words for parts are compared by address. */
static nn_status cifar_add_tables(nn_import *import, cifar_state *state)
{
    static const char *const parts[] = {"train", "validation", "test"};
    bool some = false;
    for (size_t i = 0; i < state->paths.count; i++) {
        cifar_file *file = &state->files[i];
        for (int p = 0; p < 3; p++)
            if (file->part && strcmp(file->part, parts[p]) == 0) file->part = parts[p];
        some = some || file->part;
    }
    for (size_t i = 0; i < state->paths.count && some; i++)
        if (!state->files[i].part)
            NN_FAIL(NN_ERROR_DATA,
                    "the name of '%s' does not say train or test, but others do: import it separately, or "
                    "rename it",
                    state->files[i].path);
    for (int p = 0; p < 3; p++) NN_TRY(cifar_add_table(import, state, parts[p]));
    return some ? NN_OK : cifar_add_table(import, state, NULL);
}

static nn_status cifar_open(nn_import *import)
{
    const cifar_options *options = import->options;
    cifar_state *state;
    NN_TRY(NN_ALLOCATE(&state, 1, "the importer of CIFAR"));
    import->state = state;
    state->labels = options->variant == VARIANT_AUTO ? 0 : options->variant == VARIANT_10 ? 1 : 2;
    NN_TRY(nn_import_source_files(import, cifar_takes,
                                  "binary files of CIFAR (data_batch_1.bin, train.bin, ...)", &state->paths));
    NN_TRY(NN_ALLOCATE(&state->files, state->paths.count, "the list of CIFAR files"));
    for (size_t i = 0; i < state->paths.count; i++)
        NN_TRY(cifar_open_file(state, state->paths.items[i], &state->files[i]));
    if (state->labels == 1 && options->labels == LABELS_COARSE)
        NN_FAIL(NN_ERROR_USAGE, "labels: CIFAR-10 has no coarse labels; use --labels fine");
    state->label = state->labels == 2 && options->labels == LABELS_FINE;
    NN_TRY(cifar_find_names(state));
    return cifar_add_tables(import, state);
}

static nn_status cifar_read_record(const cifar_state *state, cifar_file *file, unsigned char *pixels,
                                   unsigned char *label)
{
    unsigned char record[CIFAR_PIXELS + 2];
    size_t size = (size_t)CIFAR_PIXELS + (size_t)state->labels;
    if (fread(record, 1, size, file->file) != size)
        NN_FAIL(NN_ERROR_IO, "'%s' cannot be read: %s", file->path,
                ferror(file->file) ? strerror(errno) : "it has become shorter");
    int classes = state->labels == 1 ? 10 : state->label == 0 ? 20 : 100;
    *label = record[state->label];
    if (*label >= classes)
        NN_FAIL(NN_ERROR_DATA,
                "'%s', record %" PRId64 ": label %d, but there are %d classes: the file is damaged, or "
                "--variant is wrong",
                file->path, file->next, *label, classes);
    const unsigned char *planes = record + state->labels; /* red, green, blue */
    for (int i = 0; i < CIFAR_PLANE; i++)
        for (int c = 0; c < 3; c++) *pixels++ = planes[c * CIFAR_PLANE + i];
    file->next++;
    return NN_OK;
}

static nn_status cifar_read(nn_import *import, int table, int64_t first, int64_t rows, void *const *values)
{
    cifar_state *state = import->state;
    unsigned char *pixels = values[0], *labels = values[1];
    (void)first; /* each file keeps its own position */
    for (size_t i = 0; i < state->paths.count; i++) {
        cifar_file *file = &state->files[i];
        if (file->part != import->tables[table].part) continue;
        for (; rows > 0 && file->next < file->rows; rows--, pixels += CIFAR_PIXELS)
            NN_TRY(cifar_read_record(state, file, pixels, labels++));
    }
    return NN_OK;
}

static void cifar_close(nn_import *import)
{
    cifar_state *state = import->state;
    if (!state) return;
    for (size_t i = 0; state->files && i < state->paths.count; i++)
        if (state->files[i].file) (void)fclose(state->files[i].file); /* was only read */
    nn_free(state->files);
    nn_list_release(&state->paths);
    nn_list_release(&state->classes);
    nn_free(state);
    import->state = NULL;
}

const nn_importer nn_importer_cifar = {
    .name = "cifar",
    .summary = "the binary files of CIFAR-10 or CIFAR-100, or their folder",
    .example = "nntrain import cifar cifar-10-batches-bin -o cifar10.h5",
    .writes =
        "x_train, x_test: uint8, images x 32 x 32 x 3; y_train, y_test: uint8 class labels, and their names "
        "if these are next to the files",
    .options = cifar_table,
    .options_size = sizeof(cifar_options),
    .open = cifar_open,
    .read = cifar_read,
    .close = cifar_close,
};
