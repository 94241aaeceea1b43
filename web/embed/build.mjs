// Builds the files that readers load: the loader `embed.js`, and the parts that it fetches where they are needed. They are committed, since the
// server embeds them and a person who runs the server has no Node. Each stands there plain and compressed, as it is served.
//   node embed/build.mjs             writes dist/
//   node embed/build.mjs --compare   fails when dist/ is not what the sources give
//   node embed/build.mjs --tests     bundles the unit tests for Node's own test runner into .built/
// A file that is larger than it may be fails the build.
import { build, transform } from "esbuild";
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, brotliDecompressSync, constants, gunzipSync, gzipSync } from "node:zlib";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const mode = process.argv[2];

/** The parts, with the most bytes that each may have when compressed by gzip. */
const PARTS = { show: 10_000, checkout: 4_000, settle: 4_000, state: 4_000, follow: 4_000, preview: 4_000, values: 2_000, rich: 4_000 };
const LOADER_LIMIT = 3_000;
const LANGUAGE_LIMIT = 4_000;

/** Style sheets are carried as text, minified like the rest. */
const sheets = {
  name: "sheets",
  setup: (building) =>
    building.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, "utf8"), { loader: "css", minify: true, target: "es2020" });
      return { contents: code.trim(), loader: "text" };
    }),
};

/** The text of one file for readers. */
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
    // Nothing here needs the strict mode that its types already guarantee.
    tsconfigRaw: { compilerOptions: { alwaysStrict: false } },
    plugins: [sheets],
  });
  return result.outputFiles[0].contents;
}

/** The version in the address of every part, as the server computes it: the first 16 hex digits of the SHA-256 of all parts, in the order of their names. */
function versionOf(parts) {
  const hash = createHash("sha256");
  for (const name of Object.keys(parts).sort()) hash.update(parts[name].bytes);
  return hash.digest("hex").slice(0, 16);
}

/** Every file by name, with its limit. */
async function files() {
  const languages = [...(await readFile(here("src/languages.ts"), "utf8")).matchAll(/^export const (\w+)/gm)].map(([, tag]) => tag);
  const made = {};
  const known = { LANGUAGES: JSON.stringify(languages) };
  for (const [name, limit] of Object.entries(PARTS)) made[name] = { bytes: await bundle(here(`src/${name}.ts`), "esm", known), limit };
  for (const tag of languages) {
    made[tag] = { bytes: await bundle({ contents: `export { ${tag} as default } from "./languages";` }, "esm"), limit: LANGUAGE_LIMIT };
  }
  const loader = await bundle(here("src/index.ts"), "iife", { VERSION: JSON.stringify(versionOf(made)) });
  return { embed: { bytes: loader, limit: LOADER_LIMIT }, ...made };
}

function gzip(bytes) {
  return gzipSync(bytes, { level: 9 });
}

function brotli(bytes) {
  return brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length, [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT } });
}

/** Another release of zlib may compress to other bytes, so what is compared is what comes out again. */
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
    plugins: [sheets],
  });
} else {
  const made = await files();
  const wrong = [];
  if (mode !== "--compare") {
    await rm(here("dist"), { recursive: true, force: true });
    await mkdir(here("dist"));
  }
  for (const [name, { bytes, limit }] of Object.entries(made)) {
    const [gzipped, brotlied] = [gzip(bytes), brotli(bytes)];
    console.log(`${name}.js: ${bytes.length} bytes, ${gzipped.length} by gzip (at most ${limit}), ${brotlied.length} by brotli`);
    if (gzipped.length > limit) wrong.push(`${name}.js is ${gzipped.length - limit} bytes too large.`);
    if (mode !== "--compare") {
      await writeFile(here(`dist/${name}.js`), bytes);
      await writeFile(here(`dist/${name}.js.gz`), gzipped);
      await writeFile(here(`dist/${name}.js.br`), brotlied);
    } else if (!(await isCommitted(name, Buffer.from(bytes)))) {
      wrong.push(`embed/dist/${name}.js is not what the sources give: run \`npm run build\` and commit it.`);
    }
  }
  const known = new Set(Object.keys(made).flatMap((name) => ["", ".gz", ".br"].map((ending) => `${name}.js${ending}`)));
  for (const name of await readdir(here("dist"))) if (!known.has(name)) wrong.push(`embed/dist/${name} is left over: run \`npm run build\`.`);
  for (const line of wrong) console.error(line);
  if (wrong.length) process.exit(1);
}
