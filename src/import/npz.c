/* .npz: a zip archive of .npy files, through libzip. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "build.h"
#include "import/npy.h"
#include "import/sources.h"

#if NN_HAVE_ZIP
#include <zip.h>

nn_status nn_npz_read(nn_npy_array *array, void *bytes, int64_t size, int64_t *got)
{
    for (*got = 0; *got < size;) {
        zip_int64_t count = zip_fread(array->member, (char *)bytes + *got, (zip_uint64_t)(size - *got));
        if (count < 0)
            NN_FAIL(NN_ERROR_DATA, "%s is damaged: download it again (%s)", array->place,
                    zip_file_strerror(array->member));
        if (count == 0) break;
        *got += count;
    }
    return NN_OK;
}

void nn_npz_close_member(nn_npy_array *array)
{
    if (array->member) (void)zip_fclose(array->member); /* was only read */
    array->member = NULL;
}

void nn_npz_close_archive(struct zip *archive)
{
    zip_discard(archive);
}

/* Opens an unnamed file in TMPDIR or /tmp, which disappears when closed. */
static int npz_open_temporary(void)
{
    char *path;
    const char *folder = getenv("TMPDIR");
    if (nn_import_source_join(folder ? folder : "/tmp", "nntrain-XXXXXX", &path) != NN_OK) return -1;
    int file = mkstemp(path);
    if (file >= 0) (void)unlink(path);
    nn_free(path);
    return file;
}

static bool npz_write(int file, const char *bytes, int64_t size)
{
    while (size > 0) {
        ssize_t count = write(file, bytes, (size_t)size);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return false;
        bytes += count;
        size -= count;
    }
    return true;
}

/* In Fortran order, the values of a row are scattered over the array, but a member can only be read forwards:
 * it is first unpacked to an unnamed file. */
static nn_status npz_unpack(nn_npy_array *array)
{
    enum { BLOCK = 1 << 20 };
    char *block;
    int file = npz_open_temporary();
    if (file < 0)
        NN_FAIL(NN_ERROR_IO,
                "%s: no temporary file for unpacking it: %s; set TMPDIR to a folder with enough space",
                array->place, strerror(errno));
    nn_status status = NN_ALLOCATE(&block, BLOCK, "unpacking");
    for (int64_t got = BLOCK; status == NN_OK && got == BLOCK;) {
        status = nn_npz_read(array, block, BLOCK, &got);
        if (status == NN_OK && !npz_write(file, block, got))
            status =
                nn_fail(NN_ERROR_IO, "%s cannot be unpacked: %s; set TMPDIR to a folder with enough space",
                        array->place, strerror(errno));
    }
    nn_free(block);
    nn_npz_close_member(array);
    array->file = file;
    array->size -= array->header.begin;
    array->header.begin = 0;
    return status;
}

static nn_status npz_open_member(nn_npy_arrays *arrays, struct zip *archive, zip_uint64_t index,
                                 const char *path, const char *name)
{
    nn_text place = {0};
    zip_stat_t facts;
    nn_npy_array *array;
    nn_text_append(&place, "%s: %s", path, name);
    if (place.failed) NN_FAIL(NN_ERROR_MEMORY, "out of memory for the name of an array");
    nn_status status = nn_npy_add(arrays, place.bytes, name, &array);
    nn_text_free(&place);
    NN_TRY(status);
    array->member = zip_fopen_index(archive, index, 0);
    if (!array->member || zip_stat_index(archive, index, 0, &facts) != 0)
        NN_FAIL(NN_ERROR_DATA, "%s cannot be unpacked: %s", array->place, zip_strerror(archive));
    array->size = (int64_t)facts.size;
    NN_TRY(nn_npy_begin(array));
    return array->header.fortran ? npz_unpack(array) : NN_OK;
}

static nn_status npz_open_members(nn_npy_arrays *arrays, struct zip *archive, const char *path,
                                  const nn_text_list *wanted)
{
    zip_int64_t count = zip_get_num_entries(archive, 0), left = 0;
    for (zip_int64_t i = 0; i < count; i++) {
        char *name;
        const char *member = zip_get_name(archive, (zip_uint64_t)i, 0);
        if (!member || !nn_import_source_ends(member, ".npy")) {
            left++;
            continue;
        }
        NN_TRY(nn_copy_text(member, &name));
        name[strlen(name) - 4] = '\0';
        nn_status status = NN_OK;
        if (nn_npy_is_wanted(wanted, name))
            status = npz_open_member(arrays, archive, (zip_uint64_t)i, path, name);
        nn_free(name);
        NN_TRY(status);
    }
    if (left > 0) nn_log_warning("'%s': %lld members are not arrays (.npy): skipped", path, (long long)left);
    return NN_OK;
}

nn_status nn_npz_open(nn_npy_arrays *arrays, const char *path, const nn_text_list *wanted)
{
    int code;
    size_t count = arrays->archive_count;
    NN_TRY(nn_reallocate((void **)&arrays->archives, count, count + 1, sizeof(struct zip *), "archives"));
    struct zip *archive = zip_open(path, ZIP_RDONLY, &code);
    if (!archive) {
        zip_error_t error;
        zip_error_init_with_code(&error, code);
        nn_status status =
            nn_fail(NN_ERROR_DATA, "'%s' is a damaged .npz archive, or cut short: download it again (%s)",
                    path, zip_error_strerror(&error));
        zip_error_fini(&error);
        return status;
    }
    arrays->archives[arrays->archive_count++] = archive;
    return npz_open_members(arrays, archive, path, wanted);
}

#else

nn_status nn_npz_open(nn_npy_arrays *arrays, const char *path, const nn_text_list *wanted)
{
    (void)arrays;
    (void)wanted;
    NN_FAIL(NN_ERROR_DATA, "'%s' is a .npz archive, and nntrain was built without libzip: save .npy files",
            path);
}

nn_status nn_npz_read(nn_npy_array *array, void *bytes, int64_t size, int64_t *got)
{
    (void)array;
    (void)bytes;
    (void)size;
    *got = 0;
    return NN_OK;
}

void nn_npz_close_member(nn_npy_array *array)
{
    (void)array;
}

void nn_npz_close_archive(struct zip *archive)
{
    (void)archive;
}

#endif
