"""The joint file of the European and the World Values Survey 2017-2022, from the user's own download."""

from dataclasses import dataclass, replace

from alignbench.data.bundle import Citation, bundled
from alignbench.data.counted import Layout
from alignbench.data.source.respondent_file import RespondentFile
from alignbench.data.source.timeseries import trend_questions


@dataclass(frozen=True)
class JointFile(RespondentFile):
    """The items whose trend variable is known, as in the time series.

    Countries are those of ``cntry_AN``, the weight is gwght [mem]. Where both surveys went, their respondents count
    together.
    """

    @property
    def layout(self) -> Layout:
        """A column for each item whose variable is known."""
        return Layout("cntry_AN", "gwght" if self.weighted else None, trend_questions(), respondent="uniqid")

    @property
    def citation(self) -> Citation:
        """The citation of the file."""
        return replace(
            bundled("wvs7").about,
            name="evs_wvs",
            title=f"European and World Values Survey, joint file 2017-2022, {self.weighting}",
            citation="EVS/WVS, European Values Study and World Values Survey: Joint EVS/WVS 2017-2022 Dataset, "
            "JD Systems Institute & WVSA, doi:10.14281/18241.26, GESIS ZA7505.",
        )
