/* NetCDF's classic formats: the variables along one dimension become rows, the others stay as they are. */
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "base/list.h"
#include "base/log.h"
#include "base/memory.h"
#include "import/cdf.h"
#include "import/sources.h"

/* Of a variable that is not along the rows, and is written at once. */
#define NETCDF_LARGEST_EXTRA ((int64_t)256 << 20)

typedef struct netcdf_options {
    nn_text_list variables;
    char *along;
} netcdf_options;

static const nn_option netcdf_table[] = {
    {"variables", NN_OPTION_TEXT_LIST, offsetof(netcdf_options, variables), "", 0, 0, NULL, NN_EFFECT_RESULT,
     "names of the variables to import, such as u,v,rain; their coordinates are too (default: all)"},
    {"along", NN_OPTION_TEXT, offsetof(netcdf_options, along), "", 0, 0, NULL, NN_EFFECT_RESULT,
     "dimension of the samples (default: the one that grows, or time, or the first of the largest variable)"},
    {.name = NULL}};

typedef struct netcdf_state {
    nn_cdf file;
    size_t along;                       /* the dimension of the rows */
    size_t variables[NN_IMPORT_FIELDS]; /* of the fields */
} netcdf_state;

/* ---- which variables ---- */

static const nn_cdf_variable *netcdf_find(const nn_cdf *file, const char *name)
{
    for (size_t i = 0; i < file->variable_count; i++)
        if (strcmp(file->variables[i].name, name) == 0) return &file->variables[i];
    return NULL;
}

static bool netcdf_listed(const nn_text_list *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->items[i], name) == 0) return true;
    return names->count == 0;
}

/* Whether a variable holds the coordinates of a dimension of one that is listed. */
static bool netcdf_is_coordinate(const nn_cdf *file, const nn_text_list *names, const char *name)
{
    for (size_t i = 0; i < file->variable_count; i++)
        for (int d = 0; d < file->variables[i].dimensions; d++)
            if (netcdf_listed(names, file->variables[i].name) &&
                strcmp(file->dimensions[file->variables[i].places[d]].name, name) == 0)
                return true;
    return false;
}

static bool netcdf_wanted(const nn_import *import, const nn_cdf *file, const nn_cdf_variable *variable)
{
    const netcdf_options *options = import->options;
    return netcdf_listed(&options->variables, variable->name) ||
           netcdf_is_coordinate(file, &options->variables, variable->name);
}

static nn_status netcdf_check_wanted(const nn_import *import, const nn_cdf *file)
{
    const netcdf_options *options = import->options;
    const char **names;
    NN_TRY(NN_ALLOCATE(&names, file->variable_count, "names of variables"));
    nn_status status = NN_OK;
    for (size_t i = 0; i < file->variable_count; i++) names[i] = file->variables[i].name;
    for (size_t i = 0; i < options->variables.count && status == NN_OK; i++) {
        const char *name = options->variables.items[i], *near = nn_nearest(name, names, file->variable_count);
        if (netcdf_find(file, name)) continue;
        status = nn_fail(NN_ERROR_USAGE, "--variables: '%s' has no variable '%s'%s%s%s", file->path, name,
                         near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    }
    nn_free(names);
    return status;
}

/* ---- the dimension of the rows ---- */

static const char *netcdf_text(const nn_cdf_variable *variable, const char *name)
{
    for (size_t i = 0; variable && i < variable->attributes.count; i++)
        if (strcmp(variable->attributes.items[i].name, name) == 0 &&
            variable->attributes.items[i].type == NN_STORE_TEXT)
            return variable->attributes.items[i].values;
    return "";
}

static bool netcdf_is_time(const nn_cdf *file, size_t dimension)
{
    const nn_cdf_variable *coordinates = netcdf_find(file, file->dimensions[dimension].name);
    return strstr(netcdf_text(coordinates, "units"), " since ") != NULL;
}

static bool netcdf_is_along(const nn_cdf_variable *variable, size_t dimension)
{
    return variable->dimensions > 0 && (size_t)variable->places[0] == dimension;
}

static double netcdf_bytes(const nn_cdf_variable *variable)
{
    return (double)variable->row * (double)variable->rows;
}

/* The one that grows, then time, of variables that have it first; then that of the largest variable. */
static nn_status netcdf_choose(const nn_import *import, netcdf_state *state)
{
    const nn_cdf *file = &state->file;
    double best = -1;
    for (size_t i = 0; i < file->variable_count; i++) {
        const nn_cdf_variable *variable = &file->variables[i];
        if (variable->dimensions == 0 || variable->rows == 0 || !netcdf_wanted(import, file, variable))
            continue;
        size_t first = (size_t)variable->places[0];
        double score = netcdf_bytes(variable);
        if (netcdf_is_time(file, first)) score += 0x1p70;
        if (file->dimensions[first].record) score += 0x1p71;
        if (score > best) state->along = first;
        if (score > best) best = score;
    }
    if (best < 0) NN_FAIL(NN_ERROR_DATA, "'%s' has no variable with values", file->path);
    return NN_OK;
}

static nn_status netcdf_find_along(const nn_import *import, netcdf_state *state)
{
    const netcdf_options *options = import->options;
    const nn_cdf *file = &state->file;
    nn_text names = {0};
    if (!options->along) return netcdf_choose(import, state);
    for (size_t d = 0; d < file->dimension_count; d++) {
        state->along = d;
        if (strcmp(file->dimensions[d].name, options->along) == 0) break;
        nn_text_append(&names, "%s%s", d > 0 ? ", " : "", file->dimensions[d].name);
    }
    bool found =
        file->dimension_count > 0 && strcmp(file->dimensions[state->along].name, options->along) == 0;
    nn_status status =
        found ? NN_OK
              : nn_fail(NN_ERROR_USAGE, "--along: '%s' has no dimension '%s', but %s", file->path,
                        options->along, names.length > 0 ? names.bytes : "none at all");
    nn_text_free(&names);
    return status;
}

/* ---- fields and extras ---- */

/* Those by which HDF5 and NetCDF-4 tie datasets together are not copied. */
static bool netcdf_is_reserved(const char *name)
{
    static const char *const names[] = {
        "CLASS",         "NAME",          "DIMENSION_LIST",      "REFERENCE_LIST",
        "_NCProperties", "_Netcdf4Dimid", "_Netcdf4Coordinates", "nntrain_import"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0) return true;
    return false;
}

static nn_status netcdf_copy_attributes(const nn_import_attributes *from, nn_import_attributes *to)
{
    for (size_t i = 0; i < from->count; i++) {
        const nn_import_attribute *item = &from->items[i];
        if (!netcdf_is_reserved(item->name))
            NN_TRY(nn_import_add_attribute(to, item->name, item->type, item->count, item->values));
    }
    return NN_OK;
}

/* What the library of NetCDF writes where nothing was; bytes and characters have no such value. */
static bool netcdf_fill(nn_store_type type, unsigned char *fill)
{
    const int16_t i16 = -32767;
    const uint16_t u16 = 65535;
    const int32_t i32 = -2147483647;
    const uint32_t u32 = 4294967295;
    const int64_t i64 = -9223372036854775806;
    const uint64_t u64 = 18446744073709551614U;
    const float f32 = 0x1.ep+122F;
    const double f64 = 0x1.ep+122;
    const struct {
        nn_store_type type;
        const void *value;
    } fills[] = {{NN_STORE_I16, &i16}, {NN_STORE_U16, &u16}, {NN_STORE_I32, &i32}, {NN_STORE_U32, &u32},
                 {NN_STORE_I64, &i64}, {NN_STORE_U64, &u64}, {NN_STORE_F32, &f32}, {NN_STORE_F64, &f64}};
    for (size_t i = 0; i < sizeof fills / sizeof *fills; i++) {
        if (fills[i].type != type) continue;
        memcpy(fill, fills[i].value, nn_store_type_size(type));
        return true;
    }
    return false;
}

static nn_status netcdf_describe(const nn_cdf *file, const nn_cdf_variable *variable, nn_import_field *field)
{
    field->fixed = true;
    field->characters = variable->characters;
    bool own = false;
    for (size_t i = 0; i < variable->attributes.count; i++)
        own |= strcmp(variable->attributes.items[i].name, "_FillValue") == 0;
    field->filled = !own && netcdf_fill(variable->type, field->fill);
    for (int d = 0; d < variable->dimensions; d++)
        NN_TRY(nn_list_add(&field->axes, file->dimensions[variable->places[d]].name));
    return netcdf_copy_attributes(&variable->attributes, &field->attributes);
}

static nn_status netcdf_add_field(netcdf_state *state, size_t at, nn_import_table *table)
{
    const nn_cdf *file = &state->file;
    const nn_cdf_variable *variable = &file->variables[at];
    nn_shape shape = {.dimensions = variable->dimensions - 1};
    nn_import_field *field;
    for (int d = 1; d < variable->dimensions; d++)
        shape.extents[d - 1] = file->dimensions[variable->places[d]].length;
    if (table->field_count == NN_IMPORT_FIELDS)
        NN_FAIL(NN_ERROR_DATA, "'%s' has more than %d variables along %s: choose some with --variables",
                file->path, NN_IMPORT_FIELDS, file->dimensions[state->along].name);
    state->variables[table->field_count] = at;
    NN_TRY(nn_import_add_field(table, variable->name, variable->type, shape, &field));
    return netcdf_describe(file, variable, field);
}

static nn_status netcdf_add_extra(nn_import *import, const netcdf_state *state,
                                  const nn_cdf_variable *variable)
{
    const nn_cdf *file = &state->file;
    nn_import_extra *extra;
    nn_shape shape = {.dimensions = variable->dimensions > 0 ? variable->dimensions : 1, .extents = {1}};
    for (int d = 0; d < variable->dimensions && d < NN_MAX_DIMENSIONS; d++)
        shape.extents[d] = file->dimensions[variable->places[d]].length;
    if (variable->dimensions > NN_MAX_DIMENSIONS || netcdf_bytes(variable) > (double)NETCDF_LARGEST_EXTRA)
        NN_FAIL(
            NN_ERROR_DATA,
            "'%s': variable \"%s\" is too large to be written next to the rows along %s: choose its first "
            "dimension with --along, or leave it out with --variables",
            file->path, variable->name, file->dimensions[state->along].name);
    NN_TRY(nn_import_add_extra(import, variable->name, variable->type, shape, &extra));
    NN_TRY(netcdf_describe(file, variable, &extra->field));
    return nn_cdf_read(file, variable, 0, variable->rows, extra->values);
}

/* A dimension without coordinates, which is only a name and a length. */
static nn_status netcdf_add_dimension(nn_import *import, const nn_cdf *file, size_t place)
{
    const nn_cdf_dimension *dimension = &file->dimensions[place];
    nn_import_extra *extra;
    nn_shape shape = {.dimensions = 1, .extents = {dimension->length}};
    if (dimension->length == 0 || netcdf_find(file, dimension->name)) return NN_OK;
    NN_TRY(nn_import_add_extra(import, dimension->name, NN_STORE_U8, shape, &extra));
    extra->bare = true;
    return NN_OK;
}

static nn_status netcdf_add_all(nn_import *import, netcdf_state *state)
{
    const nn_cdf *file = &state->file;
    nn_import_table *table;
    NN_TRY(nn_import_add_table(import, NULL, file->dimensions[state->along].length, &table));
    table->ordered = netcdf_is_time(file, state->along);
    for (size_t i = 0; i < file->variable_count; i++) {
        const nn_cdf_variable *variable = &file->variables[i];
        if (!netcdf_wanted(import, file, variable)) continue;
        if (netcdf_is_along(variable, state->along))
            NN_TRY(netcdf_add_field(state, i, table));
        else if (variable->rows > 0)
            NN_TRY(netcdf_add_extra(import, state, variable));
    }
    for (size_t d = 0; d < file->dimension_count; d++) NN_TRY(netcdf_add_dimension(import, file, d));
    if (table->field_count == 0)
        NN_FAIL(NN_ERROR_DATA, "'%s': no variable has %s as its first dimension: choose another with --along",
                file->path, file->dimensions[state->along].name);
    return netcdf_copy_attributes(&file->attributes, &import->attributes);
}

/* ---- the plug-in ---- */

static nn_status netcdf_open(nn_import *import)
{
    netcdf_state *state;
    NN_TRY(NN_ALLOCATE(&state, 1, "the importer of NetCDF files"));
    import->state = state;
    state->file.descriptor = -1;
    if (import->source_count > 1)
        NN_FAIL(NN_ERROR_USAGE, "several NetCDF files: import each to a file of its own; data.file of a "
                                "configuration takes a list of files, or a pattern");
    if (nn_import_source_is_folder(import->sources[0]))
        NN_FAIL(NN_ERROR_USAGE, "'%s' is a folder: give one NetCDF file", import->sources[0]);
    NN_TRY(nn_cdf_open(import->sources[0], &state->file));
    NN_TRY(netcdf_check_wanted(import, &state->file));
    NN_TRY(netcdf_find_along(import, state));
    NN_TRY(netcdf_add_all(import, state));
    nn_text_append(&import->report, "CDF-%d: %" PRId64 " rows along %s\n", state->file.version,
                   import->tables[0].rows, state->file.dimensions[state->along].name);
    return NN_OK;
}

static nn_status netcdf_read(nn_import *import, int table, int64_t first, int64_t rows, void *const *values)
{
    const netcdf_state *state = import->state;
    for (int f = 0; f < import->tables[table].field_count; f++)
        NN_TRY(
            nn_cdf_read(&state->file, &state->file.variables[state->variables[f]], first, rows, values[f]));
    return NN_OK;
}

static void netcdf_close(nn_import *import)
{
    netcdf_state *state = import->state;
    if (!state) return;
    nn_cdf_close(&state->file);
    nn_free(state);
    import->state = NULL;
}

const nn_importer nn_importer_netcdf = {
    .name = "netcdf",
    .summary = "a NetCDF file in a classic format (CDF-1, CDF-2, CDF-5); NetCDF-4 files need no import",
    .ending = ".nc",
    .example = "nntrain import era5.nc -o era5.h5",
    .writes = "one dataset per variable, of the same name and type, packed as it is, with its attributes; "
              "variables along the dimension of the samples are rows, and can be split (u_train, ...). "
              "Dimensions are dimension scales, as in NetCDF-4: `nntrain help layouts`",
    .options = netcdf_table,
    .options_size = sizeof(netcdf_options),
    .parallel = true,
    .open = netcdf_open,
    .read = netcdf_read,
    .close = netcdf_close,
};
