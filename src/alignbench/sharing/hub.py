"""Pushing a folder to the Hugging Face hub."""

from pathlib import Path

from alignbench.errors import AlignbenchError
from alignbench.types import check


def check_push(repo: str) -> None:
    """Refuse before anything is written.

    Raises:
        AlignbenchError: the repository is not ``owner/name``, or no token is configured.
    """
    from huggingface_hub import get_token

    owner, _, name = repo.partition("/")
    check(bool(owner and name) and "/" not in name, "task.push", repo, "give owner/name")
    check(get_token() is not None, "task.push", repo, "no token is configured: run `hf auth login` or set HF_TOKEN")


def push(folder: Path, repo: str, private: bool) -> str:
    """Upload ``folder`` as a model repository, made if missing; returns its address.

    Raises:
        AlignbenchError: the hub refused or could not be reached; the folder stays.
    """
    from huggingface_hub import HfApi

    api = HfApi()
    try:
        address = api.create_repo(repo, private=private, exist_ok=True)
        message = f"{folder.name}, exported by alignbench"
        api.upload_folder(repo_id=repo, folder_path=folder, commit_message=message)
    except Exception as error:  # OSError, ValueError and classes of the hub's HTTP library
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise AlignbenchError("task.push", repo, f"the hub refused ({reason}); the folder is at {folder}") from error
    return str(address)
