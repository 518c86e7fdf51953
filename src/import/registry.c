/* The list of importers, and what they share. */
#include <string.h>

#include "base/list.h"
#include "base/memory.h"
#include "import/sources.h"

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

const nn_importer *nn_importer_of_file(const char *path)
{
    const nn_importer *const *importer = importers;
    while (*importer && !((*importer)->ending && nn_import_source_ends(path, (*importer)->ending)))
        importer++;
    return *importer;
}

void nn_import_release_attributes(nn_import_attributes *attributes)
{
    for (size_t i = 0; i < attributes->count; i++) {
        nn_free(attributes->items[i].name);
        nn_free(attributes->items[i].values);
    }
    nn_free(attributes->items);
}

static void registry_release_field(nn_import_field *field)
{
    nn_free(field->name);
    nn_list_release(&field->classes);
    nn_list_release(&field->columns);
    nn_list_release(&field->axes);
    nn_import_release_attributes(&field->attributes);
}

void nn_import_release(const nn_importer *importer, nn_import *import)
{
    importer->close(import);
    for (int t = 0; t < import->table_count; t++)
        for (int f = 0; f < import->tables[t].field_count; f++)
            registry_release_field(&import->tables[t].fields[f]);
    for (size_t i = 0; i < import->extra_count; i++) {
        registry_release_field(&import->extras[i].field);
        nn_free(import->extras[i].values);
    }
    nn_free(import->extras);
    nn_import_release_attributes(&import->attributes);
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

nn_status nn_import_add_attribute(nn_import_attributes *attributes, const char *name, nn_store_type type,
                                  int64_t count, const void *values)
{
    bool text = type == NN_STORE_TEXT;
    size_t size = text ? 1 : nn_store_type_size(type);
    NN_TRY(nn_reallocate((void **)&attributes->items, attributes->count, attributes->count + 1,
                         sizeof *attributes->items, "attributes"));
    nn_import_attribute *made = &attributes->items[attributes->count++];
    *made = (nn_import_attribute){.type = type, .count = count};
    NN_TRY(nn_copy_text(name, &made->name));
    NN_TRY(nn_allocate(&made->values, (size_t)count + text, size, "attributes"));
    if (count > 0) memcpy(made->values, values, (size_t)count * size);
    return NN_OK;
}

nn_status nn_import_add_extra(nn_import *import, const char *name, nn_store_type type, nn_shape shape,
                              nn_import_extra **extra)
{
    NN_TRY(nn_reallocate((void **)&import->extras, import->extra_count, import->extra_count + 1,
                         sizeof *import->extras, "datasets"));
    nn_import_extra *made = &import->extras[import->extra_count++];
    *made = (nn_import_extra){.field = {.type = type, .shape = shape}};
    *extra = made;
    NN_TRY(nn_copy_text(name, &made->field.name));
    return nn_allocate(&made->values, (size_t)nn_shape_count(shape), nn_store_type_size(type), "coordinates");
}

nn_status nn_import_add_names(nn_import *import, const char *dataset, nn_text_list **names)
{
    NN_TRY(nn_reallocate((void **)&import->names, import->names_count, import->names_count + 1,
                         sizeof *import->names, "lists of names"));
    nn_import_names *made = &import->names[import->names_count++];
    *names = &made->names;
    return nn_copy_text(dataset, &made->dataset);
}
