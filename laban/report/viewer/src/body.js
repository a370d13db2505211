// The body as solids: how thick it is at each joint, and what stands out of the skeleton (skull, nose, hands).
const THICK = [
  0.1, 0.082, 0.082, 0.1, 0.055, 0.055, 0.104, 0.04, 0.04, 0.108, 0.034, 0.034, 0.05, 0.07, 0.07, 0.05, 0.06, 0.06, 0.042, 0.042, 0.033, 0.033,
];
const [NECK, HEAD, LEFT, RIGHT] = [12, 15, 16, 17];
const ARMS = [[18, 20], [19, 21]];
const SKULL = 0.098;

let parents = [];
export const setParents = (value) => (parents = value);
export const bones = () => parents.flatMap((parent, joint) => (parent < 0 ? [] : [{ parent, joint, from: THICK[parent], to: THICK[joint] }]));
export const thick = (joint) => THICK[joint];

const point = (pose, joint) => [pose[3 * joint], pose[3 * joint + 1], pose[3 * joint + 2]];
const minus = (a, b) => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
const along = (a, direction, length) => a.map((value, axis) => value + direction[axis] * length);
const unit = (a) => {
  const length = Math.hypot(...a) || 1;
  return a.map((value) => value / length);
};
const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];

// Balls beyond the joints: [x, y, z, radius].
export function extras(pose) {
  const up = unit(minus(point(pose, HEAD), point(pose, NECK)));
  const skull = along(along(point(pose, HEAD), up, 0.055), [0, 1, 0], 0.03);
  const front = unit(cross(minus(point(pose, LEFT), point(pose, RIGHT)), up));
  const hands = ARMS.map(([elbow, wrist]) => {
    const place = point(pose, wrist);
    return [...along(place, unit(minus(place, point(pose, elbow))), 0.065), 0.043];
  });
  return [[...skull, SKULL], [...along(skull, front, 0.095), 0.022], ...hands];
}
export const EXTRAS = 4;
export const TRAILED = [0, 20, 21];
