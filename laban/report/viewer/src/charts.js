// Reading values off the curves, by pointer or by arrow keys; and the details of the stage that is chosen in the figure.
export function wireCurve(figure) {
  const svg = figure.querySelector("svg");
  const points = JSON.parse(svg.dataset.points); // [x, y, step, loss]
  const [mark, readout] = [svg.querySelector(".mark"), figure.querySelector("[data-readout]")];
  const last = readout.textContent;
  let place = points.length - 1;
  const show = (index) => {
    place = Math.min(Math.max(index, 0), points.length - 1);
    const [x, y, step, loss] = points[place];
    mark.setAttribute("transform", `translate(${x} ${y})`);
    svg.classList.add("marked");
    readout.textContent = `step ${step}: ${loss}`;
  };
  const leave = () => {
    svg.classList.remove("marked");
    readout.textContent = last;
  };
  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * svg.viewBox.baseVal.width;
    show(points.reduce((best, point, index) => (Math.abs(point[0] - x) < Math.abs(points[best][0] - x) ? index : best), 0));
  });
  svg.addEventListener("pointerleave", leave);
  svg.addEventListener("blur", leave);
  svg.addEventListener("keydown", (event) => {
    const moves = { ArrowLeft: place - 1, ArrowRight: place + 1, Home: 0, End: points.length - 1 };
    if (!(event.key in moves)) return;
    event.preventDefault();
    show(moves[event.key]);
  });
}

export function wireStages(root) {
  const links = [...root.querySelectorAll("a[data-stage]")];
  const details = [...root.querySelectorAll("[data-details]")];
  const choose = (name) => {
    for (const one of details) one.hidden = one.dataset.details !== name;
    for (const link of links) link.toggleAttribute("aria-current", link.dataset.stage === name);
  };
  for (const link of links) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      choose(link.dataset.stage);
      if (event.detail === 0) root.querySelector(`#stage-${link.dataset.stage}`).focus({ preventScroll: true }); // by key: read on there
    });
  }
  if (details.length) choose(root.dataset.first || details[0].dataset.details);
}
