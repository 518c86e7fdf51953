/* The list of exporters, and what they share. */
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "export/exporter.h"
#include "store/kept.h"
#include "store/output.h"

#define NN_EXPORTER(name) extern const nn_exporter nn_exporter_##name;
#include "export/exporter_list.h"
#undef NN_EXPORTER

#define NN_EXPORTER(name) &nn_exporter_##name,
static const nn_exporter *const exporters[] = {
#include "export/exporter_list.h"
    NULL};

const nn_exporter *const *nn_exporters(void)
{
    return exporters;
}

nn_status nn_exporter_find(const char *path, const nn_exporter **exporter)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const char *ending = strrchr(name, '.');
    nn_text known = {0};
    for (size_t i = 0; exporters[i]; i++) {
        *exporter = exporters[i];
        if (ending && ending != name && strcasecmp(ending, exporters[i]->ending) == 0) {
            nn_text_free(&known);
            return NN_OK;
        }
        nn_text_append(&known, "%s%s (%s)", i > 0 ? ", " : "", exporters[i]->ending, exporters[i]->summary);
    }
    *exporter = NULL;
    nn_fail(NN_ERROR_USAGE, "export: the name of the file selects the format, but %s ends in none of: %s",
            path, known.bytes ? known.bytes : "");
    nn_text_free(&known);
    return NN_ERROR_USAGE;
}

nn_status nn_exporter_run(const nn_exporter *exporter, const char *run_or_checkpoint, const char *output,
                          const void *options, nn_text *report)
{
    char path[NN_PATH_SIZE];
    void *bytes = NULL;
    size_t size;
    nn_store_file *file = NULL;
    nn_status status;
    const nn_output_kind kind = {.what = exporter->what, .is = exporter->is};
    NN_TRY(nn_output_check("export", output, &kind));
    NN_TRY_TO(done, status, nn_kept_find(run_or_checkpoint, path, &bytes, &size));
    NN_TRY_TO(done, status, nn_store_open_image(bytes, size, path, &file));
    status = exporter->write(&(nn_export){file, output, options}, report);
done:
    nn_store_close(file);
    nn_free(bytes);
    return status;
}
