// The part that draws what few appeals have: quotes, images, lists, and the ticker.

export { blocks } from "./blocks";
export { default as css } from "./rich.css";
export { tickerLine } from "./ticker";
