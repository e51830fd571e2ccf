"""Decides whether a call is allowed, before anything else about it is looked at.

Three things can forbid a call: a session that only reads, file permissions, and an IAM policy.
Without a policy everything is allowed that the files allow.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

from core.ec2.regions import Region, key_pair_arn
from core.errors import UnauthorizedOperation
from core.model import KeyPair, Tag

if TYPE_CHECKING:
    from core.ec2.policy import Policy

ACCOUNT = "000000000000"
"""The account in our ARNs; there is but one."""

READS = frozenset({"DescribeKeyPairs", "DescribeTags"})

Context = Mapping[str, str | tuple[str, ...]]
"""Condition keys of a request, and the value or values of each."""

NO_CONTEXT: Context = MappingProxyType({})


class Authorizer:
    """What the caller may do in one Region.

    Args:
        user: the login name, for the caller's ARN.
        policy: an identity policy; None allows everything.
        read_only: every change is refused.
        now: the clock by which a policy that depends on the time decides.
    """

    def __init__(
        self,
        region: Region,
        user: str,
        *,
        policy: "Policy | None" = None,
        read_only: bool = False,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.region = region
        """The Region in which it decides."""
        self._user = user
        self._caller = f"arn:{region.partition}:iam::{ACCOUNT}:user/{user}"
        self._policy = policy
        self.read_only = read_only
        self._now = now

    def for_region(self, region: Region) -> "Authorizer":
        """Return the same for another Region."""
        return Authorizer(
            region, self._user, policy=self._policy, read_only=self.read_only, now=self._now
        )

    @property
    def has_policy(self) -> bool:
        """Whether a policy decides."""
        return self._policy is not None

    def check(
        self,
        action: str,
        key_name: str | None,
        context: Context,
        write_problem: str | None = None,
        *,
        by_id: bool = False,
    ) -> None:
        """Raise unless the caller may do this.

        `key_name` names the key pair it is done to, None standing for no single one.
        `write_problem` is why the files forbid changes, if they do. `by_id` says that the caller
        gave an id and not the name: then a refusal names the pair only to those who may look.

        Raises:
            UnauthorizedOperation: names the caller, the action, the resource and the reason.
        """
        resource = "*"
        if key_name is not None:
            resource = key_pair_arn(self.region, ACCOUNT, key_name)
        reason = self._reason(action, resource, context, write_problem)
        if reason is not None:
            if by_id and self._reason("DescribeKeyPairs", "*", NO_CONTEXT, None) is not None:
                resource = "*"
            # What is described has no resource to name, in the policy as in EC2's answer.
            of = "" if action in READS else f" on resource: {resource}"
            raise UnauthorizedOperation(
                f"User: {self._caller} is not authorized to perform: ec2:{action}{of} {reason}",
                reason,
            )

    def _reason(
        self, action: str, resource: str, context: Context, write_problem: str | None
    ) -> str | None:
        if action not in READS:
            if self.read_only:
                return "because this session only reads"
            if write_problem is not None:
                return f"because {write_problem}"
        if self._policy is None:
            return None
        whole = {**context, **self._circumstances()}
        return self._policy.reason_against(f"ec2:{action}", resource, whole)

    def _circumstances(self) -> dict[str, str]:
        """Return the condition keys of every request of an IAM user ("Global condition keys").

        The user asks in person, with long-term credentials, and over no network that anyone
        could listen to. What else AWS puts into each request (`aws:SourceIp`, `aws:userid`), or
        into those of some sessions, networks and organizations, is not known on this machine; a
        policy that would forbid by it is refused (`policy.vocabulary`).
        """
        now = self._now().astimezone(UTC)
        return {
            "ec2:Region": self.region.name,
            "aws:RequestedRegion": self.region.name,
            "aws:username": self._user,
            "aws:PrincipalArn": self._caller,
            "aws:PrincipalAccount": ACCOUNT,
            "aws:PrincipalType": "User",
            "aws:PrincipalIsAWSService": "false",
            "aws:ViaAWSService": "false",
            "aws:ResourceAccount": ACCOUNT,
            "aws:SecureTransport": "true",
            "aws:UserAgent": "keypairs",
            "aws:CurrentTime": f"{now:%Y-%m-%dT%H:%M:%SZ}",
            "aws:EpochTime": f"{int(now.timestamp())}",
        }


def new_pair_requests(
    action: str, key_name: str, tags: Sequence[Tag], context: Context
) -> Iterator[tuple[str, Context]]:
    """Return what must be allowed for a new pair, each action with its condition keys.

    Tagging while creating is a permission of its own, with keys of its own.
    """
    context = {**request_tags(tags), **context}
    yield action, context
    if tags:
        about = {"ec2:CreateAction": action, "ec2:KeyPairName": key_name}
        yield "CreateTags", {**context, **about}


def request_tags(tags: Iterable[Tag]) -> dict[str, str | tuple[str, ...]]:
    """Return the condition keys of tags that a request would set."""
    context: dict[str, str | tuple[str, ...]] = {f"aws:RequestTag/{t.key}": t.value for t in tags}
    context["aws:TagKeys"] = tuple(tag.key for tag in tags)
    return context


def resource_context(key_pair: KeyPair | None) -> dict[str, str | tuple[str, ...]]:
    """Return the condition keys of a key pair that exists; none if there is none."""
    if key_pair is None:
        return {}
    context: dict[str, str | tuple[str, ...]] = {
        "ec2:KeyPairName": key_pair.key_name,
        "ec2:KeyPairType": key_pair.key_type.value,
    }
    for tag in key_pair.tags:
        context[f"aws:ResourceTag/{tag.key}"] = tag.value
        context[f"ec2:ResourceTag/{tag.key}"] = tag.value
    return context
