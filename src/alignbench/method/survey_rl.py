"""Survey RL: the survey's own questions practised by one-token answers, paid by a judge of the culture's norms.

Ours: a cheap baseline made of CultureRL's parts (Zhao et al., AAAI 2026) - the norm pool, the judge, GRPO - in the form
of survey SFT. Nothing is written: every option is a sentence ("I <predicate>.") that is judged beforehand, by the norm
that it is nearest to, mostly that of its own item. The paper's method is ``culturerl``.
"""

from dataclasses import dataclass

from alignbench.aligned import AlignedModel
from alignbench.component import PositiveShare
from alignbench.judge.decisive import by_single_norm
from alignbench.method import Method, RunContext
from alignbench.steps.norm_pool import OnNorms
from alignbench.steps.norm_reward import Reward, survey_practice
from alignbench.steps.practice import asked_of


@dataclass(frozen=True)
class SurveyRL(OnNorms, Method):
    """Knobs of survey RL; how the weights are trained is ``training``, who judges is ``judge``.

    With ``joint`` the questions are put once a culture, each time with a text that names it, and paid by the norms of
    that culture and a judge checked on them.
    """

    reward: Reward = Reward.support
    # Normalised entropy of the target when reward=entropy; people's is .64-.77.
    target_entropy: PositiveShare = 0.7

    def align(self, context: RunContext) -> AlignedModel:
        """A pool of each country's norms, a judge checked on each, and a training against them."""
        texts = self.systems(self.countries(context))
        asked = self.told.when_asked(texts)
        judges = self.judges(context, by_single_norm(context.judge))
        told, items = self.told.in_training(texts), self.items(context.train)
        fit = survey_practice(context, judges, items, self.reward, self.target_entropy, told, asked)
        return asked_of(context, fit, asked, self.notes(texts))
