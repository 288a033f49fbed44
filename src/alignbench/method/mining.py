"""Mined norms as stages, shared by all methods that read or learn them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alignbench.method import RunContext
from alignbench.norms.mining import HighNorms, LowNorms, Mining, mine_high, mine_low, mine_topics
from alignbench.progress import say
from alignbench.store.stages import Stage
from alignbench.types import check


def subject_of(context: RunContext, named: bool) -> str:
    """Who norms speak of."""
    return f"People in {context.culture.country}" if named else "People here"


def low_norms(context: RunContext, mining: Mining, named: bool) -> tuple[Stage, LowNorms]:
    """A norm for every training item of the culture of which the author has something to say.

    Raises:
        AlignbenchError: a language model as author said too little.
    """
    subject = subject_of(context, named)

    def build(folder: Path) -> Mapping[str, Any]:
        mined = mine_low(context.train, context.culture.iso3, subject, mining, context.author, context.tools)
        mined.save(folder)
        return {"norms": len(mined.norms)}

    parts = {**_parts(context), "subject": subject, "country": context.culture.iso3, "mining": mining.name}
    stage = context.store.stage("mine", parts, build)
    return stage, LowNorms.load(stage.path)


def high_norms(context: RunContext, mining: Mining, count: int, named: bool) -> tuple[Stage, HighNorms]:
    """General norms of every topic.

    Raises:
        AlignbenchError: the author said nothing of any topic.
    """
    subject = subject_of(context, named)
    source = None if mining is Mining.t else low_norms(context, mining, named)

    def build(folder: Path) -> Mapping[str, Any]:
        if source is None:
            mined = mine_topics(context.train, count, subject, context.author, context.tools)
        else:
            mined = mine_high(context.train, source[1], count, subject, context.author, context.tools)
        mined.save(folder)
        empty = [topic for topic, texts in mined.norms.items() if not texts]
        if empty:
            say(f"  topics of which nothing was said: {', '.join(empty)}")
        check(
            len(empty) < len(mined.norms), "author", context.author.note, "it said nothing of any topic: choose another"
        )
        return {"topics": len(mined.norms), "empty": len(empty), "norms": sum(map(len, mined.norms.values()))}

    parts = {
        **_parts(context),
        "subject": subject,
        "mining": mining.name,
        "low": None if source is None else source[0].key,
        "count": count,
        "embedder": context.embedder.fingerprint,
    }
    stage = context.store.stage("abstract", parts, build)
    return stage, HighNorms.load(stage.path)


def _parts(context: RunContext) -> dict[str, Any]:
    """What both kinds rest on. An author may be the base model, so that counts too."""
    return {
        "survey": context.train.fingerprint,
        "author": context.author.identity(context.model),
        "model": [context.model.identity, context.model.dtype],
    }
