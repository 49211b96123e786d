#!/bin/sh
# Low dose, low field and fewer lines of k-space, each trained for MINUTES of a processor: sh worse_to_better.sh DATA OUT [MINUTES [PRECISION]]
# Sixteen synthetic heads of 2 mm; a quarter is kept for the test. Then a real image each, degraded likewise, scored in its body:
# a T1 of a brain (brain_stroke/s01) and a CT of a trunk (body_ct/b01), of neither of which training has seen a kind.
# RECIPES="low_dose_to_full_dose …" in the environment: these alone.
set -eu
data=$1 out=$2 minutes=${3:-4} precision=${4:-32-true}
recipes=${RECIPES:-accelerated_to_full low_field_to_high_field low_dose_to_full_dose}
[ -d "$out/heads" ] || medtrans phantoms -o "$out/heads" --count 16 --contrasts T1,CT --spacing 2
mkdir -p "$out/real"

trained() { # recipe, further options
    recipe=$1
    shift
    [ -f "$out/$recipe/report.html" ] || medtrans run "$recipe" -o "$out/$recipe" --threads 1 --set reading.root="$out/heads" --set reading.validation_fraction=0 \
        --set reading.test_fraction=0.25 --set training.clock=cpu --set training.steps=1000000 --set training.workers=0 \
        --set training.precision="$precision" --set training.minutes="$minutes" "$@"
}
real() { # recipe, real image, its modality, preset, degradations …
    recipe=$1 image=$2 modality=$3 preset=$4
    shift 4
    medtrans degrade -i "$image" -o "$out/real/$recipe.nii.gz" --keep-grid --overwrite "$@"
    medtrans translate -i "$out/real/$recipe.nii.gz" -o "$out/real/${recipe}_better.nii.gz" -m "$out/$recipe/model" \
        --threads 1 --overwrite
    python "$(dirname "$0")/body_mask.py" "$image" "$modality" "$out/real/${recipe}_mask.nii.gz"
    medtrans evaluate --translated "$out/real/${recipe}_better.nii.gz" --source "$out/real/$recipe.nii.gz" \
        --target "$image" --mask "$out/real/${recipe}_mask.nii.gz" --preset "$preset" --threads 1 -o "$out/real/$recipe.csv" --overwrite
}

for recipe in $recipes; do
    case $recipe in
    accelerated_to_full)
        trained $recipe
        real $recipe "$data/brain_stroke/s01_T1.nii.gz" MR mr-percentile \
            --with undersampling:acceleration=4,pattern=variable_density,centre=0.08
        ;;
    low_field_to_high_field)
        trained $recipe --set translating.grid=source --set 'preparing.spacing=[2, 2, 2]' --set 'preparing.patch=[48, 48, 48]'
        real $recipe "$data/brain_stroke/s01_T1.nii.gz" MR mr-percentile --with low_field:tesla=0.064,contrast=T1,compensation=20 \
            --with low_resolution:millimetres=1.6 --with thick_slices:millimetres=5
        ;;
    low_dose_to_full_dose)
        trained $recipe
        real $recipe "$data/body_ct/b01_CT.nii.gz" CT synthrad2025 --with low_dose:dose=0.1
        ;;
    *)
        echo "worse_to_better.sh: RECIPES names $recipe; known are accelerated_to_full, low_field_to_high_field, low_dose_to_full_dose" >&2
        exit 2
        ;;
    esac
done
