#include "base/parcel.h"

#include <string.h>

#include "base/memory.h"

void nn_parcel_free(nn_parcel *parcel)
{
    nn_free(parcel->bytes);
    *parcel = (nn_parcel){0};
}

void nn_parcel_put(nn_parcel *parcel, const void *values, size_t size)
{
    if (parcel->failed || size == 0) return;
    if (size > parcel->room - parcel->size) {
        size_t room = 2 * (parcel->size + size);
        parcel->failed =
            nn_reallocate((void **)&parcel->bytes, parcel->room, room, 1, "values to be sent") != NN_OK;
        if (parcel->failed) return;
        parcel->room = room;
    }
    memcpy(parcel->bytes + parcel->size, values, size);
    parcel->size += size;
}

void nn_parcel_put_number(nn_parcel *parcel, int64_t number)
{
    nn_parcel_put(parcel, &number, sizeof number);
}

void nn_parcel_put_text(nn_parcel *parcel, const char *text)
{
    int64_t length = text ? (int64_t)strlen(text) : -1;
    nn_parcel_put_number(parcel, length);
    if (text) nn_parcel_put(parcel, text, (size_t)length);
}

void nn_parcel_put_list(nn_parcel *parcel, const nn_text_list *list)
{
    nn_parcel_put_number(parcel, (int64_t)list->count);
    for (size_t i = 0; i < list->count; i++) nn_parcel_put_text(parcel, list->items[i]);
}

void nn_parcel_take(nn_parcel *parcel, void *values, size_t size)
{
    if (size == 0) return;
    parcel->failed |= size > parcel->size - parcel->taken;
    if (parcel->failed) {
        memset(values, 0, size);
        return;
    }
    memcpy(values, parcel->bytes + parcel->taken, size);
    parcel->taken += size;
}

int64_t nn_parcel_take_number(nn_parcel *parcel)
{
    int64_t number;
    nn_parcel_take(parcel, &number, sizeof number);
    return number;
}

nn_status nn_parcel_take_text(nn_parcel *parcel, char **text)
{
    int64_t length = nn_parcel_take_number(parcel);
    *text = NULL;
    if (length >= 0 && (uint64_t)length > parcel->size - parcel->taken) parcel->failed = true;
    NN_TRY(nn_parcel_status(parcel));
    if (length < 0) return NN_OK;
    NN_TRY(NN_ALLOCATE(text, length + 1, "a text that was sent"));
    nn_parcel_take(parcel, *text, (size_t)length);
    return NN_OK;
}

nn_status nn_parcel_take_list(nn_parcel *parcel, nn_text_list *list)
{
    int64_t count = nn_parcel_take_number(parcel);
    for (int64_t i = 0; i < count; i++) {
        char *item;
        NN_TRY(nn_parcel_take_text(parcel, &item));
        nn_status status = nn_list_add(list, item ? item : "");
        nn_free(item);
        NN_TRY(status);
    }
    return nn_parcel_status(parcel);
}

nn_status nn_parcel_status(const nn_parcel *parcel)
{
    if (!parcel->failed) return NN_OK;
    NN_FAIL(NN_ERROR_MEMORY, "out of memory for values that ranks exchange, or they are incomplete");
}
