type Child = Node | string | false | undefined;

/** Makes an element. Text only ever becomes text: what the service sends is never read as HTML. */
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

/** A button that does one thing; `test` names it for style sheets (`part`) and tests. */
export function button(test: string, label: string, press: () => void, attributes: Record<string, string | undefined> = {}): HTMLButtonElement {
  const element = make("button", { type: "button", class: test, part: test, "data-test": test, ...attributes }, label);
  element.addEventListener("click", press);
  return element;
}
