/* The datasets from which a proposal is made. */
#include "data/propose.h"

#include <string.h>

#include "base/list.h"
#include "base/memory.h"

/* Labels that are listed, if they are not consecutive. */
#define PROPOSE_LISTED 20

/* ---- what there is ---- */

static nn_status propose_learn_labels(const nn_value_statistics *statistics, nn_proposed *item)
{
    size_t count = statistics->class_count;
    nn_text text = {0};
    bool consecutive = true;
    if (count == 0 || statistics->row != 1) return NN_OK;
    item->classes = (int64_t)count;
    item->first_label = (int64_t)statistics->classes[0].label;
    for (size_t i = 0; i < count; i++) {
        double label = statistics->classes[i].label;
        consecutive = consecutive && label == (double)item->first_label + (double)i;
        nn_text_append(&text, "%s%.17g", i == 0 ? "[" : ", ", label);
    }
    bool from_zero = item->first_label >= 0 && item->first_label < PROPOSE_LISTED && !consecutive &&
                     statistics->classes[count - 1].label < 2 * (double)count;
    nn_text_append(&text, "]");
    if (!consecutive && !from_zero && count <= PROPOSE_LISTED && !text.failed)
        item->labels = text.bytes;
    else
        nn_text_free(&text);
    if (from_zero) item->first_label = 0;
    return text.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for the labels of a dataset") : NN_OK;
}

static bool propose_is_same(const nn_proposed *item, const nn_proposed *other)
{
    const nn_store_info *a = &item->info, *b = &other->info;
    bool same = strcmp(item->dataset, other->dataset) == 0 && item->part == other->part &&
                a->dimensions == b->dimensions;
    for (int d = 1; same && d < a->dimensions; d++) same = a->extents[d] == b->extents[d];
    return same;
}

static nn_status propose_keep(nn_proposal *proposal, const char *path, nn_proposed *item)
{
    for (size_t i = 0; i < proposal->count; i++) {
        nn_proposed *known = &proposal->items[i];
        if (!propose_is_same(known, item)) continue;
        known->rows += item->rows;
        known->missing |= item->missing;
        return nn_list_add(&known->files, path);
    }
    NN_TRY(nn_list_add(&item->files, path));
    NN_TRY(nn_reallocate((void **)&proposal->items, proposal->count, proposal->count + 1,
                         sizeof *proposal->items, "a list of datasets"));
    proposal->items[proposal->count++] = *item;
    *item = (nn_proposed){0};
    return NN_OK;
}

static void propose_release(nn_proposed *item)
{
    nn_free(item->dataset);
    nn_free(item->labels);
    nn_free(item->option);
    nn_free(item->table);
    nn_free(item->axes);
    nn_list_release(&item->files);
}

/* Coordinates, and the bounds of their cells. */
static bool propose_is_coordinate(const char *dataset, const nn_store_axes *axes)
{
    const char *slash = strrchr(dataset, '/'), *tail = slash ? slash + 1 : dataset;
    if (axes->scale) return true;
    for (int d = 0; d < axes->count; d++)
        if (axes->axes[d].bounds && strcmp(axes->axes[d].bounds, tail) == 0) return true;
    return false;
}

static nn_status propose_learn_axes(const nn_store_axes *axes, nn_proposed *item)
{
    nn_text text = {0};
    item->maps = axes->count > 0;
    for (int d = 0; d < axes->count; d++) {
        const nn_store_axis *axis = &axes->axes[d];
        nn_text_append(&text, "%s%s", d > 0 ? "," : "", axis->name ? axis->name : "");
        if (d == 0) item->times = axis->time;
        if (d > 0 && axis->time) item->maps = false;
    }
    nn_status status =
        text.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for the axes of a dataset") : NN_OK;
    if (status == NN_OK && text.bytes) status = nn_copy_text(text.bytes, &item->axes);
    nn_text_free(&text);
    return status;
}

nn_status nn_proposal_add(nn_proposal *proposal, const char *path, const char *dataset,
                          const nn_store_info *info, const nn_value_statistics *statistics, const char *table,
                          const char *option, const nn_store_axes *axes)
{
    nn_proposed item = {.info = *info, .rows = info->dimensions > 0 ? info->extents[0] : 0};
    if (info->type == NN_STORE_UNSUPPORTED || item.rows == 0 || !info->written || nn_layouts_is_list(dataset))
        return NN_OK;
    if (axes && propose_is_coordinate(dataset, axes)) return NN_OK;
    nn_status status = nn_copy_text(dataset, &item.dataset);
    if (status == NN_OK) { /* of "values by offsets starts", the values count */
        size_t stem = nn_store_stem(dataset);
        item.dataset[stem] = '\0';
        item.role = nn_propose_role(path, item.dataset, &item.part);
        item.dataset[stem] = dataset[stem];
    }
    bool categories = strcmp(info->layout, "categorical") == 0; /* obs/cell_type of AnnData */
    if (categories && item.role == NN_ROLE_INPUT) item.role = NN_ROLE_TARGET;
    if (status == NN_OK && option) status = nn_copy_text(option, &item.option);
    if (status == NN_OK && table) status = nn_copy_text(table, &item.table);
    if (status == NN_OK && axes) status = propose_learn_axes(axes, &item);
    if (status == NN_OK && statistics) {
        item.missing = statistics->missing + statistics->nans > 0;
        status = propose_learn_labels(statistics, &item);
    }
    if (status == NN_OK) status = propose_keep(proposal, path, &item);
    propose_release(&item);
    return status;
}

nn_status nn_proposal_add_series(nn_proposal *proposal, const nn_layouts *layouts)
{
    if (!layouts->series) return NN_OK;
    if (proposal->series && strcmp(proposal->series, layouts->series) != 0) return NN_OK;
    proposal->series_rows += layouts->series_rows;
    proposal->series_starts = layouts->series_starts;
    if (!proposal->series || layouts->series_each < proposal->series_each)
        proposal->series_each = layouts->series_each;
    return proposal->series ? NN_OK : nn_copy_text(layouts->series, &proposal->series);
}

void nn_proposal_release(nn_proposal *proposal)
{
    for (size_t i = 0; i < proposal->count; i++) propose_release(&proposal->items[i]);
    nn_free(proposal->items);
    nn_free(proposal->series);
    *proposal = (nn_proposal){0};
}
