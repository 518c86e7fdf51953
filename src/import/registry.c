/* The list of importers, and what they share. */
#include <string.h>

#include "base/list.h"
#include "base/memory.h"
#include "import/importer.h"

#define NN_IMPORTER(name) extern const nn_importer nn_importer_##name;
#include "import/importer_list.h"
#undef NN_IMPORTER

#define NN_IMPORTER(name) &nn_importer_##name,
static const nn_importer *const importers[] = {
#include "import/importer_list.h"
    NULL};

const nn_importer *const *nn_importers(void)
{
    return importers;
}

const nn_importer *nn_importer_find(const char *name)
{
    const nn_importer *const *importer = importers;
    while (*importer && strcmp((*importer)->name, name) != 0) importer++;
    return *importer;
}

void nn_import_release(const nn_importer *importer, nn_import *import)
{
    importer->close(import);
    for (int t = 0; t < import->table_count; t++)
        for (int f = 0; f < import->tables[t].field_count; f++) {
            nn_import_field *field = &import->tables[t].fields[f];
            nn_free(field->name);
            nn_list_release(&field->classes);
            nn_list_release(&field->columns);
        }
    for (size_t i = 0; i < import->names_count; i++) {
        nn_free(import->names[i].dataset);
        nn_list_release(&import->names[i].names);
    }
    nn_free(import->names);
    nn_text_free(&import->report);
    *import = (nn_import){0};
}

nn_status nn_import_add_table(nn_import *import, const char *part, int64_t rows, nn_import_table **table)
{
    if (import->table_count == NN_IMPORT_TABLES)
        NN_FAIL(NN_ERROR_DATA, "the sources contain more than %d parts: import them one by one",
                NN_IMPORT_TABLES);
    *table = &import->tables[import->table_count++];
    (*table)->part = part;
    (*table)->rows = rows;
    return NN_OK;
}

nn_status nn_import_add_field(nn_import_table *table, const char *name, nn_store_type type, nn_shape shape,
                              nn_import_field **field)
{
    if (table->field_count == NN_IMPORT_FIELDS)
        NN_FAIL(NN_ERROR_DATA, "the sources contain more than %d arrays per row: import them one by one",
                NN_IMPORT_FIELDS);
    nn_import_field *made = &table->fields[table->field_count];
    NN_TRY(nn_copy_text(name, &made->name));
    made->type = type;
    made->shape = shape;
    table->field_count++;
    if (field) *field = made;
    return NN_OK;
}

nn_status nn_import_add_names(nn_import *import, const char *dataset, nn_text_list **names)
{
    NN_TRY(nn_reallocate((void **)&import->names, import->names_count, import->names_count + 1,
                         sizeof *import->names, "lists of names"));
    nn_import_names *made = &import->names[import->names_count++];
    *names = &made->names;
    return nn_copy_text(dataset, &made->dataset);
}
