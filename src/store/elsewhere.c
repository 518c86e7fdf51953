/* Values stored in other files: through links, raw external storage and virtual datasets. We report what is
 * missing there, because HDF5 does not name the file, or reads zeros. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "store/store_internal.h"

#define ELSEWHERE_NAME 4096

/* A file that cannot be inspected counts as present: opening it will report why. */
static bool elsewhere_try(const char *folder, size_t folder_length, const char *name, char *path, size_t size)
{
    int length = folder ? snprintf(path, size, "%.*s/%s", (int)folder_length, folder, name)
                        : snprintf(path, size, "%s", name);
    return length > 0 && (size_t)length < size &&
           (access(path, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR));
}

/* The folder of the file that contains an object; with symbolic links followed, or not. */
static size_t elsewhere_home(hid_t object, bool real, char *folder)
{
    char given[ELSEWHERE_NAME], followed[PATH_MAX];
    if (H5Fget_name(object, given, sizeof given) <= 0) return 0;
    const char *path = real && realpath(given, followed) ? followed : given, *slash = strrchr(path, '/');
    if (!slash || (size_t)(slash - path) >= ELSEWHERE_NAME) return 0;
    memcpy(folder, path, (size_t)(slash - path));
    return (size_t)(slash - path);
}

/* Looks in the folders listed in an environment variable, in which ${ORIGIN} is the folder of the file
 * itself. */
static bool elsewhere_try_list(hid_t object, const char *list, const char *name, char *path, size_t size)
{
    static const char origin[] = "${ORIGIN}";
    char folder[2 * ELSEWHERE_NAME], home[ELSEWHERE_NAME];
    for (; list && *list; list += *list == ':') {
        size_t length = strcspn(list, ":"), at = 0, skip = 0;
        if (strncmp(list, origin, sizeof origin - 1) == 0) {
            skip = sizeof origin - 1;
            at = elsewhere_home(object, false, home);
            memcpy(folder, home, at);
        }
        if (length - skip < ELSEWHERE_NAME) {
            memcpy(folder + at, list + skip, length - skip);
            if (elsewhere_try(folder, at + length - skip, name, path, size)) return true;
        }
        list += length;
    }
    return false;
}

bool nn_store_find_file(hid_t object, const char *name, const char *variable, bool nearby, char *path,
                        size_t size)
{
    char home[ELSEWHERE_NAME];
    if (*name == '/') {
        if (elsewhere_try(NULL, 0, name, path, size)) return true;
        if (!nearby) return false;
        name = strrchr(name, '/') + 1;
    }
    if (elsewhere_try_list(object, getenv(variable), name, path, size)) return true;
    for (int real = 0; nearby && real < 2; real++) {
        size_t length = elsewhere_home(object, real, home);
        if (length > 0 && elsewhere_try(home, length, name, path, size)) return true;
    }
    return elsewhere_try(NULL, 0, name, path, size);
}

static bool elsewhere_exists(hid_t object, const char *name, const char *variable, bool nearby)
{
    char path[2 * ELSEWHERE_NAME];
    return nn_store_find_file(object, name, variable, nearby, path, sizeof path);
}

static nn_status elsewhere_fail_link(const nn_store_file *file, const char *name, const void *value,
                                     size_t size)
{
    unsigned flags;
    const char *other, *object;
    if (H5Lunpack_elink_val(value, size, &flags, &other, &object) < 0) return NN_OK;
    if (!elsewhere_exists(file->id, other, "HDF5_EXT_PREFIX", true))
        NN_FAIL(
            NN_ERROR_DATA,
            "\"%s\" of %s is a link to \"%s\" in the file %s, which does not exist: put it there or next to "
            "the first file, or give a dataset stored here",
            name, file->path, object, other);
    return nn_store_fail_hdf5(
        NN_ERROR_DATA,
        "\"%s\" of %s is a link to \"%s\" in the file %s, where it cannot be opened: check "
        "that the file is intact and contains it",
        name, file->path, object, other);
}

/* If `name` leads to a link to another file: fails unless the link can be followed. */
static nn_status elsewhere_check_link(const nn_store_file *file, const char *name, size_t size)
{
    nn_status status = NN_OK;
    char *value;
    NN_TRY(nn_allocate((void **)&value, size, 1, "a link"));
    bool read = H5Lget_val(file->id, name, value, size, H5P_DEFAULT) >= 0;
    hid_t object = H5Oopen(file->id, name, H5P_DEFAULT);
    if (object >= 0)
        nn_store_note_close(H5Oclose(object));
    else if (read)
        status = elsewhere_fail_link(file, name, value, size);
    nn_free(value);
    return status;
}

nn_status nn_store_check_links(const nn_store_file *file, const char *name)
{
    nn_status status = NN_OK;
    char *way;
    if (!*name) return NN_OK;
    NN_TRY(nn_copy_text(name, &way));
    for (char *end = way; status == NN_OK && *end;) {
        H5L_info_t link;
        end += strcspn(end + 1, "/") + 1;
        char kept = *end;
        *end = '\0';
        if (H5Lexists(file->id, way, H5P_DEFAULT) <= 0 || H5Lget_info(file->id, way, &link, H5P_DEFAULT) < 0)
            break;
        if (link.type == H5L_TYPE_EXTERNAL) status = elsewhere_check_link(file, way, link.u.val_size);
        *end = kept;
    }
    nn_free(way);
    return status;
}

static nn_status elsewhere_check_external(const nn_store_array *array, hid_t creation)
{
    int count = H5Pget_external_count(creation);
    for (int i = 0; i < count; i++) {
        char other[ELSEWHERE_NAME] = "";
        off_t offset;
        hsize_t size;
        if (H5Pget_external(creation, (unsigned)i, sizeof other - 1, other, &offset, &size) < 0) continue;
        if (elsewhere_exists(array->id, other, "HDF5_EXTFILE_PREFIX", false)) continue;
        NN_FAIL(NN_ERROR_DATA,
                "dataset \"%s\" of %s keeps its values in the file %s, which does not exist (relative to the "
                "folder where nntrain runs): set HDF5_EXTFILE_PREFIX to the folder that contains it",
                array->name, array->file->path, other);
    }
    return NN_OK;
}

/* A name with '%' means a series of files. "." is the file itself. */
static nn_status elsewhere_check_virtual(const nn_store_array *array, hid_t creation)
{
    size_t count = 0;
    if (H5Pget_virtual_count(creation, &count) < 0) count = 0;
    for (size_t i = 0; i < count; i++) {
        char other[ELSEWHERE_NAME] = "";
        ssize_t length = H5Pget_virtual_filename(creation, i, other, sizeof other);
        if (length <= 0 || length >= (ssize_t)sizeof other) continue;
        if (strcmp(other, ".") == 0 || strchr(other, '%')) continue;
        if (elsewhere_exists(array->id, other, "HDF5_VDS_PREFIX", true)) continue;
        NN_FAIL(NN_ERROR_DATA,
                "the virtual dataset \"%s\" of %s takes values from the file %s, which does not exist: HDF5 "
                "would read fill values instead; put the file there",
                array->name, array->file->path, other);
    }
    return NN_OK;
}

nn_status nn_store_check_sources(const nn_store_array *array, bool incomplete)
{
    nn_status status = NN_OK;
    if (array->info.is_virtual && incomplete) return NN_OK;
    hid_t creation = H5Dget_create_plist(array->id);
    if (creation < 0)
        return nn_store_fail_hdf5(NN_ERROR_IO, "cannot open dataset \"%s\" of %s", array->name,
                                  array->file->path);
    if (array->info.is_virtual)
        status = elsewhere_check_virtual(array, creation);
    else if (array->info.external)
        status = elsewhere_check_external(array, creation);
    H5Pclose(creation);
    return status;
}
