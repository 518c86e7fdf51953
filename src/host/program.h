/* How this program was built, for people to read. */
#ifndef NN_HOST_PROGRAM_H
#define NN_HOST_PROGRAM_H

#include <stddef.h>

/* "nntrain 0.1.0 (build 1a2b3c4d, GNU 12.2.0), glibc 2.36, Intel(R) Xeon(R) Processor": version, the linker's
 * build ID, compiler, C library and CPU, as far as they are known. Written to `text`, at most `size`
 * bytes. */
void nn_program_describe(char *text, size_t size);

#endif
