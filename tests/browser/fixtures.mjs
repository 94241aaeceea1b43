// Pages and texts for `looks.mjs` and `pictures.mjs`. The pages have none of the demo's styles.
import { open } from "./browser.mjs";

export const ARABIC = {
  locale: "ar",
  heading: "نحتاج إلى مساعدتكم الآن",
  body: [
    "صحيفة الميناء مجانية لكل من يقرأها في سالتري، ويجب أن تبقى كذلك. يدفع أجور مراسليها قرّاء مثلكم.",
    "لو دفع قارئ واحد من كل خمسين ثمن فنجان قهوة كل شهر لما تُركت قصة واحدة.",
  ],
  cta: "ادعمونا بمبلغ {gift}",
  dismiss: "ليس الآن",
  thanks: { heading: "شكرًا لكم", body: ["وصل دعمكم إلى غرفة الأخبار."] },
};

export const GERMAN = {
  locale: "de",
  heading: "Wir brauchen jetzt Ihre Hilfe",
  body: [
    "Das Hafenblatt ist für alle in Saltry frei zu lesen, und so soll es bleiben. Seine Redaktion wird von Leserinnen und Lesern wie Ihnen bezahlt.",
    "Wenn eine von fünfzig Personen jeden Monat den Preis eines Kaffees gäbe, müsste keine Geschichte liegen bleiben.",
  ],
  cta: "Mit {gift} unterstützen",
  dismiss: "Jetzt nicht",
};

const TEXT = {
  ltr: "The two delegations came out of the old signal station at twenty past four, and for a moment nobody seemed to know who should speak first. Then somebody held up a single sheet of paper, and the photographers understood. It was a timetable.",
  rtl: "خرج الوفدان من محطة الإشارات القديمة في الرابعة وعشرين دقيقة، وبدا للحظة أن أحدًا لا يعرف من يجب أن يتكلم أولًا. ثم رفع أحدهم ورقة واحدة، ففهم المصورون. كان جدولًا للمواعيد.",
};

/**
 * Returns the HTML of an article with the script tag of the service at `url`. The article has a `<keepopen-appeal>`
 * element for `surface`. If `surface` is `banner`, the article has the HTML `place` instead. `mode` is `light`, `dark`
 * or `rtl`.
 */
export function article(url, { mode = "light", surface = "banner", edge, place = "", style = "" } = {}) {
  const rtl = mode === "rtl";
  const paragraph = (number) => `<p>${TEXT[rtl ? "rtl" : "ltr"]} <a id="link-${number}" href="#${number}">${rtl ? "المزيد" : "Read on"}</a></p>`;
  const element = surface === "banner" ? place : `<keepopen-appeal surface="${surface}"></keepopen-appeal>`;
  return `<!doctype html><html lang="${rtl ? "ar" : "en"}" dir="${rtl ? "rtl" : "ltr"}"><head><meta charset="utf-8"><title>An article</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta property="og:type" content="article">
<style>body { margin: 0 auto; max-width: 42rem; padding: 16px; font: 18px/1.6 Georgia, serif } .mast { border-bottom: 3px double; padding: 8px 0; font-weight: 700 }
${mode === "dark" ? "html { background: #14161a; color: #e9e6e0 } a { color: #9cc4ff }" : ""}${style}</style>
<script async src="${url}/embed.js" data-site="journal"${edge ? ` data-edge="${edge}"` : ""}></script></head>
<body><header class="mast"><a href="#home">The Harbour Journal</a></header><main><h1>${rtl ? "العبّارات قد تعبر المضيق مجددًا" : "The ferries may cross the Sound again"}</h1>
${[1, 2, 3].map(paragraph).join("")}${element}${[4, 5, 6, 7, 8, 9].map(paragraph).join("")}</main><footer><p id="end">${rtl ? "النهاية" : "The end of the article."}</p></footer></body></html>`;
}

/** Opens an article on the fake service's own origin. `options` are those of `article`. */
export async function openArticle(reader, fake, options = {}) {
  fake.pages["/bare.html"] = article(fake.url, options);
  await open(reader, `${fake.url}/bare.html`);
}
