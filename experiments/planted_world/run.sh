#!/bin/sh
# Every method on three countries and three seeds, with damage measured in three others; about 15 minutes on 2 cores.
set -e
RUN="python -m alignbench -m model=nano culture=iraq,china,brazil seed=0,1,2 others=[usa,bangladesh,russia]"
WHERE="store=outputs/planted_world/store reports=outputs/planted_world/reports"
$RUN $WHERE method=cultural_prompt,survey_sft,survey_rl
$RUN $WHERE method=survey_rl method.reward=verdict
$RUN $WHERE method=persona,guided,anthropological,cross_culture,self_alignment,values_retrieval
$RUN $WHERE method=cnca_incontext,cnca_sft,cnca_dpo
python experiments/planted_world/summarise.py outputs/planted_world/store
