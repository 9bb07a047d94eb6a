# Claim: a fit on devices ends where the CPU's ends, on one rank and on several, with LAPACK's eigenvectors and with another basis.
#     as_the_cpu.sh INPUT.h5 [options of the fit...]
. "$(dirname "$0")/../e2e/common.sh"
limit=300
input=$1
shift
command -v h5dump >/dev/null || { echo "skipped: no h5dump (Debian: hdf5-tools)"; exit 77; }
last_loss() { h5dump -y -w 1 -m %.17g -d /iterations/loss "$1" | sed -n 's/^ *\([-0-9.e+]*\),*$/\1/p' | tail -n 1; }

# close OTHER TOLERANCE: the last losses differ by no more, relatively.
close() {
  awk -v one="$(last_loss cpu.h5)" -v other="$(last_loss "$1")" -v tolerance="$2" 'BEGIN {
    if (!(one > 0 && other > 0)) { print "no losses: \"" one "\", \"" other "\""; exit 1 }
    difference = (one - other) / one; if (difference < 0) difference = -difference
    printf "last loss %.15g, on devices %.15g: relative difference %.1e\n", one, other, difference
    exit !(difference <= tolerance) }' || failed "the last loss is another than the CPU's"
}
on 0 fit "$input" -o cpu.h5 -backend cpu -checkpoint off "$@"
ends_with 0
for ranks in 0 2; do
  on $ranks fit "$input" -o cuda.h5 -backend cuda -checkpoint off "$@"
  ends_with 0
  says out "backend cuda"
  close cuda.h5 1e-9
done
Q2SIM_EIGENBASIS=other
export Q2SIM_EIGENBASIS
on 0 fit "$input" -o cuda.h5 -backend cuda -checkpoint off "$@"
ends_with 0
close cuda.h5 1e-7
exit $((failures > 0))
