"""Makes answers of EC2's key-pair API, in the spelling of the service model of 2016-11-15.

What comes in pages is followed by its tokens.
"""

from core.errors import NotConfirmed

TYPE_CHECKING = False
"""What type checkers take for true; a command that only reads has no time for `typing`."""

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from typing import Any

    from core.ec2.filters import TagDescription

    Answer = dict[str, Any]


def described_key_pair(
    *,
    key_pair_id: str,
    key_name: str,
    key_type: str,
    key_fingerprint: str,
    create_time: "datetime",
    tags: "list[Answer]",
    public_key: str | None,
) -> "Answer":
    """Return a key pair as DescribeKeyPairs answers it; `public_key` only where it was asked for.

    The service appends the name as a comment, and a line break.
    """
    answer: Answer = {
        "KeyPairId": key_pair_id,
        "KeyType": key_type,
        "Tags": tags,
    }
    # In the order of the service model, in which botocore has it.
    if public_key is not None:
        answer["PublicKey"] = f"{public_key} {key_name}\n"
    answer |= {
        "CreateTime": create_time,
        "KeyName": key_name,
        "KeyFingerprint": key_fingerprint,
    }
    return answer


def described_tags(tags: "Iterable[TagDescription]", token: str | None) -> "Answer":
    """Return a page of tags as DescribeTags answers it, with the token of the next one, if any."""
    described = [
        {
            "Key": tag.key,
            "ResourceId": tag.resource_id,
            "ResourceType": tag.resource_type,
            "Value": tag.value,
        }
        for tag in tags
    ]
    return {"Tags": described} | ({"NextToken": token} if token else {})


_MOST_PAGES = 10_000
"""More pages than there are: a Region has 5,000 key pairs, and 50 tags each."""


class Tokens:
    """The tokens of one answer; the same one again, or too many, would be followed for ever."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def followed(self, token: str) -> str:
        """Return a token that leads on.

        Raises:
            NotConfirmed: it came before, or too many did.
        """
        if token in self._seen or len(self._seen) == _MOST_PAGES:
            raise NotConfirmed("EC2 gave no answer: what came back has no last page.")
        self._seen.add(token)
        return token
