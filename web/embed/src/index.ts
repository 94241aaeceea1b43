// Owns: the entry point, which the page's script tag loads.
// Never: a cookie, a framework, a console message above debug (except why a preview does not show), an error that
// reaches the page.
// Start at: `page.ts` for what happens on a page view, `context.ts` for what is sent to the service, `parts.ts` for the
// parts that are fetched later.
// Tested in: `embed/tests/` (unit tests) and `tests/browser/` of the project (the script in a browser).
import type { Standing } from "./contract";
import { openPage } from "./page";
import { readSettings } from "./settings";

declare global {
  interface Window {
    keepopen?: {
      /**
       * The reader's current standing (whether and how the reader supports the site), from the service: `none` without
       * a token, `unknown` if the service can't be reached or the token has expired.
       */
      standing(): Promise<Standing>;
      /**
       * The signed attribution of a reader who is held out (gets no appeal, for comparison). The site's own checkout
       * sends it to the service.
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
