/* Formats by the ending of a name, and graphs that cannot be used: refused with what is wrong, never a file.
 */
#include "build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/memory.h"
#include "export/exporter.h"
#include "model/description.h"

#define GRAPH_SIZE 4096

/* A graph that can be described: one value, two layers. */
static const char sound[] =
    "{\"format\":\"nntrain "
    "graph\",\"version\":1,\"precision\":\"float32\",\"input\":{\"name\":\"x\",\"shape\":[2],"
    "\"kind\":\"values\",\"columns\":[\"a\",\"b\\u0001 "
    "${HOME}\"],\"scale\":[1,2],\"offset\":[0,0.5],\"lengths\":false,"
    "\"parts\":[]},\"layers\":[{\"name\":\"input\",\"type\":\"input\",\"inputs\":[],\"shape\":[2],"
    "\"options\":{},"
    "\"tensors\":[]},{\"name\":\"last\",\"type\":\"activation\",\"inputs\":[\"input\"],\"shape\":[2],"
    "\"options\":{\"function\":\"relu\",\"slope\":0.25,\"flag\":true,\"list\":[3,-4],\"none\":null},"
    "\"tensors\":[]}],"
    "\"outputs\":[{\"name\":\"y\",\"shape\":[2],\"kind\":\"values\",\"layer\":\"last\",\"loss\":\"mse\","
    "\"prediction\":null,\"scale\":[2],\"offset\":[1],\"transform\":\"none\"}]}";

/* Opens a checkpoint with this graph alone. The caller frees *bytes after closing. */
static nn_store_file *open_graph(const char *graph, void **bytes)
{
    nn_store_image *image;
    nn_store_file *file;
    size_t size;
    assert_int_equal(nn_store_image_create(&image), NN_OK);
    if (graph) assert_int_equal(nn_store_image_put_text(image, "graph", graph), NN_OK);
    assert_int_equal(nn_store_image_put_attribute(image, "program", "test"), NN_OK);
    assert_int_equal(nn_store_image_seal(image, bytes, &size), NN_OK);
    nn_store_image_destroy(image);
    assert_int_equal(nn_store_open_image(*bytes, size, "test.h5", &file), NN_OK);
    return file;
}

/* Would be wrong: a value of the graph that is lost or changed. */
static void test_description(void **state)
{
    (void)state;
    void *bytes;
    nn_description *description;
    int64_t list[4];
    nn_store_file *file = open_graph(sound, &bytes);
    if (nn_description_create(file, &description) != NN_OK) fail_msg("%s", nn_error_text());
    const nn_described_layer *last = &description->layers[1];
    assert_int_equal(description->layer_count, 2);
    assert_int_equal(description->scalar, NN_SCALAR_F32);
    assert_int_equal(description->input.scaling.columns, 2);
    assert_true(description->input.scaling.offset[1] == 0.5);
    assert_string_equal(nn_config_text(nn_config_item(description->input.columns, 1)), "b\001 ${HOME}");
    assert_string_equal(nn_described_word(last, "function"), "relu");
    assert_true(nn_described_real(last, "slope") == 0.25);
    assert_true(nn_described_flag(last, "flag"));
    assert_int_equal(nn_described_list(last, "list", 4, list), 2);
    assert_int_equal(list[1], -4);
    assert_null(nn_described_word(last, "none"));
    assert_null(nn_described_word(last, "absent"));
    assert_null(description->outputs[0].prediction);
    assert_true(description->outputs[0].field.scaling.scale[0] == 2);
    assert_int_equal(description->outputs[0].layer, 1);
    nn_description_destroy(description);
    nn_store_close(file);
    nn_free(bytes);
}

/* The sound graph with the first `from` replaced. */
static void change(const char *from, const char *to, char graph[GRAPH_SIZE])
{
    const char *at = strstr(sound, from);
    assert_non_null(at);
    int written = snprintf(graph, GRAPH_SIZE, "%.*s%s%s", (int)(at - sound), sound, to, at + strlen(from));
    assert_true(written > 0 && written < GRAPH_SIZE);
}

static void expect_refused(const char *graph, nn_status expected, const char *message)
{
    void *bytes;
    nn_text report = {0};
    nn_store_file *file = open_graph(graph, &bytes);
    const nn_exporter *exporter;
    assert_int_equal(nn_exporter_find("refused.onnx", &exporter), NN_OK);
    const int64_t external_above = 1000; /* the exporter's options: one number */
    nn_status status = exporter->write(&(nn_export){file, "refused.onnx", &external_above}, &report);
    if (status != expected || !strstr(nn_error_text(), message))
        fail_msg("%d '%s', not %d '%s'", (int)status, nn_error_text(), (int)expected, message);
    assert_int_equal(access("refused.onnx", F_OK), -1);
    nn_text_free(&report);
    nn_store_close(file);
    nn_free(bytes);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *message;
        nn_status status;
    } rows[] = {
        {"activation", "capsule", "layer last (capsule)", NN_ERROR_USAGE},
        {"relu", "sine", "the activation 'sine'", NN_ERROR_USAGE},
        {"activation", "dense", "tensor 'weight' is missing", NN_ERROR_USAGE},
        {"activation", "lstm", "not a sequence", NN_ERROR_USAGE},
        {"activation", "conv2d", "windows do not fit", NN_ERROR_USAGE},
        {"activation", "input", "within the network", NN_ERROR_USAGE},
        {"activation", "group_norm", "groups do not divide", NN_ERROR_USAGE},
        {"activation", "multi_head_attention", "heads do not fit", NN_ERROR_USAGE},
        {"\"prediction\":null", "\"prediction\":\"argmax\"", "made by 'argmax'", NN_ERROR_USAGE},
        {"nntrain graph", "something", "is not an 'nntrain graph'", NN_ERROR_CHECKPOINT},
        {"\"version\":1", "\"version\":2", "version 2", NN_ERROR_CHECKPOINT},
        {"[\"input\"]", "[\"last\"]", "a layer 'last'", NN_ERROR_CHECKPOINT},
        {"[\"input\"]", "[]", "a layer without inputs", NN_ERROR_CHECKPOINT},
        {"\"shape\":[2]", "\"shape\":[-2]", "not a whole number", NN_ERROR_CHECKPOINT},
        {"\"shape\":[2]", "\"shape\":[1,1,1,1,1,1,1,1,1]", "too long", NN_ERROR_CHECKPOINT},
        {"\"shape\":[2]", "\"shape\":[99999999999999999999]", "not a whole number", NN_ERROR_CHECKPOINT},
        {"\"scale\":[1,2]", "\"scale\":[1,2,3]", "do not fit the shape", NN_ERROR_CHECKPOINT},
        {"\"scale\":[1,2]", "\"scale\":[1,x]", "is not a number", NN_ERROR_CHECKPOINT},
        {"\"transform\":\"none\"", "\"difference_to\":[0,7]", "difference_to", NN_ERROR_CHECKPOINT},
        {"\"transform\":\"none\"", "\"transform\":\"root\"", "transform 'root'", NN_ERROR_CHECKPOINT},
        {"\"layer\":\"last\"", "\"layer\":\"first\"", "a layer 'first'", NN_ERROR_CHECKPOINT},
        {"\"loss\":\"mse\"", "\"other\":1", "'loss'", NN_ERROR_CHECKPOINT},
        {"\"none\"}]}", "\"none\"", "not valid", NN_ERROR_USAGE},
    };
    char graph[GRAPH_SIZE];
    if (!NN_HAVE_PROTOBUF) skip();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        change(rows[i].from, rows[i].to, graph);
        expect_refused(graph, rows[i].status, rows[i].message);
    }
    expect_refused(NULL, NN_ERROR_CHECKPOINT, "has no graph");
    expect_refused("", NN_ERROR_CHECKPOINT, "nntrain graph");
    expect_refused("[1, 2]", NN_ERROR_CHECKPOINT, "nntrain graph");
}

static void test_endings(void **state)
{
    (void)state;
    const nn_exporter *exporter;
    for (const nn_exporter *const *of = nn_exporters(); *of; of++) {
        char path[64];
        (void)snprintf(path, sizeof path, "some.folder/model%s", (*of)->ending);
        assert_int_equal(nn_exporter_find(path, &exporter), NN_OK);
        assert_ptr_equal(exporter, *of);
    }
    static const char *const others[] = {"model", "model.txt", "model.onnx/x", ".onnx", "folder/.onnx", ""};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_int_equal(nn_exporter_find(others[i], &exporter), NN_ERROR_USAGE);
        assert_non_null(strstr(nn_error_text(), ".onnx"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_description), cmocka_unit_test(test_refused),
                                       cmocka_unit_test(test_endings)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
