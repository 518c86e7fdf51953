# Shared by the tests of Fortran programs, which source it in place of common.sh, with `build` set: `fortran` is the
# compiler (FC, gfortran); without one the test is skipped.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
grep -q '^NN_SANITIZE:[^=]*=.' "$build/CMakeCache.txt" && { echo "skipped: Fortran programs are built without sanitizers"; exit 77; }
must() { "$@" >log 2>&1 || { fail "$*"; cat log; finish; }; }

fortran=
for candidate in ${FC:-} gfortran; do
    [ -n "$fortran" ] || ! command -v "$candidate" >/dev/null || fortran=$candidate
done
[ -n "$fortran" ] || { echo "skipped: no Fortran compiler (scripts/setup.sh tests)"; exit 77; }
cat >probe.f90 <<'F90'
module probe
contains
  subroutine show(x)
    use, intrinsic :: iso_c_binding
    real, intent(in), contiguous, target :: x(..)
    type(c_ptr) :: address
    address = c_loc(x)
    print *, shape(x), c_associated(address)
  end subroutine show
end module probe
F90
"$fortran" -c probe.f90 >probe.log 2>&1 ||
    { echo "skipped: $fortran does not know the assumed-rank arrays of Fortran 2018: $(grep -im1 'error' probe.log)"; exit 77; }

# Installs nntrain to `tree`, and lets pkg-config find it.
install_tree() {
    tree=$work/tree
    must cmake --install "$build" --prefix "$tree"
    PKG_CONFIG_PATH=$(dirname "$(find "$tree" -name nntrain.pc)"):${PKG_CONFIG_PATH:-}
    export PKG_CONFIG_PATH
}
