/* Opening the parts, and what can be seen of them before they are read. */
#include "data/source.h"

#include <string.h>

#include "base/memory.h"

const char *const nn_part_names[NN_PARTS] = {"train", "validation", "test"};

static bool source_is_set(const char *text)
{
    return text && *text;
}

static nn_status source_path(const nn_data_options *options, const char *directory, int part, char **path)
{
    const char *own = options->parts[part].file, *file = source_is_set(own) ? own : options->file;
    if (!source_is_set(file))
        NN_FAIL(NN_ERROR_USAGE,
                "data.%s: no file is named; set data.file to an HDF5 file, such as data.file: data.h5 "
                "(or data.%s.file for this part alone)",
                nn_part_names[part], nn_part_names[part]);
    bool relative = file[0] != '/' && source_is_set(directory);
    nn_text text = {0};
    nn_text_append(&text, "%s%s%s", relative ? directory : "", relative ? "/" : "", file);
    *path = text.bytes; /* made by base/memory.h, as if by nn_copy_text */
    if (text.failed) NN_FAIL(NN_ERROR_MEMORY, "no memory is left for the path of %s", file);
    return NN_OK;
}

/* An earlier part's file is used again, and not complained about a second time when it did not open. */
static nn_status source_open_file(nn_source *sources, int part)
{
    nn_source *source = &sources[part];
    for (int p = 0; p < part; p++)
        if (sources[p].path && strcmp(sources[p].path, source->path) == 0) {
            source->file = sources[p].file;
            return NN_OK;
        }
    nn_status status = nn_store_open(source->path, &source->file);
    source->owns_file = status == NN_OK;
    return status == NN_OK ? status : nn_fail_context(status, "data.%s", nn_part_names[part]);
}

static nn_status source_open_array(nn_source *source, int which, const char *dataset, bool labels)
{
    nn_array *array = &source->arrays[which];
    if (!source_is_set(dataset))
        NN_FAIL(NN_ERROR_USAGE, "data.%s.%s: is missing; name a dataset of %s", array->part, array->key,
                source->path);
    while (*dataset == '/') dataset++;
    array->dataset = dataset;
    array->path = source->path;
    nn_status status = nn_store_array_open(source->file, dataset, &array->stored);
    if (status != NN_OK) return nn_fail_context(status, "data.%s.%s", array->part, array->key);
    NN_TRY(nn_array_context(array, nn_array_describe(array, labels && which == NN_Y)));
    array->sound = true;
    return NN_OK;
}

static void source_open(const nn_data_options *options, const char *directory, bool labels, int part,
                        nn_source *sources, nn_problems *problems)
{
    static const char *const keys[NN_ARRAYS] = {"x", "y"};
    nn_source *source = &sources[part];
    const char *const datasets[NN_ARRAYS] = {options->parts[part].x, options->parts[part].y};
    source->given = datasets[NN_X] || datasets[NN_Y];
    for (int a = 0; a < NN_ARRAYS; a++) {
        source->arrays[a].key = keys[a];
        source->arrays[a].part = nn_part_names[part];
    }
    if (!source->given ||
        !nn_problems_collect(problems, source_path(options, directory, part, &source->path)))
        return;
    nn_problems_collect(problems, source_open_file(sources, part));
    for (int a = 0; source->file && a < NN_ARRAYS; a++)
        nn_problems_collect(problems, source_open_array(source, a, datasets[a], labels));
}

static nn_status source_check_lengths(const nn_source *source)
{
    const nn_array *x = &source->arrays[NN_X], *y = &source->arrays[NN_Y];
    if (!x->sound || !y->sound || x->rows == y->rows) return NN_OK;
    NN_FAIL(NN_ERROR_DATA,
            "data.%s: dataset \"%s\" has %lld samples, but dataset \"%s\" has %lld, of %s: each sample needs "
            "its target",
            x->part, x->dataset, (long long)x->rows, y->dataset, (long long)y->rows, x->path);
}

static nn_status source_check_shape(const nn_array *array, const nn_array *first)
{
    char text[NN_SHAPE_TEXT], expected[NN_SHAPE_TEXT];
    if (!array->sound || !first->sound || nn_shape_equal(array->shape, first->shape)) return NN_OK;
    return nn_array_context(
        array,
        nn_fail(NN_ERROR_DATA, "its samples are %s, but those of data.%s.%s are %s: all parts need one shape",
                nn_shape_text(text, array->shape), first->part, first->key,
                nn_shape_text(expected, first->shape)));
}

void nn_sources_open(const nn_data_options *options, const char *directory, bool labels, nn_source *sources,
                     nn_problems *problems)
{
    const nn_source *first = NULL;
    for (int p = 0; p < NN_PARTS; p++) {
        nn_source *source = &sources[p];
        source_open(options, directory, labels, p, sources, problems);
        if (!source->given) continue;
        nn_problems_collect(problems, source_check_lengths(source));
        if (!first) first = source;
        for (int a = 0; a < NN_ARRAYS; a++)
            nn_problems_collect(problems, source_check_shape(&source->arrays[a], &first->arrays[a]));
    }
}

void nn_sources_close(nn_source *sources)
{
    for (int p = 0; p < NN_PARTS; p++)
        for (int a = 0; a < NN_ARRAYS; a++) {
            nn_store_array_close(sources[p].arrays[a].stored);
            sources[p].arrays[a].stored = NULL;
        }
    for (int p = 0; p < NN_PARTS; p++) {
        if (sources[p].owns_file) nn_store_close(sources[p].file);
        nn_free(sources[p].path);
        sources[p].file = NULL;
        sources[p].owns_file = false;
        sources[p].path = NULL;
    }
}
