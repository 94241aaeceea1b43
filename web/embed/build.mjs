// Builds the files that readers' browsers load: the loader `embed.js`, and the parts that it fetches when it needs
// them. The files are committed, because the server embeds them and must build without Node. Each file is written plain
// and compressed, as the server sends it.
//   node embed/build.mjs             writes dist/
//   node embed/build.mjs --compare   fails if dist/ does not match the sources
//   node embed/build.mjs --tests     bundles the unit tests for Node's own test runner into .built/
// The build fails if a file is larger than its limit.
import { build, transform } from "esbuild";
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, brotliDecompressSync, constants, gunzipSync, gzipSync } from "node:zlib";

/** Returns the path of a file in this folder. */
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const mode = process.argv[2];

/** The parts, each with its maximum size in bytes after gzip. */
const PARTS = { show: 10_000, checkout: 4_000, settle: 4_000, state: 4_000, follow: 4_000, preview: 4_000, values: 2_000, rich: 4_000 };
const LOADER_LIMIT = 3_000;
const LANGUAGE_LIMIT = 4_000;

/** An esbuild plugin that imports a style sheet as its minified text. */
const styleSheets = {
  name: "style-sheets",
  setup: (pluginBuild) =>
    pluginBuild.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, "utf8"), { loader: "css", minify: true, target: "es2020" });
      return { contents: code.trim(), loader: "text" };
    }),
};

/** Bundles one file for readers. Returns its bytes. */
async function bundle(input, format, define = {}) {
  const result = await build({
    ...(typeof input === "string" ? { entryPoints: [input] } : { stdin: { ...input, resolveDir: here("src") } }),
    bundle: true,
    minify: true,
    format,
    target: "es2020",
    charset: "utf8",
    legalComments: "none",
    write: false,
    define,
    // Leave out "use strict" to save its bytes: the type checker already finds the errors that strict mode would catch.
    tsconfigRaw: { compilerOptions: { alwaysStrict: false } },
    plugins: [styleSheets],
  });
  return result.outputFiles[0].contents;
}

/**
 * Returns the version that is in the address of every part: the first 16 hex digits of the SHA-256 of all parts in the
 * order of their names. The server computes the same version.
 */
function versionOf(parts) {
  const hash = createHash("sha256");
  for (const name of Object.keys(parts).sort()) hash.update(parts[name].bytes);
  return hash.digest("hex").slice(0, 16);
}

/** Builds every file. Returns each file's bytes and limit by name. */
async function buildFiles() {
  const languages = [...(await readFile(here("src/languages.ts"), "utf8")).matchAll(/^export const (\w+)/gm)].map(([, tag]) => tag);
  const built = {};
  const defined = { LANGUAGES: JSON.stringify(languages) };
  for (const [name, limit] of Object.entries(PARTS)) built[name] = { bytes: await bundle(here(`src/${name}.ts`), "esm", defined), limit };
  for (const tag of languages) {
    built[tag] = { bytes: await bundle({ contents: `export { ${tag} as default } from "./languages";` }, "esm"), limit: LANGUAGE_LIMIT };
  }
  const loader = await bundle(here("src/index.ts"), "iife", { VERSION: JSON.stringify(versionOf(built)) });
  return { embed: { bytes: loader, limit: LOADER_LIMIT }, ...built };
}

function gzip(bytes) {
  return gzipSync(bytes, { level: 9 });
}

function brotli(bytes) {
  return brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length, [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT } });
}

/**
 * Whether the committed files have these bytes. Compares the uncompressed bytes, because another release of zlib may
 * compress differently.
 */
async function isCommitted(name, bytes) {
  const read = (ending) => readFile(here(`dist/${name}.js${ending}`));
  try {
    const [plain, gzipped, brotlied] = [await read(""), gunzipSync(await read(".gz")), brotliDecompressSync(await read(".br"))];
    return [plain, gzipped, brotlied].every((committed) => committed.equals(bytes));
  } catch {
    return false;
  }
}

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
    plugins: [styleSheets],
  });
} else {
  const built = await buildFiles();
  const problems = [];
  if (mode !== "--compare") {
    await rm(here("dist"), { recursive: true, force: true });
    await mkdir(here("dist"));
  }
  for (const [name, { bytes, limit }] of Object.entries(built)) {
    const [gzipped, brotlied] = [gzip(bytes), brotli(bytes)];
    console.log(`${name}.js: ${bytes.length} bytes, ${gzipped.length} after gzip (limit ${limit}), ${brotlied.length} after brotli`);
    if (gzipped.length > limit) problems.push(`${name}.js is ${gzipped.length - limit} bytes over its limit after gzip.`);
    if (mode !== "--compare") {
      await writeFile(here(`dist/${name}.js`), bytes);
      await writeFile(here(`dist/${name}.js.gz`), gzipped);
      await writeFile(here(`dist/${name}.js.br`), brotlied);
    } else if (!(await isCommitted(name, Buffer.from(bytes)))) {
      problems.push(`embed/dist/${name}.js does not match the sources: run \`npm run build\` and commit the result.`);
    }
  }
  const expected = new Set(Object.keys(built).flatMap((name) => ["", ".gz", ".br"].map((ending) => `${name}.js${ending}`)));
  for (const name of await readdir(here("dist"))) if (!expected.has(name)) problems.push(`embed/dist/${name} has no source any more: run \`npm run build\`.`);
  for (const line of problems) console.error(line);
  if (problems.length) process.exit(1);
}
