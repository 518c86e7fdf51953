/* Finds a sample in the files. */
#include "data/dataset_internal.h"
#include "data/stretches.h"

int nn_dataset_file_count(const nn_dataset *dataset, nn_part part)
{
    return dataset->parts[part].source ? dataset->parts[part].source->piece_count : 0;
}

const char *nn_dataset_file(const nn_dataset *dataset, nn_part part, int file)
{
    return dataset->parts[part].source->pieces[file].path;
}

int64_t nn_dataset_file_rows(const nn_dataset *dataset, nn_part part, int file)
{
    return dataset->parts[part].source->pieces[file].rows;
}

int nn_dataset_file_of(const nn_dataset *dataset, nn_part part, int64_t sample, int64_t *row)
{
    const nn_source *source = dataset->parts[part].source;
    int low = 0, high = source->piece_count - 1;
    *row = nn_dataset_row(dataset, part, sample);
    while (low < high) {
        int middle = (low + high + 1) / 2;
        if (source->pieces[middle].first <= *row)
            low = middle;
        else
            high = middle - 1;
    }
    *row -= source->pieces[low].first;
    return low;
}

void nn_dataset_locate(const nn_dataset *dataset, nn_part part, int64_t sample, const char **path,
                       int64_t *row)
{
    *path = nn_dataset_file(dataset, part, nn_dataset_file_of(dataset, part, sample, row));
}

bool nn_dataset_is_unreadable(const nn_dataset *dataset, nn_part part, int64_t sample)
{
    int64_t row = nn_dataset_row(dataset, part, sample), most = 1;
    for (int v = 0; v < dataset->view_count; v++)
        if (dataset->views[v].input && dataset->views[v].rows > most) most = dataset->views[v].rows;
    return nn_source_is_noted(dataset->parts[part].source, row, most);
}

int64_t nn_dataset_left_out(const nn_dataset *dataset)
{
    int64_t count = 0;
    for (int p = 0; p < NN_PARTS; p++)
        if (dataset->sources[p].given && !dataset->sources[p].bad_windows)
            count += dataset->sources[p].bad_count;
    return count;
}

bool nn_dataset_is_beyond(const nn_dataset *dataset, nn_part part, int64_t sample, int target)
{
    int64_t row = nn_dataset_row(dataset, part, sample), end = row;
    for (int v = 0; v < dataset->view_count; v++) {
        const nn_view *view = &dataset->views[v];
        if (view->input || view->target != target) continue;
        if (row + view->first_row + view->rows > end) end = row + view->first_row + view->rows;
    }
    return end > nn_stretches_end(dataset->parts[part].source, row);
}
