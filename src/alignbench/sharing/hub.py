"""The way to the Hugging Face hub, and how models are called there."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from alignbench.backend.model import HUB_ID
from alignbench.errors import AlignbenchError
from alignbench.types import check

# What a repository of the hub holds.
Holding = Literal["model", "dataset"]


def hub_id(model: Mapping[str, Any]) -> str | None:
    """The hub id in the knobs of a model; None for builtins and folders."""
    path = str(model.get("path", ""))
    return path if HUB_ID.fullmatch(path) and not Path(path).exists() else None


def check_push(repo: str) -> None:
    """Refuse before anything is written.

    Raises:
        AlignbenchError: the repository is not ``owner/name``, or no token is configured.
    """
    from huggingface_hub import get_token

    owner, _, name = repo.partition("/")
    check(bool(owner and name) and "/" not in name, "task.push", repo, "give owner/name")
    check(get_token() is not None, "task.push", repo, "no token is configured: run `hf auth login` or set HF_TOKEN")


def push(folder: Path, repo: str, private: bool, holding: Holding = "model") -> str:
    """Upload ``folder`` as a repository, made if missing; returns its address.

    Raises:
        AlignbenchError: the hub refused or could not be reached; the folder stays.
    """
    from huggingface_hub import HfApi

    api = HfApi()
    try:
        address = api.create_repo(repo, repo_type=holding, private=private, exist_ok=True)
        message = f"{folder.name}, exported by alignbench"
        api.upload_folder(repo_id=repo, repo_type=holding, folder_path=folder, commit_message=message)
    except Exception as error:  # OSError, ValueError and classes of the hub's HTTP library
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise AlignbenchError("task.push", repo, f"the hub refused ({reason}); the folder is at {folder}") from error
    return str(address)
