/*
 * Dimension scales, as the HDF5 Dimension Scale specification stores them: a scale has the attributes CLASS
 * and NAME, and in REFERENCE_LIST where it is used; a dataset has one list of scales per dimension in
 * DIMENSION_LIST. Written here, so that the high-level library of HDF5 is not needed.
 */
#include <string.h>

#include "base/memory.h"
#include "store/scales.h"
#include "store/writer_internal.h"

/* An entry of REFERENCE_LIST. */
typedef struct scales_use {
    hobj_ref_t dataset;
    int dimension;
} scales_use;

/* The outcome of writing one attribute with `count` elements (-1: a single one). Closes the type. */
static nn_status scales_attribute(nn_store_writer *writer, const char *dataset, const char *name, hid_t type,
                                  int64_t count, const void *values)
{
    nn_status status = NN_OK;
    hid_t attribute = H5I_INVALID_HID;
    hid_t space = count < 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, (hsize_t[]){(hsize_t)count}, NULL);
    if (type >= 0 && space >= 0)
        attribute = H5Acreate_by_name(writer->file, dataset, name, type, space, H5P_DEFAULT, H5P_DEFAULT,
                                      H5P_DEFAULT);
    if (attribute < 0 || H5Awrite(attribute, type, values) < 0)
        status = nn_store_writer_fail(writer, "write the dimension scales of", dataset);
    if (attribute >= 0 && H5Aclose(attribute) < 0 && status == NN_OK)
        status = nn_store_writer_fail(writer, "write the dimension scales of", dataset);
    if (space >= 0) H5Sclose(space);
    if (type >= 0) nn_store_note_close(H5Tclose(type));
    return status;
}

static nn_status scales_text(nn_store_writer *writer, const char *dataset, const char *name, const char *text)
{
    return scales_attribute(writer, dataset, name, nn_store_text_type(strlen(text) + 1), -1, text);
}

static nn_status scales_refer(nn_store_writer *writer, const char *dataset, hobj_ref_t *reference)
{
    if (H5Rcreate(reference, writer->file, dataset, H5R_OBJECT, H5I_INVALID_HID) >= 0) return NN_OK;
    return nn_store_writer_fail(writer, "refer to", dataset);
}

static hid_t scales_use_type(void)
{
    hid_t type = H5Tcreate(H5T_COMPOUND, sizeof(scales_use));
    if (type >= 0 && H5Tinsert(type, "dataset", HOFFSET(scales_use, dataset), H5T_STD_REF_OBJ) >= 0 &&
        H5Tinsert(type, "dimension", HOFFSET(scales_use, dimension), H5T_NATIVE_INT) >= 0)
        return type;
    if (type >= 0) nn_store_note_close(H5Tclose(type));
    return H5I_INVALID_HID;
}

/* The attributes of the scale of use number `first`, the first of that scale. */
static nn_status scales_of_scale(nn_store_writer *writer, size_t count, const nn_store_scale_use *uses,
                                 size_t first)
{
    const char *scale = nn_store_bare_name(uses[first].scale);
    scales_use *list;
    int64_t listed = 0;
    NN_TRY(scales_text(writer, scale, "CLASS", "DIMENSION_SCALE"));
    NN_TRY(scales_text(writer, scale, "NAME", uses[first].bare ? NN_STORE_BARE_SCALE : scale));
    NN_TRY(NN_ALLOCATE(&list, count, "the uses of a dimension scale"));
    nn_status status = NN_OK;
    for (size_t i = first; i < count && status == NN_OK; i++) {
        if (strcmp(nn_store_bare_name(uses[i].scale), scale) != 0) continue;
        list[listed].dimension = uses[i].dimension;
        status = scales_refer(writer, nn_store_bare_name(uses[i].dataset), &list[listed++].dataset);
    }
    if (status == NN_OK)
        status = scales_attribute(writer, scale, "REFERENCE_LIST", scales_use_type(), listed, list);
    nn_free(list);
    return status;
}

/* The list of the dataset of use number `first`, the first of that dataset. */
static nn_status scales_of_dataset(nn_store_writer *writer, size_t count, const nn_store_scale_use *uses,
                                   size_t first)
{
    const char *dataset = nn_store_bare_name(uses[first].dataset);
    hvl_t lists[NN_STORE_MAX_DIMENSIONS] = {{0, NULL}};
    hobj_ref_t references[NN_STORE_MAX_DIMENSIONS];
    int dimensions = 0;
    for (size_t o = 0; o < writer->output_count; o++)
        if (strcmp(writer->outputs[o]->name, dataset) == 0) dimensions = writer->outputs[o]->info.dimensions;
    for (size_t i = first; i < count; i++) {
        if (strcmp(nn_store_bare_name(uses[i].dataset), dataset) != 0) continue;
        int d = uses[i].dimension;
        if (d < 0 || d >= dimensions) return nn_store_writer_fail(writer, "scale a dimension of", dataset);
        NN_TRY(scales_refer(writer, nn_store_bare_name(uses[i].scale), &references[d]));
        lists[d] = (hvl_t){1, &references[d]};
    }
    return scales_attribute(writer, dataset, "DIMENSION_LIST", H5Tvlen_create(H5T_STD_REF_OBJ), dimensions,
                            lists);
}

static nn_status scales_put(nn_store_writer *writer, size_t count, const nn_store_scale_use *uses)
{
    if (writer->file < 0 || writer->failed) return nn_store_writer_fail(writer, "write", NULL);
    for (size_t i = 0; i < count; i++) {
        bool new_scale = true, new_dataset = true;
        for (size_t j = 0; j < i; j++) {
            new_scale = new_scale && strcmp(uses[i].scale, uses[j].scale) != 0;
            new_dataset = new_dataset && strcmp(uses[i].dataset, uses[j].dataset) != 0;
        }
        if (new_scale) NN_TRY(scales_of_scale(writer, count, uses, i));
        if (new_dataset) NN_TRY(scales_of_dataset(writer, count, uses, i));
    }
    return NN_OK;
}

nn_status nn_store_writer_put_scales(nn_store_writer *writer, size_t count, const nn_store_scale_use *uses)
{
    return NN_STORE_LOCKED(scales_put(writer, count, uses));
}
