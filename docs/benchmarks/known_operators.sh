#!/bin/sh
# Known degradations: regressions, null-space networks and flows, scored with new heads: sh known_operators.sh OUT [MINUTES]
# Each is trained for MINUTES of a processor (1.5): about twenty minutes in all. The tables are printed.
set -eu
out=$1 minutes=${2:-1.5}
here=$(dirname "$0")
[ -d "$out/heads" ] || medtrans phantoms -o "$out/heads" --count 14 --spacing 4 --contrasts T1,CT
[ -d "$out/new" ] || medtrans phantoms -o "$out/new" --count 4 --seed 100 --spacing 4 --contrasts T1,CT

trained() { # recipe, run, further options
    recipe=$here/known_operators_$1.yaml run=$2
    shift 2
    [ -f "$out/$run/report.html" ] || medtrans run "$recipe" -o "$out/$run" --threads 1 --set reading.root="$out/heads" \
        --set training.minutes="$minutes" "$@"
}
for degradation in thick fast sparse; do
    trained $degradation $degradation
    trained $degradation ${degradation}_flow --set reading.validation_fraction=0.08 --set training.validate_every=100000 \
        --set 'method={name: rectified_flow, velocity: {name: time_unet, channels: [16, 32, 64]}, steps: 8}'
done
for degradation in thick fast; do # with projections a step takes seconds
    trained $degradation ${degradation}_null --set degrading.null_space=true --set translating.data_consistency=0 \
        --set preparing.augmentation=[]
done
compared() { # run, systems
    run=$1
    shift
    python "$here/known_operators.py" "$out/$run" --cases "$out/new" -o "$out/restored" --systems "$@"
}
for degradation in thick fast sparse; do
    compared $degradation model consistent
    compared ${degradation}_flow model consistent posterior
done
for degradation in thick fast; do compared ${degradation}_null consistent; done
for degradation in thick fast sparse; do compared $degradation 'total variation'; done
