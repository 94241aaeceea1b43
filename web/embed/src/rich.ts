// The part that draws what few appeals have: quotes, images, lists, and how far the appeal has come.

export { blocks } from "./blocks";
export { default as css } from "./rich.css";
export { tickerLine } from "./ticker";
