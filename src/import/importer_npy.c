/* NumPy's .npy and .npz: arrays with the same number of rows become the fields of the rows. */
#include <ctype.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "base/list.h"
#include "base/log.h"
#include "base/memory.h"
#include "import/npy.h"
#include "import/sources.h"

typedef struct npy_options {
    nn_text_list arrays, classes;
} npy_options;

static const nn_option npy_table[] = {
    {"arrays", NN_OPTION_TEXT_LIST, offsetof(npy_options, arrays), "", 0, 0, NULL, NN_EFFECT_RESULT,
     "names of the arrays to import, such as x_train,y_train (default: all)"},
    {"classes", NN_OPTION_TEXT_LIST, offsetof(npy_options, classes), "", 0, 0, NULL, NN_EFFECT_OUTPUT,
     "names of the classes, in order of their numbers from 0"},
    {.name = NULL}};

typedef struct npy_state {
    nn_text_list paths;
    nn_npy_arrays arrays;
} npy_state;

static bool npy_takes(const char *folder, const char *name)
{
    (void)folder;
    return name[0] != '.' && (nn_import_source_ends(name, ".npy") || nn_import_source_ends(name, ".npz"));
}

static bool npy_is_separator(char letter)
{
    return letter == '_' || letter == '-' || letter == '.' || letter == ' ';
}

/* "x_train" and "train_x" become x; "train" alone becomes x, too. The caller owns *field. */
static nn_status npy_field_name(const char *name, nn_import_source_word word, char **field)
{
    NN_TRY(nn_copy_text(name, field));
    char *text = *field;
    if (word.part) {
        size_t begin = word.begin, end = word.begin + word.length;
        if (begin > 0 && npy_is_separator(text[begin - 1]))
            begin--;
        else if (npy_is_separator(text[end]))
            end++;
        memmove(text + begin, text + end, strlen(text + end) + 1);
    }
    if (text[0] == '\0') {
        nn_free(*field);
        return nn_copy_text("x", field);
    }
    if (text[1] == '\0') text[0] = (char)tolower((unsigned char)text[0]);
    return NN_OK;
}

/* Integers under one of these names, one value per row, are classes. */
static bool npy_is_label(const char *name, const nn_npy_header *header)
{
    static const char *const names[] = {"y", "label", "labels", "target", "targets"};
    bool single = header->dimensions == 1 || (header->dimensions == 2 && header->extents[1] == 1);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcasecmp(name, names[i]) == 0) return single && nn_store_type_is_integer(header->type);
    return false;
}

static nn_status npy_add_field(nn_import *import, nn_npy_array *array, const char *name)
{
    const npy_options *options = import->options;
    const nn_npy_header *header = &array->header;
    nn_import_table *table = &import->tables[array->table];
    for (int f = 0; f < table->field_count; f++)
        if (strcmp(table->fields[f].name, name) == 0)
            NN_FAIL(NN_ERROR_DATA, "%s: another array of the same part is also named '%s': rename one",
                    array->place, name);
    bool label = npy_is_label(name, header);
    nn_shape shape = {.dimensions = label ? 0 : header->dimensions - 1};
    for (int d = 0; d < shape.dimensions; d++) shape.extents[d] = header->extents[d + 1];
    nn_import_field *field;
    NN_TRY(nn_import_add_field(table, name, header->type, shape, &field));
    array->field = table->field_count - 1;
    field->label = label;
    for (size_t i = 0; label && i < options->classes.count; i++)
        NN_TRY(nn_list_add(&field->classes, options->classes.items[i]));
    return NN_OK;
}

static nn_status npy_add(nn_import *import, nn_npy_array *array)
{
    const nn_npy_header *header = &array->header;
    array->table = -1;
    if (header->dimensions == 0) {
        nn_log_warning("%s is a single value, not rows: skipped", array->place);
        return NN_OK;
    }
    if (header->values == 0) NN_FAIL(NN_ERROR_DATA, "%s is empty", array->place);
    char *name = NULL;
    nn_import_source_word word = nn_import_source_part(array->name);
    NN_TRY(nn_import_source_table(import, array->place, word.part, header->extents[0], &array->table));
    nn_status status = npy_field_name(array->name, word, &name);
    if (status == NN_OK) status = npy_add_field(import, array, name);
    nn_free(name);
    return status;
}

static nn_status npy_check_wanted(const npy_options *options, const nn_npy_arrays *arrays)
{
    for (size_t i = 0; i < options->arrays.count; i++) {
        bool found = false;
        for (size_t a = 0; a < arrays->count && !found; a++)
            found = strcmp(arrays->items[a].name, options->arrays.items[i]) == 0;
        if (!found)
            NN_FAIL(NN_ERROR_USAGE, "--arrays: the sources have no array '%s'", options->arrays.items[i]);
    }
    return NN_OK;
}

static nn_status npy_open(nn_import *import)
{
    const npy_options *options = import->options;
    npy_state *state;
    NN_TRY(NN_ALLOCATE(&state, 1, "the importer of NumPy arrays"));
    import->state = state;
    NN_TRY(nn_import_source_files(import, npy_takes, "NumPy files (.npy, .npz)", &state->paths));
    for (size_t i = 0; i < state->paths.count; i++)
        NN_TRY(nn_npy_open(&state->arrays, state->paths.items[i], &options->arrays));
    NN_TRY(npy_check_wanted(options, &state->arrays));
    for (size_t i = 0; i < state->arrays.count; i++) NN_TRY(npy_add(import, &state->arrays.items[i]));
    if (import->table_count == 0) NN_FAIL(NN_ERROR_DATA, "the sources contain no array with rows");
    return NN_OK;
}

static nn_status npy_read(nn_import *import, int table, int64_t first, int64_t rows, void *const *values)
{
    npy_state *state = import->state;
    for (size_t i = 0; i < state->arrays.count; i++) {
        nn_npy_array *array = &state->arrays.items[i];
        if (array->table == table) NN_TRY(nn_npy_read(array, first, rows, values[array->field]));
    }
    return NN_OK;
}

static void npy_close(nn_import *import)
{
    npy_state *state = import->state;
    if (!state) return;
    nn_npy_close(&state->arrays);
    nn_list_release(&state->paths);
    nn_free(state);
    import->state = NULL;
}

const nn_importer nn_importer_npy = {
    .name = "npy",
    .summary = "NumPy arrays: .npy files, .npz archives, or a folder of them",
    .example = "nntrain import npy mnist.npz -o mnist.h5",
    .writes =
        "one dataset per array, of the same name; the first dimension is the rows. x_train, x_test, ... if "
        "the names say train, val or test; integers named y, label, labels, target or targets are class "
        "labels. bool "
        "becomes uint8; float16 becomes float32",
    .options = npy_table,
    .options_size = sizeof(npy_options),
    .open = npy_open,
    .read = npy_read,
    .close = npy_close,
};
