import assert from "node:assert/strict";
import { test } from "node:test";
import { readContext } from "../src/context";
import { baseOf } from "../src/settings";

interface Page {
  metas: [string, string][];
  attributes: Record<string, string | undefined>;
  canonical?: string;
  /** The canonical address that the previous page had. */
  staleCanonical?: string;
  width: number;
  /**
   * The places on the page (`<keepopen-appeal>` elements): each with its surface, whether the page shows it, and its
   * `data-` attributes.
   */
  places: [string, boolean, Record<string, string>?][];
}

function page(metas: Page["metas"], more: Partial<Page> = {}): Page {
  return { metas, attributes: {}, width: 1280, places: [], ...more };
}

/** Returns the question that the script sends about a page. Stubs replace the browser's objects. */
function read({ metas, attributes, canonical, staleCanonical, width, places }: Page) {
  Object.assign(globalThis, {
    innerWidth: width,
    location: new URL("https://journal.example/sea/eelgrass?utm_source=letter#comments"),
    document: {
      documentElement: { lang: "en-IE" },
      querySelector: () => canonical && { href: canonical },
      querySelectorAll: (selector: string) =>
        selector.startsWith("meta")
          ? metas.filter(([name]) => selector === `meta[name="${name}"],meta[property="${name}"]`).map(([, content]) => ({ content }))
          : places.map(([surface, isShown, dataset = {}]) => ({ getAttribute: () => surface, checkVisibility: () => isShown, dataset })),
    },
  });
  return JSON.parse(JSON.stringify(readContext({ base: "", site: "journal", attributes }, true, staleCanonical)));
}

test("without meta tags, the question has only the address, the language, the device and the consent", () => {
  assert.deepEqual(read(page([])), {
    site: "journal",
    surfaces: ["banner"],
    page: { url: "https://journal.example/sea/eelgrass" },
    reader: { locale: "en-IE", device: "desktop", consent: "granted" },
  });
});

test("the standard meta tags of an article are enough", () => {
  const { page: facts } = read(
    page([
      ["article:section", "science"],
      ["article:tag", "sea"],
      ["article:tag", " biology "],
      ["og:type", "article"],
      ["og:url", "https://journal.example/eelgrass"],
    ]),
  );
  assert.deepEqual(facts, { url: "https://journal.example/eelgrass", section: "science", tags: ["sea", "biology"], kind: "article" });
});

test("`keepopen:` meta tags say what the standard meta tags cannot", () => {
  const { page: facts, reader } = read(
    page([
      ["keepopen:sensitive", "true"],
      ["keepopen:paid", "false"],
      ["keepopen:country", "ie"],
      ["keepopen:signed_in", "true"],
    ]),
  );
  assert.deepEqual([facts.sensitive, facts.paid, reader.country, reader.signed_in], [true, false, "IE", true]);
});

test("attributes take precedence over meta tags", () => {
  const { page: facts, reader } = read(
    page(
      [
        ["article:section", "science"],
        ["article:tag", "sea"],
        ["keepopen:sensitive", "false"],
      ],
      { attributes: { section: "sport", tags: "rowing, regatta", sensitive: "true", signedIn: "false" } },
    ),
  );
  assert.deepEqual([facts.section, facts.tags, facts.sensitive, reader.signed_in], ["sport", ["rowing", "regatta"], true, false]);
});

test("queries and fragments of the address are not sent", () => {
  const found = read(page([["og:url", "/letters?reader=42#top"]]));
  assert.equal(found.page.url, "https://journal.example/letters");
});

test("the screen width is sent as one of three device types", () => {
  const device = (width: number) => read(page([], { width })).reader.device;
  assert.deepEqual([390, 639, 640, 1023, 1024].map(device), ["mobile", "mobile", "tablet", "tablet", "desktop"]);
});

test("the page can give its number within the visit", () => {
  const ordinal = (metas: Page["metas"], attributes = {}) => read(page(metas, { attributes })).page.ordinal;
  assert.equal(ordinal([["keepopen:ordinal", "3"]]), 3);
  assert.equal(ordinal([["keepopen:ordinal", "3"]], { ordinal: "4" }), 4);
  for (const wrong of ["third", "1.5", "-1", "0"]) assert.equal(ordinal([["keepopen:ordinal", wrong]]), undefined, wrong);
  assert.equal(ordinal([]), undefined);
});

test("the reader's traits are taken from the attribute, or else from the meta tag", () => {
  const traits = (metas: Page["metas"], attributes = {}) => read(page(metas, { attributes })).reader.traits;
  assert.deepEqual(traits([["keepopen:traits", "print_subscriber, member,,"]]), ["print_subscriber", "member"]);
  assert.deepEqual(traits([["keepopen:traits", "member"]], { traits: "print_subscriber" }), ["print_subscriber"]);
  assert.deepEqual(traits([["keepopen:traits", "member"]], { traits: "" }), undefined, "an empty attribute means that the reader has no traits");
  assert.deepEqual(traits([["keepopen:traits", " "]]), undefined);
});

test("a canonical address left over from the previous page is not sent", () => {
  const canonical = "https://journal.example/a";
  const url = (more: Partial<Page>) => read(page([], more)).page.url;
  assert.equal(url({ canonical }), canonical);
  assert.equal(url({ canonical, staleCanonical: canonical }), "https://journal.example/sea/eelgrass");
  assert.equal(read(page([["og:url", "https://["]])).page.url, "https://journal.example/sea/eelgrass", "an invalid address is not sent either");
});

test("a surface is requested if one of its places is visible", () => {
  const surfaces = (places: Page["places"], attributes = {}) => read(page([], { places, attributes })).surfaces;
  assert.deepEqual(surfaces([]), ["banner"]);
  assert.deepEqual(surfaces([["inline", true], ["inline", false], ["wall", false]]), ["banner", "inline"]);
  assert.deepEqual(surfaces([["banner", false], ["wall", true]]), ["wall"], "a page that hides its place for the banner gets no banner");
  assert.deepEqual(surfaces([["inline", true]], { surfaces: "inline" }), ["inline"]);
});

test("the service's address is derived from the script's address", () => {
  assert.equal(baseOf("https://give.example.org/embed.js"), "https://give.example.org");
  assert.equal(baseOf("https://give.example.org/embed.js?x=1"), "https://give.example.org");
  assert.equal(baseOf("https://give.example.org/embed/1.2.0/embed.js"), "https://give.example.org");
  assert.equal(baseOf("https://journal.example/give/embed.js"), "https://journal.example/give");
});
