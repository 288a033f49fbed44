from pathlib import Path

import pytest

from alignbench.backend.render import Renderer
from alignbench.errors import AlignbenchError
from alignbench.types import Message, ModelRef, chat

LETTERS = "ABCDEFGHIJ"
LLAMA = "{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m.content }}<|im_end|>{% endfor %}[assistant]"
NO_SYSTEM = (
    "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system') }}{% endif %}"
    "{{ m.content }}<|im_end|>{% endfor %}"
)
USERS_ONLY = "{% for m in messages %}{% if m.role != 'system' %}{{ m.content }}<|im_end|>{% endif %}{% endfor %}"


def renderer_of(tokenizer, name="model", **told):
    return Renderer(tokenizer, ModelRef(name, Path(), "", **told))


@pytest.fixture
def tokenizer(blank):
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(blank.path)


@pytest.fixture
def adding_bos(tokenizer):
    """The same tokenizer, but like Llama's it writes BOS before every text."""
    from tokenizers.processors import TemplateProcessing

    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single="<|pad|> $A", special_tokens=[("<|pad|>", 0)]
    )
    tokenizer.bos_token = "<|pad|>"
    return tokenizer


def test_prompt_ids_are_the_tokens_of_the_template(tokenizer):
    ids = renderer_of(tokenizer).prompt(chat("hi", "be brief")).ids
    assert tokenizer.decode(ids) == (
        "<|im_start|>system\nbe brief<|im_end|>\n<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n"
    )


def test_digits_and_letters_are_single_tokens(tokenizer):
    renderer = renderer_of(tokenizer)
    prompt = renderer.prompt(chat("choose"))
    assert {len(renderer.option_ids(prompt, option)) for option in ("123456789" + LETTERS)} == {1}
    assert len(renderer.option_ids(prompt, "10")) == 2


def test_remembered_options_equal_a_full_tokenisation(tokenizer):
    renderer = renderer_of(tokenizer)
    for question in ("a", "b\n", "How important is work?", "1"):
        prompt = renderer.prompt(chat(question))
        for option in ("1", " 1", "very important", "not"):
            whole = tokenizer(prompt.text + option, add_special_tokens=False).input_ids
            assert [*prompt.ids, *renderer.option_ids(prompt, option)] == whole


def test_a_template_without_special_tokens_is_not_remembered_across_prompts(tokenizer):
    tokenizer.chat_template = "{% for m in messages %}{{ m.content }}{% endfor %}"
    renderer = renderer_of(tokenizer)
    after_letter = renderer.option_ids(renderer.prompt(chat("ver")), "y")
    after_blank = renderer.option_ids(renderer.prompt(chat("ver ")), "very")
    assert tokenizer.decode(after_letter) == "y"
    assert tokenizer.decode(after_blank).strip() == "very"


@pytest.mark.parametrize("template", [LLAMA, LLAMA.replace("{{ bos_token }}", "")])
def test_exactly_one_bos_whether_or_not_the_template_writes_it(adding_bos, template):
    adding_bos.chat_template = template
    ids = renderer_of(adding_bos).prompt(chat("hi")).ids
    assert ids[0] == adding_bos.bos_token_id
    assert ids.count(adding_bos.bos_token_id) == 1


def test_double_bos_is_refused(adding_bos):
    adding_bos.chat_template = "{{ bos_token }}" + LLAMA
    with pytest.raises(AlignbenchError, match="BOS twice"):
        renderer_of(adding_bos).prompt(chat("hi"))


@pytest.mark.parametrize("template", [NO_SYSTEM, USERS_ONLY])
def test_a_system_message_without_a_place_moves_into_the_first_user_turn(tokenizer, template, capsys):
    tokenizer.chat_template = template
    renderer = renderer_of(tokenizer)
    for question in ("one", "two"):
        assert renderer.preflight(chat(question, "You live here.")) == f"You live here.\n\n{question}<|im_end|>"
    out, err = capsys.readouterr()
    assert (out + err).count("no system message") == 1


def test_preflight_notices_a_lost_message(tokenizer):
    tokenizer.chat_template = (
        "{% for m in messages %}{% if loop.first or m.role == 'assistant' %}{{ m.content }}<|im_end|>"
        "{% endif %}{% endfor %}"
    )
    turns = (Message("user", "first"), Message("assistant", "yes"), Message("user", "second"))
    with pytest.raises(AlignbenchError, match="drops"):
        renderer_of(tokenizer).preflight(turns)


def test_a_failing_template_is_named(tokenizer):
    tokenizer.chat_template = "{{ raise_exception('roles must alternate') }}"
    with pytest.raises(AlignbenchError, match="roles must alternate"):
        renderer_of(tokenizer, name="odd").prompt(chat("hi"))


def test_a_tokenizer_without_template_is_refused(tokenizer):
    tokenizer.chat_template = None
    with pytest.raises(AlignbenchError, match="no chat template"):
        renderer_of(tokenizer)


def test_a_training_conversation_ends_with_the_end_of_turn(tokenizer):
    renderer = renderer_of(tokenizer)
    prompt, completion = renderer.conversation((*chat("hi"), Message("assistant", "very important")))
    assert tuple(prompt) == renderer.prompt(chat("hi")).ids
    assert tokenizer.decode(completion) == "very important<|im_end|>"


def test_decoding_stops_at_the_end_of_turn(tokenizer):
    renderer = renderer_of(tokenizer)
    ids = tokenizer(" yes<|im_end|>\nno").input_ids
    assert renderer.decode(ids) == "yes"
    assert renderer.spoken(ids) == ids.index(renderer.end_of_turn) + 1
    assert renderer.spoken(ids[:1]) == 1


def test_thoughts_are_cut_off_and_count_as_silence_when_unfinished(tokenizer):
    renderer = renderer_of(tokenizer, template_kwargs={"enable_thinking": True})
    assert renderer.decode(tokenizer("<think>no</think>\n\nyes").input_ids) == "yes"
    assert renderer.decode(tokenizer("<think>no").input_ids) == ""
