#!/bin/sh
# CultureRL's open practice and its ablations beside survey RL, three cultures, one seed; MODEL is smollm2_135m or nano.
# Hours on 2 cores with the former, half an hour with the latter; re-issued it goes on.
set -e
MODEL=${1:?say smollm2_135m or nano}
if [ "$MODEL" = nano ]; then
  # nano knows the countries: what the prompt names needs no practice. So nothing is told.
  BUDGET="method.told=never training.updates=30"
  OPEN="method=culturerl method.wordings=template training.prompts_per_update=4 training.generations=8"
else
  BUDGET="method.told=always training.updates=16"
  OPEN="method=culturerl method.wordings=template training.prompts_per_update=1 training.generations=4"
fi
WHERE="store=outputs/open_practice/$MODEL/store reports=outputs/open_practice/$MODEL/reports"
RUN="python -m alignbench -m $WHERE model=$MODEL culture=iraq,china,usa control=false ~method@baselines.cultural_prompt"
OPEN="$OPEN training.max_new_tokens=16 $BUDGET"
$RUN $OPEN
$RUN method=survey_rl $BUDGET
$RUN $OPEN method.own_norm=excluded
$RUN $OPEN method.retrieval=all
$RUN $OPEN method.retrieval=top5
# Without norms only a language model can say whether an answer decides; the model itself is near chance at it.
$RUN $OPEN method.retrieval=none judge=llm insist=true
python experiments/open_practice/summarise.py "outputs/open_practice/$MODEL/store"
