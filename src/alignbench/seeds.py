"""Seeds that depend on what they are for, so that nothing else that is drawn can change a draw."""

import hashlib


def seed_of(*parts: object) -> int:
    """A seed below 2**31 that depends on every part; equal parts give equal seeds on every machine."""
    digest = hashlib.sha256("/".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1
