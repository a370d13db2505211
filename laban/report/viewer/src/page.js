// Wires a page that laban/report/page.py wrote; whatever part is absent from it is left alone.
import { setParents } from "./body.js";
import { wireCurve, wireStages } from "./charts.js";
import { Gallery } from "./gallery.js";
import { Player } from "./player.js";
import { wireTheme } from "./theme.js";

const data = JSON.parse(document.getElementById("scenes").textContent);
setParents(data.parents);
const motion = document.getElementById("motion");
let player = null;
let gallery = null;
wireTheme(document.getElementById("theme"), () => {
  if (player) player.stale = true;
  gallery?.redraw();
});
document.querySelectorAll("[data-curve]").forEach(wireCurve);
document.querySelectorAll("[data-workflow]").forEach(wireStages);
document.documentElement.dataset.ready = "true";
// The page is painted before the first figure is: making a WebGL context takes a while on slow machines.
if (data.scenes.length) {
  requestAnimationFrame(() =>
    setTimeout(() => {
      player = new Player(motion.querySelector("[data-player]"), data);
      gallery = new Gallery(motion, player, data.scenes);
    }),
  );
}
