/* The bits of layers that the engines of our own promise on every CPU: hashes of outputs and gradients are
 * those in recorded.txt, which were computed on x86-64 with AVX-512. NN_RECORD=1 prints the lines of this
 * precision instead. */
#include <stdlib.h>

#include "examples.h"

#include "base/hash.h"

#define RECORDED NN_TEST_SOURCE_DIR "/fixtures/recorded.txt"
#define TYPES 128

/* For each type of layer, in the order of first use. */
static struct {
    const char *name;
    uint64_t hash;
} found[TYPES];
static int count;
static const char *engine;

static void hash_layer(const char *yaml)
{
    const char *name = type_of(yaml)->name;
    int t = 0;
    while (t < count && strcmp(found[t].name, name) != 0) t++;
    if (t == count) {
        assert_true(count < TYPES);
        found[count++].name = name;
    }
    run r = run_tested(yaml);
    run_backward(&r);
    int last = r.network->layer_count - 1;
    found[t].hash = nn_hash(r.microbatch->outputs[last],
                            (size_t)(SAMPLES * run_outputs(&r)) * sizeof(nn_real), found[t].hash);
    found[t].hash = nn_hash(r.gradient, (size_t)r.network->value_count * sizeof(nn_real), found[t].hash);
    run_destroy(&r);
}

/* The recorded hash of a type; 0 if there is none. */
static uint64_t recorded_hash(const char *name)
{
    char line[256], of_name[64], of_engine[32];
    unsigned long long hash, value = 0;
    int bytes;
    FILE *file = fopen(RECORDED, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file))
        if (sscanf(line, "%63s %31s %d %llx", of_name, of_engine, &bytes, &hash) == 4 &&
            strcmp(of_name, name) == 0 && strcmp(of_engine, engine) == 0 && bytes == (int)sizeof(nn_real))
            value = hash;
    fclose(file);
    return value;
}

static void check_engine(nn_engine of)
{
    engine = nn_engine_name(of);
    setenv("NN_TEST_ENGINE", engine, 1);
    count = 0;
    memset(found, 0, sizeof found);
    for_all_layers(hash_layer);
    for (int t = 0; t < count; t++) {
        if (getenv("NN_RECORD"))
            printf("%s %s %d %016llx\n", found[t].name, engine, (int)sizeof(nn_real),
                   (unsigned long long)found[t].hash);
        else if (found[t].hash != recorded_hash(found[t].name))
            fail_msg("%s by %s: the hash is %016llx, not the recorded one (fixtures/recorded.txt says how to "
                     "record another)",
                     found[t].name, engine, (unsigned long long)found[t].hash);
    }
}

static void test_portable(void **state)
{
    (void)state;
    check_engine(NN_ENGINE_PORTABLE);
}

static void test_mixed(void **state)
{
    (void)state;
    if (IS_DOUBLE) skip();
    check_engine(NN_ENGINE_MIXED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_portable), cmocka_unit_test(test_mixed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
