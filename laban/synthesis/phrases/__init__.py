"""The words of captions, a record for each kind."""

from __future__ import annotations

from collections.abc import Mapping

from laban.synthesis.phrases.contact import CONTACT
from laban.synthesis.phrases.gestures import GESTURES
from laban.synthesis.phrases.grammar import Phrases
from laban.synthesis.phrases.paths import PATHS

PHRASES: Mapping[str, Phrases] = {**CONTACT, **GESTURES, **PATHS}
