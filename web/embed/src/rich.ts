// This part of the script draws content that few appeals have: quotes, images, lists, and the ticker (how much has been
// raised).

export { blocks } from "./blocks";
export { default as css } from "./rich.css";
export { tickerLine } from "./ticker";
