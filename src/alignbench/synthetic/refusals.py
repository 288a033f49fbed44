"""What models say where they do not do what was asked. Patterns are English and ours, for clear cases only."""

import re

# A text without one says nothing.
LETTER = re.compile(r"[^\W\d_]")
# A speaker in a role who speaks of being a model, or of the role.
OUT_OF_ROLE = re.compile(
    r"\b(?:as|i am|i['’]m|just|only|merely) an? "
    r"(?:ai|a\.i\.|artificial intelligence|chat ?bot|(?:virtual|digital) assistant)\b"
    r"|\blanguage model\b|\brole-?play|<\|\w+\|>",
    re.IGNORECASE,
)
# A speaker in a role who declines to play. People in a scene say that they cannot help each other, so this is narrow.
ROLE_DECLINED = re.compile(
    r"\b(?:can(?:no|['’])t|cannot|unable to|not able to|won['’]t|will not) (?:"
    r"assist (?:you )?(?:with|in)\b|(?:fulfil+|comply with|help (?:you )?with) (?:this|that|your) request\b"
    r"|(?:generate|create|write|produce) (?:this|that|such|the|any) (?:\w+ )?(?:content|dialogue|text|scene|response)\b"
    r"|(?:continue|take part in|engage in|participate in) (?:with )?(?:this|the|that|such) (?:kind of )?"
    r"(?:scenario|role|prompt|scene)\b)",
    re.IGNORECASE,
)
# A reply to a request that declines it.
REQUEST_DECLINED = re.compile(
    r"\bas an? (?:ai|artificial intelligence|(?:virtual |digital )?assistant)\b|\blanguage model\b"
    r"|^(?:i['’]m|i am) (?:sorry|unable|not able|(?:here|ready|happy) to (?:help|assist))\b"
    r"|\bi (?:can(?:no|['’])t|cannot|won['’]t|will not) (?:assist|help|answer|provide|comply|fulfil|generate|rewrite)",
    re.IGNORECASE,
)
