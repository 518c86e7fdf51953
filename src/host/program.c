#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif

#include "host/program.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#if defined(__linux__)
#include <link.h>
#endif
#if defined(__GLIBC__)
#include <gnu/libc-version.h>
#endif

#include "build.h"

#define PROGRAM_BUILD_BYTES 8
#define PROGRAM_TEXT 128

#if defined(__linux__)
/* The note that the linker leaves in the program itself, which is the first object. */
static int program_find_build(struct dl_phdr_info *object, size_t size, void *text)
{
    (void)size;
    for (int h = 0; h < object->dlpi_phnum; h++) {
        const ElfW(Phdr) *header = &object->dlpi_phdr[h];
        if (header->p_type != PT_NOTE) continue;
        const char *at = (const char *)(uintptr_t)(object->dlpi_addr + header->p_vaddr);
        const char *end = at + header->p_memsz;
        while (at + sizeof(ElfW(Nhdr)) <= end) {
            ElfW(Nhdr) note;
            memcpy(&note, at, sizeof note);
            const char *name = at + sizeof note, *content = name + (note.n_namesz + 3) / 4 * 4;
            if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && memcmp(name, "GNU", 4) == 0) {
                for (unsigned b = 0; b < note.n_descsz && b < PROGRAM_BUILD_BYTES; b++)
                    snprintf((char *)text + 2 * b, 3, "%02x", (unsigned char)content[b]);
                return 1;
            }
            at = content + (note.n_descsz + 3) / 4 * 4;
        }
    }
    return 1;
}
#endif

static void program_find_cpu(char text[PROGRAM_TEXT])
{
    char line[512];
    FILE *file = fopen("/proc/cpuinfo", "r");
    while (file && fgets(line, sizeof line, file)) {
        char *value = strchr(line, ':');
        if (!value || strncmp(line, "model name", strlen("model name")) != 0) continue;
        value[strcspn(value, "\n")] = '\0';
        snprintf(text, PROGRAM_TEXT, "%.*s", PROGRAM_TEXT - 1, value + 1 + strspn(value + 1, " "));
        break;
    }
    if (file) fclose(file);
}

void nn_program_describe(char *text, size_t size)
{
    char build[2 * PROGRAM_BUILD_BYTES + 1] = "", library[64] = "", cpu[PROGRAM_TEXT] = "";
#if defined(__linux__)
    dl_iterate_phdr(program_find_build, build);
#endif
#if defined(__GLIBC__)
    snprintf(library, sizeof library, ", glibc %s", gnu_get_libc_version());
#endif
    program_find_cpu(cpu);
    snprintf(text, size, "nntrain %s (%s%s%s%s)%s%s%s", NN_VERSION, build[0] ? "build " : "", build,
             build[0] ? ", " : "", NN_COMPILER, library, cpu[0] ? ", " : "", cpu);
}
