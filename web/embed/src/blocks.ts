import type { Block } from "./contract";
import { make } from "./dom";

/** Makes an element for each block of a text, in order. Skips blocks of a kind that this script does not know. */
export function blocks(body: readonly Block[]): HTMLElement[] {
  return body.map(element).filter((made): made is HTMLElement => made !== undefined);
}

/** Returns the same block with `change` applied to each of its texts. */
export function reworded(block: Block, change: (text: string) => string): Block {
  if (typeof block === "string") return change(block);
  if ("quote" in block) return { quote: change(block.quote), by: block.by && change(block.by) };
  if ("image" in block) return { ...block, alt: change(block.alt) };
  if ("list" in block) return { list: block.list.map(change) };
  return block;
}

function element(block: Block): HTMLElement | undefined {
  if (typeof block === "string") return make("p", { part: "body" }, block);
  if ("quote" in block) {
    return make("blockquote", { part: "quote" }, make("p", {}, block.quote), block.by ? make("cite", {}, block.by) : undefined);
  }
  if ("image" in block) return image(block);
  if ("list" in block) return make("ul", { part: "list" }, ...block.list.map((point) => make("li", {}, point)));
  return undefined;
}

/**
 * Makes an image that loads lazily and sends no referrer. A decorative image (without `alt`) is hidden if it fails to
 * load.
 */
function image({ image, alt, width, height }: Extract<Block, { image: string }>): HTMLElement | undefined {
  if (!image.startsWith("https://")) return undefined;
  const size = width && height ? { width: String(width), height: String(height) } : {};
  const made = make("img", { part: "image", loading: "lazy", decoding: "async", referrerpolicy: "no-referrer", ...size, alt, src: image });
  if (!alt) made.addEventListener("error", () => (made.hidden = true));
  return made;
}
