/*
 * make_targets FILE: targets of many kinds for the same 300 inputs x (3 columns): far from 0, of different
 * scales, constant, class probabilities, probabilities, several yes/no answers, 64-bit integers; and the same
 * with one value that no loss on them accepts. For tests of losses, metrics, baselines and predictions.
 */
#include <hdf5.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>

enum { ROWS = 300, COLUMNS = 4 };

/* SplitMix64 (Steele, Lea, Flood 2014) as a number from 0 to 1. */
static double uniform(uint64_t index)
{
    uint64_t z = (index + 1) * 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

static double input(int row, int column)
{
    return 4 * uniform((uint64_t)(row * 3 + column)) - 2;
}

/* Of the size of an input, with little noise. */
static double signal(int row, int which)
{
    double noise = uniform((uint64_t)(100000 + row * 8 + which)) - 0.5;
    return input(row, which % 3) - 0.5 * input(row, (which + 1) % 3) + 0.3 * noise;
}

static double values[ROWS * COLUMNS];

static int write_values(hid_t file, const char *name, int columns, hid_t type)
{
    const hsize_t extents[2] = {ROWS, (hsize_t)columns};
    hid_t space = H5Screate_simple(columns > 1 ? 2 : 1, extents, NULL);
    hid_t dataset = H5Dcreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    int failed = H5Dwrite(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0;
    H5Dclose(dataset);
    H5Sclose(space);
    return failed;
}

static int write_signals(hid_t file, const char *name, int columns, const double *means,
                         const double *spreads)
{
    for (int r = 0; r < ROWS; r++)
        for (int c = 0; c < columns; c++) values[r * columns + c] = means[c] + spreads[c] * signal(r, c);
    return write_values(file, name, columns, H5T_NATIVE_DOUBLE);
}

/* Rows of three that sum to 1; those from `wrong` on to 2. */
static int write_shares(hid_t file, const char *name, int wrong, hid_t type)
{
    for (int r = 0; r < ROWS; r++) {
        double sum = 0;
        for (int c = 0; c < 3; c++) sum += values[r * 3 + c] = exp(signal(r, c));
        for (int c = 0; c < 3; c++) values[r * 3 + c] *= (r < wrong ? 1 : 2) / sum;
    }
    return write_values(file, name, 3, type);
}

/* 0 and 1, mostly 0 in the first column; one value is `odd`. */
static int write_answers(hid_t file, const char *name, int columns, int at, double odd, hid_t type)
{
    for (int r = 0; r < ROWS; r++)
        for (int c = 0; c < columns; c++) values[r * columns + c] = signal(r, c) > (c == 0 ? 1.2 : 0);
    if (at >= 0) values[at] = odd;
    return write_values(file, name, columns, type);
}

/* 64-bit integers: from sample `begin` on odd ones above 2^60, which double cannot hold; before it even ones,
 * which it can. */
static int write_ticks(hid_t file, const char *name, int begin)
{
    static int64_t ticks[ROWS];
    const hsize_t extent = ROWS;
    hid_t space = H5Screate_simple(1, &extent, NULL);
    hid_t dataset = H5Dcreate2(file, name, H5T_STD_I64LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    for (int r = 0; r < ROWS; r++) ticks[r] = ((int64_t)r << 40) - ((int64_t)1 << 60) - (r >= begin);
    int failed = H5Dwrite(dataset, H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, ticks) < 0;
    H5Dclose(dataset);
    H5Sclose(space);
    return failed;
}

static int write_all(hid_t file)
{
    const double far[1] = {1.7e9}, two[1] = {2}, dalton[1] = {5.4e6}, small[1] = {0.37};
    const double means[4] = {0, 1.7e9, 50, -3}, spreads[4] = {1000, 2, 0.01, 1}, none[1] = {0},
                 third[1] = {1 / 3.};
    int failed = 0;
    for (int i = 0; i < ROWS * 3; i++) values[i] = input(i / 3, i % 3);
    failed |= write_values(file, "x", 3, H5T_NATIVE_FLOAT);
    failed |= write_signals(file, "seconds", 1, far, two) | write_signals(file, "dalton", 1, dalton, small);
    failed |=
        write_signals(file, "several", 4, means, spreads) | write_signals(file, "constant", 1, third, none);
    failed |= write_shares(file, "shares", ROWS, H5T_NATIVE_FLOAT) |
              write_shares(file, "sums", 41, H5T_NATIVE_DOUBLE);
    failed |= write_answers(file, "many", 4, -1, 0, H5T_NATIVE_UINT8);
    failed |= write_answers(file, "floats", 4, -1, 0, H5T_NATIVE_FLOAT);
    failed |= write_answers(file, "outside", 4, 4 * 290 + 2, 5, H5T_NATIVE_FLOAT);
    failed |= write_answers(file, "huge", 1, 9, 1e300, H5T_NATIVE_DOUBLE);
    for (int r = 0; r < ROWS; r++) values[r] = 1 / (1 + exp(-signal(r, 0)));
    failed |= write_values(file, "chance", 1, H5T_NATIVE_FLOAT);
    for (int r = 0; r < ROWS; r++) values[r] = signal(r, 0) > 0 ? 1 : -1;
    failed |= write_values(file, "signs", 1, H5T_NATIVE_DOUBLE);
    for (int r = 0; r < ROWS; r++) values[r] = r < 160 && signal(r, 0) > 0;
    failed |= write_values(file, "late", 1, H5T_NATIVE_UINT8); /* from some row on, all are of one class */
    for (int r = 0; r < ROWS; r++) values[r] = 40 * exp(signal(r, 0));
    failed |= write_values(file, "positive", 1, H5T_NATIVE_DOUBLE);
    for (int r = 0; r < ROWS; r++) values[r] = 1 / (1 + exp(-signal(r, 0)));
    failed |= write_values(file, "exact_chance", 1, H5T_NATIVE_DOUBLE);
    for (int r = 0; r < ROWS; r++) values[r] = r % 3;
    failed |= write_values(file, "counts", 1, H5T_NATIVE_DOUBLE);
    failed |= write_ticks(file, "ticks", 41) | write_ticks(file, "even_ticks", ROWS);
    return failed;
}

int main(int argc, char **argv)
{
    if (argc != 2) return 2;
    hid_t file = H5Fcreate(argv[1], H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    if (file < 0) return 1;
    int failed = write_all(file);
    if (H5Fclose(file) < 0 || failed) return 1;
    return 0;
}
