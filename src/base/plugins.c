#include "base/plugins.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static struct {
    nn_plugin_record *items;
    size_t count;
} plugins;

const char *nn_plugins_file(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

const nn_plugin_record *nn_plugins_at(size_t index)
{
    return index < plugins.count ? &plugins.items[index] : NULL;
}

const nn_plugin_record *nn_plugins_find(const char *file)
{
    for (size_t i = 0; i < plugins.count; i++)
        if (strcmp(plugins.items[i].file, file) == 0) return &plugins.items[i];
    return NULL;
}

nn_status nn_plugins_note(const nn_plugin_record *record)
{
    nn_plugin_record copy = {.hash = record->hash, .given = record->given};
    nn_status status = nn_copy_text(record->file, &copy.file);
    if (status == NN_OK) status = nn_copy_text(record->path, &copy.path);
    if (status == NN_OK) status = nn_copy_text(record->provides, &copy.provides);
    if (status == NN_OK)
        status = nn_reallocate((void **)&plugins.items, plugins.count, plugins.count + 1,
                               sizeof *plugins.items, "the list of plug-ins");
    if (status == NN_OK) {
        plugins.items[plugins.count++] = copy;
        return NN_OK;
    }
    nn_free(copy.file);
    nn_free(copy.path);
    nn_free(copy.provides);
    return status;
}

void nn_plugins_append_lines(const nn_text_list *files, nn_text *lines)
{
    for (size_t i = 0; i < files->count; i++) {
        const nn_plugin_record *record = nn_plugins_find(files->items[i]);
        if (record)
            nn_text_append(lines, "%s\t%016" PRIx64 "\t%s\n", record->file, record->hash, record->provides);
    }
}

bool nn_plugins_lack(const char *lines)
{
    for (const char *line = lines; *line;) {
        size_t name = strcspn(line, "\t\n"), length = strcspn(line, "\n");
        bool found = false;
        for (size_t i = 0; i < plugins.count; i++)
            found |= strlen(plugins.items[i].file) == name && strncmp(plugins.items[i].file, line, name) == 0;
        if (!found) return true;
        line += length + (line[length] == '\n');
    }
    return false;
}

/* One line, which is cut to pieces. */
static nn_status plugins_expect_one(char *line, const char *path)
{
    char *hash = strchr(line, '\t'), *provides = hash ? strchr(hash + 1, '\t') : NULL;
    if (!provides)
        NN_FAIL(NN_ERROR_CHECKPOINT, "%s: its list of plug-ins is damaged; use another checkpoint", path);
    *hash++ = *provides++ = '\0';
    const nn_plugin_record *record = nn_plugins_find(line);
    if (!record)
        NN_FAIL(NN_ERROR_USAGE,
                "%s: the network needs the plug-in %s (hash %s; %s), which is never loaded because a run "
                "names it: give it to nntrain with --plugin FILE, where FILE is that %s",
                path, line, hash, provides, line);
    if (record->hash == strtoull(hash, NULL, 16)) return NN_OK;
    NN_FAIL(NN_ERROR_USAGE,
            "%s: was trained with a plug-in %s of hash %s, but %s has the hash %016" PRIx64
            ": it may compute something else; give the file that the run was trained with",
            path, line, hash, record->path, record->hash);
}

nn_status nn_plugins_expect(const char *lines, const char *path)
{
    char *copy;
    nn_status status = NN_OK;
    NN_TRY(nn_copy_text(lines, &copy));
    for (char *line = copy, *next; *line && status == NN_OK; line = next) {
        next = line + strcspn(line, "\n");
        if (*next) *next++ = '\0';
        status = plugins_expect_one(line, path);
    }
    nn_free(copy);
    return status;
}
