/*
 * Malformed HDF5 files made by mutation: the same seed gives the same file.
 *
 *     malformed_hdf5 version                 of HDF5
 *     malformed_hdf5 make FOLDER             small sound files of several kinds, to start from
 *     malformed_hdf5 mutate FILE SEED OUT    one of them with a few changed bytes
 *     malformed_hdf5 read FILE               reads all that the program would, and may crash
 *     malformed_hdf5 count FILE FIRST LAST   results for seeds FIRST to LAST, each in child processes: files
 *                                            that crash HDF5, and those of them that the program's first look
 *                                            (store/probe.h) still lets through
 *     malformed_hdf5 ends FILE FIRST LAST    seeds of files that crash only in an exit handler
 */
#include <hdf5.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/probe.h"
#include "store/store.h"

enum { ROWS = 48, COLUMNS = 3, GROUPS = 12, MOST_BYTES = 1 << 16, CPU_SECONDS = 2 };

/* ---- sound files ---- */

static float values[ROWS * COLUMNS];
static const hsize_t extents[2] = {ROWS, COLUMNS};

static hid_t open_file(const char *folder, const char *name, bool newest)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    if (newest) H5Pset_libver_bounds(access, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, access);
    H5Pclose(access);
    return file;
}

static void put(hid_t place, const char *name, hid_t type, int dimensions, hid_t properties)
{
    hid_t space = H5Screate_simple(dimensions, extents, NULL);
    hid_t dataset = H5Dcreate2(place, name, type, space, H5P_DEFAULT, properties, H5P_DEFAULT);
    H5Dwrite(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    H5Dclose(dataset);
    H5Sclose(space);
}

static hid_t chunked(int dimensions, bool packed)
{
    const hsize_t chunk[2] = {8, 2};
    hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(properties, dimensions, chunk);
    if (packed) {
        H5Pset_shuffle(properties);
        H5Pset_deflate(properties, 4);
        H5Pset_fletcher32(properties);
    }
    return properties;
}

/* One extendible dimension, limited or unlimited. */
static void put_growing(hid_t place, const char *name, hsize_t most)
{
    hid_t properties = chunked(1, false), space = H5Screate_simple(1, extents, &most);
    hid_t dataset = H5Dcreate2(place, name, H5T_IEEE_F64BE, space, H5P_DEFAULT, properties, H5P_DEFAULT);
    H5Dwrite(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    H5Dclose(dataset);
    H5Sclose(space);
    H5Pclose(properties);
}

static void put_text(hid_t place, const char *name, bool attribute)
{
    const char *names[] = {"open", "high", "close"};
    const hsize_t count = COLUMNS;
    hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate_simple(1, &count, NULL);
    H5Tset_size(type, H5T_VARIABLE);
    hid_t object = attribute ? H5Acreate2(place, name, type, space, H5P_DEFAULT, H5P_DEFAULT)
                             : H5Dcreate2(place, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    if (attribute) {
        H5Awrite(object, type, names);
        H5Aclose(object);
    } else {
        H5Dwrite(object, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, names);
        H5Dclose(object);
    }
    H5Sclose(space);
    H5Tclose(type);
}

/* Refused types, and groups with links. */
static void put_others(hid_t file)
{
    hid_t pair = H5Tcreate(H5T_COMPOUND, 16), small = H5Pcreate(H5P_DATASET_CREATE);
    H5Tinsert(pair, "a", 0, H5T_NATIVE_DOUBLE);
    H5Tinsert(pair, "b", 8, H5T_NATIVE_INT64);
    hid_t space = H5Screate_simple(1, extents, NULL);
    H5Dclose(H5Dcreate2(file, "pairs", pair, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Pset_layout(small, H5D_COMPACT);
    put(file, "compact", H5T_STD_I16BE, 1, small);
    for (int i = 0; i < GROUPS; i++) {
        char name[32];
        snprintf(name, sizeof name, "group %d", i);
        hid_t group = H5Gcreate2(file, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
        if (i == 0) put(group, "inner", H5T_STD_U8LE, 1, H5P_DEFAULT);
        H5Lcreate_soft("/x", group, "soft", H5P_DEFAULT, H5P_DEFAULT);
        H5Gclose(group);
    }
    H5Sclose(space);
    H5Pclose(small);
    H5Tclose(pair);
}

/* All have x and y to train on. */
static void make_file(const char *folder, const char *name, bool newest, bool in_chunks, bool packed,
                      bool others)
{
    hid_t file = open_file(folder, name, newest);
    hid_t properties = in_chunks ? chunked(2, packed) : H5P_DEFAULT;
    put(file, "x", H5T_IEEE_F32LE, 2, properties);
    put(file, "y", H5T_STD_I64LE, 1, H5P_DEFAULT);
    put_text(file, "x_columns", false);
    if (in_chunks) put_growing(file, "fixed", 2 * ROWS);
    if (in_chunks) put_growing(file, "open", H5S_UNLIMITED);
    if (others) put_others(file);
    if (others) put_text(file, "attribute", true);
    if (in_chunks) H5Pclose(properties);
    H5Fclose(file);
}

static int make(const char *folder)
{
    for (int i = 0; i < ROWS * COLUMNS; i++) values[i] = (float)(i * 37 % 101 % 4);
    make_file(folder, "contiguous.h5", false, false, false, false);
    make_file(folder, "chunked.h5", false, true, false, false);
    make_file(folder, "packed.h5", false, true, true, false);
    make_file(folder, "others.h5", false, false, false, true);
    make_file(folder, "newest.h5", true, true, true, true);
    return 0;
}

/* ---- mutation ---- */

static uint64_t state;

/* SplitMix64 (Steele, Lea and Flood 2014), modulo `count`. */
static uint64_t below(uint64_t count)
{
    uint64_t z = state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return (z ^ z >> 31) % count;
}

/* Addresses, lengths and counts are little-endian numbers of 1, 2, 4 or 8 bytes. */
static void change_number(unsigned char *at, uint64_t size)
{
    int width = 1 << below(4);
    uint64_t old = 0, fresh;
    for (int i = width - 1; i >= 0; i--) old = old << 8 | at[i];
    const uint64_t candidates[] = {
        0,           1,    UINT64_MAX, UINT64_MAX >> 1,      old + 1,   old - 1, old * 2, old << 8, size,
        below(size), 0x80, 0x7fffffff, old ^ 1u << below(8), below(256)};
    fresh = candidates[below(sizeof candidates / sizeof *candidates)];
    for (int i = 0; i < width; i++) at[i] = (unsigned char)(fresh >> 8 * i);
}

/* Finds a byte in use: most zero bytes are padding. */
static size_t place(const unsigned char *bytes, size_t size)
{
    size_t at = below(size);
    for (int tries = 0; tries < 20 && bytes[at] == 0; tries++) at = below(size);
    return at;
}

static void mutate(unsigned char *bytes, size_t size, uint64_t seed)
{
    state = seed * UINT64_C(0xD1342543DE82EF95);
    for (uint64_t changes = 1 + below(3); changes > 0; changes--) {
        size_t at = place(bytes, size);
        if (below(4) == 0)
            bytes[at] ^= (unsigned char)(1u << below(8));
        else
            change_number(bytes + at, size);
    }
}

static size_t read_file(const char *path, unsigned char bytes[MOST_BYTES + 8])
{
    FILE *file = fopen(path, "rb");
    size_t size = file ? fread(bytes, 1, MOST_BYTES, file) : 0;
    if (file) fclose(file);
    return size;
}

static bool write_mutant(const char *from, uint64_t seed, const char *path)
{
    static unsigned char bytes[MOST_BYTES + 8]; /* room for a number that starts at the last byte */
    size_t size = read_file(from, bytes);
    if (size == 0) return false;
    mutate(bytes, size, seed);
    FILE *file = fopen(path, "wb");
    bool written = file && fwrite(bytes, size, 1, file) == 1;
    return file && fclose(file) == 0 && written;
}

/* ---- counting ---- */

/* Reads everything that the program reads of a data file. */
static nn_status read_dataset(void *context, const char *name, const nn_store_info *info)
{
    nn_store_file *file = context;
    nn_store_array *array = NULL;
    char **names = NULL;
    double row[4096];
    size_t count = 0;
    int64_t values_of_row = 1, bad, bad_count;
    if (nn_store_read_names(file, name, &names, &count) == NN_OK) nn_store_free_names(names, count);
    if (nn_store_array_open(file, name, &array) != NN_OK) return NN_OK;
    for (int d = 1; d < info->dimensions; d++)
        if (info->extents[d] > 4096 || (values_of_row *= info->extents[d]) > 4096) values_of_row = 4097;
    int64_t rows = info->dimensions > 0 ? info->extents[0] : 1;
    if (values_of_row <= 4096 && rows <= 100000) {
        for (int64_t i = 0; i < rows; i++) nn_store_read_rows(array, i, 1, NN_STORE_F64, row);
        nn_store_find_damage(array, 0, 0, rows, &bad, &bad_count);
    }
    nn_store_array_close(array);
    return NN_OK;
}

static void read_whole(const char *path)
{
    nn_store_file *file = NULL;
    if (nn_store_open(path, &file) != NN_OK) return;
    nn_store_visit(file, read_dataset, file);
    nn_store_close(file);
}

static int count_seeds(const char *from, uint64_t first, uint64_t last)
{
    char path[64];
    unsigned long long refused = 0, deadly = 0, by = 0;
    snprintf(path, sizeof path, "/tmp/malformed-%ld.h5", (long)getpid());
    for (uint64_t seed = first; seed <= last; seed++) {
        if (!write_mutant(from, seed, path)) return 1;
        bool seen = nn_probe_with(path, nn_probe_look_at, CPU_SECONDS) != NN_OK;
        if (seen) printf("%" PRIu64 " refused: %.70s\n", seed, nn_error_text() + strlen(path));
        bool dies = nn_probe_with(path, read_whole, CPU_SECONDS) != NN_OK;
        if (dies && !seen) printf("%" PRIu64 " LET THROUGH: %.70s\n", seed, nn_error_text() + strlen(path));
        refused += seen;
        deadly += dies;
        by += dies && !seen;
    }
    unlink(path);
    printf("%s: of %llu files, the first look refuses %llu, and reading crashes on %llu, of which the first "
           "look lets through %llu\n",
           from, (unsigned long long)(last - first + 1), refused, deadly, by);
    return 0;
}

/* How a process ends that reads a file and calls exit: 0, or the signal that kills it. */
static int end_after(const char *path, bool leaves_to_hdf5)
{
    int ending = 0;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        alarm(CPU_SECONDS);
        if (leaves_to_hdf5) H5open(); /* installs its exit handler */
        read_whole(path);
        exit(0);
    }
    if (child < 0 || waitpid(child, &ending, 0) != child) return -1;
    return WIFSIGNALED(ending) ? WTERMSIG(ending) : 0;
}

/* Seeds of files that are read without a crash, but crash in the exit handler of HDF5. */
static int count_ends(const char *from, uint64_t first, uint64_t last)
{
    char path[64];
    snprintf(path, sizeof path, "/tmp/malformed-%ld.h5", (long)getpid());
    for (uint64_t seed = first; seed <= last; seed++) {
        if (!write_mutant(from, seed, path)) return 1;
        int of_hdf5 = end_after(path, true);
        if (of_hdf5 == 0 || of_hdf5 == SIGALRM || nn_probe_with(path, read_whole, CPU_SECONDS) != NN_OK)
            continue;
        int ours = end_after(path, false);
        printf("%" PRIu64 ": signal %d in HDF5's exit handler, %d in ours\n", seed, of_hdf5, ours);
    }
    unlink(path);
    return 0;
}

static int show_version(void)
{
    unsigned major, minor, release;
    H5get_libversion(&major, &minor, &release);
    printf("%u.%u.%u\n", major, minor, release);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "version") == 0) return show_version();
    if (argc == 3 && strcmp(argv[1], "make") == 0) return make(argv[2]);
    if (argc == 3 && strcmp(argv[1], "read") == 0) {
        read_whole(argv[2]);
        return 0;
    }
    if (argc == 5 && strcmp(argv[1], "mutate") == 0)
        return write_mutant(argv[2], strtoull(argv[3], NULL, 10), argv[4]) ? 0 : 1;
    if (argc == 5 && strcmp(argv[1], "count") == 0)
        return count_seeds(argv[2], strtoull(argv[3], NULL, 10), strtoull(argv[4], NULL, 10));
    if (argc == 5 && strcmp(argv[1], "ends") == 0)
        return count_ends(argv[2], strtoull(argv[3], NULL, 10), strtoull(argv[4], NULL, 10));
    fprintf(stderr, "malformed_hdf5 version | make FOLDER | mutate FILE SEED OUT | read FILE | count FILE "
                    "FIRST LAST | ends FILE "
                    "FIRST LAST\n");
    return 2;
}
