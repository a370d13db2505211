// Light or dark: the system's choice until the reader makes one; and the page's colours for what is drawn on a canvas.
const KEY = "laban-theme";
let known = null;

export function colours() {
  known ??= {
    people: [0, 1, 2, 3].map((number) => resolved(`--person-${number}`)),
    given: [0, 1, 2, 3].map((number) => resolved(`--given-${number}`)),
    stage: resolved("--stage"),
    grid: resolved("--grid"),
    dark: isDark(),
  };
  return known;
}

// `light-dark(…)` is resolved only where a colour is used.
function resolved(name) {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

const system = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (document.documentElement.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";

// Storage is refused to files in some browsers; then the choice lasts as long as the page.
function remembered(value) {
  try {
    if (value) localStorage.setItem(KEY, value);
    return localStorage.getItem(KEY);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    return null;
  }
}

export function wireTheme(button, changed) {
  const apply = () => {
    known = null;
    button.setAttribute("aria-pressed", String(isDark()));
    changed();
  };
  const stored = remembered();
  if (stored === "dark" || stored === "light") document.documentElement.dataset.theme = stored;
  button.addEventListener("click", () => {
    document.documentElement.dataset.theme = isDark() ? "light" : "dark";
    remembered(document.documentElement.dataset.theme);
    apply();
  });
  system.addEventListener("change", apply);
  apply();
}
