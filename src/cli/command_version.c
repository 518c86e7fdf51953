/* nntrain version */
#include <stdio.h>

#include "build.h"
#include "cli/command.h"
#include "comm/comm.h"
#include "host/program.h"
#include "store/store.h"
#include "tensor/matrix.h"

static const nn_command_option version_options[] = {{NULL, NULL, NULL}};

static nn_status version_run(const nn_arguments *arguments)
{
    (void)arguments;
    printf("nntrain %s (%s, %s)\nmatrix products: %s\nMPI: %s\n", NN_VERSION, NN_BUILD_TYPE, NN_COMPILER,
           nn_matrix_kernels(), nn_comm_library());
    char program[512];
    nn_program_describe(program, sizeof program);
    printf("files: %s\nprogram: %s\n", nn_store_library(), program);
    printf("import: PNG %s, JPEG %s, npz %s\n", NN_HAVE_PNG ? "yes" : "no (built without libpng)",
           NN_HAVE_JPEG ? "yes" : "no (built without libjpeg)",
           NN_HAVE_ZIP ? "yes" : "no (built without libzip)");
    printf("export: ONNX %s\n", NN_HAVE_PROTOBUF ? "yes" : "no (built without protobuf-c)");
    return NN_OK;
}

const nn_command nn_command_version = {
    .name = "version",
    .operands = "",
    .summary = "shows the versions of the program and of the libraries it was built with",
    .options = version_options,
    .run = version_run,
};
