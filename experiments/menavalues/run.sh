#!/bin/sh
# The whole MENAValues protocol on a made-up sheet of the published size: sh experiments/menavalues/run.sh [culture] [overrides ...]
# From the top of the checkout. Kill it and run it again: it goes on after the last 64 questions.
set -eu
culture=${1:-iraq}
[ $# -gt 0 ] && shift
python=${PYTHON:-.venv/bin/python}
folder=${OUT:-outputs/menavalues}
sheet=$folder/synthetic.xlsx
[ -f "$sheet" ] || "$python" -m tests.benchmark.full_sheet "$sheet"
exec "$python" -m alignbench task=benchmark benchmark=menavalues "benchmark.path=$sheet" "culture=$culture" \
  method=none control=false '~baselines.cultural_prompt' "store=$folder/store" "reports=$folder/reports" "$@"
