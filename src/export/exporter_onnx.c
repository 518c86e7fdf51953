/* ONNX (https://onnx.ai): a file that runtimes of many languages and machines compute. */
#include "build.h"
#include "export/exporter.h"
#include "store/output.h"
#if NN_HAVE_PROTOBUF
#include "export/onnx_model.h"
#endif

typedef struct onnx_options {
    int64_t external_above;
} onnx_options;

static const nn_option onnx_table[] = {{"external_above", NN_OPTION_INTEGER,
                                        offsetof(onnx_options, external_above), "2000000000", 0, 2e9, NULL,
                                        NN_EFFECT_OUTPUT,
                                        "with more bytes of weights than this, they go to FILE.data next to "
                                        "FILE, which needs it: a file of ONNX holds less "
                                        "than 2 GiB"},
                                       {0}};

/* Its first field is the version of ONNX, its second the producer. */
static bool onnx_is(const void *context, const char *path, const char *begin, size_t length)
{
    (void)context, (void)path;
    return nn_output_begins(begin, length, "\x08") &&
           nn_output_has(begin, length < 32 ? length : 32, "nntrain");
}

#if NN_HAVE_PROTOBUF

static nn_status onnx_export(const nn_export *export, const nn_description *description, nn_text *report)
{
    nn_onnx *onnx;
    bool external = false;
    nn_text ends = {0};
    const onnx_options *options = export->options;
    NN_TRY(nn_onnx_create(description, &onnx));
    nn_onnx_model_build(onnx, &ends);
    nn_status status = nn_onnx_write(onnx, export->output, options->external_above, &external);
    nn_onnx_destroy(onnx);
    if (status == NN_OK) {
        nn_text_append(report, "wrote %s%s%s%s: ONNX, opset 17, %d layers, %s\n%s", export->output,
                       external ? " and " : "", external ? export->output : "", external ? ".data" : "",
                       description->layer_count - 1, description->precision, ends.bytes ? ends.bytes : "");
    }
    nn_text_free(&ends);
    return status;
}

static nn_status onnx_write(const nn_export *export, nn_text *report)
{
    nn_description *description;
    NN_TRY(nn_description_create(export->checkpoint, &description));
    nn_status status = onnx_export(export, description, report);
    nn_description_destroy(description);
    return status;
}

#else

static nn_status onnx_write(const nn_export *export, nn_text *report)
{
    (void)report;
    NN_FAIL(NN_ERROR_USAGE,
            "export: %s cannot be written: this nntrain was built without protobuf-c; install it "
            "(scripts/setup.sh) and "
            "build again",
            export->output);
}

#endif

const nn_exporter nn_exporter_onnx = {
    .name = "onnx",
    .ending = ".onnx",
    .summary = "ONNX, for onnxruntime and other runtimes",
    .example = "nntrain export runs/x model.onnx",
    .about =
        "IR 8, opset 17. The model predicts what `nntrain predict` does: it takes values in their own "
        "units and gives\n"
        "probabilities, or values in the units of the target. Shapes are those of `nntrain info`: "
        "samples first, of any\n"
        "number (batch), channels last. float32, or float64 after a run with precision: float64; with "
        "precision: mixed,\n"
        "predict rounds the factors of products to bfloat16, and the model does not.\n"
        "\n"
        "inputs     one for each name of data.train.x; whole numbers (kind: index) as int64. A "
        "column with\n"
        "           categories takes their numbers. Missing values (NaN) are replaced where the graph says\n"
        "           takes_missing; elsewhere they are the caller's to replace (data.fields.NAME.missing).\n"
        "lengths    if the samples have lengths: how many steps of each count, int64\n"
        "LAYER_h    the state of a recurrent layer with carry: true (of an lstm also LAYER_c): zeros "
        "for the first\n"
        "           window, then the output LAYER_h_next of the window before\n"
        "outputs    one for each target, by its name; if an input has that name, with _output after it\n"
        "steps      sequences may be shorter or longer than in training where every layer allows it: "
        "not with\n"
        "           flatten, reshape, or a dense layer without per_step, nor with several inputs; with\n"
        "           positional_encoding only shorter ones\n"
        "\n"
        "onnxruntime computes recurrent layers, convolutions and average pools in float32 only.\n"
        "\n"
        "Metadata, as JSON: nntrain.input.NAME.columns, .classes (names of symbols) and .categories;\n"
        "nntrain.output.NAME.columns, .classes, .loss, and .prediction (softmax, sigmoid, or values);\n"
        "nntrain.precision. In Python: "
        "onnxruntime.InferenceSession(...).get_modelmeta().custom_metadata_map\n",
    .options = onnx_table,
    .options_size = sizeof(onnx_options),
    .what = "a model of nntrain export",
    .is = onnx_is,
    .write = onnx_write,
};
