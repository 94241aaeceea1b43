// A fake of the service and its payment page, in memory, for tests of the embed in a browser.
// The fake does not decide anything: a test sets the responses (`verdict`, `overrides`) and reads the requests
// (`requests`).
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname } from "node:path";

const web = new URL("../../web/", import.meta.url);
const TYPES = { ".html": "text/html; charset=utf-8", ".css": "text/css", ".js": "text/javascript; charset=utf-8" };

export const APPEAL = {
  show: true,
  surface: "banner",
  kind: "ask",
  appeal: "winter",
  variant: "a",
  reason: "matched",
  attribution: "att_fake",
  content: {
    heading: "We need your help now",
    body: [
      "The Harbour Journal is free for everyone in Saltry to read, and it should stay that way. Its reporters are paid by readers like you.",
      "If one reader in fifty gave the price of a coffee each month, no story would have to be left out. It takes a minute.",
    ],
    cta: "Support us with {gift}",
    dismiss: "Not now",
    choices: {
      currency: "EUR",
      minor_digits: 2,
      once: [500, 1500, 5000],
      month: [500, 1000, 2000],
      year: [5000, 10000, 20000],
      default: { interval: "month", amount_minor: 1000 },
      minimum_minor: 100,
      maximum_minor: 1000000,
      other: true,
    },
    thanks: { heading: "Thank you", body: ["Your gift has come through. Enjoy the paper."] },
    quiet_days: { close: 14, later: 3, already_gave: 365, gift: 90 },
  },
  next_eligible_at: null,
};

/** Starts a newspaper, the fake service and the payment page on one free port of 127.0.0.1. */
export async function startFake() {
  const fake = {
    /** The response to questions without a token. (A question asks whether to show an appeal: `POST /v1/banner`.) */
    verdict: APPEAL,
    /** The verdicts of previews, by the preview's token. */
    previews: {},
    /**
     * Responses that replace the usual ones, by path: `{ status, body }`, `{ status, text, type }`, or "hang" (no
     * response).
     */
    overrides: {},
    /** The service's clock in milliseconds, if it differs from this machine's. */
    now: undefined,
    /** Every request to the API: `{ path, type, body, authorization }`. */
    requests: [],
    /** The checkout sessions, by id: the body of the request to `/v1/checkout`, and `id` and `state`. */
    sessions: new Map(),
    /** The state of each supporter token: "good", or the problem that the service reports, such as "token_expired". */
    tokens: new Map(),
    url: "",
    /** The URL of the same server under another host name. A page there has another origin than the service. */
    elsewhere: "",
    /**
     * The test's own pages, by path: `{ headers, body }`. `fixtures.mjs` sets a property of the map instead of an
     * entry: the path is the property's name, and the page's HTML is its value.
     */
    pages: new Map(),
    /** The paths of the script's files that browsers have fetched. */
    files: new Set(),
    /** If set, a promise: the service sends no verdict before the promise is fulfilled. */
    hold: undefined,
    /** Whether to reject an invalid question, as the service does (see `isValid`). */
    strict: false,
    requestsTo: (path) => fake.requests.filter((request) => request.path === path),
    stop: () => new Promise((done) => (server.closeAllConnections(), server.close(done))),
  };
  const server = createServer((request, response) => {
    serve(fake, request, response).catch((error) => response.writeHead(500).end(String(error)));
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  fake.url = `http://127.0.0.1:${server.address().port}`;
  fake.elsewhere = `http://localhost:${server.address().port}`;
  return fake;
}

async function serve(fake, request, response) {
  const { pathname, searchParams } = new URL(request.url, fake.url);
  if (fake.now) response.setHeader("date", new Date(fake.now).toUTCString());
  response.setHeader("access-control-allow-origin", "*");
  response.setHeader("access-control-expose-headers", "date");
  if (request.method === "OPTIONS") return response.writeHead(204, { "access-control-allow-headers": "authorization, content-type" }).end();
  if (pathname === "/favicon.ico") return response.writeHead(204).end();
  const testPage = fake.pages.get(pathname);
  if (testPage) return response.writeHead(200, testPage.headers).end(testPage.body);
  if (pathname.startsWith("/embed")) fake.files.add(pathname);
  let text = "";
  for await (const piece of request) text += piece;
  if (pathname.startsWith("/v1/")) return api(fake, pathname, request, text, response);
  if (pathname.startsWith("/pay/")) return payPage(fake, pathname.slice(5), searchParams.get("how"), response);
  if (fake.pages[pathname]) return response.writeHead(200, { "content-type": TYPES[".html"] }).end(fake.pages[pathname]);
  const part = /^\/embed\/[0-9a-f]{16}\/(\w+\.js)$/.exec(pathname);
  const file = part ? new URL(`embed/dist/${part[1]}`, web) : pathname === "/embed.js" ? new URL("embed/dist/embed.js", web) : new URL(`demo${pathname === "/" ? "/index.html" : pathname}`, web);
  const found = await readFile(file, "utf8").catch(() => undefined);
  if (found === undefined) return response.writeHead(404).end();
  const filled = pathname.endsWith(".js") ? found : found.replaceAll("{{KEEPOPEN}}", fake.url).replaceAll("{{PRACTICE}}", fake.url).replaceAll("{{SITE}}", "journal");
  response.writeHead(200, { "content-type": TYPES[extname(file.pathname)] ?? "text/plain" }).end(filled);
}

/** Records a request to the API and responds to it. */
async function api(fake, path, request, text, response) {
  const body = text ? JSON.parse(text) : undefined;
  fake.requests.push({ path, type: request.headers["content-type"], authorization: request.headers.authorization, body });
  const override = fake.overrides[path];
  if (override === "hang") return;
  if (override?.text) return response.writeHead(override.status, { "content-type": override.type }).end(override.text);
  const [status, reply] = override ? [override.status, override.body] : ROUTES[path]?.(fake, body, request) ?? [404, {}];
  // A test may change the verdict while the response is delayed. The response still has the verdict from when the
  // question arrived.
  if (path === "/v1/banner") await fake.hold;
  const type = status < 400 ? "application/json" : "application/problem+json";
  response.writeHead(status, { "content-type": type }).end(reply === undefined ? "" : JSON.stringify(reply));
}

/** Functions that return the usual response of each route: `[status, body]`. */
const ROUTES = {
  "/v1/banner/preview": (fake, question) => {
    const verdict = fake.previews[question.preview];
    return verdict ? [200, verdict] : [403, { code: "preview_invalid" }];
  },
  "/v1/banner": (fake, question) => {
    if (fake.strict && !isValid(question)) return [400, { code: "invalid_request" }];
    if (!question.token) return [200, fake.verdict];
    const state = fake.tokens.get(question.token);
    const result = state === "good" ? { reason: "supporter" } : { reason: "unknown_standing", token_problem: state ?? "token_invalid" };
    return [200, { show: false, ...result, next_eligible_at: null }];
  },
  "/v1/banner/events": () => [204, undefined],
  "/v1/checkout": (fake, body) => {
    const session = `cs_test_${fake.sessions.size + 1}`;
    const earlier = [...fake.sessions.values()].find((other) => other.attempt === body.attempt);
    if (!earlier) fake.sessions.set(session, { ...body, id: session, state: "payment_unpaid" });
    const id = earlier?.id ?? session;
    return [200, { url: `${fake.url}/pay/${id}`, session: id }];
  },
  "/v1/tokens": (fake, body) => {
    const session = fake.sessions.get(body.session);
    if (!session || session.attempt !== body.attempt) return [403, { code: "wrong_attempt" }];
    if (session.state !== "paid") return body.report_state ? [202, { state: session.state }] : [409, { code: session.state }];
    session.state = "already_exchanged";
    const token = `token_${body.session}`;
    fake.tokens.set(token, "good");
    return [200, { token, expires_at: "2027-01-01T00:00:00Z", standing: "recurring", supporter: "sup_fake" }];
  },
  "/v1/supporter": (fake, _, request) => {
    const state = fake.tokens.get(request.headers.authorization?.replace("Bearer ", ""));
    return state === "good" ? [200, { standing: "recurring" }] : [401, { code: state ?? "token_invalid" }];
  },
};

/** Whether the service would accept the question. Checks only the parts that come from the browser's stored entry. */
function isValid({ token, history, reader }) {
  const { views, dismissals, articles, article_days: days } = history ?? { views: [], dismissals: [], articles: [], article_days: [] };
  const lists = [views, dismissals, articles, days];
  const isDate = (date) => /^\d{4}-\d\d-\d\d$/.test(date) && Date.parse(date) > 0 && new Date(date).toISOString().startsWith(date);
  return (
    lists.every((list) => Array.isArray(list) && list.every((entry) => entry && typeof entry === "object")) &&
    [...views, ...dismissals].every(({ appeal, at }) => typeof appeal === "string" && Date.parse(at) > 0) &&
    articles.every(({ week, count }) => isDate(week) && Number.isInteger(count)) &&
    days.every(({ day, count }) => isDate(day) && Number.isInteger(count)) &&
    Number.isInteger(reader.bucket ?? 0) && (reader.bucket ?? 0) >= 0 &&
    typeof (token ?? "") === "string"
  );
}

/** Shows the payment page. With `how` (card, bank or fails), ends the payment in this way and sends the reader back. */
function payPage(fake, id, how, response) {
  const session = fake.sessions.get(id);
  const back = new URL(session.return_url);
  if (how) {
    session.state = { card: "paid", bank: "payment_processing", fails: "payment_failed" }[how];
    back.searchParams.set("keepopen_session", id);
    return response.writeHead(303, { location: back.href }).end();
  }
  response.writeHead(200, { "content-type": "text/html" }).end(
    `<title>Pay</title><a id="pay-card" href="?how=card">Card</a> <a id="pay-bank" href="?how=bank">Bank</a> <a id="pay-fails" href="?how=fails">Fails</a> <a id="cancel" href="${back.href}">Cancel</a>`,
  );
}
