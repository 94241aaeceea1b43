// Owns: the entry point, which the page's script tag loads.
// Never: a cookie, a framework, an error that reaches the page, a console message above the level debug (except the one
// that says why a preview does not show).
// Start at: `page.ts` for what happens on a page view, `context.ts` for what is sent to the service, `parts.ts` for the
// parts that are fetched later.
// Tested in: `web/embed/tests/` (unit tests) and `tests/browser/` (the script in a browser), from the root of the
// repository.
import type { Standing } from "./contract";
import { openPage } from "./page";
import { readSettings } from "./settings";

declare global {
  interface Window {
    keepopen?: {
      /**
       * The reader's current standing (whether and how the reader supports the site), from the service: `none` without
       * a supporter token, `unknown` if the service can't be reached or the token has expired.
       */
      standing(): Promise<Standing>;
      /**
       * A signed text with which the service can count a gift of a reader who is held out (gets no appeal, for
       * comparison). Undefined for other readers. The site's own checkout sends the text to the service.
       */
      attribution(): Promise<string | undefined>;
      /**
       * Tells the script that the page now shows something else, if the script can't notice that itself. The script
       * then asks the service again.
       */
      page(): void;
      /** Deletes everything that this script stored in the browser for this site. */
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
