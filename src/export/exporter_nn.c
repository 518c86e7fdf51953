/* model.nn: the file that the C library predicts from, without HDF5 (model/model_file.h). */
#include "base/format.h"
#include "base/memory.h"
#include "export/exporter.h"
#include "model/checkpoint_file.h"
#include "model/model_file.h"
#include "store/store.h"

static nn_status nn_write(const nn_export *export, nn_text *report)
{
    void *bytes;
    size_t size;
    NN_TRY(nn_model_file_of_checkpoint(export->checkpoint, &bytes, &size));
    nn_status status = nn_store_commit(export->output, bytes, size);
    nn_free(bytes);
    if (status == NN_OK)
        nn_text_append(report, "wrote %s: %zu bytes, for nn_predictor_open of nntrain/nntrain.h\n",
                       export->output, size);
    return status;
}

static bool nn_is(const void *context, const char *path, const char *begin, size_t length)
{
    (void)context, (void)begin, (void)length;
    return nn_model_file_is(path);
}

const nn_exporter nn_exporter_nn = {
    .name = "nn",
    .ending = ".nn",
    .summary = "the C library's own file, for prediction without HDF5",
    .example = "nntrain export runs/x model.nn",
    .about =
        "For nn_predictor_open of nntrain/nntrain.h and nntrain.load of nntrain.py, which predict from it "
        "with the\n"
        "bits of the checkpoint; every network that nntrain trains can be written. Programs that read such "
        "files\n"
        "alone need libnntrain_model, which needs neither MPI nor HDF5.\n"
        "\n"
        "The file is mapped into memory and its weights are used where they are: processes of a machine "
        "share\n"
        "them. It is sealed by checksums, and for machines of the byte order and for libraries of the "
        "format's\n"
        "version that wrote it; others refuse it. Replace a file in use by another one instead of writing "
        "into it.\n"
        "It holds the sections network, loss and metrics of the configuration, the names and the "
        "normalisation of\n"
        "the data, and the weights; nothing of the run, its paths or its optimizer.\n"
        "\n"
        "The format, version 1. Numbers are little-endian on all common machines:\n"
        "\n"
        "bytes 0-63   89 6e 6e 6d 0d 0a 1a 0a; 01020304 as u32 in the order of all numbers; version (u32); "
        "bytes of\n"
        "             the file, sections, bytes of the directory, XXH64 of the directory, 0, and XXH64 of "
        "the header\n"
        "             up to here (u64 each)\n"
        "directory    for each section: where its name is, and its bytes (both from the start of the file), "
        "its size,\n"
        "             number of values, XXH64 (u64 each); kind and 0 (u32 each); then the names, each with a "
        "NUL\n"
        "sections     at multiples of 64 bytes, in the order of the directory, with zeros between. Kinds: 0 "
        "texts, each with a NUL; 1 int64; 2 float64; 3 "
        "float32\n"
        "\n"
        "The sections are those datasets of a checkpoint (nntrain help checkpoint-format) that describe the "
        "model,\n"
        "graph among them; fingerprint; values, all weights in one vector; and layout, which says in a line\n"
        "LAYER/PARAMETER OFFSET EXTENTS for each tensor where in values it is.\n",
    .what = "a model of nntrain export",
    .is = nn_is,
    .write = nn_write,
};
