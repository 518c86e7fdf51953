! One-dimensional advection, u_t + u_x = 0 with period 1, in finite volumes on a coarse grid. A step needs the flux
! through the faces of the cells during the step, which depends on what the coarse grid does not resolve: it comes from
! the upwind cell, from van Leer's flux limiter, or from a trained network.
!
!   solver data FILE.csv           training data: stencils and exact fluxes, from a grid that is 16 times finer
!   solver run [NETWORK]           errors after two periods, also with that network: a run directory or model.nn
program solver
  use, intrinsic :: iso_fortran_env, only: real64, int64
  use nntrain
  implicit none
  integer, parameter :: cells = 64, fine = 16, courant = 2        ! a step moves u by 1/courant of a cell
  integer, parameter :: steps = 2*cells*courant, profiles = 400, trials = 20, inputs = 4
  integer(int64) :: seed
  character(500) :: mode, path
  call get_command_argument(1, mode)
  call get_command_argument(2, path)
  select case (mode)
  case ('data')
    call write_data(path)
  case ('run')
    call run(path)
  case default
    error stop 'solver data FILE.csv | solver run [NETWORK]'
  end select

contains

  ! ---- the exact solution ----

  ! The same sequence with every compiler (Park and Miller 1988).
  real(real64) function random()
    seed = mod(48271_int64*seed, 2147483647_int64)
    random = real(seed, real64)/2147483647
  end function random

  ! Waves, a bump and a box, on the fine grid.
  function random_profile() result(u)
    real(real64) :: u(cells*fine), x, phase(3), height(3), centre, width, left, length
    real(real64), parameter :: pi = acos(-1.0_real64)
    integer :: i, k
    do k = 1, 3
      phase(k) = random()
      height(k) = random()/k
    end do
    centre = random()
    width = 0.02_real64 + 0.08_real64*random()
    left = random()
    length = 0.1_real64 + 0.3_real64*random()
    do i = 1, size(u)
      x = (i - 0.5_real64)/size(u)
      u(i) = sum(height*sin(2*pi*[1, 2, 3]*(x + phase)))
      u(i) = u(i) + 2*exp(-((modulo(x - centre + 0.5_real64, 1.0_real64) - 0.5_real64)/width)**2)
      if (modulo(x - left, 1.0_real64) < length) u(i) = u(i) + 1.5_real64
    end do
  end function random_profile

  pure function averages(u)
    real(real64), intent(in) :: u(:)
    real(real64) :: averages(cells)
    averages = sum(reshape(u, [fine, cells]), dim=1)/fine
  end function averages

  ! What flows through the right face of each cell is what is next to it at the beginning of the step.
  pure function exact_flux(u) result(flux)
    real(real64), intent(in) :: u(:)
    real(real64) :: flux(cells), by_cell(fine, cells)
    by_cell = reshape(u, [fine, cells])
    flux = sum(by_cell(fine - fine/courant + 1:, :), dim=1)/(fine/courant)
  end function exact_flux

  ! ---- the fluxes of the coarse grid ----

  ! The neighbours of each cell, two on each side, relative to it and in units of their range.
  pure subroutine stencils(u, x, extent)
    real(real64), intent(in) :: u(cells)
    real(real64), intent(out) :: x(inputs, cells), extent(cells)
    integer, parameter :: offsets(inputs) = [-2, -1, 1, 2]
    integer :: k
    do k = 1, inputs
      x(k, :) = cshift(u, offsets(k)) - u
    end do
    extent = max(maxval(x, dim=1), 0.0_real64) - min(minval(x, dim=1), 0.0_real64)
    do k = 1, inputs
      where (extent > 0) x(k, :) = x(k, :)/extent
    end do
  end subroutine stencils

  pure function van_leer(u) result(flux)
    real(real64), intent(in) :: u(cells)
    real(real64) :: flux(cells), before(cells), after(cells)
    before = u - cshift(u, -1)
    after = cshift(u, 1) - u
    flux = u
    where (before*after > 0) flux = u + (1 - 1.0_real64/courant)*before*after/(before + after)
  end function van_leer

  ! The network in place of the limiter, within the bounds in which no new extremum arises (Leonard 1991): between the
  ! upwind flux and the downwind one, or what the cell can lose without falling below its left neighbour.
  function learned(network, u) result(flux)
    type(nn_predictor), intent(in) :: network
    real(real64), intent(in) :: u(cells)
    real(real64) :: flux(cells), x(inputs, cells), extent(cells), before(cells), after(cells), most(cells)
    call stencils(u, x, extent)
    call network%predict(x, flux)
    before = u - cshift(u, -1)
    after = cshift(u, 1) - u
    most = sign(min(abs(after), (courant - 1)*abs(before)), after)
    where (before*after > 0)
      flux = u + sign(min(max(extent*flux*sign(1.0_real64, after), 0.0_real64), abs(most)), after)
    elsewhere
      flux = u
    end where
  end function learned

  ! ---- the two modes ----

  subroutine write_data(file)
    character(*), intent(in) :: file
    real(real64) :: u(cells*fine), coarse(cells), flux(cells), x(inputs, cells), extent(cells)
    integer :: unit, p, i
    seed = 1
    open (newunit=unit, file=file, status='replace', action='write')
    write (unit, '(a)') 'left2,left1,right1,right2,flux'
    do p = 1, profiles
      u = cshift(random_profile(), p)
      coarse = averages(u)
      call stencils(coarse, x, extent)
      flux = exact_flux(u) - coarse
      do i = 1, cells
        if (extent(i) > 1e-3_real64) write (unit, '(4(es16.9, ","), es16.9)') x(:, i), flux(i)/extent(i)
      end do
    end do
    close (unit)
  end subroutine write_data

  subroutine run(path)
    character(*), intent(in) :: path
    type(nn_predictor) :: network
    real(real64) :: exact(cells), u(cells, 3), errors(3), mass
    integer :: trial, step
    if (path /= '') call network%open(path)
    seed = 20000
    errors = 0
    mass = 0
    do trial = 1, trials
      exact = averages(random_profile())
      u = spread(exact, 2, 3)
      do step = 1, steps
        call advance(u(:, 1), (u(:, 1)))
        call advance(u(:, 2), van_leer(u(:, 2)))
        if (network%is_open()) call advance(u(:, 3), learned(network, u(:, 3)))
      end do
      errors = errors + sum(abs(u - spread(exact, 2, 3)), dim=1)/(cells*trials)
      mass = max(mass, maxval(abs(sum(u, dim=1) - sum(exact))))
    end do
    print '(a, f8.5)', 'upwind   ', errors(1), 'van Leer ', errors(2)
    if (network%is_open()) print '(a, f8.5)', 'network  ', errors(3)
    if (mass > 1e-9_real64) error stop 'the mass is not conserved'
    call network%close()
  end subroutine run

  ! A step: what flows out of a cell flows into the next.
  subroutine advance(u, flux)
    real(real64), intent(inout) :: u(cells)
    real(real64), intent(in) :: flux(cells)
    u = u - (flux - cshift(flux, -1))/courant
  end subroutine advance
end program solver
