// Motion as laban/report/motion.py packs it: int16 millimetres, (frames, people, 22, 3), little-endian.
export const JOINTS = 22;

export class Clip {
  constructor(packed) {
    this.fps = packed.fps;
    this.frames = packed.frames;
    this.people = packed.people;
    const bytes = Uint8Array.from(atob(packed.data), (letter) => letter.charCodeAt(0));
    this.numbers = new Int16Array(bytes.buffer);
  }

  get seconds() {
    return this.frames / this.fps;
  }

  // Joints (22 x 3 metres) of a person at a time in seconds, between frames by straight lines.
  pose(person, seconds, out) {
    const exact = Math.min(Math.max(seconds * this.fps, 0), this.frames - 1);
    const before = Math.floor(exact);
    const after = Math.min(before + 1, this.frames - 1);
    const share = exact - before;
    const width = JOINTS * 3;
    const one = (before * this.people + person) * width;
    const other = (after * this.people + person) * width;
    for (let i = 0; i < width; i++) {
      out[i] = (this.numbers[one + i] * (1 - share) + this.numbers[other + i] * share) / 1000;
    }
    return out;
  }
}

// What a pane of a scene plays: some people of a clip, from a second to a second.
export class Pane {
  constructor(clip, spec) {
    this.clip = clip;
    this.spec = spec;
    this.start = spec.start_s;
    this.end = Math.min(spec.end_s ?? clip.seconds, clip.seconds);
    this.poses = spec.who.map(() => new Float32Array(JOINTS * 3));
    this.box = this.#box();
  }

  get seconds() {
    return Math.max(this.end - this.start, 1 / this.clip.fps);
  }

  // Whether what is shown at a time was given to the model and not made by it.
  given(index, seconds) {
    return this.spec.notes[index] === "given" || this.start + seconds < this.spec.cut_s;
  }

  at(seconds, poses = this.poses) {
    const moment = Math.min(this.start + Math.max(seconds, 0), this.end - 1 / this.clip.fps);
    return this.spec.who.map((person, index) => this.clip.pose(person, moment, poses[index]));
  }

  #box() {
    const low = [Infinity, 0, Infinity];
    const high = [-Infinity, 1.6, -Infinity];
    const step = Math.max(1 / this.clip.fps, this.seconds / 60);
    for (let t = 0; t <= this.seconds; t += step) {
      for (const pose of this.at(t)) {
        for (let i = 0; i < pose.length; i++) {
          low[i % 3] = Math.min(low[i % 3], pose[i]);
          high[i % 3] = Math.max(high[i % 3], pose[i]);
        }
      }
    }
    const middle = (Math.max(low[1], 0) + high[1]) / 2 + 0.1; // room above the heads for the pane's label
    const centre = [(low[0] + high[0]) / 2, middle, (low[2] + high[2]) / 2];
    const reach = Math.hypot(high[0] - low[0], high[2] - low[2]) / 2;
    return { centre, reach: Math.max(reach + 0.15, 0.8), height: high[1] };
  }
}
