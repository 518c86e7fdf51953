/* One folder of PNG and JPEG files per class. Only the names are kept: an image is decoded when its row is
 * requested, so that ranks can share the work. */
#include <stddef.h>
#include <string.h>

#include "base/list.h"
#include "base/log.h"
#include "base/memory.h"
#include "import/image_form.h"
#include "import/sources.h"

enum { BAD_STOP, BAD_SKIP };

typedef struct images_options {
    nn_image_options image;
    int on_bad_image;
} images_options;

static const char *const bad_choices[] = {"stop", "skip", NULL};

static const nn_option images_table[] = {
    NN_IMAGE_OPTION_ROWS(offsetof(images_options, image)),
    {"on_bad_image", NN_OPTION_CHOICE, offsetof(images_options, on_bad_image), "stop", 0, 0, bad_choices,
     NN_EFFECT_RESULT, "stop, or skip, at an image that cannot be decoded (skip decodes all images twice)"},
    {.name = NULL}};

/* The files of a part, class by class; their names are stored one after another, each ended by '\0'. */
typedef struct images_part {
    const char *word; /* its folder below the source; "": the source itself */
    char *names;
    size_t length, capacity;
    int64_t *at;  /* offset of each file's name */
    int *classes; /* class of each file */
    size_t rows, rows_capacity;
} images_part;

typedef struct images_state {
    nn_text_list classes;
    images_part parts[NN_IMPORT_TABLES];
    int part_count;
    size_t left;                /* entries that are not images */
    const nn_import_like *like; /* the earlier import that numbers the classes, or NULL; borrowed */
    nn_image_form form;
} images_state;

static bool images_takes_folder(const char *folder, const char *name)
{
    char *path = NULL;
    if (name[0] == '.' || nn_import_source_join(folder, name, &path) != NN_OK) return false;
    bool is_folder = nn_import_source_is_folder(path);
    nn_free(path);
    return is_folder;
}

static nn_status images_path(const nn_import *import, const images_part *part, int64_t row, char **path)
{
    const images_state *state = import->state;
    nn_text text = {0};
    const char *folder = import->sources[0], *slash = folder[strlen(folder) - 1] == '/' ? "" : "/";
    nn_text_append(&text, "%s%s%s%s%s/%s", folder, slash, part->word, part->word[0] ? "/" : "",
                   state->classes.items[part->classes[row]], part->names + part->at[row]);
    nn_status status = text.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for the path of an image")
                                   : nn_copy_text(text.bytes, path);
    nn_text_free(&text);
    return status;
}

static nn_status images_keep(images_part *part, int class, const char *name)
{
    size_t size = strlen(name) + 1;
    if (part->length + size > part->capacity) {
        size_t capacity = 2 * (part->capacity + size) + 1024;
        NN_TRY(nn_reallocate((void **)&part->names, part->capacity, capacity, 1, "names of images"));
        part->capacity = capacity;
    }
    if (part->rows == part->rows_capacity) {
        size_t old = part->rows_capacity, capacity = 2 * old + 64;
        NN_TRY(nn_reallocate((void **)&part->at, old, capacity, sizeof(*part->at), "names of images"));
        NN_TRY(nn_reallocate((void **)&part->classes, old, capacity, sizeof(*part->classes), "labels"));
        part->rows_capacity = capacity;
    }
    memcpy(part->names + part->length, name, size);
    part->at[part->rows] = (int64_t)part->length;
    part->classes[part->rows++] = class;
    part->length += size;
    return NN_OK;
}

static nn_status images_scan_class(images_state *state, images_part *part, const char *folder, int class,
                                   nn_text_list *names)
{
    NN_TRY(nn_import_source_list(folder, nn_image_form_takes, names, &state->left));
    if (names->count == 0 && part == state->parts)
        NN_FAIL(NN_ERROR_DATA,
                "the class folder '%s' contains no image (.png, .jpg, .jpeg): fill or "
                "remove it",
                folder);
    for (size_t i = 0; i < names->count; i++) NN_TRY(images_keep(part, class, names->items[i]));
    return NN_OK;
}

/* The classes are those of the first part: a class without training samples is a mistake. */
static nn_status images_find_class(images_state *state, const char *folder, const char *name, int *class)
{
    for (*class = 0; (size_t) * class < state->classes.count; ++*class)
        if (strcmp(state->classes.items[*class], name) == 0) return NN_OK;
    if (state->like)
        NN_FAIL(NN_ERROR_DATA, "'%s/%s': %s has no class '%s': remove or rename the folder, or remove --like",
                folder, name, nn_import_like_path(state->like), name);
    NN_FAIL(NN_ERROR_DATA, "the class '%s' in '%s' has no folder in '%s': add or remove it", name, folder,
            state->parts[0].word);
}

static nn_status images_add_class(images_state *state, images_part *part, const char *folder,
                                  const char *name)
{
    int class = (int)state->classes.count;
    char *path = NULL;
    nn_text_list names = {0};
    if (part == state->parts && !state->like)
        NN_TRY(nn_list_add(&state->classes, name));
    else
        NN_TRY(images_find_class(state, folder, name, &class));
    nn_status status = nn_import_source_join(folder, name, &path);
    if (status == NN_OK) status = images_scan_class(state, part, path, class, &names);
    nn_list_release(&names);
    nn_free(path);
    return status;
}

static nn_status images_add_part(images_state *state, const char *folder, const char *word)
{
    images_part *part = &state->parts[state->part_count++];
    nn_text_list folders = {0};
    part->word = word;
    nn_status status = nn_import_source_list(folder, images_takes_folder, &folders, &state->left);
    if (status == NN_OK && folders.count == 0)
        status = nn_fail(NN_ERROR_DATA,
                         "the folder '%s' contains no folders: it needs one per class, "
                         "with the images of that class; for images with masks, use `nntrain import masks`, "
                         "for images in a table, `nntrain import manifest`",
                         folder);
    for (size_t i = 0; i < folders.count && status == NN_OK; i++)
        status = images_add_class(state, part, folder, folders.items[i]);
    nn_list_release(&folders);
    if (status == NN_OK && part->rows == 0)
        status = nn_fail(NN_ERROR_DATA, "the folder '%s' contains no images (.png, .jpg, .jpeg)", folder);
    return status;
}

/* Below the source are the folders train, val and test, or otherwise the classes themselves. */
static nn_status images_scan(nn_import *import, images_state *state)
{
    const char *source = import->sources[0], *seen = "";
    for (int i = 0; i < NN_IMAGE_PART_FOLDERS; i++) {
        char *folder = NULL;
        NN_TRY(nn_import_source_join(source, nn_image_part_folders[i].folder, &folder));
        nn_status status = NN_OK;
        if (nn_import_source_is_folder(folder) && strcmp(seen, nn_image_part_folders[i].part) == 0)
            status = nn_fail(NN_ERROR_DATA, "'%s': another folder is also the %s part: remove one", folder,
                             nn_image_part_folders[i].part);
        else if (nn_import_source_is_folder(folder)) {
            status = images_add_part(state, folder, nn_image_part_folders[i].folder);
            seen = nn_image_part_folders[i].part;
        }
        nn_free(folder);
        NN_TRY(status);
    }
    return state->part_count ? NN_OK : images_add_part(state, source, "");
}

static nn_status images_decode(const nn_import *import, const images_part *part, int64_t row)
{
    images_state *state = import->state;
    char *path = NULL;
    NN_TRY(images_path(import, part, row, &path));
    nn_status status = nn_image_read(path, &state->form.image);
    nn_free(path);
    return status;
}

/* Decodes all images, and drops those that fail. */
static nn_status images_drop_bad(const nn_import *import, images_part *part)
{
    size_t good = 0;
    for (size_t row = 0; row < part->rows; row++) {
        nn_status status = images_decode(import, part, (int64_t)row);
        if (status != NN_OK && status != NN_ERROR_DATA) return status;
        if (status != NN_OK) {
            nn_log_warning("skipped: %s", nn_error_text());
            continue;
        }
        part->at[good] = part->at[row];
        part->classes[good++] = part->classes[row];
    }
    nn_error_clear();
    part->rows = good;
    if (good == 0) NN_FAIL(NN_ERROR_DATA, "'%s' contains no image that can be decoded", import->sources[0]);
    return NN_OK;
}

/* Takes the classes from an earlier import. */
static nn_status images_take_like(const nn_import *import, images_state *state)
{
    NN_TRY(nn_import_like_names(import->like, "y_classes", &state->classes));
    if (state->classes.count > 0) state->like = import->like;
    return NN_OK;
}

/* Sets size and channels from the options and the first image. */
static nn_status images_settle(const nn_import *import, images_state *state)
{
    const images_options *options = import->options;
    char *path = NULL;
    if (options->on_bad_image == BAD_SKIP)
        for (int p = 0; p < state->part_count; p++) NN_TRY(images_drop_bad(import, &state->parts[p]));
    NN_TRY(images_path(import, &state->parts[0], 0, &path));
    nn_status status = nn_image_form_settle(&state->form, path);
    nn_free(path);
    return status;
}

static nn_status images_add_table(nn_import *import, const images_state *state, const images_part *part)
{
    const char *name = NULL;
    for (int i = 0; i < NN_IMAGE_PART_FOLDERS; i++)
        if (strcmp(nn_image_part_folders[i].folder, part->word) == 0) name = nn_image_part_folders[i].part;
    nn_import_table *table;
    nn_import_field *field;
    NN_TRY(nn_import_add_table(import, name, (int64_t)part->rows, &table));
    NN_TRY(nn_import_add_field(table, "x", NN_STORE_U8, nn_image_form_shape(&state->form), NULL));
    nn_store_type type = state->classes.count <= 256 ? NN_STORE_U8 : NN_STORE_I32;
    NN_TRY(nn_import_add_field(table, "y", type, (nn_shape){0}, &field));
    field->label = true;
    for (size_t i = 0; i < state->classes.count; i++)
        NN_TRY(nn_list_add(&field->classes, state->classes.items[i]));
    return NN_OK;
}

static nn_status images_open(nn_import *import)
{
    const images_options *options = import->options;
    images_state *state;
    NN_TRY(NN_ALLOCATE(&state, 1, "the importer of images"));
    import->state = state;
    if (import->source_count != 1)
        NN_FAIL(NN_ERROR_USAGE, "images need a single source, a folder with one folder per class, not %zu",
                import->source_count);
    NN_TRY(nn_image_form_begin(&state->form, import, &options->image));
    NN_TRY(images_take_like(import, state));
    NN_TRY(images_scan(import, state));
    if (state->left > 0)
        nn_log_warning("'%s': %zu entries are neither class folders nor images (.png, .jpg, .jpeg): "
                       "skipped",
                       import->sources[0], state->left);
    NN_TRY(images_settle(import, state));
    for (int p = 0; p < state->part_count; p++) NN_TRY(images_add_table(import, state, &state->parts[p]));
    return NN_OK;
}

static nn_status images_read(nn_import *import, int table, int64_t first, int64_t rows, void *const *values)
{
    images_state *state = import->state;
    const images_part *part = &state->parts[table];
    unsigned char *pixels = values[0];
    int64_t size = nn_shape_count(nn_image_form_shape(&state->form));
    for (int64_t i = 0; i < rows; i++, pixels += size) {
        char *path = NULL;
        NN_TRY(images_path(import, part, first + i, &path));
        nn_status status = nn_image_form_read(&state->form, path, pixels);
        nn_free(path);
        NN_TRY(status);
        int class = part->classes[first + i];
        if (state->classes.count <= 256)
            ((unsigned char *)values[1])[i] = (unsigned char)class;
        else
            ((int32_t *)values[1])[i] = class;
    }
    return NN_OK;
}

static void images_close(nn_import *import)
{
    images_state *state = import->state;
    if (!state) return;
    for (int p = 0; p < state->part_count; p++) {
        nn_free(state->parts[p].names);
        nn_free(state->parts[p].at);
        nn_free(state->parts[p].classes);
    }
    nn_list_release(&state->classes);
    nn_image_form_release(&state->form);
    nn_free(state);
    import->state = NULL;
}

const nn_importer nn_importer_images = {
    .name = "images",
    .summary = "PNG and JPEG images, one folder per class, optionally inside folders train, val and test",
    .example = "nntrain import images flowers --size 64x64 --stratified --validation 0.1 -o flowers.h5",
    .writes = "x: uint8, samples x height x width x channels (1 or 3); y: class labels, with the names of "
              "the folders. Images are ordered by class and name; the EXIF orientation of JPEGs is applied, "
              "transparency is put over black",
    .options = images_table,
    .options_size = sizeof(images_options),
    .parallel = true,
    .open = images_open,
    .read = images_read,
    .close = images_close,
};
