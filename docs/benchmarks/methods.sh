#!/bin/sh
# Ten translators on T1 to T2, T1 to FLAIR and phantom MR to CT, and the three tables: sh methods.sh DATA OUT [changes …]
# Left out: latent_diffusion (two stages), multi_contrast and stargan (made for more contrasts than one pair).
# Two minutes of one processor for each of thirty trainings. On a GPU, as in docs/benchmarks.md:
#   sh methods.sh DATA OUT --set training.clock=wall --set training.minutes=0.75 --set training.batch=8 --set training.workers=2
set -eu
data=$1 out=$2
shift 2
here=$(dirname "$0")
[ -d "$out/heads" ] || medtrans phantoms -o "$out/heads" --count 9 > /dev/null

run() { # folder, changes …
    folder=$1
    shift
    medtrans run "$here/methods.yaml" -o "$out/$folder" --threads 1 "$@"
}
for method in regression pix2pix registered cyclegan discogan dualgan cut rectified_flow diffusion normalizing_flow; do
    for contrast in t2 flair; do
        run $contrast/$method "$@" --set "method={name: $method}" --set reading.root="$data" \
            --set reading.table="$here/methods_$contrast.csv"
    done
    run ct/$method "$@" --set "method={name: $method}" --set reading.root="$out/heads" --set reading.table=null \
        --set 'reading.source=*_T1.nii.gz' --set 'reading.target=*_CT.nii.gz' --set 'reading.mask=*_mask.nii.gz' \
        --set reading.test=0.34 --set preparing.spacing=null --set preparing.body=otsu \
        --set 'preparing.target={name: linear}' --set evaluating.preset=synthrad2025 --set evaluating.within=mask
done
for contrast in t2 flair ct; do medtrans compare "$out/$contrast"/* -o "$out/$contrast-compared"; done
