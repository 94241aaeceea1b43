type Child = Node | string | false | undefined;

/** Makes an element. Strings become text nodes, so a text from the service is never parsed as HTML. */
export function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Record<string, string | boolean | undefined> = {},
  ...children: Child[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(key, "");
    else if (typeof value === "string") element.setAttribute(key, value);
  }
  element.append(...children.filter((child): child is Node | string => child !== false && child !== undefined));
  return element;
}

/**
 * Makes an element with a name. The script's style sheets find it by its `class`, the page's style sheets by its
 * `part`, and tests by `data-test`.
 */
export function makePart<Name extends keyof HTMLElementTagNameMap>(tag: Name, name: string, attributes: Record<string, string | undefined> = {}, ...children: Child[]) {
  return make(tag, { class: name, part: name, "data-test": name, ...attributes }, ...children);
}

/** Makes a button that calls `press` when the reader presses it. */
export function button(name: string, label: string, press: () => void, attributes: Record<string, string | undefined> = {}): HTMLButtonElement {
  const element = makePart("button", name, { type: "button", ...attributes }, label);
  element.addEventListener("click", press);
  return element;
}
