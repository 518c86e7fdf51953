/* The names of columns in tables that pandas writes (to_hdf, format="table"): an attribute of each block, a
 * list that Python has pickled as text. */
#include "store/field.h"

#include <stdio.h>
#include <string.h>

#include "base/list.h"
#include "base/memory.h"

#define PANDAS_BLOCK "values_block_"

/* The pickled list of a block; owned; NULL: none. */
static char *pandas_read(hid_t dataset, const char *member)
{
    char name[64], *text = NULL;
    if (strncmp(member, PANDAS_BLOCK, strlen(PANDAS_BLOCK)) != 0) return NULL;
    int length = snprintf(name, sizeof name, "%s_kind", member);
    if (length < 0 || (size_t)length >= sizeof name || H5Aexists(dataset, name) <= 0) return NULL;
    hid_t attribute = H5Aopen(dataset, name, H5P_DEFAULT);
    hid_t type = attribute >= 0 ? H5Aget_type(attribute) : H5I_INVALID_HID;
    if (type >= 0 && H5Tget_class(type) == H5T_STRING && H5Tis_variable_str(type) == 0 &&
        nn_allocate((void **)&text, H5Tget_size(type) + 1, 1, "the names of columns") == NN_OK &&
        H5Aread(attribute, type, text) < 0) {
        nn_free(text);
        text = NULL;
    }
    if (type >= 0) nn_store_note_close(H5Tclose(type));
    if (attribute >= 0) nn_store_note_close(H5Aclose(attribute));
    return text;
}

/* The next name: a line that begins with V (protocol 0 of pickle). NULL: no more. */
static const char *pandas_next(const char *at, size_t *length)
{
    while (at && *at) {
        const char *end = strchr(at, '\n');
        const char *name = *at == 'V' ? at + 1 : *at == 'a' && at[1] == 'V' ? at + 2 : NULL;
        if (name && end) {
            *length = (size_t)(end - name);
            return name;
        }
        at = end ? end + 1 : NULL;
    }
    return NULL;
}

/* The number of a column in a block; -1: it is not there. */
static int64_t pandas_number(const char *list, const char *column)
{
    size_t length;
    int64_t number = 0;
    for (const char *name = pandas_next(list, &length); name;
         name = pandas_next(name + length + 1, &length)) {
        if (length == strlen(column) && strncmp(name, column, length) == 0) return number;
        number++;
    }
    return -1;
}

static bool pandas_enter(nn_store_field *field, char *member, unsigned index, int64_t number)
{
    hid_t type = H5Tget_member_type(field->type, index);
    field->failed |= type >= 0 && nn_copy_text(member, &field->names[0]) != NN_OK;
    if (type < 0 || field->failed) {
        if (type >= 0) nn_store_note_close(H5Tclose(type));
        return false;
    }
    nn_store_note_close(H5Tclose(field->type));
    field->type = type;
    field->depth = 1;
    field->column = number;
    return true;
}

bool nn_store_pandas_find(nn_store_field *field, const char *column)
{
    bool found = false;
    int count = H5Tget_class(field->type) == H5T_COMPOUND ? H5Tget_nmembers(field->type) : 0;
    for (int i = 0; i < count && !found; i++) {
        char *member = H5Tget_member_name(field->type, (unsigned)i);
        char *list = member ? pandas_read(field->dataset, member) : NULL;
        int64_t number = list ? pandas_number(list, column) : -1;
        if (number >= 0) found = pandas_enter(field, member, (unsigned)i, number);
        nn_free(list);
        H5free_memory(member);
    }
    return found;
}

nn_status nn_store_pandas_list(const nn_store_field *field, const char *member, nn_text_list *names,
                               bool *block)
{
    size_t length;
    char *list = pandas_read(field->dataset, member);
    nn_status status = NN_OK;
    const char *name = pandas_next(list, &length);
    *block = name != NULL;
    for (; name && status == NN_OK; name = pandas_next(name + length + 1, &length)) {
        nn_text word = {0};
        nn_text_append(&word, "%.*s", (int)length, name);
        status = word.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for a name")
                             : nn_list_add(names, word.bytes);
        nn_text_free(&word);
    }
    nn_free(list);
    return status;
}
