#include "base/format.h"

#include <math.h>
#include <stdio.h>

char *nn_format_bytes(char *buffer, double bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    const size_t last = sizeof(units) / sizeof(units[0]) - 1;
    size_t unit = 0;
    /* From 1023.95, one decimal would show 1024.0. */
    while (bytes >= 1023.95 && unit < last) {
        bytes /= 1024.0;
        unit++;
    }
    (void)snprintf(buffer, NN_FORMAT_SIZE, "%.*f %s", unit == 0 ? 0 : 1, bytes, units[unit]);
    return buffer;
}

char *nn_format_seconds(char *buffer, double seconds)
{
    if (seconds < 0.9995) {
        (void)snprintf(buffer, NN_FORMAT_SIZE, "%.3g ms", seconds * 1e3);
    } else if (seconds < 59.95) {
        (void)snprintf(buffer, NN_FORMAT_SIZE, "%.1f s", seconds);
    } else if (seconds < 3599.5) {
        double whole = floor(seconds + 0.5), minutes = floor(whole / 60.0);
        (void)snprintf(buffer, NN_FORMAT_SIZE, "%.0f min %.0f s", minutes, whole - 60.0 * minutes);
    } else if (seconds < 86370.0) {
        double whole = floor(seconds / 60.0 + 0.5), hours = floor(whole / 60.0);
        (void)snprintf(buffer, NN_FORMAT_SIZE, "%.0f h %.0f min", hours, whole - 60.0 * hours);
    } else {
        double whole = floor(seconds / 3600.0 + 0.5), days = floor(whole / 24.0);
        (void)snprintf(buffer, NN_FORMAT_SIZE, "%.0f d %.0f h", days, whole - 24.0 * days);
    }
    return buffer;
}
