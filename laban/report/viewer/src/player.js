// The viewer: which scene is shown, at which moment, from where, and the controls for all of that.
import { Camera } from "./camera.js";
import { Flat, trailOf } from "./flat.js";
import { Clip, Pane } from "./motion.js";
import { Solid } from "./solid.js";
import { colours } from "./theme.js";

const STILL = matchMedia("(prefers-reduced-motion: reduce)");
const REST_S = 0.7; // a played scene rests on its last frame before it begins again
const NARROW = 560; // pixels; below it panes stand one above the other
const TURN = Math.PI / 12;
const SLOW_S = 0.08; // a frame; slower than this over `WATCHED` frames, and drawing is made lighter
const WATCHED = 6;

export class Player {
  constructor(root, reel) {
    this.root = root;
    this.reel = reel;
    this.decoded = new Map();
    this.camera = new Camera();
    this.surface = surfaceOf(root.querySelector("canvas"));
    this.canvas = this.surface.canvas;
    root.dataset.renderer = this.surface.constructor === Flat ? "2d" : "webgl";
    this.controls = Object.fromEntries([...root.querySelectorAll("[data-control]")].map((one) => [one.dataset.control, one]));
    this.panes = [];
    this.seconds = 0;
    this.playing = false;
    this.speed = 1;
    this.trail = false;
    this.visible = true;
    this.stale = true;
    this.#listen();
    new ResizeObserver(() => this.resize()).observe(this.canvas.parentElement);
    new IntersectionObserver(([entry]) => (this.visible = entry.isIntersecting)).observe(root);
    requestAnimationFrame((now) => this.#tick(now));
  }

  clip(key) {
    if (!this.decoded.has(key)) this.decoded.set(key, new Clip(this.reel.clips[key]));
    return this.decoded.get(key);
  }

  paneOf(spec) {
    return new Pane(this.clip(spec.clip), spec);
  }

  // Shows panes from their beginning; plays them unless the reader wants no motion.
  load(specs) {
    this.panes = specs.map((spec) => this.paneOf(spec));
    this.length = Math.max(...this.panes.map((pane) => pane.seconds));
    this.fps = this.panes[0].clip.fps;
    this.controls.scrub.max = String(Math.max(1, Math.round(this.length * this.fps) - 1));
    const cut = Math.max(...this.panes.map((pane) => pane.spec.cut_s && pane.spec.cut_s - pane.start));
    this.controls.scrub.style.setProperty("--cut", `${Math.max(0, (100 * cut) / this.length)}%`);
    this.#labels();
    this.resize();
    this.seek(0);
    this.play(!STILL.matches);
  }

  play(on) {
    this.playing = on;
    const { play } = this.controls;
    play.setAttribute("aria-label", on ? "Pause" : "Play");
    play.title = `${on ? "Pause" : "Play"} (space)`;
    play.dataset.playing = String(on);
    this.root.dataset.playing = String(on);
  }

  seek(seconds) {
    this.seconds = Math.min(Math.max(seconds, 0), this.length);
    this.controls.scrub.value = String(Math.min(Math.round(this.seconds * this.fps), Number(this.controls.scrub.max)));
    const said = `${this.seconds.toFixed(2)} of ${this.length.toFixed(2)} seconds`;
    this.controls.scrub.setAttribute("aria-valuetext", said);
    this.controls.time.textContent = `${this.seconds.toFixed(2)} / ${this.length.toFixed(2)} s`;
    this.root.dataset.seconds = this.seconds.toFixed(3);
    this.stale = true;
  }

  step(frames) {
    this.play(false);
    this.seek((Math.round(this.seconds * this.fps) + frames) / this.fps);
  }

  look(change) {
    change(this.camera);
    this.root.dataset.view = [this.camera.yaw, this.camera.pitch, this.camera.zoom].map((value) => value.toFixed(3)).join(" ");
    this.stale = true;
  }

  resize() {
    const { clientWidth: width, clientHeight: height } = this.canvas.parentElement;
    if (!width || !height) return;
    this.size = [width, height];
    this.surface.resize(width, height, Math.min(devicePixelRatio || 1, 2));
    this.stale = true;
  }

  // Windows, figures and trails of all panes at this moment.
  views() {
    const [width, height] = this.size;
    const count = this.panes.length;
    const upright = width < NARROW;
    const [own, tall] = upright ? [width, height / count] : [width / count, height];
    const palette = colours();
    const reach = Math.max(...this.panes.map((pane) => pane.box.reach));
    const top = Math.max(...this.panes.map((pane) => pane.box.height));
    return this.panes.map((pane, place) => ({
      x: upright ? 0 : place * own,
      y: upright ? place * tall : 0,
      width: own,
      height: tall,
      box: { centre: pane.box.centre, reach, height: top },
      figures: figuresOf(pane, this.seconds, palette),
      trails: this.trail ? pane.spec.who.flatMap((_, index) => trailOf(pane, index, this.seconds, palette.people[pane.spec.colours[index] % 4])) : [],
    }));
  }

  #labels() {
    const overlay = this.root.querySelector("[data-labels]");
    overlay.replaceChildren(...this.panes.map((pane) => labelOf(pane)));
    overlay.dataset.count = String(this.panes.length);
  }

  #tick(now) {
    const passed = Math.min((now - (this.before ?? now)) / 1000, 0.1);
    this.before = now;
    if (this.playing && this.visible && this.panes.length) {
      this.#advance(passed * this.speed);
      this.#watch(passed);
    }
    if (this.stale && this.size && this.panes.length) {
      this.stale = false;
      this.surface.render(this.views(), this.camera, colours());
      this.root.dataset.drawn = String(1 + Number(this.root.dataset.drawn ?? 0));
    }
    requestAnimationFrame((next) => this.#tick(next));
  }

  #watch(seconds) {
    this.spent = (this.spent ?? 0) + seconds;
    this.watched = (this.watched ?? 0) + 1;
    if (this.watched < WATCHED) return;
    const slow = this.spent / this.watched > SLOW_S;
    this.spent = this.watched = 0;
    if (!slow || !this.surface.lighten()) return;
    this.root.dataset.light = "true";
    this.resize();
  }

  #advance(seconds) {
    if (this.seconds < this.length) {
      this.rested = 0;
      this.seek(this.seconds + seconds);
    } else if ((this.rested += seconds) > REST_S) {
      this.seek(0);
    }
  }

  #listen() {
    const { controls } = this;
    controls.play.addEventListener("click", () => this.play(!this.playing));
    controls.back.addEventListener("click", () => this.step(-1));
    controls.forward.addEventListener("click", () => this.step(1));
    controls.scrub.addEventListener("input", () => {
      this.play(false);
      this.seek(Number(controls.scrub.value) / this.fps);
    });
    controls.speed.addEventListener("change", () => (this.speed = Number(controls.speed.value)));
    controls.left.addEventListener("click", () => this.look((camera) => camera.turn(-TURN, 0)));
    controls.right.addEventListener("click", () => this.look((camera) => camera.turn(TURN, 0)));
    controls.reset.addEventListener("click", () => this.look((camera) => camera.reset()));
    controls.trail.addEventListener("click", () => {
      this.trail = !this.trail;
      controls.trail.setAttribute("aria-pressed", String(this.trail));
      this.stale = true;
    });
    this.root.querySelector("[data-screen]").addEventListener("keydown", (event) => this.#key(event));
    this.root.addEventListener("keydown", (event) => {
      if (event.key === " " && event.target === controls.scrub) {
        event.preventDefault();
        this.play(!this.playing);
      }
    });
    this.#pointer();
    this.canvas.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target !== this.canvas) return;
    const turns = { ArrowLeft: [-TURN / 3, 0], ArrowRight: [TURN / 3, 0], ArrowUp: [0, TURN / 3], ArrowDown: [0, -TURN / 3] };
    const acts = {
      " ": () => this.play(!this.playing),
      ArrowLeft: () => this.step(-1),
      ArrowRight: () => this.step(1),
      Home: () => this.seek(0),
      End: () => this.seek(this.length),
      "+": () => this.look((camera) => camera.scale(1.15)),
      "=": () => this.look((camera) => camera.scale(1.15)),
      "-": () => this.look((camera) => camera.scale(1 / 1.15)),
      0: () => this.look((camera) => camera.reset()),
      t: () => this.controls.trail.click(),
    };
    const act = event.shiftKey && turns[event.key] ? () => this.look((camera) => camera.turn(...turns[event.key])) : acts[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  #pointer() {
    let from = null;
    this.canvas.addEventListener("pointerdown", (event) => {
      from = [event.clientX, event.clientY];
      this.canvas.setPointerCapture(event.pointerId);
    });
    this.canvas.addEventListener("pointermove", (event) => {
      if (!from) return;
      const [x, y] = [event.clientX, event.clientY];
      const [dx, dy] = [x - from[0], y - from[1]];
      from = [x, y];
      this.look((camera) => camera.turn(-dx / 160, dy / 200));
    });
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) this.canvas.addEventListener(end, () => (from = null));
  }

  // The wheel scrolls the page, as everywhere; over a focused canvas, or with Ctrl, it zooms.
  #wheel(event) {
    if (!event.ctrlKey && document.activeElement !== this.canvas) return;
    event.preventDefault();
    this.look((camera) => camera.scale(Math.exp(-event.deltaY / 600)));
  }
}

function surfaceOf(canvas) {
  try {
    return new Solid(canvas);
  } catch (error) {
    console.info(`no WebGL here (${error.message}): drawing on a 2-D canvas`);
    const fresh = canvas.cloneNode(false); // a canvas that was asked for WebGL may refuse any other context
    canvas.replaceWith(fresh);
    return new Flat(fresh);
  }
}

export function figuresOf(pane, seconds, palette) {
  return pane.at(seconds).map((pose, index) => {
    const number = pane.spec.colours[index] % palette.people.length;
    const given = pane.given(index, seconds);
    return { pose, colour: (given ? palette.given : palette.people)[number], edge: palette.stage };
  });
}

function labelOf(pane) {
  const label = document.createElement("div");
  const name = document.createElement("strong");
  name.textContent = pane.spec.label;
  label.append(name);
  pane.spec.who.forEach((_, index) => {
    const person = document.createElement("span");
    const number = pane.spec.colours[index];
    const pale = pane.spec.notes[index] === "given";
    person.className = "person";
    person.style.setProperty("--own", `var(--${pale ? "given" : "person"}-${number % 4})`);
    person.textContent = ["ABCDEFGH"[number], pane.spec.notes[index]].filter(Boolean).join(" ");
    label.append(person);
  });
  return label;
}
