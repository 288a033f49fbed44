from alignbench.steps.scenes import profile


def test_a_profile_has_a_sentence_for_each_known_figure_and_none_for_the_others():
    iraq = profile("IRQ")
    assert iraq.count("society here is") == 2
    assert "rather tradition-minded" in iraq and "strictly restrained" in iraq
    assert "hierarchical" not in iraq
    assert profile("ATL") == ""


def test_levels_hold_their_lower_bound_and_figures_above_the_scale():
    # China's power distance is 80, Pakistan's indulgence 0, Slovakia's achievement 110.
    assert "strictly hierarchical" in profile("CHN")
    assert "strictly restrained" in profile("PAK")
    assert "strongly achievement-minded" in profile("SVK")


def test_the_map_is_told_of_the_countries_of_which_it_is_known():
    assert "thoroughly secular" in profile("JPN") and "rather self-expressive" in profile("JPN")
    assert "rather traditional" in profile("MEX")
    assert profile("USA").count("society here is") == 6
    assert "{" not in profile("JPN")
