// Builds web/dist, which the Go package embeds: styles from main.scss, scripts from *.js, fonts from npm. Nothing is loaded
// from outside at run time. The Go side names the files by digest.
import { build } from "esbuild";
import { compile } from "sass";
import { cpSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "..", "dist");
const modules = join(here, "node_modules");

mkdirSync(out, { recursive: true });
for (const f of readdirSync(out)) {
  if (f !== "README.md") rmSync(join(out, f), { recursive: true });
}

const styles = (name) => compile(join(here, name), { loadPaths: [modules], style: "compressed", quietDeps: true }).css;
writeFileSync(join(out, "main.css"), styles("main.scss").replace(/url\("\/assets\/[^"]*"\)/g, "none")); // crest and typeface of another's are not ours to use
writeFileSync(join(out, "map.css"), styles("map.scss").replace(/url\(images\/[^)]*\)/g, "none").replace(/behavior:url\([^)]*\);?/g, ""));

const entry = readdirSync(here).filter((f) => f.endsWith(".js")).map((f) => join(here, f));
await build({ entryPoints: entry, outdir: out, bundle: true, minify: true, format: "esm", target: "es2022", legalComments: "external", logLevel: "warning" });

for (const font of ["source-sans-3", "source-serif-4"]) {
  for (const range of ["latin", "latin-ext"]) {
    const name = `${font}-${range}-wght-normal.woff2`;
    cpSync(join(modules, "@fontsource-variable", font, "files", name), join(out, name));
  }
  cpSync(join(modules, "@fontsource-variable", font, "LICENSE"), join(out, `${font}-LICENSE.txt`));
}
cpSync(join(modules, "leaflet", "LICENSE"), join(out, "leaflet-LICENSE.txt"));

const size = readdirSync(out).reduce((n, f) => n + statSync(join(out, f)).size, 0);
console.log(`web/dist: ${readdirSync(out).length} files, ${Math.round(size / 1024)} kB`);
