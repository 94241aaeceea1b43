// The environment in which a page of the documentation is tested: an empty folder, free ports, and `keepopen` on the
// PATH.
import { spawn } from "node:child_process";
import { mkdtemp, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** The ports that the pages name: the demo's three, the service's, and a static site's. */
const NAMED_PORTS = [4750, 4751, 4752, 8787, 8000];
/** The host name that the pages use for the PostgreSQL server. */
const DATABASE_HOST = "db.example.org";

export class Place {
  #started = [];

  /**
   * Makes the environment. `modules` is the folder of Node modules. `tools` is the folder of a Python that has the
   * packages that the pages use. On the PATH, `tools` comes directly after the folder of `keepopen`.
   */
  static async make(binary, modules, tools) {
    const place = new Place();
    place.folder = await mkdtemp(join(tmpdir(), "keepopen-docs-"));
    place.work = join(place.folder, "work");
    await mkdir(join(place.folder, "bin"));
    await mkdir(place.work);
    await symlink(modules, join(place.work, "node_modules"));
    const ports = await freePorts();
    const [demo, , , serve, site] = ports;
    place.sparePort = ports.at(-1);
    place.portMap = new Map(NAMED_PORTS.map((port, index) => [String(port), String(ports[index])]));
    // This wrapper replaces the default ports with free ones. It is the only difference from a reader's machine.
    const wrapper = `#!/bin/sh\ncase "$1" in\n demo) shift; exec "${binary}" demo --port ${demo} "$@";;\n serve) export KEEPOPEN_SERVER__BIND=127.0.0.1:${serve};;\nesac\nexec "${binary}" "$@"\n`;
    await writeFile(join(place.folder, "bin/keepopen"), wrapper, { mode: 0o755 });
    place.site = `http://127.0.0.1:${site}`;
    // Remove these variables: Keepopen would read each variable that starts with KEEPOPEN_ as a setting.
    const { KEEPOPEN_BIN: _, KEEPOPEN_TEST_POSTGRES: postgres, ...env } = process.env;
    place.databaseHost = postgres ? new URL(postgres).host : DATABASE_HOST;
    place.env = { ...env, PATH: [join(place.folder, "bin"), tools, env.PATH].filter(Boolean).join(":") };
    await writeFile(place.#state, "");
    return place;
  }

  get #state() {
    return join(this.folder, "state");
  }

  /** Replaces the ports and the database host in a text with those of this environment. */
  localize(text) {
    return text.replaceAll(DATABASE_HOST, this.databaseHost).replace(/\b(4750|4751|4752|8787|8000)\b/g, (port) => this.portMap.get(port));
  }

  /** Writes a file, with the ports and the database host of this environment. */
  async write(name, text) {
    await mkdir(dirname(join(this.work, name)), { recursive: true });
    await writeFile(join(this.work, name), this.localize(text));
  }

  read(name) {
    return readFile(join(this.work, name), "utf8");
  }

  /**
   * Runs a script. Returns its standard output, or its standard error if there is no output. Throws if its status is
   * not 0.
   */
  async run(text) {
    const script = `trap 'status=$?; export -p >"${this.#state}"; exit $status' EXIT\n${this.localize(text)}`;
    const child = this.#bash(script);
    let printed = "";
    let errors = "";
    child.stdout.on("data", (data) => (printed += data));
    child.stderr.on("data", (data) => (errors += data));
    const status = await new Promise((done) => child.once("close", done));
    if (status !== 0) throw new Error(`the script exited with status ${status}\n${printed}${errors}`);
    return printed || errors;
  }

  /** Starts a script in the background and waits until it prints the words. */
  async start(text, words) {
    const child = this.#bash(this.localize(text), { detached: true });
    this.#started.push(child);
    let output = "";
    await new Promise((ready, fail) => {
      const read = (data) => (output += data).includes(words) && ready();
      child.stdout.on("data", read);
      child.stderr.on("data", read);
      child.once("close", (status) => fail(new Error(`the script exited with status ${status} before it printed "${words}"\n${output}`)));
    });
    child.removeAllListeners("close");
  }

  /** Stops the script that was started last, as Ctrl-C does in a terminal. It must exit with 0. */
  async interrupt() {
    const status = await end(this.#started.pop(), "SIGINT");
    if (status !== 0) throw new Error(`after Ctrl-C, the script must exit with status 0, but exited with ${status}`);
  }

  /** Stops all started scripts and removes the folder. */
  async remove() {
    for (const child of this.#started) await end(child, "SIGTERM");
    await rm(this.folder, { recursive: true, force: true });
  }

  #bash(text, options = {}) {
    const opening = `set -aeuo pipefail\n. "${this.#state}"\ncd "$PWD"\n`;
    return spawn("bash", ["-c", opening + text], { cwd: this.work, env: this.env, stdio: ["ignore", "pipe", "pipe"], ...options });
  }
}

/** Sends a signal to a script and all its child processes. Returns the script's exit status. */
async function end(child, signal) {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = new Promise((done) => child.once("close", done));
    process.kill(-child.pid, signal);
    await ended;
  }
  return child.exitCode;
}

/**
 * Finds free ports: one for each port that the pages name, and a spare one. They are consecutive, because the demo's
 * ports must be.
 */
async function freePorts() {
  for (let tries = 0; tries < 50; tries++) {
    const first = 20_000 + Math.floor(Math.random() * 12_000);
    const ports = Array.from({ length: NAMED_PORTS.length + 1 }, (_, index) => first + index);
    const free = await Promise.all(ports.map(isFree));
    if (free.every(Boolean)) return ports;
  }
  throw new Error("could not find six consecutive free ports");
}

function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
