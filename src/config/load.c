/* Loads the files of a configuration and merges what they include. */
#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "config/config_internal.h"
#include "config/loaded_files.h"
#include "host/files.h"

/* A file being loaded, and the one that includes it. */
typedef struct load_frame {
    const struct load_frame *includer;
    const nn_config_source *source;
    bool is_file; /* false: text from the caller */
    uint64_t device, inode;
} load_frame;

static nn_status load_document(nn_config *config, const load_frame *frame, const char *bytes, size_t length,
                               nn_config_node **root);

/* ---- reading ---- */

/* place: the include that names the file, or NULL for the main file. */
static nn_status load_unreadable(nn_config *config, const nn_config_node *place, const char *path,
                                 const char *reason)
{
    if (place == NULL)
        nn_config_error(config, NULL, "cannot be read: %s", reason);
    else
        nn_config_error(config, place, "include: '%s' cannot be read: %s", path, reason);
    return NN_ERROR_USAGE;
}

/* The caller owns *bytes. */
static nn_status load_bytes(nn_config *config, const nn_config_node *place, const char *path, void **bytes,
                            size_t *length)
{
    nn_status status = nn_file_load(path, NN_CONFIG_BYTES_MAX, "a configuration file", bytes, length);
    if (status == NN_ERROR_IO) return load_unreadable(config, place, path, nn_error_text());
    if (status == NN_ERROR_DATA) {
        const char *subject = place == NULL ? "" : "include: the file is ";
        nn_config_error(config, place, "%slarger than %d MiB: is it a configuration?", subject,
                        (int)(NN_CONFIG_BYTES_MAX / 1048576));
        return NN_ERROR_USAGE;
    }
    return status;
}

/* What the file is; it must be a regular one. */
static nn_status load_look(nn_config *config, const nn_config_node *place, const char *path,
                           nn_config_loaded *loaded)
{
    struct stat about;
    bool there;
    nn_status status = nn_file_look(path, &about, &there);
    if (status != NN_OK) return load_unreadable(config, place, path, nn_error_text());
    if (!there) return load_unreadable(config, place, path, strerror(errno));
    if (S_ISDIR(about.st_mode)) return load_unreadable(config, place, path, "it is a directory");
    if (!S_ISREG(about.st_mode))
        return load_unreadable(
            config, place, path,
            "it is a pipe or a device, but a configuration is read more than once; write it to a file");
    loaded->device = (uint64_t)about.st_dev;
    loaded->inode = (uint64_t)about.st_ino;
    return NN_OK;
}

static nn_status load_identify(nn_config *config, const nn_config_node *place, const char *path,
                               const nn_config_loaded *loaded, load_frame *frame)
{
    frame->is_file = true;
    frame->device = loaded->device;
    frame->inode = loaded->inode;
    for (const load_frame *outer = frame->includer; outer != NULL; outer = outer->includer) {
        if (!outer->is_file || outer->device != frame->device || outer->inode != frame->inode) continue;
        nn_config_error(config, place, "include: '%s' includes itself through this line", path);
        return NN_ERROR_USAGE;
    }
    return NN_OK;
}

static nn_status load_file(nn_config *config, const nn_config_node *place, const char *path,
                           const load_frame *includer, nn_config_node **root)
{
    load_frame frame = {.includer = includer};
    nn_config_loaded loaded = {0};
    bool known = false;
    NN_TRY(nn_config_add_source(config, path, true, &frame.source));
    if (place == NULL) config->main_source = frame.source;
    config->from_file |= place == NULL;
    nn_status status = nn_config_files_find(config->files, path, &loaded, &known);
    if (status == NN_OK && !known) status = load_look(config, place, path, &loaded);
    if (status == NN_OK) status = load_identify(config, place, path, &loaded, &frame);
    if (status == NN_OK && !known) {
        status = load_bytes(config, place, path, &loaded.bytes, &loaded.length);
        if (status == NN_OK) status = nn_config_files_add(config->files, path, &loaded);
    }
    if (status == NN_OK) status = load_document(config, &frame, loaded.bytes, loaded.length, root);
    nn_free(loaded.bytes);
    return status;
}

/* ---- include ---- */

/* Adds to `over` what only `under` has. */
static nn_status load_merge(nn_config_node *over, const nn_config_node *under)
{
    for (size_t i = 0; i < under->count; i++) {
        const nn_config_entry *theirs = &under->entries[i];
        const nn_config_entry *ours = nn_config_find(over, theirs->key->text);
        if (ours == NULL)
            NN_TRY(nn_config_add_entry(over, theirs->key, theirs->value));
        else if (ours->value->kind == NN_CONFIG_MAPPING && theirs->value->kind == NN_CONFIG_MAPPING)
            NN_TRY(load_merge(ours->value, theirs->value));
    }
    return NN_OK;
}

/* A relative name is relative to the including file. */
static nn_status load_include(nn_config *config, nn_config_node *name, const load_frame *includer,
                              nn_config_node **included)
{
    char shown[NN_CONFIG_SHOWN_SIZE];
    NN_TRY(nn_config_expand(name));
    if (name->broken) return NN_ERROR_USAGE;
    if (name->kind != NN_CONFIG_SCALAR || name->text[0] == '\0') {
        nn_config_error(config, name, "include: expected a file or a list of files, not %s",
                        nn_config_show_node(shown, name));
        return NN_ERROR_USAGE;
    }
    if (++config->file_count > NN_CONFIG_FILES_MAX) {
        nn_config_error(config, name, "include: more than %d files", (int)NN_CONFIG_FILES_MAX);
        return NN_ERROR_USAGE;
    }
    const char *slash = strrchr(includer->source->name, '/');
    int folder = slash == NULL || name->text[0] == '/' ? 0 : (int)(slash - includer->source->name) + 1;
    nn_text path = {0};
    nn_text_append(&path, "%.*s%s", folder, includer->source->name, name->text);
    nn_status status = path.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for including '%s'", name->text)
                                   : load_file(config, name, path.bytes, includer, included);
    nn_text_free(&path);
    return status;
}

/* A later file wins over an earlier one, and the including file over all. */
static nn_status load_includes(nn_config *config, nn_config_node *root, const load_frame *frame)
{
    nn_config_entry *entry = nn_config_find(root, "include");
    if (entry == NULL) return NN_OK;
    nn_config_node *names = entry->value;
    size_t index = (size_t)(entry - root->entries);
    memmove(entry, entry + 1, (root->count - index - 1) * sizeof *entry);
    root->count--;

    size_t count = names->kind == NN_CONFIG_LIST ? names->count : 1;
    nn_config_node *merged = NULL;
    for (size_t i = 0; i < count; i++) {
        nn_config_node *name = names->kind == NN_CONFIG_LIST ? names->entries[i].value : names;
        nn_config_node *included = NULL;
        NN_TRY(load_include(config, name, frame, &included));
        if (merged != NULL) NN_TRY(load_merge(included, merged));
        merged = included;
    }
    return merged == NULL ? NN_OK : load_merge(root, merged);
}

/* ---- the configuration ---- */

static nn_status load_document(nn_config *config, const load_frame *frame, const char *bytes, size_t length,
                               nn_config_node **root)
{
    NN_TRY(nn_config_parse_document(config, frame->source, bytes, length, root));
    if (nn_config_is_null(*root)) {
        nn_config_error(config, *root, "there is nothing here; a configuration is a mapping of 'key: value'");
        return NN_ERROR_USAGE;
    }
    if ((*root)->kind != NN_CONFIG_MAPPING) {
        char shown[NN_CONFIG_SHOWN_SIZE];
        nn_config_error(config, *root, "a configuration is a mapping of 'key: value', not %s",
                        nn_config_show_node(shown, *root));
        return NN_ERROR_USAGE;
    }
    return load_includes(config, *root, frame);
}

static nn_status load_text(nn_config *config, const char *text, const char *name)
{
    load_frame frame = {0};
    NN_TRY(nn_config_add_source(config, name, true, &frame.source));
    config->main_source = frame.source;
    return load_document(config, &frame, text, strlen(text), &config->root);
}

/* Ends loading. Collected problems end it only if there is no tree to continue with. */
static nn_status load_finish(nn_config *created, nn_status status, const char *const *overrides,
                             size_t override_count, nn_config **config)
{
    for (size_t i = 0; i < override_count && status == NN_OK; i++) {
        status = nn_config_override(created, overrides[i]);
        if (status == NN_ERROR_USAGE) status = NN_OK;
    }
    if (status == NN_OK) status = nn_config_expand(created->root);
    if (status == NN_OK) {
        *config = created;
        return NN_OK;
    }
    if (status != NN_ERROR_MEMORY && created->failure != NN_OK)
        status = nn_fail(created->failure, "out of memory for reading the configuration");
    else if (status != NN_ERROR_MEMORY)
        status = nn_config_report(created, status);
    nn_config_destroy(created);
    return status;
}

nn_status nn_config_load(const char *path, const char *const *overrides, size_t override_count,
                         nn_config **config)
{
    return nn_config_load_files(NULL, path, overrides, override_count, config);
}

nn_status nn_config_load_files(nn_config_files *files, const char *path, const char *const *overrides,
                               size_t override_count, nn_config **config)
{
    nn_config *created;
    *config = NULL;
    NN_TRY(nn_config_create(&created));
    created->files = files;
    nn_status status = load_file(created, NULL, path, NULL, &created->root);
    created->files = NULL;
    return load_finish(created, status, overrides, override_count, config);
}

nn_status nn_config_parse(const char *text, const char *name, const char *const *overrides,
                          size_t override_count, nn_config **config)
{
    nn_config *created;
    *config = NULL;
    NN_TRY(nn_config_create(&created));
    nn_status status = load_text(created, text, name);
    return load_finish(created, status, overrides, override_count, config);
}
