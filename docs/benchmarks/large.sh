#!/bin/sh
# The small and the large recipe of MR to CT on synthetic heads of 3 mm, patches of 32³: sh large.sh OUT [MINUTES]
# MINUTES (5) of one processor for each of them and half as many for the segmenter. Four heads are then translated by each.
set -eu
out=$1 minutes=${2:-5}
here=$(dirname "$0")
[ -e "$out/heads/sub-15_labels.nii.gz" ] || { medtrans phantoms -o "$out/heads" --count 16 --contrasts T1,CT --spacing 3 && python "$here/large_labels.py" "$out/heads"; }

start() { # verb, recipe, run, minutes, changes …
    verb=$1 recipe=$2 run=$3 limit=$4
    shift 4
    medtrans "$verb" "$recipe" -o "$out/$run" --threads 1 --set reading.root="$out/heads" --set "preparing.patch=[32,32,32]" \
        --set reading.validation_fraction=0 --set 'reading.test_subjects=[sub-12, sub-13, sub-14, sub-15]' \
        --set training.steps=1000000 --set training.minutes="$limit" --set training.clock=cpu --set training.warm_up=20 \
        --set training.ema_decay=0.95 --set training.precision=bf16-mixed --set training.workers=0 --set training.checkpoint_every=1000000 "$@"
}
small() { start train mri_to_ct small "$minutes"; }
large() {
    start train mri_to_ct/segmenter segmenter "$(echo "$minutes / 2" | bc -l)" --set reading.target.pattern="*_labels.nii.gz" \
        --set 'preparing.target_normalisation.labels=[1, 2, 3, 4]'
    start train mri_to_ct/large large "$minutes" --set method.segmenter="$out/segmenter/model" --set translating.mirror=none
}
small
large
python "$here/large_scores.py" "$out"
