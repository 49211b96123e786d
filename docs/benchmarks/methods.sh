#!/bin/sh
# Eleven translators on T1 to T2, T1 to FLAIR and phantom MR to CT, and the three tables: sh methods.sh DATA OUT [changes …]
# Left out: multi_contrast and stargan (made for more contrasts than one pair). latent_diffusion has half of the minutes
# for each of its two stages. MINUTES of one processor for each method, two if not given; CONTRASTS and METHODS, some of
# them, if not all. On a GPU:
#   MINUTES=0.75 sh methods.sh DATA OUT --set training.clock=wall --set training.batch=8 --set training.workers=2
set -eu
data=$1 out=$2
shift 2
here=$(dirname "$0")
minutes=${MINUTES:-2}
methods=${METHODS:-regression pix2pix reggan cyclegan discogan dualgan cut rectified_flow diffusion normalizing_flow}
half=$(awk "BEGIN {print $minutes / 2}")
[ -d "$out/heads" ] || medtrans phantoms -o "$out/heads" --count 9 > /dev/null

run() { # contrast, folder, minutes, changes …
    contrast=$1 folder=$2 budget=$3
    shift 3
    if [ "$contrast" = ct ]; then
        set -- --set reading.root="$out/heads" --set reading.table=null --set 'reading.source.pattern=*_T1.nii.gz' \
            --set 'reading.target={pattern: "*_CT.nii.gz", modality: CT}' --set 'reading.mask=*_mask.nii.gz' --set reading.test_fraction=0.34 \
            --set preparing.spacing=null --set preparing.body_mask=otsu --set 'preparing.target_normalisation={name: linear}' \
            --set evaluating.preset=synthrad2025 --set evaluating.region=mask "$@"
    else
        set -- --set reading.root="$data" --set reading.table="$here/methods_$contrast.csv" "$@"
    fi
    medtrans run "$here/methods.yaml" -o "$out/$folder" --threads 1 --set training.minutes="$budget" "$@"
}

for contrast in ${CONTRASTS:-t2 flair ct}; do
    for method in $methods; do
        run "$contrast" "$contrast/$method" "$minutes" --set "method={name: $method}" "$@"
    done
    first='method={name: autoencoder_kl}' # the first stage of latent_diffusion, which sees targets alone
    if [ "$contrast" = ct ]; then
        run ct first/ct "$half" --set "$first" --set 'reading.source={pattern: "*_CT.nii.gz", modality: CT}' --set reading.target=null \
            --set preparing.source_normalisation.name=linear "$@"
    else
        cut -d, -f1-3,5 "$here/methods_$contrast.csv" | sed 1s/target/source/ > "$out/first_$contrast.csv"
        run "$contrast" "first/$contrast" "$half" --set "$first" --set reading.table="$out/first_$contrast.csv" \
            --set preparing.source_normalisation.name=percentiles "$@"
    fi
    latent="method={name: latent_diffusion, autoencoder: $out/first/$contrast/model}"
    run "$contrast" "$contrast/latent_diffusion" "$half" --set "$latent" "$@"
    medtrans compare "$out/$contrast"/* -o "$out/$contrast-compared"
done
