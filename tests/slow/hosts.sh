#!/usr/bin/env bash
# The same bits for all numbers of ranks on all numbers of hosts, by slot and by node, and on uneven hosts.
source "$(dirname "$0")/../system/common_hosts.sh"
find_reference

for hosts in 1 2 3 4; do
    for ranks in 1 2 3 4 5 6 7 8 12 16; do
        [ "$ranks" -ge "$hosts" ] || continue
        slots=$(((ranks + hosts - 1) / hosts))
        list=$(yes "$slots" | head -n "$hosts" | paste -s -d +)
        # By slot, the first hosts may have room for all ranks.
        same "$list" "$ranks" slot $(((ranks + slots - 1) / slots))
        [ "$hosts" = 1 ] || same "$list" "$ranks" node "$hosts"
    done
done
for list in 3+1 1+3 2+1+1 1+2+1 1+1+2 5+1 1+6 4+2+1 1+1+5 3+1+2+1 1+1+1+5 7+3+1+1 1+5+2+8; do
    hosts=$(tr + '\n' <<<"$list" | wc -l)
    same "$list" $((${list})) slot "$hosts"
    same "$list" $((${list})) node "$hosts"
done
finish
