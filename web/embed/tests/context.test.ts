import assert from "node:assert/strict";
import { test } from "node:test";
import { readContext, type Source } from "../src/context";
import { baseOf } from "../src/settings";

function page(metas: [string, string][], more: Partial<Source> = {}): Source {
  return {
    attributes: {},
    meta: (name) => metas.filter(([key]) => key === name).map(([, content]) => content),
    address: "https://journal.example/sea/eelgrass?utm_source=letter#comments",
    language: "en-IE",
    viewportWidth: 1280,
    ...more,
  };
}

const read = (source: Source) => JSON.parse(JSON.stringify(readContext("journal", ["banner"], "granted", source)));

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
  const device = (viewportWidth: number) => read(page([], { viewportWidth })).reader.device;
  assert.deepEqual([390, 639, 640, 1023, 1024].map(device), ["mobile", "mobile", "tablet", "tablet", "desktop"]);
});

test("the service is found where the script came from", () => {
  assert.equal(baseOf("https://give.example.org/embed.js"), "https://give.example.org");
  assert.equal(baseOf("https://give.example.org/embed.js?x=1"), "https://give.example.org");
  assert.equal(baseOf("https://give.example.org/embed/1.2.0/embed.js"), "https://give.example.org");
  assert.equal(baseOf("https://journal.example/give/embed.js"), "https://journal.example/give");
});
