import numpy as np
import pytest

from laban.metrics.physics import (
    _RADIUS_B,
    TOUCH_M,
    _segment_distance,
    body_penetration,
    contact_f1,
    floor_penetration,
    foot_skate_ratio,
    foot_skate_speed,
    least_gap,
    penetration_by_part,
    people_apart,
    skate_per_contact,
    touching,
)
from laban.motion.skeleton import INDEX, PARENTS, REST_OFFSETS


def _standing(frames: int = 10) -> np.ndarray:
    """Two people in T-pose one metre apart, facing the same way, soles at the floor: (T, 2, 22, 3)."""
    pose = np.zeros((22, 3))
    for joint, parent in enumerate(PARENTS):
        pose[joint] = REST_OFFSETS[joint] + (pose[parent] if parent >= 0 else 0.0)
    pose[:, 1] -= pose[:, 1].min()
    pair = np.stack([pose, pose + [0.0, 0.0, 1.0]])
    return np.repeat(pair[None], frames, axis=0)


def test_standing_people_break_no_law() -> None:
    still = _standing()
    assert foot_skate_ratio(still, fps=30.0) == 0.0
    assert foot_skate_speed(still, fps=30.0) == 0.0
    assert floor_penetration(still).max() == 0.0
    assert body_penetration(still).max() == 0.0


@pytest.mark.parametrize("fps", [15.0, 30.0, 60.0])
def test_one_sliding_person(fps: float) -> None:
    sliding = _standing()
    sliding[:, 1, :, 0] += np.arange(10)[:, None] * 0.9 / fps  # 0.9 m/s: 3 cm a frame at 30 fps
    assert foot_skate_ratio(sliding, fps=fps) == pytest.approx(0.5)
    assert foot_skate_speed(sliding, fps=fps) == pytest.approx(0.45)
    slower = _standing()
    slower[:, 1, :, 0] += np.arange(10)[:, None] * 0.6 / fps
    assert foot_skate_ratio(slower, fps=fps) == 0.0


def test_lifted_feet_do_not_skate() -> None:
    jumping = _standing()
    jumping[:, :, :, 0] += np.arange(10)[:, None, None] * 0.1
    jumping[..., 1] += 0.06
    assert foot_skate_ratio(jumping, fps=30.0) == 0.0
    assert foot_skate_speed(jumping, fps=30.0) == 0.0
    assert foot_skate_ratio(jumping[:1], fps=30.0) == 0.0


def test_sunken_person() -> None:
    sunken = _standing()
    sunken[3:, 1, :, 1] -= 0.12
    assert floor_penetration(sunken) == pytest.approx(np.where(np.arange(10)[:, None] < 3, 0.0, [[0.0, 0.12]]))


def test_overlapping_people() -> None:
    merged = _standing()
    merged[4:, 1] = merged[4:, 0]
    assert body_penetration(merged)[:4].max() == 0.0
    assert body_penetration(merged)[4:] == pytest.approx(np.full(6, 0.18))  # two spine capsules of 9 cm, axes crossing


def test_hand_on_shoulder_is_no_collision_but_a_hand_through_the_chest_is() -> None:
    touching = _standing(1)
    wrist, chest = INDEX["right_wrist"], touching[0, 1, INDEX["spine3"]]
    touching[0, 0, wrist] = chest - [0.0, 0.0, 0.13]
    assert body_penetration(touching)[0] == 0.0
    touching[0, 0, wrist] = chest
    assert body_penetration(touching)[0] > 0.1


def test_of_three_people_any_two_may_collide() -> None:
    three = np.concatenate([_standing(2), _standing(2)[:, :1] + [0.0, 0.0, 2.0]], axis=1)
    assert body_penetration(three).max() == 0.0
    three[1, 2] = three[1, 1]
    assert body_penetration(three) == pytest.approx([0.0, 0.18])


def test_penetration_is_told_by_part() -> None:
    touching = _standing(1)
    wrist, chest = INDEX["right_wrist"], touching[0, 1, INDEX["spine3"]]
    touching[0, 0, wrist] = chest
    depth = penetration_by_part(touching)
    assert depth["arm in trunk"][0] > 0.1
    assert depth["trunk in trunk"][0] == depth["leg in any"][0] == 0.0
    touching[0, 0, wrist] = touching[0, 1, wrist]
    assert penetration_by_part(touching)["arm in arm"][0] >= 0.06
    foot = _standing(1)
    foot[0, 0, INDEX["left_foot"]] = foot[0, 1, INDEX["left_knee"]]
    depth = penetration_by_part(foot)
    assert depth["leg in any"][0] == body_penetration(foot)[0] > 0.05
    assert depth["arm in arm"][0] == 0.0


def test_gaps_equal_a_search_of_all_pairs_of_bones() -> None:
    """Most bones are passed over because their middles are far apart: that must not change a number."""
    draw = np.random.default_rng(5)
    near = _standing(12) + 0.1 * draw.normal(size=(12, 2, 22, 3))
    near[:, 1, :, 2] -= np.linspace(0.0, 1.0, 12)[:, None]
    ends = [near[:, person, 1:] for person in (0, 1)]
    starts = [near[:, person, list(PARENTS[1:])] for person in (0, 1)]
    gaps = [
        [
            float(_segment_distance(starts[0][t, i], ends[0][t, i], starts[1][t, j], ends[1][t, j])) - _RADIUS_B[i] - _RADIUS_B[j]
            for i in range(21)
            for j in range(21)
        ]
        for t in range(12)
    ]
    least = np.min(gaps, axis=1)
    assert (least < 0).any()
    assert (least > TOUCH_M).any()
    assert least_gap(near) == pytest.approx(np.where(least < TOUCH_M, least, np.inf), abs=1e-9)
    assert body_penetration(near) == pytest.approx(np.clip(-least, 0, None), abs=1e-9)
    assert touching(near).tolist() == (least < TOUCH_M).tolist()
    assert touching(near[:, ::-1]).tolist() == touching(near).tolist()  # whoever is called the first


def test_contact_f1() -> None:
    true, said = np.array([True, True, False, False]), np.array([True, False, True, False])
    assert contact_f1([said], [true]) == pytest.approx(0.5)
    assert contact_f1([true], [true]) == 1.0
    assert contact_f1([~true], [true]) == 0.0
    assert contact_f1([said, true], [true, true]) == pytest.approx(2 * 3 / 8)  # of all frames, not of clips
    assert contact_f1([np.zeros(4, bool)], [np.zeros(4, bool)]) is None


def test_people_apart_over_the_floor() -> None:
    assert people_apart(_standing()) == pytest.approx(1.0)
    assert people_apart(_standing() + np.array([[0.0] * 3, [0.0, 0.7, 0.0]])[:, None]) == pytest.approx(1.0)


def test_skate_is_told_for_every_time_a_foot_is_put_down() -> None:
    assert skate_per_contact(_standing()) == [0.0] * 4  # two people's two feet, each down once
    walking = _standing(30)
    toe = walking[:, 0, INDEX["left_foot"]]
    toe[10:20, 1] += 0.1
    toe[20:, 0] += np.minimum(np.arange(10), 5) * 0.004  # slides 2 cm after it has landed
    assert sorted(skate_per_contact(walking)) == pytest.approx([0.0, 0.0, 0.0, 0.0, 0.02])
    there_and_back = _standing(20)
    there_and_back[:, 1, INDEX["right_foot"], 2] += 0.01 * (np.arange(20) % 2)
    assert max(skate_per_contact(there_and_back)) == pytest.approx(0.19)


def test_a_toe_that_only_scuffs_is_seen_with_a_higher_rise() -> None:
    scuffing = _standing(30)
    scuffing[10:20, 0, INDEX["left_foot"], 1] += 0.006
    scuffing[10:20, 0, INDEX["left_foot"], 0] += np.linspace(0, 0.3, 10)
    scuffing[20:, 0, INDEX["left_foot"], 0] += 0.3
    assert max(skate_per_contact(scuffing)) == 0.0
    assert max(skate_per_contact(scuffing, rise_m=0.01)) == pytest.approx(0.3)


def test_segment_distance_equals_a_dense_search() -> None:
    random = np.random.default_rng(0)
    a, b, c, d = random.normal(size=(4, 50, 3))
    b[0] = a[0]  # a bone of no length
    d[1] = c[1] + 2 * (b[1] - a[1])  # parallel bones
    steps = np.linspace(0, 1, 401)
    first, second = a[:, None] + steps[:, None] * (b - a)[:, None], c[:, None] + steps[:, None] * (d - c)[:, None]
    searched = np.linalg.norm(first[:, :, None] - second[:, None], axis=-1).min(axis=(1, 2))
    assert _segment_distance(a, b, c, d) == pytest.approx(searched, abs=0.01)
    assert (_segment_distance(a, b, c, d) <= searched + 1e-9).all()


def test_refusals() -> None:
    with pytest.raises(ValueError, match="1 people"):
        body_penetration(np.zeros((4, 1, 22, 3)))
    with pytest.raises(ValueError, match=r"\(4, 2, 21, 3\)"):
        floor_penetration(np.zeros((4, 2, 21, 3)))
