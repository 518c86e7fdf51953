/* The list of importers, and what they share. */
#include <string.h>

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

static void import_release_names(nn_text_list *names)
{
    for (size_t i = 0; i < names->count; i++) nn_free(names->items[i]);
    nn_free(names->items);
    *names = (nn_text_list){0};
}

void nn_import_release(const nn_importer *importer, nn_import *import)
{
    importer->close(import);
    for (int t = 0; t < import->table_count; t++)
        for (int f = 0; f < import->tables[t].field_count; f++) {
            nn_import_field *field = &import->tables[t].fields[f];
            nn_free(field->name);
            import_release_names(&field->classes);
            import_release_names(&field->columns);
        }
    for (size_t i = 0; i < import->names_count; i++) {
        nn_free(import->names[i].dataset);
        import_release_names(&import->names[i].names);
    }
    nn_free(import->names);
    nn_text_free(&import->report);
    *import = (nn_import){0};
}

nn_status nn_import_add_table(nn_import *import, const char *part, int64_t rows, nn_import_table **table)
{
    if (import->table_count == NN_IMPORT_TABLES)
        NN_FAIL(NN_ERROR_DATA, "the sources hold more than %d parts: import them one by one",
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
        NN_FAIL(NN_ERROR_DATA, "the sources hold more than %d arrays a row: import them one by one",
                NN_IMPORT_FIELDS);
    nn_import_field *made = &table->fields[table->field_count];
    NN_TRY(nn_copy_text(name, &made->name));
    made->type = type;
    made->shape = shape;
    table->field_count++;
    if (field) *field = made;
    return NN_OK;
}

nn_status nn_import_add_name(nn_text_list *names, const char *name)
{
    char **items;
    if ((names->count & (names->count - 1)) == 0) { /* full at every power of two */
        NN_TRY(NN_ALLOCATE(&items, names->count ? 2 * names->count : 1, "a list of names"));
        for (size_t i = 0; i < names->count; i++) items[i] = names->items[i];
        nn_free(names->items);
        names->items = items;
    }
    NN_TRY(nn_copy_text(name, &names->items[names->count]));
    names->count++;
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
