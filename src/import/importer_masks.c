/* Images and masks of the same name, for segmentation: y is the class of each pixel. The masks are read
 * twice: to find their values, and with the rows, so that ranks can share the work. */
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/log.h"
#include "base/memory.h"
#include "import/image_form.h"
#include "import/image_mask.h"
#include "import/mask_classes.h"
#include "import/sources.h"

typedef struct masks_options {
    nn_image_options image;
    char *mask_suffix;
    nn_mask_class_options classes;
} masks_options;

static const nn_option masks_table[] = {
    NN_IMAGE_OPTION_ROWS(offsetof(masks_options, image)),
    {"mask_suffix", NN_OPTION_TEXT, offsetof(masks_options, mask_suffix), "", 0, 0, NULL, NN_EFFECT_RESULT,
     "what names of masks have between that of the image and .png: _mask for cat.jpg and cat_mask.png"},
    NN_MASK_CLASS_OPTION_ROWS(offsetof(masks_options, classes)),
    {.name = NULL}};

/* The pairs of a part. */
typedef struct masks_part {
    const char *part;     /* NULL: all */
    char *images, *masks; /* the folders; owned */
    nn_text_list image_names, mask_names;
} masks_part;

typedef struct masks_state {
    masks_part parts[NN_IMPORT_TABLES];
    int part_count;
    nn_image_form form;
    nn_mask mask;
    nn_mask_classes classes;
    unsigned char *codes; /* of a mask in its own size */
    size_t codes_capacity;
} masks_state;

/* ---- pairs ---- */

static bool masks_takes(const char *folder, const char *name)
{
    (void)folder;
    return name[0] != '.';
}

static int masks_compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool masks_has(const nn_text_list *names, const char *name)
{
    return names->count > 0 &&
           bsearch(&name, names->items, names->count, sizeof *names->items, masks_compare);
}

static size_t masks_stem(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot ? (size_t)(dot - name) : strlen(name);
}

/* Another name that begins like the image's: what is between them is a suffix. */
static void masks_append_suffix(const nn_text_list *names, const char *image, nn_text *text)
{
    size_t stem = masks_stem(image);
    for (size_t i = 0; i < names->count; i++) {
        const char *name = names->items[i];
        size_t length = masks_stem(name);
        if (strncmp(name, image, stem) != 0 || !nn_import_source_ends(name, ".png") || length == stem)
            continue;
        nn_text_append(text, "; for '%s', add --mask-suffix %.*s", name, (int)(length - stem), name + stem);
        return;
    }
}

static nn_status masks_fail_missing(const masks_part *part, const nn_text_list *names, const char *image,
                                    const char *wanted)
{
    nn_text text = {0};
    nn_text_append(&text, "%s", "");
    masks_append_suffix(names, image, &text);
    size_t stem = masks_stem(image);
    for (size_t i = 0; i < names->count && text.length == 0; i++)
        if (masks_stem(names->items[i]) == stem && strncmp(names->items[i], image, stem) == 0)
            nn_text_append(&text, "; '%s' is not a PNG: only PNG keeps the numbers of the classes",
                           names->items[i]);
    nn_status status = nn_fail(NN_ERROR_DATA,
                               "the image '%s/%s' has no mask: there is no '%s/%s'; add it, or remove the "
                               "image%s",
                               part->images, image, part->masks, wanted, text.failed ? "" : text.bytes);
    nn_text_free(&text);
    return status;
}

/* The mask's name: the image's with another ending. */
static nn_status masks_find(const masks_options *options, masks_part *part, const nn_text_list *names,
                            const char *image)
{
    nn_text wanted = {0};
    const char *const endings[] = {".png", ".PNG"};
    const char *suffix = options->mask_suffix ? options->mask_suffix : "";
    nn_status status = NN_ERROR_DATA;
    for (int i = 1; i >= 0 && status != NN_OK; i--) {
        nn_text_free(&wanted);
        wanted = (nn_text){0};
        nn_text_append(&wanted, "%.*s%s%s", (int)masks_stem(image), image, suffix, endings[i]);
        if (wanted.failed) status = nn_fail(NN_ERROR_MEMORY, "out of memory for the names of masks");
        if (status == NN_ERROR_DATA && masks_has(names, wanted.bytes))
            status = nn_list_add(&part->mask_names, wanted.bytes);
        if (status == NN_ERROR_MEMORY) break;
    }
    if (status == NN_ERROR_DATA) status = masks_fail_missing(part, names, image, wanted.bytes);
    nn_text_free(&wanted);
    return status;
}

static nn_status masks_check_stems(const masks_part *part)
{
    const nn_text_list *names = &part->image_names;
    for (size_t i = 1; i < names->count; i++) {
        const char *one = names->items[i - 1], *other = names->items[i];
        if (masks_stem(one) == masks_stem(other) && strncmp(one, other, masks_stem(one)) == 0)
            NN_FAIL(NN_ERROR_DATA, "'%s/%s' and '%s' would share a mask: remove or rename one of them",
                    part->images, one, other);
    }
    return NN_OK;
}

static nn_status masks_pair(const masks_options *options, masks_part *part)
{
    nn_text_list names = {0};
    size_t left = 0;
    NN_TRY(nn_import_source_list(part->images, nn_image_form_takes, &part->image_names, &left));
    if (part->image_names.count == 0)
        NN_FAIL(NN_ERROR_DATA, "the folder '%s' contains no images (.png, .jpg, .jpeg)", part->images);
    NN_TRY(masks_check_stems(part));
    nn_status status = nn_import_source_list(part->masks, masks_takes, &names, NULL);
    for (size_t i = 0; i < part->image_names.count && status == NN_OK; i++)
        status = masks_find(options, part, &names, part->image_names.items[i]);
    if (status == NN_OK && left > 0)
        nn_log_warning("'%s': %zu entries are not images (.png, .jpg, .jpeg): skipped", part->images, left);
    if (status == NN_OK && names.count > part->mask_names.count)
        nn_log_warning("'%s': %zu of %zu files are not the mask of an image in '%s': skipped", part->masks,
                       names.count - part->mask_names.count, names.count, part->images);
    nn_list_release(&names);
    return status;
}

/* ---- parts ---- */

static nn_status masks_add_part(nn_import *import, masks_state *state, const char *word, const char *name)
{
    if (state->part_count == NN_IMPORT_TABLES)
        NN_FAIL(NN_ERROR_DATA, "'%s/%s': another folder is also the %s part: remove one", import->sources[0],
                word, name);
    masks_part *part = &state->parts[state->part_count++];
    part->part = name;
    if (name) {
        NN_TRY(nn_import_source_join(import->sources[0], word, &part->images));
        NN_TRY(nn_import_source_join(import->sources[1], word, &part->masks));
        if (state->part_count > 1 && strcmp(part[-1].part, name) == 0)
            NN_FAIL(NN_ERROR_DATA, "'%s': another folder is also the %s part: remove one", part->images,
                    name);
        if (!nn_import_source_is_folder(part->masks))
            NN_FAIL(NN_ERROR_DATA, "'%s' has no folder of masks: '%s' does not exist", part->images,
                    part->masks);
    } else {
        NN_TRY(nn_copy_text(import->sources[0], &part->images));
        NN_TRY(nn_copy_text(import->sources[1], &part->masks));
    }
    return masks_pair(import->options, part);
}

/* Both folders have folders train, val and test, or the files themselves. */
static nn_status masks_scan(nn_import *import, masks_state *state)
{
    for (int i = 0; i < NN_IMAGE_PART_FOLDERS; i++) {
        char *folder = NULL;
        NN_TRY(nn_import_source_join(import->sources[0], nn_image_part_folders[i].folder, &folder));
        bool there = nn_import_source_is_folder(folder);
        nn_free(folder);
        if (there)
            NN_TRY(masks_add_part(import, state, nn_image_part_folders[i].folder,
                                  nn_image_part_folders[i].part));
    }
    return state->part_count ? NN_OK : masks_add_part(import, state, "", NULL);
}

static nn_status masks_read_mask(const nn_import *import, const masks_part *part, size_t row, char **path)
{
    masks_state *state = import->state;
    const masks_options *options = import->options;
    NN_TRY(nn_import_source_join(part->masks, part->mask_names.items[row], path));
    return nn_mask_read(*path, options->classes.palette == NN_MASK_PALETTE_COLOUR, &state->mask);
}

/* ---- the importer ---- */

static nn_status masks_find_values(nn_import *import, masks_state *state)
{
    for (int p = 0; p < state->part_count; p++)
        for (size_t row = 0; row < state->parts[p].mask_names.count; row++) {
            char *path = NULL;
            nn_status status = masks_read_mask(import, &state->parts[p], row, &path);
            if (status == NN_OK) {
                status = nn_mask_classes_meet(&state->classes, &state->mask);
                if (status != NN_OK) nn_fail_context(status, "the mask '%s'", path);
            }
            nn_free(path);
            NN_TRY(status);
        }
    return NN_OK;
}

static nn_status masks_settle(nn_import *import, masks_state *state)
{
    const masks_options *options = import->options;
    char *path = NULL;
    NN_TRY(nn_image_form_begin(&state->form, import, &options->image));
    NN_TRY(nn_import_source_join(state->parts[0].images, state->parts[0].image_names.items[0], &path));
    nn_status status = nn_image_form_settle(&state->form, path);
    nn_free(path);
    NN_TRY(status);
    nn_mask_classes_begin(&state->classes, &options->classes);
    NN_TRY(masks_find_values(import, state));
    NN_TRY(nn_mask_classes_settle(&state->classes, import));
    return nn_mask_classes_check_pad(&state->classes, options->image.fit == NN_IMAGE_PAD);
}

static nn_status masks_open(nn_import *import)
{
    masks_state *state;
    NN_TRY(NN_ALLOCATE(&state, 1, "the importer of masks"));
    import->state = state;
    if (import->source_count != 2)
        NN_FAIL(NN_ERROR_USAGE,
                "masks need two sources, the folder of the images and that of their masks, not %zu: nntrain "
                "import masks IMAGES MASKS -o OUT.h5",
                import->source_count);
    NN_TRY(masks_scan(import, state));
    NN_TRY(masks_settle(import, state));
    for (int p = 0; p < state->part_count; p++) {
        nn_import_table *table;
        nn_import_field *field;
        nn_shape pixels = {2, {state->form.height, state->form.width}};
        NN_TRY(nn_import_add_table(import, state->parts[p].part, (int64_t)state->parts[p].image_names.count,
                                   &table));
        NN_TRY(nn_import_add_field(table, "x", NN_STORE_U8, nn_image_form_shape(&state->form), NULL));
        NN_TRY(nn_import_add_field(table, "y", NN_STORE_U8, pixels, &field));
        NN_TRY(nn_mask_classes_describe(&state->classes, field));
    }
    nn_mask_classes_append_report(&state->classes, &import->report);
    return NN_OK;
}

static nn_status masks_check_size(const nn_image *image, const nn_mask *mask, const char *path)
{
    if (image->height == mask->height && image->width == mask->width) return NN_OK;
    bool turned = image->height == mask->width && image->width == mask->height;
    NN_FAIL(NN_ERROR_DATA,
            "the mask '%s' has %" PRId64 " x %" PRId64 " pixels, but its image has %" PRId64 " x %" PRId64
            "%s: make the mask from this image",
            path, mask->height, mask->width, image->height, image->width,
            turned ? " (if it is a JPEG with an EXIF orientation, it was turned, the mask was not)" : "");
}

static nn_status masks_code(masks_state *state, const masks_options *options, const char *path,
                            unsigned char *values)
{
    const nn_mask *mask = &state->mask;
    size_t pixels = (size_t)(mask->height * mask->width);
    NN_TRY(masks_check_size(&state->form.image, mask, path));
    if (pixels > state->codes_capacity) {
        nn_free(state->codes);
        state->codes = NULL;
        state->codes_capacity = 0;
        NN_TRY(NN_ALLOCATE(&state->codes, pixels, "a mask"));
        state->codes_capacity = pixels;
    }
    if (!nn_mask_classes_code(&state->classes, mask, state->codes))
        NN_FAIL(NN_ERROR_IO, "the mask '%s' changed during the import: import again", path);
    nn_image_scale_codes(state->codes, mask->height, mask->width, (nn_image_fit)options->image.fit,
                         state->form.height, state->form.width, state->classes.outside, values);
    return NN_OK;
}

static nn_status masks_read(nn_import *import, int table, int64_t first, int64_t rows, void *const *values)
{
    masks_state *state = import->state;
    const masks_part *part = &state->parts[table];
    size_t pixels = (size_t)(state->form.height * state->form.width);
    size_t size = (size_t)nn_shape_count(nn_image_form_shape(&state->form));
    for (int64_t i = 0; i < rows; i++) {
        char *image = NULL, *mask = NULL;
        NN_TRY(nn_import_source_join(part->images, part->image_names.items[first + i], &image));
        nn_status status =
            nn_image_form_read(&state->form, image, (unsigned char *)values[0] + (size_t)i * size);
        nn_free(image);
        if (status == NN_OK) status = masks_read_mask(import, part, (size_t)(first + i), &mask);
        if (status == NN_OK)
            status =
                masks_code(state, import->options, mask, (unsigned char *)values[1] + (size_t)i * pixels);
        nn_free(mask);
        NN_TRY(status);
    }
    return NN_OK;
}

static void masks_close(nn_import *import)
{
    masks_state *state = import->state;
    if (!state) return;
    for (int p = 0; p < state->part_count; p++) {
        nn_free(state->parts[p].images);
        nn_free(state->parts[p].masks);
        nn_list_release(&state->parts[p].image_names);
        nn_list_release(&state->parts[p].mask_names);
    }
    nn_image_form_release(&state->form);
    nn_mask_release(&state->mask);
    nn_mask_classes_release(&state->classes);
    nn_free(state->codes);
    nn_free(state);
    import->state = NULL;
}

const nn_importer nn_importer_masks = {
    .name = "masks",
    .summary = "images and PNG masks of the same name in two folders, for segmentation",
    .example = "nntrain import masks photos labels --size 128x128 --ignore 255 -o scenes.h5",
    .writes = "x: uint8, samples x height x width x channels (1 or 3); y: uint8, samples x height x width, "
              "the class of each pixel, with the names of the classes. Images are scaled with smoothing, "
              "masks to the nearest pixel; with --fit pad, the room around them is the class of the value 0, "
              "or 255 with --ignore. Both folders may have folders train, val and test",
    .options = masks_table,
    .options_size = sizeof(masks_options),
    .parallel = true,
    .open = masks_open,
    .read = masks_read,
    .close = masks_close,
};
