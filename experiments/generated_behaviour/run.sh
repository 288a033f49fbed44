#!/bin/sh
# Methods that learn from generated text on the default model, with their controls, then CLCA without each of its parts;
# about 50 minutes on 2 cores. Kill it and issue it again: it goes on.
set -e
python=${PYTHON:-python}
folder=${OUT:-outputs/generated_behaviour}
RUN="$python -m alignbench -m store=$folder/store reports=$folder/reports"
$RUN method=clca culture=china,iraq
$RUN method=culturellm,culturepark,culturespa culture=china,iraq training.select=validation
CLCA="$RUN method=clca culture=iraq control=false"
$CLCA 'method.tasks=[dialogue],[intent]'
$CLCA method.filter=false
$CLCA method.adapted=false
$python experiments/generated_behaviour/summarise.py "$folder/store"
