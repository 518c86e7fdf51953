/* An importer, from its options (the piece without a name: YAML) and its sources (the other pieces) to the
 * file that it writes. Compiled once for each importer, as NN_FUZZ_IMPORTER. */
#include "fuzz.h"

#include "config/config.h"
#include "import/import.h"

static char fuzz_output[300];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    fuzz_make_folder();
    snprintf(fuzz_output, sizeof fuzz_output, "%s.h5", fuzz_folder);
    return 0;
}

static size_t names_of(const nn_option *table, const char **names)
{
    size_t count = 0;
    for (; table[count].name; count++) names[count] = table[count].name;
    names[count] = NULL;
    return count;
}

/* The options of the common part and of the importer, as the command reads them. */
static nn_status read_options(const char *text, const nn_importer *importer, nn_import_settings *settings,
                              void *options)
{
    const char *own[32], *common[32], *const output = "output=file.h5";
    nn_config *config;
    names_of(importer->options, own);
    names_of(nn_import_settings_table, common);
    NN_TRY(nn_config_parse(*text ? text : "{}", "options", &output, 1, &config));
    nn_config_node *root = nn_config_root(config);
    nn_config_read(config, root, "", nn_import_settings_table, NULL, own, settings);
    nn_config_read(config, root, "", importer->options, NULL, common, options);
    nn_status status = nn_config_finish(config);
    nn_config_destroy(config);
    return status;
}

/* The files, or the folders that they are in, each once. */
static size_t list_sources(const fuzz_piece *pieces, size_t count, char names[FUZZ_PIECES][300],
                           const char *sources[FUZZ_PIECES])
{
    size_t found = 0;
    for (size_t i = 1; i < count; i++) {
        size_t j = 0;
        int length = (int)strcspn(pieces[i].name, "/");
        snprintf(names[found], 300, "%s/%.*s", fuzz_folder, length, pieces[i].name);
        while (j < found && strcmp(names[j], names[found]) != 0) j++;
        if (j < found) continue;
        sources[found] = names[found];
        found++;
    }
    return found;
}

static void import(const nn_importer *importer, const char *text, const char *const *sources, size_t count)
{
    nn_text summary = {0};
    nn_import_settings settings = {0};
    void *options;
    fuzz_expect(nn_allocate(&options, 1, importer->options_size + 1, "options") == NN_OK, "no memory");
    nn_status status = read_options(text, importer, &settings, options);
    if (status == NN_OK) {
        nn_free(settings.output);
        fuzz_expect(nn_copy_text(fuzz_output, &settings.output) == NN_OK, "no memory");
        settings.overwrite = true;
        nn_import run = {.options = options, .sources = sources, .source_count = count};
        status = nn_import_run(importer, &run, &settings, NULL, false, &summary);
        nn_import_release(importer, &run);
    }
    fuzz_expect_told(status);
    nn_text_free(&summary);
    nn_options_release(nn_import_settings_table, &settings);
    nn_options_release(importer->options, options);
    nn_free(options);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_piece pieces[FUZZ_PIECES];
    char names[FUZZ_PIECES][300];
    const char *sources[FUZZ_PIECES];
    size_t before = nn_memory_in_use(), count = fuzz_take_apart(data, size, pieces);
    for (size_t i = 1; i < count; i++) fuzz_write_piece(&pieces[i]);
    size_t found = list_sources(pieces, count, names, sources);
    if (found > 0) {
        char *text = fuzz_text(&pieces[0]);
        import(nn_importer_find(NN_FUZZ_IMPORTER), text, sources, found);
        nn_free(text);
    }
    fuzz_clear(fuzz_folder);
    unlink(fuzz_output);
    fuzz_expect(nn_memory_in_use() == before, "memory is not given back");
    return 0;
}
