// Owns: the one script tag of a page, from which everything else starts.
// Never: a cookie, a framework, a word on the console above debug (but why a preview does not show), an error that reaches the page.
// Start at: `page.ts` for what happens on a page view, `context.ts` for what the service is told, `parts.ts` for what is fetched later.
// Tested in: `embed/tests/` (plain parts) and `tests/browser/` of the project (the whole loop).
import type { Standing } from "./contract";
import { openPage } from "./page";
import { readSettings } from "./settings";

declare global {
  interface Window {
    keepopen?: {
      /** The reader's standing as the service sees it now; `none` without a token, `unknown` when it can't be told. */
      standing(): Promise<Standing>;
      /** The signed attribution of a reader who is held out, to be sent along with a checkout of the site's own. */
      attribution(): Promise<string | undefined>;
      /** Says that the page shows something else now, where the script can't see it: the question is put again. */
      page(): void;
      /** Forgets all that this script kept in the browser for this site. */
      forget(): void;
    };
  }
}

try {
  const settings = readSettings(document.currentScript);
  if (settings && !window.keepopen?.page) window.keepopen = openPage(settings);
} catch (error) {
  console.debug("keepopen:", error);
}
