/* HARNESS FILE|FOLDER...: calls the harness with each file once, where it is not linked with libFuzzer. Words
 * that begin with '-' are libFuzzer's and passed over. */
#include "fuzz.h"

__attribute__((weak)) int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    return 0;
}

static void replay_file(const char *path)
{
    struct stat facts;
    FILE *file = fopen(path, "rb");
    fuzz_expect(file && fstat(fileno(file), &facts) == 0, path);
    size_t size = (size_t)facts.st_size;
    uint8_t *bytes = malloc(size + 1);
    fuzz_expect(bytes && fread(bytes, 1, size, file) == size && fclose(file) == 0, path);
    /* An input that brings the harness down is the last one named. */
    printf("%s\n", path);
    fflush(stdout);
    LLVMFuzzerTestOneInput(bytes, size);
    free(bytes);
}

static int replay_folder(const char *folder)
{
    int count = 0;
    struct dirent **entries;
    int found = scandir(folder, &entries, NULL, alphasort);
    fuzz_expect(found >= 0, folder);
    for (int i = 0; i < found; i++) {
        char path[1024];
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.') {
            replay_file(path);
            count++;
        }
        free(entries[i]);
    }
    free(entries);
    return count;
}

int main(int argc, char **argv)
{
    int count = 0;
    struct stat facts;
    LLVMFuzzerInitialize(&argc, &argv);
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] == '-') continue;
        fuzz_expect(stat(argv[i], &facts) == 0, argv[i]);
        if (S_ISDIR(facts.st_mode)) {
            count += replay_folder(argv[i]);
        } else {
            replay_file(argv[i]);
            count++;
        }
    }
    printf("%d inputs\n", count);
    return count > 0 ? 0 : 1;
}
