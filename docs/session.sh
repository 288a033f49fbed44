#!/usr/bin/env bash
# What docs/session.svg shows (`make session`): the README's first result, in a store of its own.
set -euo pipefail
PLACE="store=outputs/session/store reports=outputs/session/reports"
rm -rf outputs/session
shown() { printf '$ %s\n' "$*"; "$@" $PLACE 2>&1; sleep 2; }
shown python -m alignbench model=nano method=survey_sft culture=iraq
shown python -m alignbench task=report
