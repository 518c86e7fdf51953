#include "boards/crc32c.h"

/* The reflected polynomial, by four bits: the table has 16 rows, and the records are short. */
#define CRC_POLYNOMIAL UINT32_C(0x82F63B78)

uint32_t nn_crc32c(const void *bytes, size_t size)
{
    uint32_t table[16], crc = ~UINT32_C(0);
    for (uint32_t row = 0; row < 16; row++) {
        table[row] = row;
        for (int bit = 0; bit < 4; bit++)
            table[row] = (table[row] >> 1) ^ (table[row] & 1 ? CRC_POLYNOMIAL : 0);
    }
    for (const unsigned char *at = bytes; size > 0; size--, at++) {
        crc ^= *at;
        crc = (crc >> 4) ^ table[crc & 15];
        crc = (crc >> 4) ^ table[crc & 15];
    }
    return ~crc;
}
