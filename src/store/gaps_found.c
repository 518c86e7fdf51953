/* Elements that were never written, once they are found: marked in what is read, and sent to other processes.
 */
#include "base/memory.h"
#include "store/gaps_internal.h"

void nn_store_gaps_destroy(nn_store_gaps *gaps)
{
    if (!gaps) return;
    nn_free(gaps->chunks);
    nn_free(gaps->corners);
    nn_free(gaps->cause);
    nn_free(gaps);
}

int64_t nn_store_gaps_count(const nn_store_gaps *gaps)
{
    return gaps ? gaps->count : 0;
}

const char *nn_store_gaps_cause(const nn_store_gaps *gaps)
{
    return gaps->cause ? gaps->cause : "it was never written";
}

/* ---- sending ---- */

void nn_store_gaps_put(const nn_store_gaps *gaps, nn_parcel *parcel)
{
    nn_parcel_put_number(parcel, gaps != NULL);
    if (!gaps) return;
    int64_t chunks = gaps->chunks ? nn_gaps_chunk_count(&gaps->info) : 0;
    nn_parcel_put(parcel, &gaps->info, sizeof gaps->info);
    nn_parcel_put_number(parcel, gaps->count);
    nn_parcel_put_number(parcel, chunks);
    nn_parcel_put_number(parcel, gaps->boxes);
    nn_parcel_put(parcel, gaps->chunks, (size_t)chunks);
    nn_parcel_put(parcel, gaps->corners,
                  (size_t)gaps->boxes * 2 * (size_t)gaps->info.dimensions * sizeof *gaps->corners);
    nn_parcel_put_text(parcel, gaps->cause);
}

static nn_status gaps_take(nn_parcel *parcel, nn_store_gaps *gaps)
{
    nn_parcel_take(parcel, &gaps->info, sizeof gaps->info);
    gaps->count = nn_parcel_take_number(parcel);
    int64_t chunks = nn_parcel_take_number(parcel);
    gaps->boxes = nn_parcel_take_number(parcel);
    int64_t corners = gaps->boxes * 2 * gaps->info.dimensions;
    if (chunks > 0) NN_TRY(NN_ALLOCATE(&gaps->chunks, chunks, "the gaps of a dataset"));
    if (corners > 0) NN_TRY(NN_ALLOCATE(&gaps->corners, corners, "the gaps of a dataset"));
    nn_parcel_take(parcel, gaps->chunks, (size_t)chunks);
    nn_parcel_take(parcel, gaps->corners, (size_t)corners * sizeof *gaps->corners);
    return nn_parcel_take_text(parcel, &gaps->cause);
}

nn_status nn_store_gaps_take(nn_parcel *parcel, nn_store_gaps **gaps)
{
    nn_store_gaps *made;
    *gaps = NULL;
    if (!nn_parcel_take_number(parcel)) return NN_OK;
    NN_TRY(NN_ALLOCATE(&made, 1, "the gaps of a dataset"));
    nn_status status = gaps_take(parcel, made);
    if (status == NN_OK)
        *gaps = made;
    else
        nn_store_gaps_destroy(made);
    return status;
}

/* ---- marking ---- */

/* The requested indices. */
typedef struct gaps_slab {
    const nn_store_info *info;
    int axis;
    int64_t first, end;
    int64_t strides[NN_STORE_MAX_DIMENSIONS]; /* in the result, by dimension of the dataset */
    unsigned char *missing;
} gaps_slab;

/* Marks the box [begin, end), from dimension `d` on. */
static void gaps_mark_box(const gaps_slab *slab, const int64_t *begin, const int64_t *end, int d,
                          unsigned char *missing)
{
    if (d == slab->info->dimensions) {
        *missing = 1;
        return;
    }
    int64_t low = begin[d], high = end[d];
    if (d == slab->axis) {
        low = (low > slab->first ? low : slab->first) - slab->first;
        high = (high < slab->end ? high : slab->end) - slab->first;
    }
    for (int64_t i = low; i < high; i++)
        gaps_mark_box(slab, begin, end, d + 1, missing + i * slab->strides[d]);
}

static void gaps_mark_chunks(const nn_store_gaps *gaps, const gaps_slab *slab)
{
    const nn_store_info *info = slab->info;
    int64_t count = nn_gaps_chunk_count(info), after = 1, chunks = nn_gaps_chunks(info, slab->axis);
    int64_t begin[NN_STORE_MAX_DIMENSIONS], end[NN_STORE_MAX_DIMENSIONS];
    int64_t low = slab->first / info->chunk[slab->axis], high = (slab->end - 1) / info->chunk[slab->axis];
    for (int d = slab->axis + 1; d < info->dimensions; d++) after *= nn_gaps_chunks(info, d);
    for (int64_t before = 0; before < count / (chunks * after); before++)
        for (int64_t c = (before * chunks + low) * after; c < (before * chunks + high + 1) * after; c++) {
            if (!gaps->chunks[c]) continue;
            nn_gaps_chunk_box(info, c, begin, end);
            for (int d = 0; d < info->dimensions; d++) end[d] += begin[d];
            gaps_mark_box(slab, begin, end, 0, slab->missing);
        }
}

static void gaps_mark_boxes(const nn_store_gaps *gaps, const gaps_slab *slab)
{
    int dimensions = slab->info->dimensions;
    for (int64_t b = 0; b < gaps->boxes; b++) {
        const hsize_t *corner = gaps->corners + b * 2 * dimensions, *last = corner + dimensions;
        if ((int64_t)corner[slab->axis] >= slab->end || (int64_t)last[slab->axis] < slab->first) continue;
        int64_t begin[NN_STORE_MAX_DIMENSIONS], end[NN_STORE_MAX_DIMENSIONS];
        for (int d = 0; d < dimensions; d++) {
            begin[d] = (int64_t)corner[d];
            end[d] = (int64_t)last[d] + 1;
        }
        gaps_mark_box(slab, begin, end, 0, slab->missing);
    }
}

void nn_store_gaps_mark(const nn_store_gaps *gaps, int axis, int64_t first, int64_t count,
                        unsigned char *missing)
{
    if (!gaps || count == 0) return;
    gaps_slab slab = {
        .info = &gaps->info, .axis = axis, .first = first, .end = first + count, .missing = missing};
    int64_t stride = 1;
    for (int d = gaps->info.dimensions - 1; d >= 0; d--) {
        if (d == axis) continue;
        slab.strides[d] = stride;
        stride *= gaps->info.extents[d];
    }
    slab.strides[axis] = stride;
    if (gaps->chunks)
        gaps_mark_chunks(gaps, &slab);
    else
        gaps_mark_boxes(gaps, &slab);
}
