#include "plugin/plugin_load.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/plugins.h"
#include "base/type_list.h"
#include "host/files.h"
#include "host/mapped.h"
#include "model/composite.h"
#include "plugin/plugin.h"

#define LOAD_NAME_LENGTH 40
#define LOAD_REMEDY "build it with nntrain_add_plugin (nntrain help plugins)"

/* A kind of types. */
typedef struct load_kind {
    const char *what;
    size_t list; /* its offset in nn_plugin */
    bool (*is_taken)(const char *name);
    const char *(*lacks)(const void *type); /* the name of a member that is missing; NULL: none */
    nn_status (*add)(nn_scalar scalar, const void *type);
} load_kind;

/* ---- the kinds ---- */

static bool load_layer_is_taken(const char *name)
{
    return nn_layer_find(NN_SCALAR_F32, name) || nn_composite_find(name) || strcmp(name, "repeat") == 0;
}

static const char *load_layer_lacks(const void *of)
{
    const nn_layer_type *type = of;
    if (!type->summary) return "summary";
    if (!type->build) return "build";
    if (!type->forward) return "forward";
    if (!type->backward) return "backward";
    return type->tangent ? NULL : "tangent";
}

static nn_status load_layer_add(nn_scalar scalar, const void *type)
{
    return nn_layer_register(scalar, type);
}

static bool load_loss_is_taken(const char *name)
{
    return nn_loss_find(NN_SCALAR_F32, name) != NULL;
}

static const char *load_loss_lacks(const void *of)
{
    const nn_loss_type *type = of;
    if (!type->summary) return "summary";
    if (!type->check) return "check";
    if (!type->denominator) return "denominator";
    if (!type->evaluate) return "evaluate";
    if (type->predict && !type->predict_derivative) return "predict_derivative";
    return type->predict && !type->prediction ? "prediction" : NULL;
}

static nn_status load_loss_add(nn_scalar scalar, const void *type)
{
    return nn_loss_register(scalar, type);
}

static bool load_metric_is_taken(const char *name)
{
    return nn_metric_find(NN_SCALAR_F32, name) != NULL || strcmp(name, "loss") == 0;
}

static const char *load_metric_lacks(const void *of)
{
    const nn_metric_type *type = of;
    bool collects = type->state == NN_METRIC_COLLECTED;
    if (!type->summary) return "summary";
    if (!type->definition) return "definition";
    if (!type->reference) return "reference";
    if (!type->undefined) return "undefined";
    if (!type->check) return "check";
    if (!type->width) return "width";
    if (collects && !type->memory) return "memory";
    if (collects && !type->collect) return "collect";
    if (collects) return type->finish_collected ? NULL : "finish_collected";
    if (!type->accumulate) return "accumulate";
    return type->finish || type->matrix ? NULL : "finish";
}

static nn_status load_metric_add(nn_scalar scalar, const void *type)
{
    return nn_metric_register(scalar, type);
}

static bool load_transform_is_taken(const char *name)
{
    return nn_transform_find(name) >= 0;
}

static const char *load_transform_lacks(const void *of)
{
    const nn_transform_type *type = of;
    if (!type->summary) return "summary";
    if (!type->check) return "check";
    return !type->apply == !type->mix ? "apply or mix (one of them)" : NULL;
}

static nn_status load_transform_add(nn_scalar scalar, const void *type)
{
    return nn_transform_register(scalar, type);
}

#define KIND(what, list) what, offsetof(nn_plugin, list)
static const load_kind load_kinds[] = {
    {KIND("layer", layers), load_layer_is_taken, load_layer_lacks, load_layer_add},
    {KIND("loss", losses), load_loss_is_taken, load_loss_lacks, load_loss_add},
    {KIND("metric", metrics), load_metric_is_taken, load_metric_lacks, load_metric_add},
    {KIND("transform", transforms), load_transform_is_taken, load_transform_lacks, load_transform_add},
};
#undef KIND
#define KINDS (sizeof load_kinds / sizeof *load_kinds)

/* ---- what a plug-in has ---- */

/* The plug-in as it is in one precision and in the other. */
typedef const nn_plugin *load_tables[NN_SCALARS];

/* The types of a kind, NULL-terminated. */
static const void *const *load_list(const nn_plugin *plugin, const load_kind *kind)
{
    static const void *const none[] = {NULL};
    const void *list;
    memcpy(&list, (const char *)plugin + kind->list, sizeof list);
    return list ? list : none;
}

/* The first member of each type. */
static const char *load_name(const void *type)
{
    return *(const char *const *)type;
}

static bool load_is_name(const char *name)
{
    size_t length = name ? strlen(name) : 0;
    return length > 0 && length <= LOAD_NAME_LENGTH && name[0] >= 'a' && name[0] <= 'z' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == length;
}

static nn_status load_check_type(const char *path, const load_kind *kind, const void *const *list, size_t i)
{
    const char *name = load_name(list[i]), *missing = kind->lacks(list[i]);
    if (!load_is_name(name))
        NN_FAIL(NN_ERROR_USAGE,
                "%s: %s %zu has the name '%.60s'; a name has at most %d lower-case letters, digits and "
                "underscores, and begins with a letter",
                path, kind->what, i + 1, name ? name : "", LOAD_NAME_LENGTH);
    bool twice = false;
    for (size_t other = 0; other < i; other++) twice |= strcmp(load_name(list[other]), name) == 0;
    if (twice || kind->is_taken(name))
        NN_FAIL(NN_ERROR_USAGE, "%s: there is already a %s named '%s'; give that of the plug-in another name",
                path, kind->what, name);
    if (missing)
        NN_FAIL(NN_ERROR_USAGE, "%s: the %s '%s' has no %s; see the header of its type", path, kind->what,
                name, missing);
    return NN_OK;
}

static nn_status load_check_kind(const char *path, const load_kind *kind, load_tables tables)
{
    const void *const *list = load_list(tables[NN_SCALAR_F32], kind);
    const void *const *other = load_list(tables[NN_SCALAR_F64], kind);
    for (size_t i = 0; list[i] || other[i]; i++) {
        const char *one = list[i] ? load_name(list[i]) : NULL, *two = other[i] ? load_name(other[i]) : NULL;
        if (!one || !two || strcmp(one, two) != 0)
            NN_FAIL(NN_ERROR_USAGE,
                    "%s: %s %zu is '%s' in float32 and '%s' in float64; compile the same files with "
                    "NN_REAL_FLOAT and with NN_REAL_DOUBLE",
                    path, kind->what, i + 1, one ? one : "absent", two ? two : "absent");
        NN_TRY(load_check_type(path, kind, list, i));
        const char *missing = kind->lacks(other[i]);
        if (missing) NN_FAIL(NN_ERROR_USAGE, "%s: the %s '%s' has no %s", path, kind->what, one, missing);
    }
    return NN_OK;
}

static nn_status load_check_interface(const char *path, const nn_plugin *plugin)
{
    const char *interface = plugin->interface ? plugin->interface : "";
    if (strcmp(interface, NN_PLUGIN_INTERFACE) == 0) return NN_OK;
    NN_FAIL(
        NN_ERROR_USAGE,
        "%s: was built for the interface %.32s of nntrain %.32s, but this is nntrain %s with the interface "
        "%s; build it again with the headers of this nntrain",
        path, interface, plugin->version ? plugin->version : "", NN_PLUGIN_VERSION, NN_PLUGIN_INTERFACE);
}

static nn_status load_tables_of(const char *path, void *object, load_tables tables)
{
    static const char *const symbols[NN_SCALARS] = {NN_PLUGIN_SYMBOL_F32, NN_PLUGIN_SYMBOL_F64};
    for (int scalar = 0; scalar < NN_SCALARS; scalar++) {
        tables[scalar] = dlsym(object, symbols[scalar]);
        if (!tables[scalar])
            NN_FAIL(NN_ERROR_USAGE, "%s: is a shared object without %s, so not a plug-in of nntrain; %s",
                    path, symbols[scalar], LOAD_REMEDY);
        NN_TRY(load_check_interface(path, tables[scalar]));
    }
    for (size_t k = 0; k < KINDS; k++) NN_TRY(load_check_kind(path, &load_kinds[k], tables));
    return NN_OK;
}

/* ---- the file ---- */

static nn_status load_open(const char *path, void **object)
{
    dlerror();
    *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (*object) return NN_OK;
    const char *why = dlerror();
    const char *hint = why && strstr(why, "undefined symbol")
                           ? "it calls what nntrain does not export (see plugin/plugin.h); a program that "
                             "links libnntrain exports it with -rdynamic"
                           : LOAD_REMEDY;
    NN_FAIL(NN_ERROR_USAGE, "%s: cannot be loaded: %s; %s", path, why ? why : "no reason is given", hint);
}

/* The hash of its bytes. */
static nn_status load_hash(const char *path, uint64_t *hash)
{
    bool there;
    nn_mapped file;
    NN_TRY(nn_file_exists(path, &there));
    if (!there) NN_FAIL(NN_ERROR_USAGE, "%s: there is no such plug-in; build it, or correct its path", path);
    NN_TRY(nn_mapped_open(path, &file));
    bool is_elf = file.size > 4 && memcmp(file.bytes, "\177ELF", 4) == 0;
    *hash = nn_hash(file.bytes ? file.bytes : "", file.size, 0);
    nn_mapped_close(&file);
    if (is_elf) return NN_OK;
    NN_FAIL(NN_ERROR_USAGE, "%s: is not a shared object, so not a plug-in; " LOAD_REMEDY, path);
}

static nn_status load_register(const char *path, uint64_t hash, bool given, load_tables tables)
{
    nn_text provides = {0}, file = {0}, from = {0};
    nn_status status = NN_OK;
    for (size_t k = 0; k < KINDS; k++)
        for (int scalar = 0; scalar < NN_SCALARS; scalar++)
            for (const void *const *type = load_list(tables[scalar], &load_kinds[k]); *type; type++) {
                if (status == NN_OK) status = load_kinds[k].add((nn_scalar)scalar, *type);
                if (scalar == 0)
                    nn_text_append(&provides, "%s%s %s", provides.bytes ? ", " : "", load_kinds[k].what,
                                   load_name(*type));
            }
    nn_text_append(&provides, "%s", provides.bytes ? "" : "nothing");
    nn_text_append(&file, "%s", nn_plugins_file(path));
    nn_text_append(&from, "%s", path);
    if (provides.failed || file.failed || from.failed)
        status = nn_fail(NN_ERROR_MEMORY, "out of memory for a plug-in");
    if (status == NN_OK)
        status = nn_plugins_note(&(nn_plugin_record){file.bytes, from.bytes, hash, provides.bytes, given});
    nn_text_free(&provides);
    nn_text_free(&file);
    nn_text_free(&from);
    return status;
}

/* path has a slash: dlopen searches elsewhere for a name without one. */
static nn_status load_path(const char *path, bool given)
{
    uint64_t hash = 0;
    void *object;
    load_tables tables;
    NN_TRY(load_hash(path, &hash));
    const nn_plugin_record *loaded = nn_plugins_find(nn_plugins_file(path));
    if (loaded && loaded->hash == hash) return NN_OK;
    if (loaded)
        NN_FAIL(NN_ERROR_USAGE,
                "%s: has the hash %016" PRIx64 ", but a plug-in of that name with the hash %016" PRIx64
                " is already loaded, from %s; give one of them another name",
                path, hash, loaded->hash, loaded->path);
    NN_TRY(load_open(path, &object));
    nn_status status = load_tables_of(path, object, tables);
    if (status != NN_OK) {
        dlclose(object);
        return status;
    }
    return load_register(path, hash, given, tables);
}

nn_status nn_plugin_load(const char *path, bool given)
{
    nn_text local = {0};
    if (strchr(path, '/')) return load_path(path, given);
    nn_text_append(&local, "./%s", path);
    nn_status status = local.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for the name of a plug-in")
                                    : load_path(local.bytes, given);
    nn_text_free(&local);
    return status;
}

/* ---- the configuration ---- */

/* A name that is relative to the folder of the configuration. */
static nn_status load_beside(const char *config, const char *name)
{
    nn_text path = {0};
    int folder = (int)(nn_plugins_file(config) - config);
    nn_text_append(&path, "%.*s%s", name[0] == '/' ? 0 : folder, config, name);
    nn_status status = path.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for the name of a plug-in")
                                   : nn_plugin_load(path.bytes, false);
    nn_text_free(&path);
    return status;
}

static void load_read_one(nn_config *config, nn_config_node *node, nn_text_list *files)
{
    const char *name = nn_config_text(node), *path = nn_config_path(config);
    if (!name || !*name) {
        nn_config_error(config, node, "plugins: expected the path of a shared object, such as ./ramp.so");
        return;
    }
    const char *file = nn_plugins_file(name);
    if (nn_list_find(files, file) >= 0)
        nn_config_error(config, node, "plugins: '%s' is listed twice; remove one of them", file);
    else if (path)
        nn_config_check(config, node, load_beside(path, name));
    else if (!nn_plugins_find(file))
        nn_config_error(config, node,
                        "needs the plug-in %s, which is never loaded because a run names it: give it to "
                        "nntrain with --plugin FILE",
                        file);
    nn_config_check(config, node, nn_list_add(files, file));
}

/* A run must know its plug-ins. */
static void load_check_given(nn_config *config, const nn_config_node *node, const nn_text_list *files)
{
    const nn_plugin_record *record;
    for (size_t i = 0; nn_config_path(config) && (record = nn_plugins_at(i)) != NULL; i++)
        if (record->given && nn_list_find(files, record->file) < 0)
            nn_config_error(config, node,
                            "--plugin %s is for commands that are given a run; here the configuration names "
                            "it: plugins: [%s]",
                            record->path, record->path);
}

/* A run keeps its plug-ins. Whether their bytes may change is decided where machines are compared
 * (step/machine.h). */
static void load_record(nn_config *config, size_t index, const char *file)
{
    char path[64];
    snprintf(path, sizeof path, NN_PLUGINS_NAME ".%zu", index);
    nn_config_record(config, path, file, NN_EFFECT_RESULT);
}

void nn_plugin_read_all(nn_config *config, nn_text_list *files)
{
    nn_config_node *node = nn_config_get(nn_config_root(config), "plugins");
    *files = (nn_text_list){0};
    if (node && nn_config_kind_of(node) == NN_CONFIG_MAPPING)
        nn_config_error(config, node, "plugins: expected a list of shared objects, such as [./ramp.so]");
    else if (node && nn_config_kind_of(node) == NN_CONFIG_SCALAR)
        load_read_one(config, node, files);
    for (size_t i = 0; node && nn_config_kind_of(node) == NN_CONFIG_LIST && i < nn_config_count(node); i++)
        load_read_one(config, nn_config_item(node, i), files);
    load_check_given(config, node, files);
    for (size_t i = 0; i < files->count; i++) load_record(config, i, files->items[i]);
}
