import assert from "node:assert/strict";
import { test } from "node:test";
import { readContext } from "../src/context";
import { baseOf } from "../src/settings";

interface Page {
  metas: [string, string][];
  attributes: Record<string, string | undefined>;
  canonical?: string;
  stale?: string;
  width: number;
  /** The places on the page: their surface, and whether the page shows them. */
  places: [string, boolean, Record<string, string>?][];
}

function page(metas: Page["metas"], more: Partial<Page> = {}): Page {
  return { metas, attributes: {}, width: 1280, places: [], ...more };
}

/** What is told of a page; the browser's own objects are stood in for. */
function read({ metas, attributes, canonical, stale, width, places }: Page) {
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
  return JSON.parse(JSON.stringify(readContext({ base: "", site: "journal", attributes }, true, stale)));
}

test("a page that says nothing is told of by its address and the reader's screen alone", () => {
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

test("own meta tags say what the standard ones cannot", () => {
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

test("attributes win over meta tags", () => {
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

test("queries and fragments stay with the reader", () => {
  const found = read(page([["og:url", "/letters?reader=42#top"]]));
  assert.equal(found.page.url, "https://journal.example/letters");
});

test("the screen is told of in three sizes", () => {
  const device = (width: number) => read(page([], { width })).reader.device;
  assert.deepEqual([390, 639, 640, 1023, 1024].map(device), ["mobile", "mobile", "tablet", "tablet", "desktop"]);
});

test("the page says which page of the visit it is", () => {
  const ordinal = (metas: Page["metas"], attributes = {}) => read(page(metas, { attributes })).page.ordinal;
  assert.equal(ordinal([["keepopen:ordinal", "3"]]), 3);
  assert.equal(ordinal([["keepopen:ordinal", "3"]], { ordinal: "4" }), 4);
  for (const wrong of ["third", "1.5", "-1", "0"]) assert.equal(ordinal([["keepopen:ordinal", wrong]]), undefined, wrong);
  assert.equal(ordinal([]), undefined);
});

test("the traits that the page names are told, from its attribute or its tag", () => {
  const traits = (metas: Page["metas"], attributes = {}) => read(page(metas, { attributes })).reader.traits;
  assert.deepEqual(traits([["keepopen:traits", "print_subscriber, member,,"]]), ["print_subscriber", "member"]);
  assert.deepEqual(traits([["keepopen:traits", "member"]], { traits: "print_subscriber" }), ["print_subscriber"]);
  assert.deepEqual(traits([["keepopen:traits", "member"]], { traits: "" }), undefined, "the attribute says that there are none");
  assert.deepEqual(traits([["keepopen:traits", " "]]), undefined);
});

test("an address that the page wrote for the page before it is not told", () => {
  const canonical = "https://journal.example/a";
  const url = (more: Partial<Page>) => read(page([], more)).page.url;
  assert.equal(url({ canonical }), canonical);
  assert.equal(url({ canonical, stale: canonical }), "https://journal.example/sea/eelgrass");
  assert.equal(read(page([["og:url", "https://["]])).page.url, "https://journal.example/sea/eelgrass", "nor is one that is none");
});

test("a surface is asked for where one of its places shows", () => {
  const surfaces = (places: Page["places"], attributes = {}) => read(page([], { places, attributes })).surfaces;
  assert.deepEqual(surfaces([]), ["banner"]);
  assert.deepEqual(surfaces([["inline", true], ["inline", false], ["wall", false]]), ["banner", "inline"]);
  assert.deepEqual(surfaces([["banner", false], ["wall", true]]), ["wall"], "a page that hides its place for the banner wants none");
  assert.deepEqual(surfaces([["inline", true]], { surfaces: "inline" }), ["inline"]);
});

test("the service is found where the script came from", () => {
  assert.equal(baseOf("https://give.example.org/embed.js"), "https://give.example.org");
  assert.equal(baseOf("https://give.example.org/embed.js?x=1"), "https://give.example.org");
  assert.equal(baseOf("https://give.example.org/embed/1.2.0/embed.js"), "https://give.example.org");
  assert.equal(baseOf("https://journal.example/give/embed.js"), "https://journal.example/give");
});
