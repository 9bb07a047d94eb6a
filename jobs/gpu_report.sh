#!/bin/sh
# Gathers what somebody who has a GPU can tell about q2hpc on it, into one HDF5 file and a text summary (docs/gpu.md):
#     sh jobs/gpu_report.sh [--backend cuda|cpu] [--output NAME] [--ranks N] [--quick] [--build FOLDER]
# --backend cpu tries out the gatherer itself, without a GPU. Needs a build with tests, Python 3 with numpy and h5py.
# Exit status: 0 all went well; 1 something failed, and both files say what; 2 nothing could be gathered.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/environment.sh"
python=$here/../build/venv/bin/python
[ -x "$python" ] || python=python3
"$python" -c 'import numpy, h5py' 2>/dev/null || {
  echo "gpu_report: Python 3 with numpy and h5py is needed (Debian: python3-numpy python3-h5py; sh jobs/install.sh tests)" >&2
  exit 2
}
PYTHONDONTWRITEBYTECODE=1 exec "$python" "$here/gpu_report.py" "$@"
