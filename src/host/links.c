#define _DEFAULT_SOURCE /* IFF_UP and the like */
#include "host/links.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>

#include "base/memory.h"

struct nn_links {
    char (*names)[IF_NAMESIZE];
    int count;
};

/* An interface is listed once for each of its addresses, and again without one. */
static bool links_has(const nn_links *links, const char *name)
{
    for (int i = 0; i < links->count; i++)
        if (strcmp(links->names[i], name) == 0) return true;
    return false;
}

static bool links_runs(const struct ifaddrs *interface)
{
    return (interface->ifa_flags & IFF_UP) && (interface->ifa_flags & IFF_RUNNING);
}

static nn_status links_fill(const struct ifaddrs *list, nn_links *links)
{
    int most = 0;
    for (const struct ifaddrs *i = list; i; i = i->ifa_next) most++;
    NN_TRY(NN_ALLOCATE(&links->names, most, "the list of network links"));
    for (const struct ifaddrs *i = list; i; i = i->ifa_next) {
        if (!links_runs(i) || (i->ifa_flags & IFF_LOOPBACK)) continue;
        if (strlen(i->ifa_name) >= IF_NAMESIZE || links_has(links, i->ifa_name)) continue;
        strcpy(links->names[links->count++], i->ifa_name);
    }
    return NN_OK;
}

nn_status nn_links_create(nn_links **links)
{
    nn_links *made;
    struct ifaddrs *list = NULL;
    *links = NULL;
    NN_TRY(NN_ALLOCATE(&made, 1, "the list of network links"));
    nn_status status = getifaddrs(&list) == 0 ? links_fill(list, made) : NN_OK;
    freeifaddrs(list);
    if (status == NN_OK)
        *links = made;
    else
        nn_links_destroy(made);
    return status;
}

void nn_links_destroy(nn_links *links)
{
    if (!links) return;
    nn_free(links->names);
    nn_free(links);
}

bool nn_links_are_down(const nn_links *links)
{
    struct ifaddrs *list = NULL;
    bool down = false;
    if (getifaddrs(&list) != 0) return false;
    for (const struct ifaddrs *i = list; i; i = i->ifa_next)
        down = down || (links_has(links, i->ifa_name) && !links_runs(i));
    freeifaddrs(list);
    return down;
}
