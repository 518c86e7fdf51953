#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE /* dladdr */
#endif
#include "config/yaml_library.h"

#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

/* The file of the library that has this function; NULL: unknown. */
static const char *yaml_file(uintptr_t function)
{
    Dl_info found;
    return dladdr((void *)function, &found) != 0 ? found.dli_fname : NULL;
}

nn_status nn_config_expect_library(void)
{
    const struct {
        const char *name;
        uintptr_t function;
    } used[] = {{"yaml_parser_initialize", (uintptr_t)yaml_parser_initialize},
                {"yaml_parser_set_encoding", (uintptr_t)yaml_parser_set_encoding},
                {"yaml_parser_set_input_string", (uintptr_t)yaml_parser_set_input_string},
                {"yaml_parser_parse", (uintptr_t)yaml_parser_parse},
                {"yaml_parser_load", (uintptr_t)yaml_parser_load},
                {"yaml_parser_delete", (uintptr_t)yaml_parser_delete},
                {"yaml_event_delete", (uintptr_t)yaml_event_delete},
                {"yaml_document_get_root_node", (uintptr_t)yaml_document_get_root_node},
                {"yaml_document_get_node", (uintptr_t)yaml_document_get_node},
                {"yaml_document_delete", (uintptr_t)yaml_document_delete}};
    const char *own = yaml_file((uintptr_t)yaml_get_version);
    int major, minor, patch, built_major = 0, built_minor = 0;
    for (size_t i = 0; own && i < sizeof used / sizeof *used; i++) {
        const char *other = yaml_file(used[i].function);
        if (other && strcmp(other, own) != 0)
            NN_FAIL(NN_ERROR_USAGE,
                    "%s of this program comes from %s, and not from the libyaml that nntrain reads "
                    "configurations with (%s): rename that function, or, if it is in a library, start the "
                    "program with "
                    "LD_PRELOAD=%s",
                    used[i].name, other, own, own);
    }
    yaml_get_version(&major, &minor, &patch);
    if (sscanf(NN_YAML_VERSION, "%d.%d", &built_major, &built_minor) == 2 &&
        (major != built_major || minor != built_minor))
        NN_FAIL(NN_ERROR_USAGE,
                "nntrain was built with libyaml %s, but this program has libyaml %d.%d.%d (%s): link it with "
                "libyaml %d.%d",
                NN_YAML_VERSION, major, minor, patch, own ? own : "of an unknown file", built_major,
                built_minor);
    return NN_OK;
}
