// One orbiting camera for all panes; each pane keeps its own target and distance.
export const FIELD = 32;
const HALF = (FIELD / 2) * (Math.PI / 180);

export class Camera {
  constructor() {
    this.reset();
  }

  reset() {
    this.yaw = 0.6;
    this.pitch = 0.24;
    this.zoom = 1;
  }

  turn(yaw, pitch) {
    this.yaw += yaw;
    this.pitch = Math.min(Math.max(this.pitch + pitch, -0.1), 1.5);
  }

  scale(factor) {
    this.zoom = Math.min(Math.max(this.zoom * factor, 0.4), 4);
  }

  // Where the eye stands so that a box is seen whole in a window of some aspect.
  eye(box, aspect) {
    const wide = (0.85 * box.reach) / (Math.tan(HALF) * aspect);
    const high = (box.height / 2 + 0.35) / Math.tan(HALF);
    const distance = (Math.max(wide, high) + box.reach * 0.35) / this.zoom;
    const flat = Math.cos(this.pitch) * distance;
    return [box.centre[0] + Math.sin(this.yaw) * flat, box.centre[1] + Math.sin(this.pitch) * distance, box.centre[2] + Math.cos(this.yaw) * flat];
  }

  // A function from the world to [x, y, depth, pixels a metre] in a window, for drawing without WebGL.
  lens(box, width, height) {
    const eye = this.eye(box, width / height);
    const [sy, cy, sp, cp] = [Math.sin(this.yaw), Math.cos(this.yaw), Math.sin(this.pitch), Math.cos(this.pitch)];
    const focal = height / 2 / Math.tan(HALF);
    return (x, y, z) => {
      const [dx, dy, dz] = [x - eye[0], y - eye[1], z - eye[2]];
      const side = dx * cy - dz * sy;
      const back = dx * sy + dz * cy;
      const depth = Math.max(-(back * cp + dy * sp), 0.05);
      const up = dy * cp - back * sp;
      return [width / 2 + (side * focal) / depth, height / 2 - (up * focal) / depth, depth, focal / depth];
    };
  }
}
