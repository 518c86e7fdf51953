#!/usr/bin/env bash
# The same bits on several hosts with a network between them: 1 to 16 ranks on 1 to 4 hosts, even and uneven, in the order
# of hosts and in turn. tests/slow/hosts.sh goes through all combinations.
source "$(dirname "$0")/common_hosts.sh"
find_reference
same 2+2 2 node 2
same 2+1 3 slot 2
same 3+1 4 slot 2
same 2+1+1 4 node 3
same 2+2+1 5 node 3
same 1+4+1 6 slot 3
same 2+2+2+2 7 node 4
same 2+2+2+2 8 slot 4
same 4+4+4 12 node 3
same 4+4+4+4 16 slot 4
finish
