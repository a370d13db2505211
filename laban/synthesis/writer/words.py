"""Words of conversations: what a kind is called, who does what in it, why, what may follow, and how values are named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from laban.synthesis.phrases import PHRASES
from laban.synthesis.style import Style

ORDINALS = ("first", "second", "third")
WHO = {1: "this person", 2: "[these|the] two people", 3: "[these|the] three people"}
PEOPLE = {1: "one person", 2: "two people", 3: "three people"}
COUNTS = {1: "once", 2: "twice", 3: "three times"}


@dataclass(frozen=True, kw_only=True)
class Lore:
    """What is said of one kind beside its captions."""

    name: str
    """With its article."""
    starts: tuple[str, str] = ("begins", "begin")
    """What the starter does: "who pushes", "let them push"."""
    answers: tuple[str, str] = ("follows", "follow")
    """What the other does."""
    why: tuple[str, ...]
    then: tuple[str, ...]
    """What may follow."""

    @property
    def noun(self) -> str:
        """Without its article."""
        return self.name.split(" ", 1)[1]


LORE: Mapping[str, Lore] = {
    "handshake": Lore(
        name="a handshake", starts=("offers a hand", "offer a hand"), answers=("takes the hand", "take the hand"),
        why=("People shake hands to greet each other or to seal an agreement.", "A handshake is a sign of trust between the two."),
        then=("They may begin to talk: a handshake opens a meeting.", "They may part again: a handshake can also close a meeting."),
    ),
    "high_five": Lore(
        name="a high five", starts=("asks for the high five", "ask for the high five"), answers=("claps the hand", "clap the hand"),
        why=("They celebrate something together.", "A high five shows that both are pleased with what they have done."),
        then=("They may laugh and go on with what they celebrate.", "They may turn to their game again: a triumph is short."),
    ),
    "push": Lore(
        name="a push", starts=("pushes", "push"), answers=("is pushed", "be pushed"),
        why=("One person wants the other out of the way.", "A push shows anger or keeps somebody at a distance."),
        then=("The pushed person may push in return or walk away.", "They may begin to quarrel, since nobody likes to be pushed."),
    ),
    "hug": Lore(
        name="a hug", starts=("opens the arms", "open the arms"), answers=("returns the hug", "return the hug"),
        why=("They are fond of each other and show it.", "A hug comforts, welcomes, or says goodbye to a friend."),
        then=("They may let go and talk.", "They may smile at each other and go on together."),
    ),
    "pat_back": Lore(
        name="a pat on the back", starts=("pats", "pat"), answers=("is patted", "be patted"),
        why=("One person encourages or consoles the other.", "A pat on the back says: well done."),
        then=("The other person may turn round and say thanks.", "The patted person may go on with new courage."),
    ),
    "hand_over": Lore(
        name="a handing over of an object", starts=("hands the object over", "hand the object over"),
        answers=("takes the object", "take the object"),
        why=("One person has something that the other needs.", "An object is passed on, as a tool or a gift is."),
        then=("The one who has the object now may look at it or use it.", "The receiver may say thanks and leave with the object."),
    ),
    "arm_link": Lore(
        name="a walk arm in arm", starts=("links arms", "link arms"), answers=("is taken by the arm", "be taken by the arm"),
        why=("They are close to each other and go the same way.", "Walking arm in arm shows friendship or gives support."),
        then=("They may reach where they are going and let go.", "They may walk on and chat."),
    ),
    "punch_block": Lore(
        name="a punch that is blocked", starts=("punches", "punch"), answers=("blocks", "block"),
        why=("They fight or practise a martial art.", "One person attacks, and the other defends themselves."),
        then=("The defender may strike in return.", "They may step apart and take guard again."),
    ),
    "kick_dodge": Lore(
        name="a kick that is dodged", starts=("kicks", "kick"), answers=("dodges", "dodge"),
        why=("They fight or practise a martial art.", "One person attacks with a leg, and the other avoids being hit."),
        then=("The one who dodged may attack now.", "They may take guard again at a distance."),
    ),
    "bow": Lore(
        name="a bow", starts=("bows first", "bow first"), answers=("returns the bow", "return the bow"),
        why=("They show each other respect.", "A bow is a formal greeting, and the other person returns the courtesy."),
        then=("They may begin to talk: a bow opens a formal meeting.", "They may turn and leave: a bow can also close a meeting."),
    ),
    "wave": Lore(
        name="a wave", starts=("waves first", "wave first"), answers=("returns the wave", "return the wave"),
        why=("They greet each other or say goodbye.", "A wave catches somebody's eye in a friendly way."),
        then=("They may walk up to each other and talk.", "They may turn away, each on their own way."),
    ),
    "mirror_dance": Lore(
        name="a mirror dance", starts=("leads the dance", "lead the dance"), answers=("mirrors the dance", "mirror the dance"),
        why=("They dance or warm up together.", "One person plays the mirror of the other: an exercise in attention."),
        then=("They may swap roles and dance on.", "They may lower their arms and end the dance."),
    ),
    "follow": Lore(
        name="a walk one behind the other", starts=("leads the way", "lead the way"), answers=("follows behind", "follow behind"),
        why=("One person knows the way, and the other comes along.", "They go somewhere where there is room for one at a time."),
        then=("The leader may stop and turn round.", "They may arrive and stand together."),
    ),
    "circle": Lore(
        name="a walk round each other", starts=("sets off first", "set off first"), answers=("walks opposite", "walk opposite"),
        why=("They watch each other, as before a fight or in a dance.", "Walking round each other is part of a game or dance."),
        then=("They may stop and face each other.", "They may change direction and walk the other way round."),
    ),
    "approach": Lore(
        name="a meeting of two people", starts=("walks up first", "walk up first"), answers=("comes to meet them", "come to meet them"),
        why=("They want to meet.", "They have seen each other and come together to talk."),
        then=("They may greet each other, as with a handshake.", "They may begin to talk, now that they stand face to face."),
    ),
    "part": Lore(
        name="a parting of two people", starts=("leaves first", "leave first"), answers=("leaves after that", "leave after that"),
        why=("Their meeting is over.", "They have said goodbye, and each goes their own way."),
        then=("They may look round and wave once again.", "Each may walk on until they are out of sight."),
    ),
    "walk": Lore(
        name="a walk", why=("The person wants to get somewhere.", "The person takes a walk."),
        then=("The person may stop or turn round.", "The person may meet somebody."),
    ),
    "stretch": Lore(
        name="a stretch", why=("The person loosens the shoulders, as after long sitting.", "The person warms up or wakes up."),
        then=("The person may yawn and begin to move.", "The person may go on with other exercises."),
    ),
    "ring": Lore(
        name="a walk of three in a ring", why=("They play or dance a round.", "Going round in a ring is part of a children's game."),
        then=("They may stop and change direction.", "They may break up the ring."),
    ),
    "greet": Lore(
        name="a greeting of three", starts=("waves first", "wave first"), answers=("waves in return", "wave in return"),
        why=("One person greets the two others, and they are polite.", "They are acquainted and say hello."),
        then=("They may walk up to each other and talk.", "They may begin what they have met for."),
    ),
}  # fmt: skip

VALUE: Mapping[str, Mapping[object, str]] = {
    "speed": {"slow": "slow", "normal": "of normal speed", "fast": "fast"},
    "energy": {"low": "low in energy", "normal": "of ordinary energy", "high": "high in energy"},
    "gentleness": {"gentle": "gentle", "normal": "of ordinary force", "forceful": "forceful"},
}
"""After "it is"."""
ADJECTIVE: Mapping[str, Mapping[object, str]] = {
    "speed": {"slow": "slow", "normal": "normal-speed", "fast": "fast"},
    "energy": {"low": "low-energy", "normal": "medium-energy", "high": "high-energy"},
    "gentleness": {"gentle": "gentle", "normal": "moderate", "forceful": "forceful"},
}
"""Before the noun."""
SPACE: Mapping[str, tuple[str, str, str]] = {
    "start": ("start", "close together", "far apart"),
    "apart": ("dance", "close together", "far apart"),
    "behind": ("walk", "one close behind the other", "one far behind the other"),
    "circle": ("walk round", "in a small circle", "in a large circle"),
    "ring": ("walk round", "in a small ring", "in a large ring"),
    "from": ("come", "from a short distance", "from far away"),
    "away": ("go", "only a short distance", "a long distance"),
}
"""What `distance` means of a kind: a verb, and what follows it for near and for far."""


def space(style: Style, value: str | None = None) -> tuple[str, str]:
    """Verb and words for the style's distance, or for another value of it."""
    verb, near, far = SPACE[PHRASES[style.kind].near]
    return verb, near if (value or style.distance) == "near" else far


def limb(style: Style) -> str:
    """What `hand` means: hand, arm or leg."""
    return PHRASES[style.kind].hand


def subject(style: Style) -> str:
    """ "They", but of one person "the person"."""
    return "the person" if style.kind in ("walk", "stretch") else "they"
