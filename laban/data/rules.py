"""What every value of a measure must be, and why: all limits of nature and of measurement, in one place.

No hand moves at 25 m/s, whatever the data set. What people may want to change (how many rows, how good) is a threshold of the
settings on the measures of the whole instead. `CLIP_RULES` hold for capture as for motion from code; code can do without what
capture cannot avoid (bones that stretch, feet that slide), so `PROCEDURAL_RULES` are tighter.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

from laban.data.measure import SPLITS

LARGEST = sys.float_info.max


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What every value of a column must be: within limits, one of some values, or unlike all others; never null unless `optional`."""

    column: str
    why: str
    low: float = -LARGEST
    high: float = LARGEST
    values: tuple[Any, ...] = ()
    unique: bool = False
    optional: bool = False
    """Null means *does not apply* here."""

    def expected(self) -> str:
        """The limits in words."""
        if self.unique:
            return "unlike all others"
        if self.values == ("",):
            return "nothing"
        if self.values:
            return "one of " + ", ".join(map(str, self.values))
        bounds = [f"at least {self.low:g}" if self.low > -LARGEST else "", f"at most {self.high:g}" if self.high < LARGEST else ""]
        return " and ".join(filter(None, bounds)) or "finite"

    def excess(self, value: Any) -> float:
        """By how much a number lies beyond the limits; 0 of what is no number."""
        return max(self.low - value, value - self.high, 0.0) if isinstance(value, int | float) else 0.0


CLIP_RULES = (
    Rule(column="id", unique=True, why="a clip is found by its id"),
    Rule(column="unsafe_id", values=("",), why="ids and groups become names of files and rows: letters, digits, '_', '-' and '.'"),
    Rule(column="error", values=("",), why="a clip can be read and is what the index says"),
    Rule(column="nonfinite", high=0, why="a NaN or infinity in any array spreads through every loss"),
    Rule(column="frames", low=8, why="less than one step of the tokenizer is no motion"),
    Rule(column="fps", low=10, high=240, why="KIT-ML has 12.5, optical capture up to 240"),
    Rule(column="people", low=1, high=8, why="a record has at least one person"),
    Rule(column="split", values=SPLITS, why="a misspelt split is silently left out"),
    Rule(column="blank_source", high=0, why="nobody can say later where it came from"),
    Rule(column="blank_licence", high=0, why="what has no licence may not be used"),
    # bodies
    Rule(column="bone_drift_m", high=0.03, why="bones do not stretch; capture fitted frame by frame stays within 0.03 m"),
    Rule(column="longest_bone_m", low=0.2, high=0.8, why="a thigh is 0.25 m (child) to 0.6 m; else the unit is not the metre"),
    Rule(column="shortest_limb_m", low=0.1, why="a small child's forearm and shin; shorter is no limb but another joint"),
    Rule(column="lopsided_m", high=0.06, why="left and right bones differ by a centimetre or two; more is a joint in another's place"),
    Rule(column="smallest_stature_m", low=0.65, why="shin to head joint is 0.78 of the height: a child of three has 0.74 m"),
    Rule(column="stature_m", high=2.0, why="shin to head joint is 0.78 of the height: the tallest man had 2.1 m, a tall one has 1.7 m"),
    # floor and axes
    Rule(column="floor_m", low=-0.15, high=0.3, why="somebody touches the floor, and a toe sinks in by noise only"),
    Rule(column="floor_drift_m", high=0.3, why="from second to second somebody stands on one floor, or a stair of 0.2 m higher"),
    Rule(
        column="unsupported_m", high=0.3, why="who never comes down is carried by somebody within a metre, or has a floor of another file"
    ),
    Rule(column="highest_m", high=2.0, why="who is lifted is below 2 m; higher is another person's floor or unit"),
    Rule(column="slide_m_s", high=0.6, why="of who stands one foot rests: real dancers, who turn on their toes, come to 0.3 m/s"),
    Rule(column="toes_forward", low=-0.3, why="toes point where hips face; else left and right are exchanged"),
    Rule(column="shoulders_over_hips", low=0.0, why="nobody's shoulders are turned backwards most of the time; one girdle is exchanged"),
    Rule(column="ever_upright", low=0.5, why="for a moment somebody sits or stands; else another axis is up"),
    # time
    Rule(column="speed_m_s", high=25.0, why="the fastest hands and feet of athletes reach 20 m/s; more is a jump of the capture"),
    Rule(
        column="sustained_m_s", high=10.0, why="a tenth of the time faster: a runner's feet reach it, a salsa 4.3; else the rate is wrong"
    ),
    Rule(column="pelvis_speed_m_s", high=12.5, why="the fastest sprint is 12.4 m/s; more is a wrong rate or exchanged people"),
    Rule(column="pelvis_accel_m_s2", high=160.0, why="16 g; the hardest landing has 10 g, at 30 frames a second 160 is a leap of 0.18 m"),
    Rule(column="noise_m", high=0.01, why="optical capture trembles by 0.004 m at most; a centimetre is louder than a handshake"),
    Rule(column="stiff_s", high=0.5, why="no pose stays the same to 0.02 mm; frames are repeated, a track is lost or only the root moves"),
    Rule(column="repeated_share", high=0.1, why="frames that are the one before: a rate was raised by doubling them"),
    Rule(column="skip_ratio", high=3.5, why="a body goes four frames' way in one: frames are missing; real dances come to 2.5"),
    # people
    Rule(column="apart_m", high=10.0, optional=True, why="who is farther apart does nothing together: not one world frame"),
    Rule(column="trunks_m", low=0.1, optional=True, why="two spines are 0.17 m apart in the closest dance; nearer is inside the other"),
    Rule(column="unlike_m", low=0.001, optional=True, why="two bodies never move alike to a millimetre: one is a copy"),
    Rule(column="coarse_share", high=0.25, why="3 % look so by chance; numbers were cut to 16 bits or to centimetres"),
    Rule(column="actor_outside", high=0, why="who acts is one of the people, or -1"),
    Rule(column="odd_style", values=("",), why="a style has the parameters and values of its kind in styles.json; its starter acts"),
    # rotations
    Rule(column="root_gap_m", high=1e-4, optional=True, why="the root is the pelvis, but for the residual that is recorded"),
    Rule(column="rotation_gap", high=1e-3, optional=True, why="two columns of a rotation are perpendicular and of length one"),
    # the record promises 1e-5 m; float32 resolves 4e-6 m at 40 m from the origin
    Rule(column="fk_gap_m", high=3e-5, optional=True, why="forward kinematics give the positions, but for the residual that is recorded"),
    Rule(column="residual_m", low=0.0, high=0.25, why="a retarget that misses by more than a hand is another body"),
    # captions
    Rule(column="missing_captions", high=0, why="motion without words cannot be paired; our own has three"),
    Rule(column="empty_captions", high=0, why="InterHuman has empty captions, and models learn them"),
    Rule(column="repeated_captions", high=0, why="one text under three names is one caption"),
    Rule(column="caption_fault", values=("",), why="a caption is words about the motion: laban/data/wording.py lists what is not"),
    Rule(column="bad_caption_spans", high=0, why="a caption's time lies within its clip"),
    Rule(column="uncaptioned_s", high=0.5, optional=True, why="our captions tell of the whole clip; else the rate or the length is wrong"),
    Rule(column="contradiction", values=("",), why="style and words tell the same"),
    Rule(column="named_hand", low=1 / 3, optional=True, why="the hand that words name is moved, not the other thrice as far"),
    Rule(column="named_leg", low=1 / 3, optional=True, why="the leg that words name is moved, not the other thrice as far"),
    # splits
    Rule(column="splits_of_group", low=1, high=1, why="pieces of one trial in two splits are a leak"),
    Rule(column="same_motion_in", values=("",), why="the same motion in two splits is a leak"),
    Rule(column="misplaced_style", values=("",), why="the combination that is kept for test_unseen is never trained on"),
)
PROCEDURAL_RULES = (
    # of 600 clips of all kinds the worst had: drift 8e-7 m, lopsided 3e-7 m, floor 0.02 m, slide 0, noise 0.0012 m, stiff 0.13 s;
    # of 8,000 stiff 0.23 s
    Rule(column="bone_drift_m", high=1e-5, why="a bone from code has one length, to single precision"),
    Rule(column="lopsided_m", high=1e-3, why="bodies from code are built alike on both sides"),
    Rule(column="floor_m", low=0.01, high=0.03, why="a toe joint rests 0.02 m over the floor, and comes a centimetre lower at most"),
    Rule(column="floor_drift_m", high=0.01, why="the floor from code does not move"),
    Rule(column="storey_m", high=0.01, why="people from code stand on one floor"),
    Rule(column="slide_m_s", high=0.02, why="a foot that stands is kept where it stands"),
    Rule(column="noise_m", high=0.003, why="motion from code is smooth; capture trembles more"),
    Rule(column="stiff_s", high=0.4, why="nobody from code stands like a statue"),
    Rule(column="toes_forward", low=0.5, why="toes from code point where the body faces"),
    Rule(column="actor_lag_s", high=0.3, optional=True, why="who acts begins: the starter of the style"),
)
DATASET_RULES = (
    Rule(column="upright_share", low=0.5, why="most people stand most of the time; else another axis is up"),
    Rule(
        column="usual_speed_m_s",
        low=0.5,
        high=5.0,
        why="half of the clips are no slower than a handshake and no faster than a salsa (3.3); else all rates are wrong",
    ),
    Rule(column="near_duplicate_share", high=0.05, why="one motion under many names counts many times"),
    Rule(
        column="worn_caption_share",
        high=0.1,
        why="InterHuman says 'two people are dancing together' fifty times: what every pool of 32 has twice cannot be retrieved",
    ),
    Rule(column="leaked_caption_share", high=0.05, why="eight words and more written by hand, in two splits: the same recording"),
    Rule(
        column="late_actor_share",
        high=0.5,
        why="of captured pairs the actor mostly begins; else the order of actor and reactor is inverted",
    ),
    Rule(
        column="own_floor_share",
        high=0.5,
        why="the lowest points of two captured people differ by millimetres; else a loader put each on the floor by itself",
    ),
    Rule(column="rates", low=1, high=1, why="a tokenizer has one rate; another one is a clip that was not resampled or is misdeclared"),
    Rule(column="train_rows", low=1, why="there is something to learn from"),
    Rule(column="val_rows", low=1, why="there is something to choose by"),
    Rule(column="test_rows", low=1, why="there is something to prove it on"),
    Rule(column="train_share", low=0.5, why="most is to learn from; a lesser share is two splits exchanged"),
)
CONVERSATION_RULES = (
    Rule(column="id", unique=True, why="a conversation is found by its id"),
    Rule(column="unsafe_id", values=("",), why="ids become names: letters, digits, '_', '-' and '.'"),
    Rule(column="error", values=("",), why="a line is a conversation: roles alternate from the user, parts are text or motion"),
    Rule(column="split", values=SPLITS, why="a misspelt split is silently left out"),
    Rule(column="odd_task", values=("",), why="results are told by task: small letters, digits and '_'"),
    Rule(column="ends_with", values=("assistant",), why="a question without an answer teaches nothing"),
    Rule(column="learned", low=1, why="some part of the assistant must count in the loss"),
    Rule(column="empty_texts", high=0, why="blank text teaches silence"),
    Rule(column="text_fault", values=("",), why="what is said is words: laban/data/wording.py lists what is not"),
    Rule(column="parroted", values=("",), why="an answer that is the question teaches to copy"),
    Rule(column="given_away", values=("",), why="motion that is asked for has not been shown; else an edit changes nothing"),
    Rule(
        column="unknown_clips",
        values=("",),
        why="motion that is named must exist, in clips/ or among the real ones listed in known_clips.parquet",
    ),
    Rule(column="torn_clips", values=("",), why="motion of one split in a conversation of another is a leak"),
    Rule(column="bad_spans", values=("",), why="what is shown of a clip must be there: seconds and people"),
)
CODE_RULES = (
    Rule(column="unsafe_id", values=("",), why="a clip is found by its id: letters, digits, '_', '-' and '.'"),
    Rule(column="split", values=SPLITS, why="a misspelt split is silently left out"),
    Rule(column="people", low=1, high=8, why="codes are somebody's"),
    Rule(column="bad_order", values=("",), why="the order names each person once"),
    Rule(column="fps", low=10, high=240, why="KIT-ML has 12.5, optical capture up to 240"),
    Rule(column="steps", low=1, why="less than one step is no motion"),
    Rule(column="depth", low=1, high=16, why="a residual quantiser has levels"),
    Rule(column="downsample", low=1, why="a step has frames"),
    Rule(column="codebook_size", low=2, why="one code says nothing"),
    Rule(column="missing_codes", low=0, high=0, why="there is a code for each step, person and level"),
    Rule(column="lowest_code", low=0, why="-1 is what quantiser dropout leaves in unused levels; an embedding would take the last row"),
    Rule(column="codes_left", low=0, why="a code beyond the codebook has no embedding"),
    Rule(column="fractional_codes", high=0, why="codes are numbers of rows; a fraction is a latent in their place"),
    Rule(column="missing_steps", low=0, high=0, why="every whole step of a clip is encoded"),
    Rule(column="captions", low=1, why="codes without words cannot be paired"),
    Rule(column="empty_captions", high=0, why="models learn empty captions"),
    Rule(column="caption_fault", values=("",), why="a caption is words about the motion: laban/data/wording.py lists what is not"),
    Rule(column="splits_of_id", low=1, high=1, why="a clip in two splits is a leak"),
    Rule(column="versions_of_id", low=1, high=1, why="rows of one clip tell the same frames, rate, kind, source and captions"),
    Rule(column="copies", low=1, high=1, why="a clip is encoded once in each order"),
    Rule(column="missing_orders", low=0, high=0, why="each person comes first once, so that a model learns everybody's part"),
)
CODE_SET_RULES = (
    Rule(column="layouts", low=1, high=1, why="all rows come from one tokenizer"),
    Rule(column="rates", low=1, high=1, why="a tokenizer has one rate"),
)
