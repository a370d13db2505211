"""The kinds of interaction, by family: each is a function that moves the people of a choreography."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from laban.synthesis.choreography import Choreography
from laban.synthesis.kinds import combat, contact, gesture, greeting, walking

PERFORM: Mapping[str, Callable[[Choreography], None]] = {
    **greeting.KINDS,
    **contact.KINDS,
    **combat.KINDS,
    **walking.KINDS,
    **gesture.KINDS,
}
