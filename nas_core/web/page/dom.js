// What a person, a dataset or a network wrote enters the page through h() and s() only, as text.
function make(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked" || name === "selected") element[name] = value;
    else if (value === true) element.setAttribute(name, "");
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}
export const h = (tag, attributes, ...children) => make(document.createElement(tag), attributes, children);
export const s = (tag, attributes, ...children) => make(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
export const page = () => document.getElementById("page");
export const show = (...children) => page().replaceChildren(...children.flat(Infinity).filter(Boolean));

const tip = document.getElementById("tip");
export function showTip(x, y, text) {
  tip.textContent = text;
  tip.hidden = false;
  tip.style.left = `${Math.max(8, Math.min(x + 14, innerWidth - tip.offsetWidth - 8))}px`;
  tip.style.top = `${y + 18 + tip.offsetHeight > innerHeight ? y - tip.offsetHeight - 10 : y + 18}px`;
}
export const hideTip = () => { tip.hidden = true; };

// A question before what cannot be undone.
export function ask(question, detail, action, cancel) {
  return new Promise((resolve) => {
    const box = h("dialog", { class: "ask", "aria-labelledby": "ask-title", onclose: () => { box.remove(); resolve(box.returnValue === "yes"); } },
      h("h2", { id: "ask-title" }, question), h("p", { class: "muted" }, detail),
      h("form", { method: "dialog", class: "bar end" },
        h("button", { value: "no" }, cancel), h("button", { value: "yes", class: "danger" }, action)));
    document.body.append(box);
    box.showModal();
  });
}

export function notice(text, kind = "") {
  const box = h("div", { class: `notice ${kind}`, role: kind === "bad" ? "alert" : "status" }, text);
  document.body.append(box);
  setTimeout(() => box.remove(), 6000);
}

// The colour that the style sheet gives a name, for what is drawn on a canvas.
export const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
