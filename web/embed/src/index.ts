// Owns: the one script tag of a page, from which everything else starts.
// Never: a cookie, a framework, a word on the console above debug (but why a preview does not show), an error that reaches the page.
// Start at: `page.ts` for what happens on a page view, `context.ts` for what the service is told.
// Tested in: `embed/tests/` (plain parts) and `tests/browser/` of the project (the whole loop).
import { supporter } from "./ask";
import type { Standing } from "./contract";
import { Memory } from "./memory";
import { PageView } from "./page";
import { readSettings } from "./settings";

declare global {
  interface Window {
    keepopen?: {
      /** The reader's standing as the service sees it now; `none` without a token, `unknown` when it can't be told. */
      standing(): Promise<Standing>;
      /** Forgets all that this script kept in the browser for this site. */
      forget(): void;
    };
  }
}

function start(): void {
  const script = (document.currentScript ?? document.querySelector("script[data-site][src*='/embed']")) as HTMLScriptElement | null;
  const settings = readSettings(script);
  if (!settings || window.keepopen || !window.customElements) return;
  const memory = new Memory(settings.site, settings.consent);
  const view = new PageView(settings, memory, Date.now);
  window.keepopen = {
    async standing() {
      const { token } = memory.read();
      if (!token) return "none";
      const answer = await supporter(view, token);
      return answer?.status === 200 ? (answer.body.standing as Standing) : "unknown";
    },
    forget: () => memory.forget(),
  };
  const quietly = (work: Promise<void>) => work.catch((error: unknown) => console.debug("keepopen:", error));
  const run = () => void quietly(view.run());
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", run, { once: true });
  else run();
  addEventListener("pageshow", (event) => event.persisted && void quietly(view.again()));
}

try {
  start();
} catch (error) {
  console.debug("keepopen:", error);
}
