# Claims: the gatherer for GPUs (docs/gpu.md) runs in full on the CPU, with values of both sides in its file; what fails is in the file and in
# the summary, and the rest goes on.
. "$(dirname "$0")/common.sh"
python=$Q2HPC_SOURCE/build/venv/bin/python
[ -x "$python" ] || python=python3
"$python" -c 'import numpy, h5py' 2>/dev/null || { echo "skipped: Python has no numpy or h5py"; exit 77; }
gather() {
  what="gpu_report.sh $*"
  timeout "$limit" sh "$Q2HPC_SOURCE/jobs/gpu_report.sh" --quick --build "$Q2HPC_BUILD" "$@" >out 2>err
  status=$?
}
has() { h5ls "$1/$2" >/dev/null 2>&1 || failed "$1 has no $2"; }
rm -f ./*.txt

# ctest runs this test, and would run others beside it: a stand-in.
mkdir -p bin
cat >bin/ctest <<'END'
#!/bin/sh
echo "$PETSC_OPTIONS $*" >>ctest.args
echo "100% tests passed, 0 tests failed out of 7"
END
chmod +x bin/ctest
PATH=$PWD/bin:$PATH

gather --backend cpu --output on_cpu
ends_with 0
says out "tests with -backend cpu: 100% tests passed"
says out "0 failed"
says out "organic_dft/cpu_cpu gradient: relative difference 0.0e+00"
says out "mixed_xtb/cpu_1_2_ranks normal_eigenvalues: relative difference 0.0e+00"
says out "organic_dft: value and gradient: median"
grep -q "0 failed" on_cpu.txt || failed "no summary in on_cpu.txt"
for name in summary environment comparison/organic_dft/cpu_cpu/hessian/first comparison/mixed_xtb/cpu_1_2_ranks/loss/second bench/mixed_xtb_2_ranks/rows; do
  has on_cpu.h5 $name
done
no_file on_cpu.h5.partial

# A program that fails on the way: the GPU's backend where there is none does, too.
mkdir -p broken
cat >broken/q2hpc <<END
#!/bin/sh
case "\$*" in
*cuda*) echo "q2hpc: no device" >&2; exit 1 ;;
esac
exec "$Q2HPC" "\$@"
END
chmod +x broken/q2hpc
gather --backend cuda --output broken_gpu --build "$PWD/broken" # the last --build counts
ends_with 1
for text in "eval_organic_dft_cuda" "q2hpc: no device" "comparison organic_dft/cpu_cuda: one of its runs failed" "bench_mixed_xtb: exit status 1"; do
  says out "$text"
done
has broken_gpu.h5 steps
h5dump -A broken_gpu.h5 | grep -q '"exit status 1"' || failed "the failures are not in the file"

# Another force field's numbers on one side are noticed.
cat >broken/q2hpc <<END
#!/bin/sh
case "\$*" in
"eval "*organic_dft*) echo >>evaluated; [ "\$(wc -l <evaluated)" -ne 2 ] || exec "$Q2HPC" "\$@" -bounds q2mm -match q2mm ;;
esac
exec "$Q2HPC" "\$@"
END
gather --backend cpu --output wrong --build "$PWD/broken"
ends_with 1
says out "comparison organic_dft/cpu_cpu gradient:"
says out "is above 1e-10"

gather --build nowhere --output none
ends_with 2
says err "there is no nowhere/q2hpc"
no_file none.h5 none.txt none.h5.partial
exit $((failures > 0))
