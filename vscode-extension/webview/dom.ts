/** Elements out of data; text is only ever set as text. */

type Attributes = Record<string, string | boolean | undefined>;

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const created = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) {
      created.setAttribute(name, value === true ? "" : value);
    }
  }
  created.append(...children);
  return created;
}

export function icon(name: string): HTMLElement {
  return element("span", { class: `codicon codicon-${name}`, "aria-hidden": "true" });
}

/** A button with an icon and a name for those who do not see it. */
export function iconButton(
  name: string,
  label: string,
  onClick: (event: MouseEvent) => void,
): HTMLButtonElement {
  const button = element(
    "button",
    { class: "icon-button", type: "button", title: label, "aria-label": label },
    icon(name),
  );
  button.addEventListener("click", onClick);
  return button;
}

/** `text` with its ranges marked. */
export function highlighted(text: string, ranges: [number, number][]): DocumentFragment {
  const fragment = document.createDocumentFragment();
  let position = 0;
  for (const [start, end] of ranges) {
    if (start < position || end > text.length || start >= end) {
      continue;
    }
    fragment.append(text.slice(position, start), element("mark", {}, text.slice(start, end)));
    position = end;
  }
  fragment.append(text.slice(position));
  return fragment;
}
