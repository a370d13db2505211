// Drawing on a 2-D canvas: the thumbnails, and the viewer where there is no WebGL.
import { bones, extras, TRAILED } from "./body.js";

export class Flat {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
  }

  lighten() {
    return false;
  }

  resize(width, height, ratio) {
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.size = [width, height];
  }

  render(views, camera, colours) {
    const context = this.context;
    context.clearRect(0, 0, ...this.size);
    for (const view of views) {
      context.save();
      context.beginPath();
      context.rect(view.x, view.y, view.width, view.height);
      context.clip();
      context.translate(view.x, view.y);
      const lens = camera.lens(view.box, view.width, view.height);
      this.#floor(lens, view.box, colours);
      for (const trail of view.trails ?? []) this.#trail(lens, trail);
      this.#figures(lens, view.figures);
      context.restore();
    }
  }

  #floor(lens, box, colours) {
    const context = this.context;
    const reach = Math.ceil(box.reach + 1);
    const [x0, z0] = [Math.round(box.centre[0]), Math.round(box.centre[2])];
    context.strokeStyle = colours.grid;
    context.lineWidth = 1;
    context.beginPath();
    for (let i = -reach; i <= reach; i++) {
      const lines = [[x0 + i, z0 - reach, x0 + i, z0 + reach], [x0 - reach, z0 + i, x0 + reach, z0 + i]];
      for (const [ax, az, bx, bz] of lines) {
        const [a, b] = [lens(ax, 0, az), lens(bx, 0, bz)];
        if (a[2] < 0.1 || b[2] < 0.1) continue;
        context.moveTo(a[0], a[1]);
        context.lineTo(b[0], b[1]);
      }
    }
    context.stroke();
  }

  #trail(lens, { points, colour }) {
    const context = this.context;
    context.strokeStyle = colour;
    context.lineWidth = 1.5;
    context.beginPath();
    points.forEach((point, index) => context[index ? "lineTo" : "moveTo"](...lens(...point).slice(0, 2)));
    context.stroke();
  }

  // The farthest figure first; of each first the outline of all its pieces, then the pieces, so that only the figure has an edge.
  #figures(lens, figures) {
    const drawn = figures.map((figure) => ({ ...figure, pieces: piecesOf(lens, figure.pose) }));
    const depth = ({ pieces }) => pieces.reduce((sum, piece) => sum + piece.depth, 0) / pieces.length;
    drawn.sort((one, other) => depth(other) - depth(one));
    for (const { pieces, colour, edge } of drawn) {
      for (const piece of pieces) this.#stroke(piece, edge, 2.4);
      for (const piece of pieces) this.#stroke(piece, colour, 0);
    }
  }

  #stroke({ a, b, width }, style, extra) {
    const context = this.context;
    context.lineCap = "round";
    context.strokeStyle = style;
    context.lineWidth = Math.max(width, 1) + extra;
    context.beginPath();
    context.moveTo(a[0], a[1]);
    context.lineTo(b[0] + 0.01, b[1]);
    context.stroke();
  }
}

// Limbs and balls of a figure as strokes, the farthest first.
function piecesOf(lens, pose) {
  const limbs = bones().map(({ parent, joint, from, to }) => {
    const [a, b] = [parent, joint].map((number) => lens(...pose.slice(3 * number, 3 * number + 3)));
    return { a, b, width: (from + to) * ((a[3] + b[3]) / 2), depth: (a[2] + b[2]) / 2 };
  });
  const balls = extras(pose).map(([x, y, z, radius]) => {
    const a = lens(x, y, z);
    return { a, b: a, width: 2 * radius * a[3], depth: a[2] };
  });
  return [...limbs, ...balls].sort((one, other) => other.depth - one.depth);
}

export const trailOf = (pane, index, seconds, colour) =>
  TRAILED.map((joint) => {
    const points = [];
    const pose = pane.spec.who.map(() => new Float32Array(66));
    for (let t = Math.max(0, seconds - 1); t <= seconds; t += 1 / 15) {
      const own = pane.at(t, pose)[index];
      points.push([own[3 * joint], own[3 * joint + 1], own[3 * joint + 2]]);
    }
    return { points, colour };
  });

