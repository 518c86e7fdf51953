/* nntrain init [NAME [DIR]]: an example in a folder of one's own, ready to run. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "build.h"
#include "cli/command.h"
#include "cli/examples.h"
#include "host/files.h"
#include "store/store.h"

#define PATH_SIZE 4096
#define NAME_SIZE 300
#define NAMES_MOST 64
#define FILE_MOST ((off_t)64 << 20)

static const nn_command_option init_options[] = {{NULL, NULL, NULL}};

/* ---- the examples ---- */

static int init_skip_hidden(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Files that are installed next to the examples have a dot in their names. */
static int init_is_example(const struct dirent *entry)
{
    return !strchr(entry->d_name, '.');
}

/* The entries of a folder in alphabetical order: the caller frees them and the list. */
static nn_status init_list(const char *folder, int (*filter)(const struct dirent *), struct dirent ***entries,
                           int *count)
{
    *count = scandir(folder, entries, filter, alphasort);
    if (*count < 0) NN_FAIL(NN_ERROR_IO, "%s: cannot be listed: %s", folder, strerror(errno));
    return NN_OK;
}

static void init_release(struct dirent **entries, int count)
{
    for (int i = 0; i < count; i++) free(entries[i]);
    free(entries);
}

/* The first line of the example's README, without its mark. */
static void init_title(const char *folder, const char *name, char *title, int size)
{
    char path[PATH_SIZE + NAME_SIZE];
    *title = '\0';
    snprintf(path, sizeof path, "%s/%s/README.md", folder, name);
    FILE *file = fopen(path, "r");
    if (!file) return;
    if (!fgets(title, size, file)) *title = '\0';
    fclose(file);
    title[strcspn(title, "\n")] = '\0';
    memmove(title, title + strspn(title, "# "), strlen(title + strspn(title, "# ")) + 1);
}

static nn_status init_show(const char *folder)
{
    struct dirent **entries;
    int count;
    NN_TRY(init_list(folder, init_is_example, &entries, &count));
    nn_log_line("examples (nntrain init NAME [DIR] copies one):");
    for (int i = 0; i < count; i++) {
        char title[200];
        init_title(folder, entries[i]->d_name, title, sizeof title);
        nn_log_line("  %-12s %s", entries[i]->d_name, title);
    }
    init_release(entries, count);
    return NN_OK;
}

static nn_status init_unknown(const char *folder, const char *name)
{
    struct dirent **entries;
    int count;
    const char *names[NAMES_MOST];
    nn_text known = {0};
    NN_TRY(init_list(folder, init_is_example, &entries, &count));
    int listed = count < NAMES_MOST ? count : NAMES_MOST;
    for (int i = 0; i < listed; i++) {
        names[i] = entries[i]->d_name;
        nn_text_append(&known, "%s%s", i ? ", " : "", names[i]);
    }
    const char *near = nn_nearest(name, names, (size_t)listed);
    nn_status status = nn_fail(NN_ERROR_USAGE, "there is no example '%s'%s%s%s (known: %s)", name,
                               near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "",
                               known.bytes ? known.bytes : "");
    nn_text_free(&known);
    init_release(entries, count);
    return status;
}

/* ---- copying ---- */

static nn_status init_read(const char *path, struct stat *facts, char **bytes)
{
    FILE *file = fopen(path, "rb");
    if (!file || fstat(fileno(file), facts) != 0 || facts->st_size > FILE_MOST) {
        nn_status status = nn_fail(NN_ERROR_IO, "%s: cannot be read: %s", path, strerror(errno));
        if (file) fclose(file);
        return status;
    }
    nn_status status = NN_ALLOCATE(bytes, facts->st_size, "a file of an example");
    if (status == NN_OK && fread(*bytes, 1, (size_t)facts->st_size, file) != (size_t)facts->st_size)
        status = nn_fail(NN_ERROR_IO, "%s: cannot be read completely", path);
    fclose(file);
    return status;
}

static nn_status init_copy(const char *from, const char *to)
{
    struct stat facts = {0};
    char *bytes = NULL;
    bool there;
    NN_TRY(nn_file_exists(to, &there));
    if (there) NN_FAIL(NN_ERROR_USAGE, "%s already exists and is not overwritten: choose another folder", to);
    nn_status status = init_read(from, &facts, &bytes);
    if (status == NN_OK) status = nn_store_commit(to, bytes, (size_t)facts.st_size);
    nn_free(bytes);
    NN_TRY(status);
    if ((facts.st_mode & S_IXUSR) && chmod(to, facts.st_mode & 0777) != 0)
        NN_FAIL(NN_ERROR_IO, "cannot make %s executable: %s", to, strerror(errno));
    return NN_OK;
}

static nn_status init_copy_all(const char *example, const char *target)
{
    struct dirent **entries;
    int count;
    if (mkdir(target, 0777) != 0 && errno != EEXIST)
        NN_FAIL(NN_ERROR_IO, "cannot create %s: %s", target, strerror(errno));
    NN_TRY(init_list(example, init_skip_hidden, &entries, &count));
    nn_status status = NN_OK;
    for (int i = 0; i < count && status == NN_OK; i++) {
        char from[PATH_SIZE + NAME_SIZE], to[PATH_SIZE + NAME_SIZE];
        snprintf(from, sizeof from, "%s/%s", example, entries[i]->d_name);
        snprintf(to, sizeof to, "%s/%s", target, entries[i]->d_name);
        status = init_copy(from, to);
    }
    init_release(entries, count);
    return status;
}

static nn_status init_run(const nn_arguments *arguments)
{
    const char *folder = nn_examples_folder();
    char example[PATH_SIZE], prepare[PATH_SIZE];
    struct stat facts;
    if (!folder)
        NN_FAIL(NN_ERROR_IO, "there are no examples: neither %s nor %s exists", NN_DATA_DIR,
                NN_SOURCE_DATA_DIR);
    if (arguments->operand_count == 0) return init_show(folder);
    if (arguments->operand_count > 2)
        NN_FAIL(NN_ERROR_USAGE, "init: give one example and one folder: nntrain init NAME [DIR]");
    const char *name = arguments->operands[0];
    const char *target = arguments->operand_count == 2 ? arguments->operands[1] : name;
    snprintf(example, sizeof example, "%s/%s", folder, name);
    if (strchr(name, '/') || name[0] == '.' || stat(example, &facts) != 0 || !S_ISDIR(facts.st_mode))
        return init_unknown(folder, name);
    NN_TRY(init_copy_all(example, target));
    snprintf(prepare, sizeof prepare, "%s/prepare.sh", target);
    bool prepares = stat(prepare, &facts) == 0;
    nn_log_line(
        "%s is in %s; its README.md describes it. To run it:\n  cd %s\n%s  mpirun -n 2 nntrain %s.yaml", name,
        target, target, prepares ? "  ./prepare.sh\n" : "", name);
    return NN_OK;
}

const nn_command nn_command_init = {
    .name = "init",
    .operands = "[NAME [DIR]]",
    .summary = "lists the examples, or copies one into a folder, ready to run",
    .options = init_options,
    .run = init_run,
};
