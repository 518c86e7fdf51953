/* From a sample to its place in the files, for messages. */
#include "data/internal.h"

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
