/* Lists the attributes of an object that are numbers. */
#include "base/list.h"
#include "store/store_internal.h"

typedef struct attributes_found {
    nn_text_list *names;
    nn_status status;
} attributes_found;

/* One number. */
static bool attributes_is_number(hid_t object, const char *name)
{
    hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
    hid_t type = attribute >= 0 ? H5Aget_type(attribute) : H5I_INVALID_HID;
    hid_t space = attribute >= 0 ? H5Aget_space(attribute) : H5I_INVALID_HID;
    nn_store_info info = {.type = NN_STORE_UNSUPPORTED};
    bool one = space >= 0 && H5Sget_simple_extent_npoints(space) == 1;
    if (type >= 0) nn_store_describe_type(type, &info);
    if (space >= 0) H5Sclose(space);
    if (type >= 0) nn_store_note_close(H5Tclose(type));
    if (attribute >= 0) nn_store_note_close(H5Aclose(attribute));
    return one && nn_store_type_is_numeric(info.type);
}

static herr_t attributes_take(hid_t object, const char *name, const H5A_info_t *info, void *context)
{
    attributes_found *found = context;
    (void)info;
    if (!attributes_is_number(object, name)) return 0;
    found->status = nn_list_add(found->names, name);
    return found->status == NN_OK ? 0 : -1;
}

static nn_status attributes_list(nn_store_file *file, const char *object, nn_text_list *names)
{
    attributes_found found = {.names = names};
    hid_t id = H5Oopen(file->id, nn_store_bare_name(object), H5P_DEFAULT);
    if (id < 0) return NN_OK;
    (void)H5Aiterate2(id, H5_INDEX_NAME, H5_ITER_INC, NULL, attributes_take, &found);
    nn_store_note_close(H5Oclose(id));
    return found.status;
}

nn_status nn_store_list_attributes(nn_store_file *file, const char *object, nn_text_list *names)
{
    return NN_STORE_LOCKED(attributes_list(file, object, names));
}
