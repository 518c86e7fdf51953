/* A configuration as users write it: text, files that it includes, overrides; read as training reads it, and
 * a model made of it. The piece "set" has one override per line; other pieces are files next to the
 * configuration. */
#include "fuzz.h"

#include "settings/settings.h"

#define OVERRIDES 16

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    fuzz_make_folder();
    setenv("NN_FUZZ_WORD", "adam", 1);
    setenv("NN_FUZZ_NUMBER", "7", 1);
    return 0;
}

/* Lines of a text, which is cut to pieces. */
static size_t take_lines(char *text, const char *lines[OVERRIDES])
{
    size_t count = 0;
    for (char *line = strtok(text, "\n"); line && count < OVERRIDES; line = strtok(NULL, "\n"))
        lines[count++] = line;
    return count;
}

static const int64_t input_extents[][3] = {{20, 16, 3}, {5, 4, 0}, {7, 0, 0}};

/* The network for inputs of some shape and targets that fit the losses. */
static void make_model(nn_model_spec *spec, int dimensions)
{
    nn_model *model = NULL;
    nn_field input = {.name = "x", .shape = {.dimensions = dimensions}}, targets[NN_MODEL_HEADS];
    nn_model_target facts[NN_MODEL_HEADS];
    nn_scaling none = {0};
    for (int d = 0; d < dimensions; d++) input.shape.extents[d] = input_extents[3 - dimensions][d];
    for (int h = 0; h < spec->head_count; h++) {
        bool classes = spec->heads[h].loss->takes_classes;
        targets[h] = (nn_field){.name = spec->heads[h].name ? spec->heads[h].name : "y",
                                .is_class = classes,
                                .classes = classes ? 3 : 0,
                                .shape = {classes ? 0 : 1, {classes ? 0 : 1}}};
        facts[h] = (nn_model_target){&targets[h], &none, NULL, NULL};
    }
    nn_status status = nn_model_create(spec, &input, &none, facts, false, 4, &model);
    if (status == NN_OK) status = nn_model_check(model);
    if (status == NN_OK) {
        nn_text summary = {0};
        nn_model_summary(model, &summary);
        nn_text_free(&summary);
    }
    fuzz_expect_told(status);
    nn_model_destroy(model);
}

/* What is emitted must be read as the same configuration. */
static void read_again(const nn_config *config)
{
    nn_text text = {0}, again = {0};
    nn_config *copy;
    nn_config_emit(config, &text);
    nn_status status = nn_config_parse(text.bytes, fuzz_path("copy.yaml"), NULL, 0, &copy);
    fuzz_expect(status == NN_OK, "what was emitted cannot be read");
    nn_config_emit(copy, &again);
    fuzz_expect(strcmp(text.bytes, again.bytes) == 0, "what was emitted is read as another configuration");
    nn_config_destroy(copy);
    nn_text_free(&again);
    nn_text_free(&text);
}

static void read_settings(nn_config *config, int dimensions)
{
    nn_settings settings;
    nn_status status = nn_settings_read(config, &settings);
    read_again(config);
    if (status == NN_OK) {
        make_model(&settings.model, dimensions);
        settings.model = (nn_model_spec){0};
    }
    fuzz_expect_told(status);
    nn_settings_release(&settings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_piece pieces[FUZZ_PIECES];
    const char *overrides[OVERRIDES];
    char *set = NULL;
    size_t before = nn_memory_in_use(), count = fuzz_take_apart(data, size, pieces), set_count = 0;
    for (size_t i = 1; i < count; i++) {
        if (strcmp(pieces[i].name, "set") != 0) {
            fuzz_write_piece(&pieces[i]);
        } else if (!set) {
            set = fuzz_text(&pieces[i]);
            set_count = take_lines(set, overrides);
        }
    }
    char *text = fuzz_text(&pieces[0]);
    nn_config *config;
    nn_status status = nn_config_parse(text, fuzz_path("main.yaml"), overrides, set_count, &config);
    bool has_dimensions = text[0] == '#' && text[1] >= '1' && text[1] <= '3';
    if (status == NN_OK) read_settings(config, has_dimensions ? text[1] - '0' : 1);
    fuzz_expect_told(status);
    nn_config_destroy(config);
    nn_free(text);
    nn_free(set);
    if (count > 1) fuzz_clear(fuzz_folder);
    fuzz_expect(nn_memory_in_use() == before, "memory is not given back");
    return 0;
}
