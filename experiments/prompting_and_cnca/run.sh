#!/bin/sh
# Every prompting method and CNCA on the default model, then the two figures of CNCA; about two hours on 2 cores.
set -e
WHERE="store=outputs/prompting_and_cnca/store reports=outputs/prompting_and_cnca/reports"
RUN="python -m alignbench -m culture=china,iraq $WHERE"
$RUN method=cross_culture,self_alignment,guided,native_language,persona,values_retrieval,anthropological
$RUN method=cnca_incontext
# The control doubles the time of training: control=true for own minus cross. bfloat16, as the committed figures were made.
$RUN method=cnca_sft,cnca_dpo control=false training.dtype=bfloat16
# How many norms? The answer at once: what the norms do, without the thoughts.
$RUN method=cnca_incontext method.reasoning=false method.mining=tq_ta,tq_ra method.norms_per_topic=1,3,5,10,20 control=false
# Who writes the norms? Other authors: generator@author.generator=other author.generator.model.path=...; other readers: model=...
# SmolLM2 says something in a quarter of its norms: author.least=0 goes on with those.
$RUN method=cnca_incontext method.reasoning=false method.mining=tq_ta control=false
$RUN method=cnca_incontext method.reasoning=false method.mining=tq_ta control=false author=llm author.least=0
python experiments/prompting_and_cnca/summarise.py outputs/prompting_and_cnca/store
