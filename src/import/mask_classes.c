#include "import/mask_classes.h"

#include <stdio.h>
#include <string.h>

#include "base/list.h"
#include "base/log.h"
#include "import/like.h"

const char *const nn_mask_palette_choices[] = {"number", "colour", NULL};

/* A value that is a class, and its code. */
typedef struct classes_entry {
    uint32_t value;
    int code;
} classes_entry;

typedef struct classes_given {
    classes_entry entries[NN_MASK_VALUES];
    int count;
} classes_given;

void nn_mask_classes_begin(nn_mask_classes *classes, const nn_mask_class_options *options)
{
    classes->options = options;
}

void nn_mask_classes_release(nn_mask_classes *classes)
{
    nn_list_release(&classes->names);
}

nn_status nn_mask_classes_meet(nn_mask_classes *classes, const nn_mask *mask)
{
    return nn_mask_values_meet(&classes->found, mask);
}

/* ---- what is given ---- */

static void classes_append_values(const nn_mask_classes *classes, nn_text *text)
{
    char value[NN_MASK_VALUE_TEXT];
    const nn_mask_values *found = &classes->found;
    for (size_t i = 0; i < found->count && i < 20; i++)
        nn_text_append(text, "%s%s", i > 0 ? ", " : "",
                       nn_mask_value_text(value, found->kind, found->values[i]));
    if (found->count > 20) nn_text_append(text, ", ... (%zu values)", found->count);
}

static nn_status classes_not_a_value(const nn_mask_classes *classes, const char *option, const char *word)
{
    bool colour = classes->found.kind == NN_MASK_COLOUR;
    NN_FAIL(NN_ERROR_USAGE, "--%s: '%.*s' is not a value of the masks, which hold %s", option,
            (int)strcspn(word, "="), word, colour ? "colours such as '#ff0000'" : "numbers such as 255");
}

/* "VALUE=NAME"; false: there is no '=', or only a name. */
static bool classes_take_apart(const char *word, nn_mask_kind kind, uint32_t *value, const char **name)
{
    char text[NN_MASK_VALUE_TEXT];
    const char *equals = strchr(word, '=');
    if (!equals || (size_t)(equals - word) >= sizeof text) return false;
    memcpy(text, word, (size_t)(equals - word));
    text[equals - word] = '\0';
    *name = equals + 1;
    return nn_mask_value_parse(text, kind, value);
}

static nn_status classes_give(classes_given *given, nn_mask_classes *classes, uint32_t value,
                              const char *name)
{
    char text[NN_MASK_VALUE_TEXT];
    for (int i = 0; i < given->count; i++)
        if (given->entries[i].value == value)
            NN_FAIL(NN_ERROR_USAGE, "--classes: the value %s occurs twice",
                    nn_mask_value_text(text, classes->found.kind, value));
    int64_t code = nn_list_find(&classes->names, name);
    if (given->count == NN_MASK_IGNORED)
        NN_FAIL(NN_ERROR_DATA, "masks can have %d classes, not more", NN_MASK_IGNORED);
    if (code < 0) {
        code = (int64_t)classes->names.count;
        NN_TRY(nn_list_add(&classes->names, name));
    }
    given->entries[given->count++] = (classes_entry){value, (int)code};
    return NN_OK;
}

/* Several values may have the same name, and are then one class. */
static nn_status classes_give_pairs(classes_given *given, nn_mask_classes *classes)
{
    const nn_text_list *words = &classes->options->classes;
    for (size_t i = 0; i < words->count; i++) {
        uint32_t value;
        const char *name = "";
        if (!classes_take_apart(words->items[i], classes->found.kind, &value, &name))
            return classes_not_a_value(classes, "classes", words->items[i]);
        if (!*name) NN_FAIL(NN_ERROR_USAGE, "--classes '%s': there is no name after '='", words->items[i]);
        NN_TRY(classes_give(given, classes, value, name));
    }
    return NN_OK;
}

static bool classes_ignored(const nn_mask_classes *classes, uint32_t value)
{
    uint32_t ignored;
    for (size_t i = 0; i < classes->options->ignore.count; i++)
        if (nn_mask_value_parse(classes->options->ignore.items[i], classes->found.kind, &ignored) &&
            ignored == value)
            return true;
    return false;
}

/* The values found that are not ignored. */
static size_t classes_list_values(const nn_mask_classes *classes, uint32_t *values)
{
    size_t count = 0;
    for (size_t i = 0; i < classes->found.count; i++)
        if (!classes_ignored(classes, classes->found.values[i])) values[count++] = classes->found.values[i];
    return count;
}

/* Names alone: one for each value found, or, if that leaves some over, for the numbers 0, 1, ... */
static nn_status classes_give_names(classes_given *given, nn_mask_classes *classes)
{
    uint32_t values[NN_MASK_VALUES];
    nn_text text = {0};
    const nn_text_list *names = &classes->options->classes;
    size_t count = classes_list_values(classes, values);
    bool same = count == names->count;
    bool numbers = classes->found.kind != NN_MASK_COLOUR && count > 0 && values[count - 1] < names->count;
    for (size_t i = 0; i < names->count && (same || numbers); i++)
        NN_TRY(classes_give(given, classes, numbers ? (uint32_t)i : values[i], names->items[i]));
    if ((same || numbers) && classes->names.count < names->count)
        NN_FAIL(NN_ERROR_USAGE, "--classes: a name occurs twice: to make one class of several values, give "
                                "them, as in --classes 0=background,1=cell,2=cell");
    if (same || numbers) return NN_OK;
    classes_append_values(classes, &text);
    nn_status status = nn_fail(NN_ERROR_USAGE,
                               "--classes has %zu names, but the masks have %zu values (%s): give the values "
                               "with the names, as in --classes 0=background,1=cell, or ignore some with "
                               "--ignore",
                               names->count, count, text.failed || !text.bytes ? "" : text.bytes);
    nn_text_free(&text);
    return status;
}

/* Classes of an earlier import that were named by their values. */
static nn_status classes_give_like(classes_given *given, nn_mask_classes *classes, const nn_import *import,
                                   const nn_text_list *names)
{
    for (size_t i = 0; i < names->count; i++) {
        uint32_t value;
        if (!nn_mask_value_parse(names->items[i], classes->found.kind, &value))
            NN_FAIL(NN_ERROR_USAGE,
                    "--like: the classes in %s have names ('%s'): give the same --classes as for that import",
                    nn_import_like_path(import->like), names->items[i]);
        NN_TRY(classes_give(given, classes, value, names->items[i]));
    }
    return NN_OK;
}

static nn_status classes_give_found(classes_given *given, nn_mask_classes *classes)
{
    char text[NN_MASK_VALUE_TEXT];
    uint32_t values[NN_MASK_VALUES];
    size_t count = classes_list_values(classes, values);
    for (size_t i = 0; i < count; i++)
        NN_TRY(classes_give(given, classes, values[i],
                            nn_mask_value_text(text, classes->found.kind, values[i])));
    return NN_OK;
}

static nn_status classes_give_all(classes_given *given, nn_mask_classes *classes, const nn_import *import)
{
    nn_text_list earlier = {0};
    const nn_text_list *words = &classes->options->classes;
    if (words->count > 0 && strchr(words->items[0], '=')) return classes_give_pairs(given, classes);
    if (words->count > 0) return classes_give_names(given, classes);
    NN_TRY(nn_import_like_names(import->like, "y_classes", &earlier));
    nn_status status = earlier.count > 0 ? classes_give_like(given, classes, import, &earlier)
                                         : classes_give_found(given, classes);
    nn_list_release(&earlier);
    return status;
}

/* ---- codes ---- */

static nn_status classes_unknown(const nn_mask_classes *classes, size_t place)
{
    char value[NN_MASK_VALUE_TEXT];
    const nn_mask_values *found = &classes->found;
    NN_FAIL(NN_ERROR_DATA,
            "the value %s occurs in %lld of the masks, but is not a class (see --classes, --like): give it a "
            "class, or --ignore '%s'",
            nn_mask_value_text(value, found->kind, found->values[place]), (long long)found->images[place],
            value);
}

static nn_status classes_check_ignore(const nn_mask_classes *classes)
{
    uint32_t value;
    for (size_t i = 0; i < classes->options->ignore.count; i++) {
        const char *word = classes->options->ignore.items[i];
        if (!nn_mask_value_parse(word, classes->found.kind, &value))
            return classes_not_a_value(classes, "ignore", word);
        if (nn_mask_values_find(&classes->found, value) < 0)
            nn_log_warning("--ignore %s: no mask has this value", word);
    }
    return NN_OK;
}

static const classes_entry *classes_find(const classes_given *given, uint32_t value)
{
    for (int i = 0; i < given->count; i++)
        if (given->entries[i].value == value) return &given->entries[i];
    return NULL;
}

nn_status nn_mask_classes_settle(nn_mask_classes *classes, const nn_import *import)
{
    classes_given given = {0};
    NN_TRY(classes_check_ignore(classes));
    NN_TRY(classes_give_all(&given, classes, import));
    for (size_t i = 0; i < classes->found.count; i++) {
        uint32_t value = classes->found.values[i];
        const classes_entry *entry = classes_find(&given, value);
        classes->codes[i] = classes_ignored(classes, value) ? NN_MASK_IGNORED : entry ? entry->code : -1;
        if (classes->codes[i] < 0) return classes_unknown(classes, i);
    }
    if (classes->names.count < 2)
        NN_FAIL(NN_ERROR_DATA,
                "the masks have a single class ('%s'): there is nothing to tell apart; are these the masks?",
                classes->names.count > 0 ? classes->names.items[0] : "none");
    classes->ignores = classes->options->ignore.count > 0;
    const classes_entry *background = classes_find(&given, 0);
    classes->background = background && !classes_ignored(classes, 0) ? background->code : -1;
    return NN_OK;
}

nn_status nn_mask_classes_check_pad(nn_mask_classes *classes, bool needed)
{
    if (needed && !classes->ignores && classes->background < 0)
        NN_FAIL(NN_ERROR_USAGE,
                "--fit pad: no class of the masks has the value 0, or black, for the room around "
                "an image: use --fit crop or stretch, or --ignore VALUE");
    classes->outside =
        classes->ignores || classes->background < 0 ? NN_MASK_IGNORED : (unsigned char)classes->background;
    return NN_OK;
}

nn_status nn_mask_classes_describe(const nn_mask_classes *classes, nn_import_field *field)
{
    field->label = true;
    field->ignored = classes->ignores ? NN_MASK_IGNORED : 0;
    return nn_list_copy(&classes->names, &field->classes);
}

bool nn_mask_classes_code(const nn_mask_classes *classes, const nn_mask *mask, unsigned char *codes)
{
    int last = -1;
    if (mask->kind != classes->found.kind) return false;
    for (int64_t i = 0; i < mask->height * mask->width; i++) {
        if (last < 0 || classes->found.values[last] != mask->values[i])
            last = nn_mask_values_find(&classes->found, mask->values[i]);
        if (last < 0) return false;
        codes[i] = (unsigned char)classes->codes[last];
    }
    return true;
}

void nn_mask_classes_append_report(const nn_mask_classes *classes, nn_text *text)
{
    char value[NN_MASK_VALUE_TEXT];
    double all = 0;
    const nn_mask_values *found = &classes->found;
    for (size_t i = 0; i < found->count; i++) all += (double)found->pixels[i];
    nn_text_append(text, "%-8s  %5s  %-24s  %8s  %6s\n", "value", "in y", "class", "pixels", "masks");
    for (size_t i = 0; i < found->count; i++) {
        int code = classes->codes[i];
        bool ignored = code == NN_MASK_IGNORED;
        nn_text_append(text, "%-8s  %5d  %-24s  %6.2f %%  %6lld\n",
                       nn_mask_value_text(value, found->kind, found->values[i]), code,
                       ignored ? "(ignored)" : classes->names.items[code],
                       100 * (double)found->pixels[i] / all, (long long)found->images[i]);
    }
}
