// The cards of all scenes, their thumbnails, the groups, and the conversation of the one that is shown.
import { Camera } from "./camera.js";
import { Flat } from "./flat.js";
import { figuresOf } from "./player.js";
import { colours } from "./theme.js";

const STILL = matchMedia("(prefers-reduced-motion: reduce)");

export class Gallery {
  constructor(root, player, scenes) {
    this.root = root;
    this.player = player;
    this.scenes = new Map(scenes.map((scene) => [scene.id, scene]));
    this.cards = [...root.querySelectorAll("[data-scene]")];
    this.groups = [...root.querySelectorAll("[data-group]")];
    this.waiting = new IntersectionObserver((entries) => this.#seen(entries), { rootMargin: "200px" });
    for (const card of this.cards) this.#wire(card);
    for (const group of this.groups) group.addEventListener("click", () => this.filter(group.dataset.group));
    if (this.groups.length) this.filter(this.groups[0].dataset.group);
    if (this.cards.length) this.choose(this.cards[0]);
  }

  filter(group) {
    for (const button of this.groups) button.setAttribute("aria-pressed", String(button.dataset.group === group));
    for (const card of this.cards) card.parentElement.hidden = card.dataset.in !== group;
  }

  choose(card) {
    for (const other of this.cards) other.toggleAttribute("aria-current", other === card);
    const scene = this.scenes.get(card.dataset.scene);
    for (const [name, text] of [["title", scene.title], ["caption", scene.caption], ["origin", scene.origin]]) {
      this.root.querySelector(`[data-shown=${name}]`).textContent = text;
    }
    this.#talk(scene);
    this.player.load(scene.panes);
  }

  redraw() {
    for (const card of this.cards) if (card.surface) this.#draw(card, card.moment);
  }

  #talk(scene) {
    const list = this.root.querySelector("[data-shown=turns]");
    const all = scene.turns.length ? [button("Whole scene", () => this.player.load(scene.panes))] : [];
    const items = scene.turns.map((turn) => {
      const item = document.createElement("li");
      item.className = turn.role;
      const who = document.createElement("span");
      who.className = "role";
      who.textContent = turn.role === "user" ? "User" : "Assistant";
      item.append(who, ...turn.parts.map((part) => this.#part(part)));
      return item;
    });
    list.replaceChildren(...items);
    this.root.querySelector("[data-shown=whole]").replaceChildren(...all);
    list.parentElement.hidden = !scene.turns.length;
  }

  #part(part) {
    if (part.type === "motion") return button(part.label, () => this.player.load([part.pane]));
    const text = document.createElement("p");
    text.textContent = part.text;
    return text;
  }

  #wire(card) {
    card.addEventListener("click", () => {
      this.choose(card);
      const screen = this.player.root;
      if (screen.getBoundingClientRect().bottom < 80) screen.scrollIntoView({ behavior: STILL.matches ? "auto" : "smooth", block: "start" });
    });
    card.addEventListener("pointerenter", () => this.#animate(card));
    card.addEventListener("pointerleave", () => (card.hovered = false));
    this.waiting.observe(card);
  }

  #seen(entries) {
    for (const { isIntersecting, target: card } of entries) {
      if (!isIntersecting || card.surface) continue;
      const canvas = card.querySelector("canvas");
      card.pane = this.player.paneOf(this.scenes.get(card.dataset.scene).panes[0]);
      card.surface = new Flat(canvas);
      card.surface.resize(canvas.clientWidth, canvas.clientHeight, Math.min(devicePixelRatio || 1, 2));
      this.#draw(card, card.pane.seconds * 0.45);
    }
  }

  #draw(card, seconds) {
    const [width, height] = card.surface.size;
    card.moment = seconds;
    const view = { x: 0, y: 0, width, height, box: card.pane.box, figures: figuresOf(card.pane, seconds, colours()) };
    card.surface.render([view], new Camera(), colours());
  }

  #animate(card) {
    if (STILL.matches || !card.surface) return;
    card.hovered = true;
    const start = performance.now() - 1000 * card.moment;
    const next = (now) => {
      if (!card.hovered) return;
      this.#draw(card, ((now - start) / 1000) % card.pane.seconds);
      requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
  }
}

function button(label, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "chip";
  made.textContent = label;
  made.addEventListener("click", act);
  return made;
}
