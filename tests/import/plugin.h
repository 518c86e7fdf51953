/* Drives an importer through its plug-in, as the common part does. Include after cmocka.h. */
#ifndef NN_TESTS_IMPORT_PLUGIN_H
#define NN_TESTS_IMPORT_PLUGIN_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "config/config.h"
#include "import/importer.h"

#define PLUGIN_DATA NN_TEST_SOURCE_DIR "/data/import/"

typedef struct plugin {
    const nn_importer *importer;
    nn_import import;
    void *options;
    const char *sources[8];
} plugin;

static char plugin_scratch[256];

static inline int plugin_make_scratch(void **state)
{
    (void)state;
    const char *parent = getenv("TMPDIR");
    snprintf(plugin_scratch, sizeof plugin_scratch, "%s/nn-import-XXXXXX", parent ? parent : "/tmp");
    return mkdtemp(plugin_scratch) ? 0 : -1;
}

static inline void plugin_remove(const char *folder)
{
    DIR *directory = opendir(folder);
    for (struct dirent *entry = directory ? readdir(directory) : NULL; entry; entry = readdir(directory)) {
        char path[4096];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        int length = snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (length < 0 || (size_t)length >= sizeof path) continue;
        if (remove(path) != 0) plugin_remove(path);
    }
    if (directory) closedir(directory);
    rmdir(folder);
}

static inline int plugin_remove_scratch(void **state)
{
    (void)state;
    plugin_remove(plugin_scratch);
    return 0;
}

/* A path in the scratch folder; the eighth call from now overwrites the text. */
static inline const char *plugin_path(const char *name)
{
    static char paths[8][512];
    static int next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", plugin_scratch, name);
    return path;
}

/* Creates a file in the scratch folder, and its parent folders. */
static inline const char *plugin_write(const char *name, const void *bytes, size_t size)
{
    const char *path = plugin_path(name);
    for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
        char folder[512];
        snprintf(folder, sizeof folder, "%s/%.*s", plugin_scratch, (int)(slash - name), name);
        mkdir(folder, 0700);
    }
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    return path;
}

/* The contents of the file; to be released with free. */
static inline unsigned char *plugin_bytes(const char *path, size_t *size)
{
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    *size = (size_t)status.st_size;
    unsigned char *bytes = malloc(*size + 1);
    assert_non_null(bytes);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fread(bytes, 1, *size, file), *size);
    fclose(file);
    return bytes;
}

/* Opens the sources (NULL-terminated) with options as YAML text; "" for the defaults. */
static inline nn_status plugin_open(plugin *p, const char *name, const char *options,
                                    const char *const *sources)
{
    nn_config *config;
    *p = (plugin){.importer = nn_importer_find(name)};
    assert_non_null(p->importer);
    assert_int_equal(nn_allocate(&p->options, 1, p->importer->options_size + 1, "options"), NN_OK);
    assert_int_equal(nn_config_parse(options[0] ? options : "{}", "options", NULL, 0, &config), NN_OK);
    nn_config_read(config, nn_config_root(config), "import", p->importer->options, NULL, NULL, p->options);
    if (nn_config_finish(config) != NN_OK) fail_msg("%s", nn_error_text());
    nn_config_destroy(config);
    for (size_t i = 0; sources[i]; i++) p->sources[p->import.source_count++] = sources[i];
    p->import.sources = p->sources;
    p->import.options = p->options;
    return p->importer->open(&p->import);
}

static inline void plugin_close(plugin *p)
{
    nn_import_release(p->importer, &p->import);
    nn_options_release(p->importer->options, p->options);
    nn_free(p->options);
}

static inline nn_import_table *plugin_table(plugin *p, const char *part)
{
    for (int t = 0; t < p->import.table_count; t++) {
        const char *has = p->import.tables[t].part;
        if (part == has || (part && has && strcmp(part, has) == 0)) return &p->import.tables[t];
    }
    fail_msg("there is no part %s", part ? part : "NULL");
    return NULL;
}

static inline int plugin_field(const nn_import_table *table, const char *name)
{
    for (int f = 0; f < table->field_count; f++)
        if (strcmp(table->fields[f].name, name) == 0) return f;
    fail_msg("there is no field %s", name);
    return -1;
}

static inline size_t plugin_row_bytes(const nn_import_field *field)
{
    return (size_t)nn_shape_count(field->shape) * nn_store_type_size(field->type);
}

/* Reads all rows of a table, `block` at a time; values[f] must be released with free. */
static inline nn_status plugin_read(plugin *p, nn_import_table *table, int64_t block, void **values)
{
    void *at[NN_IMPORT_FIELDS];
    for (int f = 0; f < table->field_count; f++)
        values[f] = malloc((size_t)table->rows * plugin_row_bytes(&table->fields[f]) + 1);
    for (int64_t first = 0; first < table->rows; first += block) {
        int64_t rows = block < table->rows - first ? block : table->rows - first;
        for (int f = 0; f < table->field_count; f++)
            at[f] = (char *)values[f] + (size_t)first * plugin_row_bytes(&table->fields[f]);
        nn_status status = p->importer->read(&p->import, (int)(table - p->import.tables), first, rows, at);
        if (status != NN_OK) return status;
    }
    return NN_OK;
}

static inline void plugin_free(const nn_import_table *table, void **values)
{
    for (int f = 0; f < table->field_count; f++) free(values[f]);
}

static inline void expect_message(const char *part)
{
    if (!strstr(nn_error_text(), part)) fail_msg("the message lacks \"%s\": %s", part, nn_error_text());
}

static inline void expect_ok(nn_status status)
{
    if (status != NN_OK) fail_msg("status %d: %s", (int)status, nn_error_text());
}

/* Opening the sources, or reading all their tables, must fail with this message and leave no memory
 * behind. */
static inline void expect_refused(const char *name, const char *options, const char *const *sources,
                                  const char *message)
{
    plugin p;
    size_t before = nn_memory_in_use();
    nn_status status = plugin_open(&p, name, options, sources);
    for (int t = 0; t < p.import.table_count && status == NN_OK; t++) {
        void *values[NN_IMPORT_FIELDS] = {0};
        status = plugin_read(&p, &p.import.tables[t], 3, values);
        plugin_free(&p.import.tables[t], values);
    }
    if (status == NN_OK) fail_msg("not refused: %s", message);
    expect_message(message);
    plugin_close(&p);
    assert_int_equal(nn_memory_in_use(), before);
}

#define SOURCES(...) ((const char *const[]){__VA_ARGS__, NULL})

#endif
