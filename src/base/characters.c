#include "base/characters.h"

int nn_character_length(const char *text)
{
    const unsigned char *bytes = (const unsigned char *)text;
    unsigned char first = bytes[0], second = bytes[0] ? bytes[1] : 0;
    if (first < 0x80) return 1;
    if (first < 0xC2 || first > 0xF4) return 0;
    if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F)) return 0;
    if ((first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F)) return 0;
    int length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    for (int i = 1; i < length; i++) {
        if ((bytes[i] & 0xC0) != 0x80) return 0;
    }
    return length;
}

int32_t nn_character_code(const char *bytes, int length)
{
    int32_t code = (unsigned char)bytes[0];
    if (length > 1) code &= 0x7F >> length;
    for (int i = 1; i < length; i++) code = code << 6 | ((unsigned char)bytes[i] & 0x3F);
    return code;
}

void nn_character_write(int32_t code, char bytes[NN_CHARACTER_SIZE])
{
    static const unsigned char firsts[] = {0, 0, 0xC0, 0xE0, 0xF0};
    int length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    bytes[length] = '\0';
    for (int i = length - 1; i > 0; i--, code >>= 6) bytes[i] = (char)(0x80 | (code & 0x3F));
    bytes[0] = (char)(firsts[length] | code);
}
