/* The ranges of the files of a part, to detect files in different units. */
#include "base/memory.h"
#include "data/scan_internal.h"

/* The most files whose ranges are compared. */
#define SCAN_FILES 4096

/* Only where files can be compared. */
nn_status nn_scan_prepare_files(const nn_source *source, nn_scan_view *view)
{
    if (source->piece_count < 2 || source->piece_count > SCAN_FILES || view->array->label) return NN_OK;
    NN_TRY(NN_ALLOCATE(&view->files, source->piece_count, "the ranges of files"));
    for (int i = 0; i < source->piece_count; i++) view->files[i] = nn_range_empty();
    return NN_OK;
}

/* The range of the file that the row is in; NULL: it is not wanted. */
nn_range *nn_scan_find_file(nn_scan_work *work, const nn_scan_view *view, int64_t row)
{
    if (!view->files) return NULL;
    nn_source *source = work->samples->source;
    if (!work->piece || row < work->piece->first || row >= work->piece->first + work->piece->rows)
        work->piece = nn_source_find_piece(source, row);
    return &view->files[work->piece - source->pieces];
}

/* Values that were not looked at have no range. */
nn_status nn_scan_compare_files(nn_comm *comm, const nn_source *source, const nn_scan_view *view)
{
    if (!view->files) return NN_OK;
    NN_TRY(nn_ranges_join(comm, source->piece_count, view->files));
    nn_range_warn_files(source, view->view->array, view->files);
    return NN_OK;
}
