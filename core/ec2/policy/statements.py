"""Judges requests by the statements of a policy."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum

from core.ec2.policy.patterns import Context, KindError, Matcher, Test


class Effect(StrEnum):
    """What a statement does with the requests that it applies to; case matters ("Effect")."""

    ALLOW = "Allow"
    DENY = "Deny"


class Decision(Enum):
    """The answer to a request; only `ALLOWED` lets it through."""

    ALLOWED = "allowed"
    EXPLICIT_DENY = "explicit deny"
    IMPLICIT_DENY = "implicit deny"


@dataclass(frozen=True, slots=True)
class Request:
    """One call to be judged.

    `action` is `ec2:CreateKeyPair`; `resource` an ARN, or `*` for an action that has none;
    `context` the condition keys, where a key with no values is as good as absent.
    """

    action: str
    resource: str
    context: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """The values of one element or key: true if one matches or, `negated`, if none does."""

    matchers: tuple[Matcher, ...]
    negated: bool

    def __call__(self, context: Context) -> Test:
        """Return the test of a value in a request with these condition keys."""
        tests = [matcher(context) for matcher in self.matchers]
        return lambda value: any(test(value) for test in tests) != self.negated


@dataclass(frozen=True, slots=True)
class Condition:
    """One operator applied to one key; `quantifier` is its set operator, or empty."""

    key: str
    values: AnyOf
    quantifier: str
    when_missing: bool

    def holds(self, context: Context, effect: Effect) -> bool:
        """Return whether a request meets it, in a statement of this effect ("Multivalued keys")."""
        if not (present := context.get(self.key)):
            return self.when_missing
        default = "ForAnyValue" if effect is Effect.DENY else "ForAllValues"
        combine = any if (self.quantifier or default) == "ForAnyValue" else all
        test = self.values(context)
        return combine(_holds_for(value, test, effect) for value in present)


def _holds_for(value: str, test: Test, effect: Effect) -> bool:
    try:
        return test(value)
    except KindError:
        return effect is Effect.DENY


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement: it applies when its action, its resource and every condition match."""

    sid: str
    effect: Effect
    actions: AnyOf
    resources: AnyOf
    conditions: tuple[Condition, ...]

    @property
    def patterns(self) -> int:
        """How many values stand in it."""
        elements = (self.actions, self.resources, *(each.values for each in self.conditions))
        return sum(len(element.matchers) for element in elements)

    def applies(self, request: Request, context: Context) -> bool:
        """Return whether it is about this request ("Multiple keys or values": ANDed)."""
        return (
            self.actions(context)(request.action)
            and self.resources(context)(request.resource)
            and all(condition.holds(context, self.effect) for condition in self.conditions)
        )


def by_name(context: Mapping[str, str | tuple[str, ...]]) -> Context:
    # "Condition": names of keys have no case, and the tag key in aws:RequestTag/Env is part of the
    # name. EC2 takes the tags Env and env side by side: their values join.
    values: dict[str, tuple[str, ...]] = {}
    for key, value in context.items():
        more = (value,) if isinstance(value, str) else value
        values[key.lower()] = values.get(key.lower(), ()) + more
    return values
