from alignbench.backend.batches import PrefixGroup, TokenSequence, batches, groups


def rows(*prompts: tuple[int, ...]) -> list[TokenSequence]:
    return [TokenSequence(i, prompt) for i, prompt in enumerate(prompts)]


def persona(number: int, length: int, questions: int) -> list[tuple[int, ...]]:
    return [(number,) * length + (100 + question,) * 5 for question in range(questions)]


def test_each_persona_shares_its_own_prefix():
    found = groups(rows(*persona(1, 32, 6), *persona(2, 48, 6)), overhead=16)
    assert [(group.prefix, len(group.rows)) for group in found] == [(32, 6), (48, 6)]


def test_a_common_beginning_wins_where_branches_save_less():
    common = (7,) * 64
    found = groups(rows(*(common + (i,) * 16 + (50,) for i in range(4) for _ in range(2))), overhead=16)
    assert [(group.prefix, len(group.rows)) for group in found] == [(64, 8)]


def test_few_or_unlike_rows_run_plainly_and_no_row_is_lost():
    prompts = [*persona(1, 32, 3), *persona(2, 2, 8)]
    (group,) = groups(rows(*prompts), overhead=16)
    assert group.prefix == 0
    assert sorted(row.request for row in group.rows) == list(range(11))


def test_a_prefix_leaves_the_last_prompt_token_and_the_continuation_to_run():
    same = [TokenSequence(i, (1,) * 32, (9,) * i) for i in range(6)]
    (group,) = groups(same, overhead=0)
    assert group.prefix == 31
    assert isinstance(group, PrefixGroup)


def test_beginnings_that_nest_deep_are_grouped():
    growing = [tuple(range(length)) for length in range(1, 1500)]
    found = groups(rows(*growing), overhead=16)
    assert sum(len(group.rows) for group in found) == len(growing)
    assert found[0].prefix > 500


def test_batches_keep_to_the_budget_padding_included_longest_first():
    made = batches(rows((1,) * 10, (1,) * 50, (1,) * 20, (1,) * 49), budget=100)
    assert [[len(row.ids) for row in batch] for batch in made] == [[50, 49], [20, 10]]
    assert all(len(batch) * max(len(row.ids) for row in batch) <= 100 for batch in made)


def test_a_row_above_the_budget_runs_alone():
    assert [len(batch) for batch in batches(rows((1,) * 10, (1,) * 10), budget=5)] == [1, 1]
