/*
 * What no source of a virtual dataset covers. Each mapping maps a selection of a source to a selection of the
 * dataset; together they cover what exists. HDF5 skips a source that is missing or cannot be opened, and
 * reads the fill value instead; so each source is located and opened here.
 */
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/memory.h"
#include "store/gaps_internal.h"

#define VIRTUAL_NAME 4096

/* Nesting of virtual datasets; deeper nesting is a cycle. */
#define VIRTUAL_DEPTH 16

/* How many files of a series are looked for after the first missing one. */
#define VIRTUAL_AHEAD 64

/* Files that a process needs in addition to the sources of a virtual dataset. */
#define VIRTUAL_FILES_ELSE 256

/* A regular selection; if it is irregular, only `space` is used. */
typedef struct virtual_selection {
    hid_t space; /* borrowed */
    bool regular;
    int dimensions, unlimited; /* unlimited: the dimension in which it has no end; -1: none */
    hsize_t start[NN_STORE_MAX_DIMENSIONS], stride[NN_STORE_MAX_DIMENSIONS], count[NN_STORE_MAX_DIMENSIONS],
        block[NN_STORE_MAX_DIMENSIONS];
} virtual_selection;

typedef struct virtual_walk {
    const nn_gaps_search *search;
    hid_t creation, home; /* home: the file that contains the dataset */
    hid_t covered;        /* the union so far; negative: empty */
    int64_t files;        /* number of sources, counting repetitions */
} virtual_walk;

/* An open source. */
typedef struct virtual_source {
    const char *file, *dataset; /* names */
    nn_store_file *opened;      /* NULL: the dataset's own file */
    hid_t id;                   /* negative: missing */
    nn_store_info info;
    hid_t missing; /* elements missing in the source itself; negative: none */
} virtual_source;

/* ---- sources ---- */

/* dataset: NULL if the file itself is missing. */
static void virtual_note(const virtual_walk *walk, const char *file, const char *dataset)
{
    nn_text *cause = walk->search->cause;
    if (cause->length > 0) return;
    if (dataset)
        nn_text_append(cause, "dataset \"%s\" does not exist in %s", dataset, file);
    else
        nn_text_append(cause, "the file %s does not exist", file);
    nn_text_append(cause, ", a source of the virtual dataset \"%s\" of %s", walk->search->name,
                   walk->search->file->path);
}

/* Whether all links on the path to a dataset exist. */
static bool virtual_has(hid_t file, const char *dataset)
{
    char way[VIRTUAL_NAME];
    size_t length = strlen(dataset);
    if (length == 0 || length >= sizeof way) return false;
    memcpy(way, dataset, length + 1);
    for (char *end = way; *end;) {
        end += strcspn(end + 1, "/") + 1;
        char kept = *end;
        *end = '\0';
        if (strcmp(way, "/") != 0 && H5Lexists(file, way, H5P_DEFAULT) <= 0) return false;
        *end = kept;
    }
    return true;
}

static nn_status virtual_open_dataset(const virtual_walk *walk, virtual_source *source)
{
    const nn_store_file own = {.id = walk->home, .path = walk->search->file->path};
    const nn_store_file *file = source->opened ? source->opened : &own;
    if (!virtual_has(file->id, source->dataset)) {
        virtual_note(walk, file->path, source->dataset);
        return NN_OK;
    }
    source->id = H5Dopen2(file->id, source->dataset, H5P_DEFAULT);
    if (source->id < 0)
        return nn_store_fail_hdf5(NN_ERROR_DATA,
                                  "the virtual dataset \"%s\" of %s takes values from dataset \"%s\" of %s, "
                                  "which cannot be opened",
                                  walk->search->name, walk->search->file->path, source->dataset, file->path);
    NN_TRY(nn_store_describe(file, source->id, source->dataset, &source->info));
    if (walk->search->visit && !source->info.is_virtual) {
        nn_store_array array = {
            .id = source->id, .info = source->info, .file = file, .name = (char *)source->dataset};
        NN_TRY(walk->search->visit(walk->search->context, &array));
    }
    const nn_gaps_search inner = {.dataset = source->id,
                                  .info = &source->info,
                                  .file = file,
                                  .name = source->dataset,
                                  .depth = walk->search->depth + 1,
                                  .cause = walk->search->cause,
                                  .visit = walk->search->visit,
                                  .context = walk->search->context};
    return nn_gaps_select(&inner, &source->missing);
}

static nn_status virtual_open(virtual_walk *walk, virtual_source *source)
{
    char path[2 * VIRTUAL_NAME];
    if (strcmp(source->file, ".") != 0) {
        if (!nn_store_find_file(walk->search->dataset, source->file, "HDF5_VDS_PREFIX", true, path,
                                sizeof path)) {
            virtual_note(walk, source->file, NULL);
            return NN_OK;
        }
        walk->files++;
        nn_status status = nn_store_open(path, &source->opened);
        if (status != NN_OK)
            return nn_fail_context(status, "the virtual dataset \"%s\" of %s takes values from another file",
                                   walk->search->name, walk->search->file->path);
    }
    return virtual_open_dataset(walk, source);
}

static void virtual_close(virtual_source *source)
{
    if (source->missing >= 0) H5Sclose(source->missing);
    if (source->id >= 0) nn_store_note_close(H5Dclose(source->id));
    nn_store_close(source->opened);
}

/* ---- selections ---- */

static virtual_selection virtual_describe(hid_t space)
{
    virtual_selection self = {.space = space, .unlimited = -1};
    self.dimensions = H5Sget_simple_extent_ndims(space);
    if (self.dimensions < 0 || self.dimensions > NN_STORE_MAX_DIMENSIONS) self.dimensions = 0;
    self.regular = H5Sget_select_type(space) == H5S_SEL_HYPERSLABS && H5Sis_regular_hyperslab(space) > 0 &&
                   H5Sget_regular_hyperslab(space, self.start, self.stride, self.count, self.block) >= 0;
    for (int d = 0; self.regular && d < self.dimensions; d++)
        if (self.count[d] == H5S_UNLIMITED || self.block[d] == H5S_UNLIMITED) self.unlimited = d;
    return self;
}

/* How many indices an endless selection has in its dimension up to `extent`. */
static hsize_t virtual_available(const virtual_selection *self, int64_t extent)
{
    int d = self->unlimited;
    if ((hsize_t)extent <= self->start[d]) return 0;
    hsize_t length = (hsize_t)extent - self->start[d];
    if (self->block[d] == H5S_UNLIMITED) return length;
    hsize_t rest = length % self->stride[d];
    return length / self->stride[d] * self->block[d] + (rest < self->block[d] ? rest : self->block[d]);
}

/* Its first `available` indices, in an array of these extents. Owned. */
static hid_t virtual_cut(const virtual_selection *self, const nn_store_info *info, hsize_t available)
{
    virtual_selection cut = *self;
    int d = self->unlimited;
    hid_t space = nn_gaps_space(info->dimensions, info->extents, false);
    if (space < 0 || available == 0) return space;
    hsize_t each = self->block[d] == H5S_UNLIMITED ? available : self->block[d], rest = available % each;
    cut.block[d] = each;
    cut.count[d] = available / each;
    if (cut.count[d] > 0)
        H5Sselect_hyperslab(space, H5S_SELECT_OR, cut.start, cut.stride, cut.count, cut.block);
    if (rest == 0) return space;
    cut.start[d] += cut.count[d] * cut.stride[d];
    cut.block[d] = rest;
    cut.count[d] = 1;
    H5Sselect_hyperslab(space, H5S_SELECT_OR, cut.start, cut.stride, cut.count, cut.block);
    return space;
}

/* A copy as a hyperslab, whatever the kind of selection. Owned. */
static hid_t virtual_copy(const virtual_selection *self, const nn_store_info *info)
{
    if (H5Sget_select_type(self->space) == H5S_SEL_HYPERSLABS) return H5Scopy(self->space);
    return nn_gaps_space(info->dimensions, info->extents, H5Sget_select_type(self->space) == H5S_SEL_ALL);
}

/* Removes from `to` the elements whose counterparts in `from` are missing in the source. */
static bool virtual_subtract(hid_t from, hid_t to, hid_t missing)
{
    if (H5Sget_select_npoints(from) != H5Sget_select_npoints(to)) return false;
    hid_t lost = H5Sselect_project_intersection(from, to, missing);
    if (lost < 0) return false;
    bool done = H5Sget_select_npoints(lost) == 0 || H5Smodify_select(to, H5S_SELECT_NOTB, lost) >= 0;
    H5Sclose(lost);
    return done;
}

static bool virtual_unite(virtual_walk *walk, hid_t space)
{
    if (H5Sget_select_npoints(space) == 0) return true;
    if (walk->covered >= 0) return H5Smodify_select(walk->covered, H5S_SELECT_OR, space) >= 0;
    walk->covered = H5Scopy(space);
    return walk->covered >= 0;
}

/* ---- mappings ---- */

static bool virtual_cover(virtual_walk *walk, const virtual_source *source, const virtual_selection *from,
                          const virtual_selection *to)
{
    const nn_store_info *info = walk->search->info;
    hid_t there = H5I_INVALID_HID, here = H5I_INVALID_HID;
    if (to->unlimited >= 0 && from->unlimited >= 0) {
        hsize_t available = virtual_available(from, source->info.extents[from->unlimited]);
        hsize_t room = virtual_available(to, info->extents[to->unlimited]);
        if (available > room) available = room;
        there = virtual_cut(from, &source->info, available);
        here = virtual_cut(to, info, available);
    } else {
        there = virtual_copy(from, &source->info);
        here = virtual_copy(to, info);
    }
    bool done = there >= 0 && here >= 0;
    if (done && source->missing >= 0 && H5Sget_select_npoints(here) > 0)
        done = virtual_subtract(there, here, source->missing);
    done = done && virtual_unite(walk, here);
    if (there >= 0) H5Sclose(there);
    if (here >= 0) H5Sclose(here);
    return done;
}

static nn_status virtual_add(virtual_walk *walk, const char *file, const char *dataset,
                             const virtual_selection *from, const virtual_selection *to)
{
    virtual_source source = {
        .file = file, .dataset = dataset, .id = H5I_INVALID_HID, .missing = H5I_INVALID_HID};
    nn_status status = virtual_open(walk, &source);
    if (status == NN_OK && source.id >= 0 && !virtual_cover(walk, &source, from, to))
        status = nn_gaps_fail(walk->search);
    virtual_close(&source);
    return status;
}

/* ---- series of files: "%b" is replaced by the number of a block ---- */

static bool virtual_is_series(const char *name)
{
    for (; *name; name++) {
        if (*name == '%' && name[1] == 'b') return true;
        if (*name == '%' && name[1]) name++;
    }
    return false;
}

static void virtual_number(const char *pattern, int64_t number, char *name)
{
    nn_text text = {0};
    for (; *pattern; pattern++)
        if (*pattern == '%' && pattern[1] == 'b') {
            nn_text_append(&text, "%lld", (long long)number);
            pattern++;
        } else {
            nn_text_append(&text, "%c", *pattern);
            if (*pattern == '%' && pattern[1] == '%') pattern++;
        }
    size_t length = text.bytes && text.length < VIRTUAL_NAME ? text.length : 0;
    if (length > 0) memcpy(name, text.bytes, length);
    name[length] = '\0';
    nn_text_free(&text);
}

/* HDF5 ends a series at the first file that does not exist, and ignores all later ones. */
static nn_status virtual_check_end(const virtual_walk *walk, const char *pattern, int64_t count)
{
    char first[VIRTUAL_NAME], name[VIRTUAL_NAME], path[2 * VIRTUAL_NAME];
    hid_t dataset = walk->search->dataset;
    if (!virtual_is_series(pattern)) return NN_OK;
    virtual_number(pattern, count, first);
    if (nn_store_find_file(dataset, first, "HDF5_VDS_PREFIX", true, path, sizeof path)) return NN_OK;
    for (int64_t i = count + 1; i <= count + VIRTUAL_AHEAD; i++) {
        virtual_number(pattern, i, name);
        if (nn_store_find_file(dataset, name, "HDF5_VDS_PREFIX", true, path, sizeof path))
            NN_FAIL(NN_ERROR_DATA,
                    "the virtual dataset \"%s\" of %s takes values from the files %s, of which %s does not "
                    "exist but %s does: HDF5 would ignore all files from there on; put the file there, or "
                    "number the files without gaps",
                    walk->search->name, walk->search->file->path, pattern, first, name);
    }
    return NN_OK;
}

static nn_status virtual_add_series(virtual_walk *walk, const char *file, const char *dataset,
                                    const virtual_selection *from, const virtual_selection *to)
{
    const nn_store_info *info = walk->search->info;
    char file_name[VIRTUAL_NAME], dataset_name[VIRTUAL_NAME];
    int64_t number = 0;
    int d = to->unlimited;
    virtual_selection block = *to;
    nn_status status = NN_OK;
    block.unlimited = -1;
    block.count[d] = 1;
    for (; block.start[d] < (hsize_t)info->extents[d] && status == NN_OK;
         number++, block.start[d] += to->stride[d]) {
        block.space = nn_gaps_space(info->dimensions, info->extents, false);
        if (block.space < 0) return nn_gaps_fail(walk->search);
        H5Sselect_hyperslab(block.space, H5S_SELECT_OR, block.start, block.stride, block.count, block.block);
        virtual_number(file, number, file_name);
        virtual_number(dataset, number, dataset_name);
        status = virtual_add(walk, file_name, dataset_name, from, &block);
        H5Sclose(block.space);
    }
    return status == NN_OK ? virtual_check_end(walk, file, number) : status;
}

/* ---- all mappings ---- */

/* HDF5 keeps all the sources open that it reads, and silently skips those that it can no longer open. */
static nn_status virtual_reserve(const virtual_walk *walk)
{
    struct rlimit limit;
    rlim_t wanted = (rlim_t)walk->files + VIRTUAL_FILES_ELSE;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= wanted)
        return NN_OK;
    rlim_t most = limit.rlim_max;
    limit.rlim_cur = most == RLIM_INFINITY || most > wanted ? wanted : most;
    if (limit.rlim_cur >= wanted && setrlimit(RLIMIT_NOFILE, &limit) == 0) return NN_OK;
    NN_FAIL(NN_ERROR_DATA,
            "the virtual dataset \"%s\" of %s has %lld sources, but a process may open %lld files, and HDF5 "
            "reads fill values for those it cannot open: raise the limit (ulimit -n), or copy the dataset "
            "into one file",
            walk->search->name, walk->search->file->path, (long long)walk->files, (long long)most);
}

static nn_status virtual_add_mapping(virtual_walk *walk, size_t i)
{
    char file[VIRTUAL_NAME] = "", dataset[VIRTUAL_NAME] = "";
    ssize_t file_length = H5Pget_virtual_filename(walk->creation, i, file, sizeof file);
    ssize_t dataset_length = H5Pget_virtual_dsetname(walk->creation, i, dataset, sizeof dataset);
    hid_t from = H5Pget_virtual_srcspace(walk->creation, i), to = H5Pget_virtual_vspace(walk->creation, i);
    bool known = file_length > 0 && file_length < VIRTUAL_NAME && dataset_length > 0 &&
                 dataset_length < VIRTUAL_NAME && from >= 0 && to >= 0;
    nn_status status;
    if (known) {
        virtual_selection source = virtual_describe(from), target = virtual_describe(to);
        bool series = target.unlimited >= 0 && source.unlimited < 0 &&
                      (virtual_is_series(file) || virtual_is_series(dataset));
        status = series ? virtual_add_series(walk, file, dataset, &source, &target)
                        : virtual_add(walk, file, dataset, &source, &target);
    } else {
        status = nn_gaps_fail(walk->search);
    }
    if (from >= 0) H5Sclose(from);
    if (to >= 0) H5Sclose(to);
    return status;
}

static nn_status virtual_conclude(const virtual_walk *walk, hid_t *missing)
{
    const nn_store_info *info = walk->search->info;
    *missing = nn_gaps_space(info->dimensions, info->extents, true);
    if (*missing < 0) return nn_gaps_fail(walk->search);
    if (walk->covered >= 0 && H5Smodify_select(*missing, H5S_SELECT_NOTB, walk->covered) < 0)
        return nn_gaps_fail(walk->search);
    if (H5Sget_select_npoints(*missing) > 0) {
        if (walk->search->cause->length == 0)
            nn_text_append(walk->search->cause, "no source of the virtual dataset \"%s\" of %s covers it",
                           walk->search->name, walk->search->file->path);
        return NN_OK;
    }
    H5Sclose(*missing);
    *missing = H5I_INVALID_HID;
    return NN_OK;
}

nn_status nn_gaps_select_virtual(const nn_gaps_search *search, hid_t *missing)
{
    size_t count = 0;
    virtual_walk walk = {.search = search, .covered = H5I_INVALID_HID};
    nn_status status = NN_OK;
    if (search->depth > VIRTUAL_DEPTH)
        NN_FAIL(NN_ERROR_DATA, "the virtual dataset \"%s\" of %s takes values from itself", search->name,
                search->file->path);
    walk.creation = H5Dget_create_plist(search->dataset);
    walk.home = H5Iget_file_id(search->dataset);
    if (walk.creation < 0 || walk.home < 0 || H5Pget_virtual_count(walk.creation, &count) < 0)
        status = nn_gaps_fail(search);
    for (size_t i = 0; i < count && status == NN_OK; i++) status = virtual_add_mapping(&walk, i);
    if (status == NN_OK) status = virtual_reserve(&walk);
    if (status == NN_OK) status = virtual_conclude(&walk, missing);
    if (walk.covered >= 0) H5Sclose(walk.covered);
    if (walk.creation >= 0) H5Pclose(walk.creation);
    if (walk.home >= 0) nn_store_note_close(H5Fclose(walk.home));
    return status;
}
