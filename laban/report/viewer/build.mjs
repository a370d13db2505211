// Bundles src/ and the used part of three.js into ../static/viewer.js, headed by three.js's licence and the hash of what it was built from.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { build } from "esbuild";

const sources = ["package.json", ...readdirSync("src").sort().map((name) => `src/${name}`)];
const digest = createHash("sha256");
for (const name of sources) digest.update(`${name}\0`).update(readFileSync(name));
const licence = readFileSync("node_modules/three/LICENSE", "utf8").trim();
await build({
  entryPoints: ["src/page.js"],
  outfile: "../static/viewer.js",
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2020",
  legalComments: "none",
  charset: "ascii",
  banner: { js: `/* laban viewer, built from ${digest.digest("hex")}\n\nContains parts of three.js:\n\n${licence}\n*/` },
});
