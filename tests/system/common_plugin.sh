# An installed tree with the example plugin, built with its headers: sourced after common.sh by the tests of plug-ins. The
# current folder becomes that of the example, `swish` is the plug-in in it, and `program` the installed one.
# must COMMAND...: it ends with 0; trained: the fingerprint in log
grep -q '^NN_SANITIZE:[^=]*=.' "$build/CMakeCache.txt" && exit 77
tree=$work/tree
must() { "$@" >log 2>&1 || { fail "$*"; cat log; finish; }; }
trained() { sed -n 's/^fingerprint: //p' log; }
must cmake --install "$build" --prefix "$tree"
program=$tree/bin/nntrain
export PATH=$tree/bin:$PATH
must nntrain init plugin
must plugin/prepare.sh
cd plugin || finish
# shellcheck disable=SC2034
swish=build/swish.so
