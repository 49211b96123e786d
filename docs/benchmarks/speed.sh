#!/bin/sh
# All figures of docs/speed.md but those of other machines, under 8 minutes on two idle cores: sh docs/benchmarks/speed.sh
# Each part compares its ways in turn, within one run.
set -eu
here=$(dirname "$0")
python=${PYTHON:-python}
"$python" -m medtrans doctor
"$python" "$here/training_step.py" --repeats 1
"$python" "$here/large_network.py"
"$python" "$here/engines.py" --repeats 1
