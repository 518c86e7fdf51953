/* A dataset of a writer: its layout in the file, and the rows written to it. */
#include <errno.h>
#include <inttypes.h>
#include <sys/resource.h>
#include <sys/statvfs.h>

#include "base/format.h"
#include "store/writer_internal.h"

/* Target size of a chunk, and its limit if a single row is larger. */
#define OUTPUT_CHUNK_BYTES ((int64_t)256 << 10)
#define OUTPUT_LARGEST_CHUNK ((int64_t)16 << 20)

/* The type in the file, by nn_store_type. */
static hid_t output_file_type(nn_store_type type)
{
    const hid_t types[] = {
        [NN_STORE_U8] = H5T_STD_U8LE,    [NN_STORE_I8] = H5T_STD_I8LE,   [NN_STORE_U16] = H5T_STD_U16LE,
        [NN_STORE_I16] = H5T_STD_I16LE,  [NN_STORE_U32] = H5T_STD_U32LE, [NN_STORE_I32] = H5T_STD_I32LE,
        [NN_STORE_U64] = H5T_STD_U64LE,  [NN_STORE_I64] = H5T_STD_I64LE, [NN_STORE_F32] = H5T_IEEE_F32LE,
        [NN_STORE_F64] = H5T_IEEE_F64LE,
    };
    return types[type];
}

/* A string of variable length, or one byte; owned, negative on failure. */
static hid_t output_string_type(const nn_store_layout *layout)
{
    return layout->characters ? H5Tcopy(H5T_C_S1) : nn_store_text_type(H5T_VARIABLE);
}

static bool output_is_text(const nn_store_info *info)
{
    return info->type == NN_STORE_TEXT;
}

int64_t nn_store_output_row(const nn_store_output *output)
{
    int64_t count = 1;
    for (int d = 0; d < output->layout.dimensions; d++) count *= output->layout.extents[d];
    return count;
}

int64_t nn_store_output_row_bytes(const nn_store_output *output)
{
    int64_t element = output->layout.half ? 2 : (int64_t)nn_store_type_size(output->layout.type);
    if (output->layout.type == NN_STORE_TEXT) element = sizeof(hvl_t); /* the text itself is elsewhere */
    return nn_store_output_row(output) * element;
}

static nn_status output_check(const nn_store_output *output)
{
    const nn_store_layout *layout = &output->layout;
    bool typed = nn_store_type_is_numeric(layout->type) || layout->type == NN_STORE_TEXT;
    bool sound = typed && layout->dimensions >= 0 && layout->dimensions < NN_STORE_MAX_DIMENSIONS &&
                 layout->rows >= -1 && layout->chunk_rows >= 0 && layout->compression >= 0 &&
                 layout->compression <= 9 && (!layout->half || layout->type == NN_STORE_F32) &&
                 (!layout->characters || layout->type == NN_STORE_U8);
    double bytes = (double)(layout->rows > 0 ? layout->rows : 1) * 8;
    for (int d = 0; sound && d < layout->dimensions; d++) {
        sound = layout->extents[d] >= 0;
        bytes *= (double)layout->extents[d];
    }
    if (sound && bytes < (double)(INT64_MAX / 2)) return NN_OK;
    NN_FAIL(NN_ERROR_USAGE,
            "dataset \"%s\" of %s cannot have this layout: check its shape, chunks and compression",
            output->name, output->writer->path);
}

/* The number of rows per chunk; rows too large for one chunk are split along their own dimensions. */
static void output_choose_chunk(nn_store_output *output)
{
    nn_store_info *info = &output->info;
    int64_t row_bytes = nn_store_output_row_bytes(output), rows = output->layout.chunk_rows;
    for (int d = 1; d < info->dimensions; d++) info->chunk[d] = info->extents[d] > 0 ? info->extents[d] : 1;
    if (row_bytes < 1) row_bytes = 1;
    if (rows == 0) rows = row_bytes < OUTPUT_CHUNK_BYTES ? OUTPUT_CHUNK_BYTES / row_bytes : 1;
    if (!output->grows && rows > info->extents[0]) rows = info->extents[0] > 0 ? info->extents[0] : 1;
    int64_t most = row_bytes < OUTPUT_LARGEST_CHUNK ? OUTPUT_LARGEST_CHUNK / row_bytes : 1;
    info->chunk[0] = rows < most ? rows : most;
    for (int d = 1; d < info->dimensions && row_bytes > OUTPUT_LARGEST_CHUNK; d++)
        while (row_bytes > OUTPUT_LARGEST_CHUNK && info->chunk[d] > 1) {
            row_bytes = row_bytes / info->chunk[d] * ((info->chunk[d] + 1) / 2);
            info->chunk[d] = (info->chunk[d] + 1) / 2;
        }
}

/* A write beyond the process's file size limit would leave HDF5 with a file that it cannot close, so it is
 * not attempted. Allows for the data that HDF5 still holds back. */
static nn_status output_check_limit(const nn_store_output *output, int64_t rows)
{
    nn_store_writer *writer = output->writer;
    struct rlimit limit;
    hsize_t size = 0;
    double held = 1 << 20, chunk = 8;
    for (int d = 0; output->info.chunked && d < output->info.dimensions; d++)
        chunk *= (double)output->info.chunk[d];
    held += 2 * chunk + (double)rows * (double)nn_store_output_row_bytes(output);
    if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return NN_OK;
    if (H5Fget_filesize(writer->file, &size) >= 0 && (double)size + held <= (double)limit.rlim_cur)
        return NN_OK;
    writer->failed = true;
    return nn_system_fail(NN_ERROR_IO, EFBIG, "cannot write dataset \"%s\" of %s", output->name,
                          writer->path);
}

/* What a row takes in the file. A text is elsewhere: 8 bytes at a time, after a header of 16. */
static double output_stored_bytes(const nn_store_output *output)
{
    double bytes = (double)nn_store_output_row_bytes(output);
    double text = 16 + (double)((output->layout.text_bytes + 7) / 8 * 8);
    return output->layout.type == NN_STORE_TEXT ? bytes + text * (double)nn_store_output_row(output) : bytes;
}

/* Reports a lack of space before hours of work rather than after them. */
static nn_status output_check_room(const nn_store_output *output)
{
    const nn_store_writer *writer = output->writer;
    char needed[NN_FORMAT_SIZE], free[NN_FORMAT_SIZE];
    struct statvfs disk;
    double bytes = 0;
    for (size_t i = 0; i < writer->output_count; i++) {
        const nn_store_output *one = writer->outputs[i];
        if (!one->info.chunked)
            bytes += (double)(one->info.extents[0] - one->written) * output_stored_bytes(one);
    }
    if (fstatvfs(writer->descriptor, &disk) != 0) return NN_OK;
    double room = (double)disk.f_bavail * (double)disk.f_frsize;
    if (disk.f_blocks == 0 || bytes <= room) return NN_OK;
    NN_FAIL(NN_ERROR_IO,
            "cannot write %s: %s more are needed, but the disk has %s free: free some space, or choose "
            "a place on another disk",
            writer->path, nn_format_bytes(needed, bytes), nn_format_bytes(free, room));
}

nn_status nn_store_output_plan(nn_store_output *output)
{
    nn_store_info *info = &output->info;
    const nn_store_layout *layout = &output->layout;
    NN_TRY(output_check(output));
    output->grows = layout->rows < 0;
    *info = (nn_store_info){.type = layout->characters ? NN_STORE_TEXT : layout->type,
                            .dimensions = layout->dimensions + 1};
    info->extents[0] = output->grows ? 0 : layout->rows;
    for (int d = 0; d < layout->dimensions; d++) info->extents[d + 1] = layout->extents[d];
    info->chunked = output->grows || layout->compression > 0 || layout->chunk_rows > 0;
    if (info->chunked) output_choose_chunk(output);
    return info->chunked ? NN_OK : output_check_room(output);
}

static bool output_set_creation(const nn_store_output *output, hid_t creation)
{
    hsize_t chunk[NN_STORE_MAX_DIMENSIONS];
    int dimensions = output->info.dimensions, compression = (int)output->layout.compression;
    if (creation < 0 || H5Pset_obj_track_times(creation, false) < 0) return false;
    /* Everything is written, or the file is discarded: no need to fill it first. */
    bool text = output->layout.type == NN_STORE_TEXT; /* HDF5 insists on filling it */
    if (!text && H5Pset_fill_time(creation, H5D_FILL_TIME_NEVER) < 0) return false;
    const void *fill = output->layout.fill;
    if (fill && H5Pset_fill_value(creation, nn_store_memory_type(output->layout.type), fill) < 0)
        return false;
    if (!output->info.chunked) return true;
    for (int d = 0; d < dimensions; d++) chunk[d] = (hsize_t)output->info.chunk[d];
    if (H5Pset_chunk(creation, dimensions, chunk) < 0) return false;
    return compression == 0 ||
           (H5Pset_shuffle(creation) >= 0 && H5Pset_deflate(creation, (unsigned)compression) >= 0);
}

static hid_t output_make_space(const nn_store_output *output)
{
    hsize_t extents[NN_STORE_MAX_DIMENSIONS], most[NN_STORE_MAX_DIMENSIONS];
    for (int d = 0; d < output->info.dimensions; d++) most[d] = extents[d] = (hsize_t)output->info.extents[d];
    if (output->grows) most[0] = H5S_UNLIMITED;
    return H5Screate_simple(output->info.dimensions, extents, most);
}

nn_status nn_store_output_make(nn_store_output *output)
{
    nn_store_writer *writer = output->writer;
    nn_status status = NN_OK;
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE), access = H5Pcreate(H5P_DATASET_ACCESS);
    hid_t space = output_make_space(output);
    hid_t type = output->layout.half             ? nn_store_half_type()
                 : output_is_text(&output->info) ? output_string_type(&output->layout)
                                                 : H5Tcopy(output_file_type(output->layout.type));
    bool ready = output_set_creation(output, creation) && access >= 0 &&
                 (!output->info.chunked || nn_store_set_cache(access, &output->info));
    if (ready && space >= 0 && type >= 0)
        output->id = H5Dcreate2(writer->file, output->name, type, space, writer->links, creation, access);
    if (output->id < 0) status = nn_store_writer_fail(writer, "create dataset", output->name);
    if (type >= 0) nn_store_note_close(H5Tclose(type));
    if (space >= 0) H5Sclose(space);
    if (access >= 0) H5Pclose(access);
    if (creation >= 0) H5Pclose(creation);
    return status;
}

static bool output_grow(nn_store_output *output, int64_t rows)
{
    hsize_t extents[NN_STORE_MAX_DIMENSIONS];
    for (int d = 0; d < output->info.dimensions; d++) extents[d] = (hsize_t)output->info.extents[d];
    extents[0] = (hsize_t)output->written + (hsize_t)rows;
    return H5Dset_extent(output->id, extents) >= 0;
}

static bool output_write(nn_store_output *output, int64_t rows, nn_store_type type, const void *values)
{
    hsize_t start[NN_STORE_MAX_DIMENSIONS] = {(hsize_t)output->written};
    hsize_t count[NN_STORE_MAX_DIMENSIONS] = {(hsize_t)rows};
    int dimensions = output->info.dimensions;
    for (int d = 1; d < dimensions; d++) count[d] = (hsize_t)output->info.extents[d];
    hid_t space = H5Dget_space(output->id), memory = H5Screate_simple(dimensions, count, NULL);
    bool text = output_is_text(&output->info);
    hid_t element = text ? output_string_type(&output->layout) : nn_store_memory_type(type);
    bool written = space >= 0 && memory >= 0 && element >= 0 &&
                   H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0 &&
                   H5Dwrite(output->id, element, memory, space, H5P_DEFAULT, values) >= 0;
    /* Closing these clears HDF5's error, so it must be read first. */
    if (!written) nn_store_writer_fail(output->writer, "write dataset", output->name);
    if (text && element >= 0) nn_store_note_close(H5Tclose(element));
    if (memory >= 0) H5Sclose(memory);
    if (space >= 0) H5Sclose(space);
    return written;
}

static nn_status output_append(nn_store_output *output, int64_t rows, nn_store_type type, const void *values)
{
    nn_store_writer *writer = output->writer;
    if (writer->failed || output->id < 0)
        NN_FAIL(NN_ERROR_IO,
                "cannot write dataset \"%s\" of %s: an earlier write failed, or the file is complete",
                output->name, writer->path);
    if (rows < 0 || (!output->grows && rows > output->info.extents[0] - output->written))
        NN_FAIL(NN_ERROR_DATA,
                "dataset \"%s\" of %s has room for %" PRId64 " rows, of which %" PRId64
                " are written, but %" PRId64 " more were given",
                output->name, writer->path, output->info.extents[0], output->written, rows);
    if (rows == 0) return NN_OK;
    NN_TRY(output_check_limit(output, rows));
    if (output->grows && !output_grow(output, rows))
        return nn_store_writer_fail(writer, "extend dataset", output->name);
    if (nn_store_output_row(output) > 0 && !output_write(output, rows, type, values)) return NN_ERROR_IO;
    output->written += rows;
    return NN_OK;
}

nn_status nn_store_output_append(nn_store_output *output, int64_t rows, nn_store_type type,
                                 const void *values)
{
    return NN_STORE_LOCKED(output_append(output, rows, type, values));
}
