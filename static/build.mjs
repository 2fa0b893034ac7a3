// Builds static/dist/ from static/src/: one bundle per file in src/js (and the stylesheet it imports), app.css with only
// those rules of Tabler that our markup uses, a sprite of the icons that are named anywhere, and a manifest of all names.
// Names carry a content hash, so that browsers may keep files for ever. `--watch` builds again after each change.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, watch, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

import * as esbuild from "esbuild";
import { PurgeCSS } from "purgecss";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const source = path.join(root, "static/src");
const dist = path.join(root, "static/dist");
const modules = path.join(root, "node_modules");

const filesUnder = (folder, ending) =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true })
        .map((name) => path.join(folder, name))
        .filter((name) => ending.some((end) => name.endsWith(end)))
        .sort()
    : [];

const hashed = (name, content) => {
  const { name: stem, ext } = path.parse(name);
  const digest = createHash("sha256").update(content).digest("hex").slice(0, 8).toUpperCase();
  return `${stem}-${digest}${ext}`;
};

const markup = () => [...filesUnder(path.join(root, "templates"), [".html"]), ...filesUnder(path.join(root, "webui"), [".py", ".html"])];
const scripts = () => filesUnder(path.join(source, "js"), [".js"]);

// Every quoted word that is the name of an icon. A word that only happens to be one costs the sprite 200 bytes.
function iconNames() {
  const folder = path.join(modules, "@tabler/icons/icons/outline");
  const names = new Set();
  for (const file of [...markup(), ...scripts()]) {
    for (const [, name] of readFileSync(file, "utf8").matchAll(/["']([a-z][a-z0-9-]*)["']/g)) names.add(name);
  }
  const exists = (name) => existsSync(path.join(folder, `${name}.svg`));
  const asked = markup().flatMap((file) => [...readFileSync(file, "utf8").matchAll(/(?:\{% icon |\bicon=)"([a-z0-9-]+)"/g)].map(([, name]) => ({ file, name })));
  for (const { file, name } of asked) if (!exists(name)) throw new Error(`${path.relative(root, file)}: Tabler has no outline icon "${name}"`);
  return [...names].filter(exists).sort();
}

const drawing = 'viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round"';

function pathsOf(name) {
  const svg = readFileSync(path.join(modules, "@tabler/icons/icons/outline", `${name}.svg`), "utf8");
  return svg.slice(svg.indexOf(">", svg.indexOf("<svg")) + 1, svg.lastIndexOf("</svg>")).replace(/\s*\n\s*/g, "");
}

function sprite() {
  const symbols = iconNames().map((name) => `<symbol id="${name}" ${drawing}>${pathsOf(name)}</symbol>`);
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`;
}

// Tabler whole is 79 kB compressed; what our templates, Python and scripts can name is a tenth of that.
async function tabler() {
  const css = readFileSync(path.join(modules, "@tabler/core/dist/css/tabler.css"), "utf8").replace(/\/\*#.*?\*\//g, "");
  const [result] = await new PurgeCSS().purge({
    content: [...markup(), ...scripts()],
    css: [{ raw: css }],
    defaultExtractor: (text) => text.match(/[A-Za-z][\w-]*/g) ?? [],
    variables: true,
    keyframes: true,
    fontFace: true,
    blocklist: [/^(rtl|theme-|navbar|carousel|accordion|offcanvas|toast|modal|popover|tooltip|dropdown|nav|page|list|table|steps?|timeline|chat|col|row|g[xy]?-|m[trblxyse]?-|p[trblxyse]?-|bg-|text-|border-|status|ribbon|markdown|flag|payment|icon|pagination|tag|tab|container|dimmer|progress|alert|switch|selectgroup|legend|chart|apexcharts|ts-|jqvmap|star|litepicker|tox|hljs|dropzone|fslightbox|plyr|clr|noUi|float|order|offset|link-|bi|d-|w-|h-)/],
  });
  return result.css;
}

async function build() {
  const work = `${dist}.new`;
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  const manifest = {};

  const entries = readdirSync(path.join(source, "js")).filter((name) => name.endsWith(".js"));
  const shared = {
    bundle: true, minify: true, metafile: true, absWorkingDir: root, outdir: work, entryNames: "[name]-[hash]", assetNames: "[name]-[hash]",
    chunkNames: "chunk-[hash]", target: ["chrome109", "firefox115", "safari16.4"], loader: { ".woff2": "file", ".svg": "file" }, logLevel: "warning",
  };
  const tablerCss = await tabler();
  const withTabler = {
    name: "tabler",
    setup(plugin) {
      plugin.onResolve({ filter: /^tabler-used$/ }, () => ({ path: "tabler-used", namespace: "tabler" }));
      plugin.onLoad({ filter: /.*/, namespace: "tabler" }, () => ({ contents: tablerCss, loader: "css", resolveDir: root }));
    },
  };
  // `url("icon:x")` in a stylesheet is that icon, inside it: as a mask it takes the colour of the text around it.
  const withIcons = {
    name: "icons",
    setup(plugin) {
      plugin.onResolve({ filter: /^icon:/ }, ({ path: name }) => ({ path: `${name.slice(5)}.svg`, namespace: "icon" }));
      plugin.onLoad({ filter: /.*/, namespace: "icon" }, ({ path: name }) => ({ contents: `<svg xmlns="http://www.w3.org/2000/svg" ${drawing}>${pathsOf(path.parse(name).name)}</svg>`, loader: "dataurl" }));
    },
  };
  // Every page has app.js: an entry that imports it too shares one chunk with it, where each pair of entries would get
  // chunks of their own, and a browser asks for six files at a time at most.
  const withApp = {
    name: "with-app",
    setup(plugin) {
      plugin.onLoad({ filter: /static\/src\/js\/[^/]+\.js$/ }, ({ path: file }) => ({ contents: `${path.basename(file) === "app.js" ? "" : 'import "./app.js";'}${readFileSync(file, "utf8")}`, loader: "js" }));
    },
  };
  const results = [
    await esbuild.build({ ...shared, entryPoints: entries.filter((name) => !["first.js", "pattern_worker.js"].includes(name)).map((name) => path.join(source, "js", name)), format: "esm", splitting: true, sourcemap: false, plugins: [withApp] }),
    // Runs before the first paint, so it is no module: a module would wait for the whole document.
    await esbuild.build({ ...shared, entryPoints: [path.join(source, "js/first.js")], format: "iife" }),
    // Runs beside the page, in a worker: it shares nothing with the pages.
    await esbuild.build({ ...shared, entryPoints: [path.join(source, "js/pattern_worker.js")], format: "iife" }),
    await esbuild.build({ ...shared, entryPoints: [path.join(source, "css/app.css")], plugins: [withTabler, withIcons] }),
  ];
  for (const { metafile } of results) {
    for (const [output, about] of Object.entries(metafile.outputs)) {
      const name = path.basename(output);
      const chunks = about.imports.filter(({ kind }) => kind === "import-statement").map(({ path: chunk }) => path.basename(chunk));
      // An entry that is nothing but its one chunk is that chunk.
      if (about.entryPoint && chunks.length === 1 && Object.keys(about.inputs).length === 0) {
        manifest[`${path.parse(about.entryPoint).name}.js`] = chunks[0];
        continue;
      }
      if (about.entryPoint) manifest[`${path.parse(about.entryPoint).name}${path.extname(output)}`] = name;
      // What an entry imports is asked for at once, not after the entry has been read.
      if (about.entryPoint && chunks.length) manifest[`${path.parse(about.entryPoint).name}.js imports`] = chunks.join(" ");
      if (about.cssBundle) manifest[`${path.parse(about.entryPoint).name}.css`] = path.basename(about.cssBundle);
      if (name.endsWith(".woff2")) manifest[name.replace(/-[A-Z0-9]{8}(?=\.woff2$)/, "")] = name;
    }
  }
  for (const [name, content] of [["icons.svg", sprite()], ["logo.svg", readFileSync(path.join(source, "img/logo.svg"), "utf8")]]) {
    manifest[name] = hashed(name, content);
    writeFileSync(path.join(work, manifest[name]), content);
  }
  writeFileSync(path.join(work, "manifest.json"), `${JSON.stringify(manifest, null, 1)}\n`);
  compress(work);
  rmSync(`${dist}.old`, { recursive: true, force: true });
  if (existsSync(dist)) renameSync(dist, `${dist}.old`);
  renameSync(work, dist);
  rmSync(`${dist}.old`, { recursive: true, force: true });
  return manifest;
}

// Compressed once here rather than at each request.
function compress(folder) {
  for (const name of readdirSync(folder).filter((one) => /\.(js|css|svg)$/.test(one))) {
    const content = readFileSync(path.join(folder, name));
    writeFileSync(path.join(folder, `${name}.gz`), gzipSync(content, { level: 9 }));
    writeFileSync(path.join(folder, `${name}.br`), brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
  }
}

function report(manifest) {
  for (const [name, built] of Object.entries(manifest).sort().filter(([one]) => !one.endsWith(" imports"))) {
    const file = path.join(dist, built);
    const sent = existsSync(`${file}.br`) ? `${file}.br` : file;
    console.log(`${(readFileSync(sent).length / 1000).toFixed(1).padStart(8)} kB  ${name}`);
  }
}

report(await build());
if (process.argv.includes("--watch")) {
  let timer;
  const again = () => {
    clearTimeout(timer);
    timer = setTimeout(() => build().then(() => console.log("built"), (error) => console.error(error.message)), 100);
  };
  for (const folder of [source, path.join(root, "templates"), path.join(root, "webui")]) watch(folder, { recursive: true }, again);
}
