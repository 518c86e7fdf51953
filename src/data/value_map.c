#include "data/value_map.h"

#include <math.h>

#include "base/memory.h"

nn_status nn_value_map_create(int64_t columns, nn_value_map **map)
{
    NN_TRY(NN_ALLOCATE(map, 1, "the names of a file"));
    (*map)->columns = columns;
    return NN_ALLOCATE(&(*map)->codes, columns, "the names of a file");
}

void nn_value_map_destroy(nn_value_map *map)
{
    if (!map) return;
    for (int64_t c = 0; map->codes && c < map->columns; c++) {
        nn_free(map->codes[c].numbers);
        nn_free((void *)(uintptr_t)map->codes[c].names);
    }
    nn_free(map->codes);
    nn_free(map->places);
    nn_free(map);
}

nn_status nn_value_map_codes(nn_value_map *map, int64_t column, int64_t count, int32_t *numbers,
                             const char *what)
{
    nn_codes *codes = &map->codes[column];
    char *names = NULL;
    codes->count = count;
    codes->numbers = numbers;
    NN_TRY(nn_copy_text(what, &names));
    codes->names = names;
    return NN_OK;
}

static nn_status map_fail(const nn_codes *codes, double number)
{
    NN_FAIL(NN_ERROR_DATA,
            "%s: the number %.17g has no name: the file has names for 0 to %lld; complete the names, or "
            "create the file again",
            codes->names, number, (long long)codes->count - 1);
}

nn_status nn_value_map_labels(const nn_value_map *map, int64_t count, int32_t *labels)
{
    const nn_codes *codes = &map->codes[0];
    for (int64_t i = 0; i < count && codes->count > 0; i++) {
        if (labels[i] < 0) continue; /* ignored, or bad, which is reported elsewhere */
        if (labels[i] >= codes->count) return map_fail(codes, labels[i]);
        labels[i] = codes->numbers[labels[i]];
    }
    return NN_OK;
}

nn_status nn_value_map_values(const nn_value_map *map, const nn_array *array, unsigned char *row)
{
    for (int64_t i = 0; i < array->values; i++) {
        const nn_codes *codes = &map->codes[i % map->columns];
        double number;
        if (codes->count == 0) continue;
        nn_array_convert(array, row, i, 1, &number);
        if (isnan(number)) continue; /* missing, which is reported elsewhere */
        if (!(number >= 0 && number < (double)codes->count && number == floor(number)))
            return map_fail(codes, number);
        nn_array_put(array, row, i, codes->numbers[(int64_t)number]);
    }
    return NN_OK;
}
