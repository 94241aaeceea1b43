// Builds the one file that readers load. It is committed, since the server embeds it and a person who runs the server has no Node.
//   node embed/build.mjs             writes dist/embed.js
//   node embed/build.mjs --compare   fails when dist/embed.js is not what the sources give
//   node embed/build.mjs --tests     bundles the unit tests for Node's own test runner into .built/
import { build, transform } from "esbuild";
import { readFile, readdir, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const dist = here("dist/embed.js");
const mode = process.argv[2];

/** Style sheets are carried as text, minified like the rest. */
const sheets = {
  name: "sheets",
  setup: (building) =>
    building.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, "utf8"), { loader: "css", minify: true, target: "es2020" });
      return { contents: code.trim(), loader: "text" };
    }),
};

if (mode === "--tests") {
  await rm(here(".built"), { recursive: true, force: true });
  const tests = (await readdir(here("tests"))).filter((name) => name.endsWith(".test.ts"));
  await build({
    entryPoints: tests.map((name) => here(`tests/${name}`)),
    outdir: here(".built"),
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
  });
} else {
  const result = await build({
    entryPoints: [here("src/index.ts")],
    outfile: dist,
    bundle: true,
    minify: true,
    format: "iife",
    target: "es2020",
    charset: "utf8",
    legalComments: "none",
    write: mode !== "--compare",
    plugins: [sheets],
  });
  if (mode === "--compare") {
    const fresh = result.outputFiles[0].text;
    const committed = await readFile(dist, "utf8").catch(() => "");
    if (fresh !== committed) {
      console.error("embed/dist/embed.js is not what the sources give: run `npm run build` and commit it.");
      process.exit(1);
    }
  }
  const bytes = await readFile(dist);
  console.log(`embed.js: ${bytes.length} bytes, ${gzipSync(bytes, { level: 9 }).length} gzipped`);
}
