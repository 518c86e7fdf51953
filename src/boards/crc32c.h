/* CRC-32C (Castagnoli), as in RFC 3720, section 12.1: the checksum of records of event files. */
#ifndef NN_BOARDS_CRC32C_H
#define NN_BOARDS_CRC32C_H

#include <stddef.h>
#include <stdint.h>

uint32_t nn_crc32c(const void *bytes, size_t size);

#endif
