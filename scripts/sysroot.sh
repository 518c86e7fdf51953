#!/usr/bin/env bash
# scripts/sysroot.sh: unpacks the libraries that the program needs, as Debian builds them for aarch64, into NN_SYSROOT
# (default ~/.cache/nntrain/aarch64), for cross-compiling and for qemu. Nothing is installed. See tests/slow/aarch64.sh.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages=(libc6-dev libmpich-dev libhdf5-dev libopenblas-pthread-dev libyaml-dev zlib1g-dev libpng-dev libjpeg-dev
    libzip-dev libprotobuf-c-dev libxxhash-dev libcmocka-dev libgomp1)

# apt with a state of its own: no package of this machine counts as installed.
state=$(mktemp -d)
trap 'rm -rf "$state"' EXIT
mkdir -p "$state/lists/partial" "$state/cache/archives/partial"
: >"$state/status"
cat >"$state/apt.conf" <<CONF
Dir::State "$state";
Dir::State::lists "$state/lists";
Dir::State::status "$state/status";
Dir::Cache "$state/cache";
APT::Architecture "arm64";
APT::Architectures { "arm64"; };
APT::Install-Recommends "false";
APT::Sandbox::User "$(id -un)";
CONF
export APT_CONFIG=$state/apt.conf
# Not every source has packages for aarch64.
apt-get update -q || true
apt-get install -q -y --download-only "${packages[@]}"

rm -rf "$sysroot.new"
mkdir -p "$sysroot.new"
for package in "$state"/cache/archives/*.deb; do dpkg -x "$package" "$sysroot.new"; done
rm -rf "$sysroot"
mv "$sysroot.new" "$sysroot"
echo "libraries for aarch64 are in $sysroot"
