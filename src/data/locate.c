/* Finds a sample in the files, for messages. */
#include "data/dataset_internal.h"

void nn_dataset_locate(const nn_dataset *dataset, nn_part part, int64_t sample, const char **path,
                       int64_t *row)
{
    const nn_source *source = dataset->parts[part].source;
    const nn_piece *piece = source->pieces;
    *row = nn_dataset_row(dataset, part, sample);
    for (int i = 1; i < source->piece_count && source->pieces[i].first <= *row; i++)
        piece = &source->pieces[i];
    *row -= piece->first;
    *path = piece->path;
}

bool nn_dataset_is_unreadable(const nn_dataset *dataset, nn_part part, int64_t sample)
{
    int64_t row = nn_dataset_row(dataset, part, sample), most = 1;
    for (int v = 0; v < dataset->view_count; v++)
        if (dataset->views[v].input && dataset->views[v].rows > most) most = dataset->views[v].rows;
    return nn_source_is_noted(dataset->parts[part].source, row, most);
}

bool nn_dataset_is_beyond(const nn_dataset *dataset, nn_part part, int64_t sample, int target)
{
    int64_t row = nn_dataset_row(dataset, part, sample), end = row;
    for (int v = 0; v < dataset->view_count; v++) {
        const nn_view *view = &dataset->views[v];
        if (view->input || view->target != target) continue;
        if (row + view->first_row + view->rows > end) end = row + view->first_row + view->rows;
    }
    return end > nn_source_file_end(dataset->parts[part].source, row);
}
