#!/bin/sh
# Evaluation by segmentation: synthetic heads, organs in CT, lesions: sh downstream.sh DATA OUT
# About fifteen minutes of one processor. The tables are OUT/*.csv, and what is printed.
set -eu
data=$1 out=$2
mkdir -p "$out"
cases=$(dirname "$0")/downstream_cases.py
python "$cases" phantoms "$out/heads"
python "$cases" body "$out/body" "$data"
python "$cases" lesions "$out/lesions" "$data"

train() { # recipe, run, minutes, changes …
    recipe=$1 run=$2 minutes=$3
    shift 3
    medtrans train "$recipe" -o "$out/$run" --threads 1 --set training.clock=cpu --set training.steps=1000000 \
        --set training.minutes="$minutes" --set reading.validation_fraction=0 --set reading.test_fraction=0 \
        --set 'preparing.augmentation=[{name: flip}, {name: rotation, degrees: 10}, {name: scaling, strength: 0.1}]' "$@"
}
segmenter() { # run, changes …
    run=$1
    shift
    train downstream/segmenter "$run" 1.5 --set 'method.network.channels=[12, 24, 48, 96]' \
        --set 'reading.target.pattern=labels/*.nii.gz' "$@"
}
score() { # run, folder of the test cases, target, kind, preset, classes
    echo "== $1: $4"
    medtrans evaluate --translated "$2/$4" --target "$2/$3" --preset "$5" --segmenter "$out/$1/model" \
        --reference-labels "$2/labels" --labels "$6" --threads 1 -o "$out/$1_$4.csv"
}

heads='{skull: 1, CSF: 2, grey: 3, white: 4, lesion: 5}'
set_of_heads() { segmenter "$1" --set reading.root="$out/heads/segmenter" --set "reading.source.pattern=$2/*.nii.gz" \
    --set 'preparing.target_normalisation.labels=[1, 2, 3, 4, 5]'; }
translator() { # contrast, parts to translate …
    contrast=$1
    shift
    train downstream "to_$contrast" 1.2 --set reading.root="$out/heads/translator" --set 'reading.source.pattern=T1/*.nii.gz' \
        --set "reading.target.pattern=$contrast/*.nii.gz" --set 'method.generator.channels=[12, 24, 48, 96]' \
        --set method.generator.norm=batch
    for part in "$@"; do
        medtrans translate -i "$out/heads/$part/T1" -o "$out/heads/$part/${contrast}_translated" \
            -m "$out/to_$contrast/model" --threads 1 2>/dev/null
    done
}
set_of_heads on_real T2
translator T2 test segmenter
set_of_heads on_translated T2_translated
for kind in translated blurred erased; do score on_real "$out/heads/test" T2 "T2_$kind" mr-percentile "$heads"; done
score on_translated "$out/heads/test" T2 T2_translated mr-percentile "$heads"

segmenter lesion_of_heads --set training.minutes=3 --set reading.root="$out/heads/segmenter" \
    --set 'reading.source.pattern=FLAIR/*.nii.gz' --set 'preparing.target_normalisation.labels=[5]'
translator FLAIR test
for kind in translated blurred erased; do
    score lesion_of_heads "$out/heads/test" FLAIR "FLAIR_$kind" mr-percentile '{lesion: 5}'
done

segmenter organs --set reading.root="$out/body/segmenter" --set 'reading.source.pattern=CT/*.nii.gz' \
    --set 'preparing.target_normalisation.labels=[1, 2, 3, 4, 5, 6, 7]' --set reading.source.modality=CT \
    --set 'preparing.source_normalisation={name: linear, low: -200, high: 400}'
for kind in blurred noisy erased; do
    score organs "$out/body/test" CT "$kind" synthrad2025 \
        '{kidney: 1, femur: 2, hip: 3, gluteus_maximus: 4, gluteus_medius: 5, autochthon: 6, iliopsoas: 7}'
done

segmenter lesion --set training.minutes=4 --set reading.root="$out/lesions/segmenter" --set 'reading.source.pattern=FLAIR/*.nii.gz' \
    --set 'preparing.target_normalisation.labels=[1]' --set preparing.body_mask=nonzero --set 'preparing.patch=[96, 96]'
for kind in blurred erased; do score lesion "$out/lesions/test" FLAIR "$kind" mr-percentile '{lesion: 1}'; done
