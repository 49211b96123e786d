#!/bin/sh
# Follow-ups of phantoms: a segmenter of lesions, the next visit, the look of the first visit: sh follow_up.sh OUT [DATA]
# About twelve minutes of one processor, seven of them training. The tables are printed, and lie in OUT/*/scores.csv.
# With DATA both models are applied to the FLAIR of a real person (follow_up/p01) on the voxels of the training.
set -eu
out=$1 data=${2:-}
here=$(dirname "$0")
phantoms() { # folder, further options
    folder=$1
    shift
    [ -d "$out/$folder" ] || medtrans phantoms -o "$out/$folder" --visits 2 --contrasts FLAIR --spacing 3 "$@"
}
phantoms visits --count 32
phantoms others --count 16 --seed 100

trained() { # verb, recipe, run, minutes, further options
    verb=$1 recipe=$2 run=$3 minutes=$4
    shift 4
    medtrans "$verb" "$recipe" -o "$out/$run" --threads 1 --set training.clock=cpu --set training.steps=1000000 \
        --set training.minutes="$minutes" "$@"
}
trained train downstream/segmenter segmenter 2 --set reading.root="$out/others" --set 'reading.source.pattern=*_FLAIR.nii.gz' \
    --set 'reading.target.pattern=*_lesion.nii.gz' --set 'method.network.channels=[12, 24, 48, 96]'

follow_up() { # run, further options
    run=$1
    shift
    trained run follow_up "$run" 2.5 --set reading.root="$out/visits" --set reading.table="$out/visits/visits_FLAIR.csv" \
        --set reading.test_fraction=0.25 --set 'preparing.spacing=[3, 3, 3]' \
        --set 'method.generator.channels=[12, 24, 48, 96]' \
        --set "evaluating.segmentation={model: $out/segmenter/model, labels: {lesion: 1}}" "$@"
}
follow_up next
follow_up look --set reading.follow_up.direction=harmonise --set 'preparing.conditions=[]' \
    --set 'evaluating.metrics=[{name: change_error, where: outside}, false_change]'

# Visit 2 in the look of visit 1 is known of phantoms: the truth of a harmonisation.
for kind in truth visit_2 change mask; do mkdir -p "$out/harmonised/$kind"; done
for file in "$out"/look/translations/*_to_ses-1.nii.gz; do
    name=$(basename "$file") visit=$(basename "$file" _to_ses-1.nii.gz)
    cp "$out/visits/${visit}_FLAIR_harmonised.nii.gz" "$out/harmonised/truth/$name"
    cp "$out/visits/${visit}_FLAIR.nii.gz" "$out/harmonised/visit_2/$name"
    cp "$out/visits/${visit}_change.nii.gz" "$out/harmonised/change/$name"
    cp "$out/visits/${visit}_mask.nii.gz" "$out/harmonised/mask/$name"
done
medtrans evaluate --translated "$out/look/translations" --target "$out/harmonised/truth" --source "$out/harmonised/visit_2" \
    --mask "$out/harmonised/mask" --change "$out/harmonised/change" --preset mr-percentile --metric change_error \
    --metric '{name: change_error, where: outside}' --metric false_change --segmenter "$out/segmenter/model" \
    --labels '{lesion: 1}' --threads 1 -o "$out/harmonised/scores.csv" --overwrite

python "$here/follow_up_table.py" "$out/next/scores.csv" "$out/next/structures.csv"
python "$here/follow_up_table.py" "$out/harmonised/scores.csv" "$out/harmonised/scores_structures.csv"

[ -n "$data" ] || exit 0
person=$out/person
python "$here/resample.py" 3 "$data"/follow_up/p01_visit?_FLAIR.nii.gz "$data/follow_up/p01_brain.nii.gz" -o "$person"
python "$here/resample.py" 3 "$data/follow_up/p01_change.nii.gz" --share 0.25 -o "$person"
applied() { # run, source, target, further options of translate
    run=$1 source=$person/p01_visit${2}_FLAIR.nii.gz target=$person/p01_visit${3}_FLAIR.nii.gz
    shift 3
    medtrans translate -i "$source" -o "$person/$run.nii.gz" -m "$out/$run/model" --threads 1 --overwrite "$@"
    medtrans evaluate --translated "$person/$run.nii.gz" --target "$target" --source "$source" --mask "$person/p01_brain.nii.gz" \
        --change "$person/p01_change.nii.gz" --preset mr-percentile --metric change_error \
        --metric '{name: change_error, where: outside}' --metric false_change --threads 1 -o "$person/$run.csv" --overwrite
}
applied next 1 2 --condition years=1 # how long it was is not known
applied look 2 1
