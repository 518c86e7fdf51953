/* UTF-8 checks for text that does not come through libyaml: the environment and the command line. */
#include "config/config_internal.h"

size_t nn_config_decode(const char *text, unsigned long *code)
{
    static const unsigned long least[] = {0, 0x80, 0x800, 0x10000};
    unsigned char lead = (unsigned char)text[0];
    if ((lead >= 0x80 && lead < 0xc2) || lead > 0xf4) return 0;
    size_t follow = lead < 0x80 ? 0 : lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
    *code = follow == 0 ? lead : lead & (0x3fu >> follow);
    for (size_t i = 1; i <= follow; i++) {
        if (((unsigned char)text[i] & 0xc0) != 0x80) return 0;
        *code = *code << 6 | ((unsigned char)text[i] & 0x3fu);
    }
    bool is_surrogate = *code >= 0xd800 && *code < 0xe000;
    return *code < least[follow] || *code > 0x10ffff || is_surrogate ? 0 : follow + 1;
}

bool nn_config_is_utf8(const char *text)
{
    while (*text != '\0') {
        unsigned long code;
        size_t size = nn_config_decode(text, &code);
        if (size == 0) return false;
        text += size;
    }
    return true;
}
