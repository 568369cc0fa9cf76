"use strict";

const SURE = 0.8; // as `pplcnet orient` has it
const one = (selector, place = document) => place.querySelector(selector);
const make = (name, properties = {}) => Object.assign(document.createElement(name), properties);
const copy_of = (id) => one(`#${id}`).content.firstElementChild.cloneNode(true);

// ---- The worker --------------------------------------------------------------------------------

class Failed extends Error {}

const worker = new Worker(URL.createObjectURL(
    new Blob([one("#worker").textContent], { type: "text/javascript" })));
const waiting = new Map();
let asked = 0;

function ask(work, request = {}) {
  return new Promise((resolve, reject) => {
    waiting.set(++asked, { resolve, reject });
    worker.postMessage({ id: asked, work, ...request });
  });
}

worker.onmessage = ({ data }) => {
  const { resolve, reject } = waiting.get(data.id);
  waiting.delete(data.id);
  if (data.memory) show_state(data.memory);
  if (data.failed) reject(new Failed(data.failed));
  else resolve(data);
};
worker.onerror = (event) => show_wrong(`This page cannot compute: ${event.message}`);

function show_state(bytes) {
  const size = (bytes / 1e6).toFixed(0);
  one("#state").textContent = `Ready. Memory for pictures and networks: ${size} MB; what a large ` +
      "picture takes is given back after it.";
  document.body.dataset.ready = "";
}

function show_wrong(text) {
  Object.assign(one("#state"), { textContent: text, className: "wrong" });
}

// ---- Drawing -----------------------------------------------------------------------------------

const TURNED = ["Upright", "Rotated by 90°", "Upside down", "Rotated by 270°"];

function fill(canvas, { width, height, pixels }, description) {
  const density = window.devicePixelRatio || 1;
  Object.assign(canvas, { width, height });
  canvas.style.width = `${width / density}px`;
  canvas.setAttribute("aria-label", description);
  canvas.getContext("2d").putImageData(new ImageData(pixels, width, height), 0, 0);
}

function room(width, height) {
  const density = window.devicePixelRatio || 1;
  return { width: width * density, height: height * density };
}

function bar(what, share) {
  const line = make("li");
  const track = make("span", { className: "track" });
  track.append(make("i"));
  track.firstChild.style.width = `${(100 * share).toFixed(2)}%`;
  line.append(make("span", { className: "what", textContent: what, title: what }), track,
              make("span", { className: "number", textContent: share.toFixed(3) }));
  return line;
}

// A page with an arrow to its top.
function sign(angle) {
  const holder = make("span");
  holder.innerHTML = '<svg viewBox="0 0 32 32" aria-hidden="true" fill="none" stroke="currentColor" ' +
      'stroke-width="2" stroke-linecap="round" stroke-linejoin="round"><rect x="8" y="4" width="16" ' +
      'height="24" rx="3"/><path d="M16 23V11M11.5 15.5 16 11l4.5 4.5"/></svg>';
  holder.firstChild.style.transform = `rotate(${angle}deg)`;
  return holder.firstChild;
}

function facts({ width, height, decoding, reading, by_browser }) {
  return `${width} × ${height} pixels, decoded in ${decoding.toFixed(0)} ms` +
      `${by_browser ? " by your browser, so that pixels may differ a little from other programs'" : ""}` +
      `, read in ${reading < 10 ? reading.toFixed(1) : reading.toFixed(0)} ms.`;
}

function draw_pictures(item, answer, spoke_for) {
  const [picture, heat] = item.querySelectorAll("canvas");
  fill(picture, answer.image, `The picture ${answer.name}`);
  fill(heat, answer.heat, `Where it spoke for “${spoke_for}”`);
  one("figure", item).classList.toggle("wide", answer.width > 2 * answer.height);
}

// Adds a place for the answer about a picture, and fills it when there is one.
async function add_answer(list, file, work, request, fill_in) {
  const item = copy_of("answer");
  item.classList.add("waiting");
  one(".name", item).textContent = file.name;
  one(".verdict", item).textContent = "…";
  list.prepend(item);
  try {
    const answer = await ask(work, { file, ...request });
    one(".facts", item).textContent = facts(answer);
    item.dataset.reading = answer.reading;
    item.dataset.decoding = answer.decoding;
    item.dataset.logits = answer.logits_bits;
    fill_in(item, answer);
    item.dataset.state = "done";
  } catch (problem) {
    item.className = "answer wrong";
    item.replaceChildren(make("p", { textContent: `${problem.message}.` }));
    item.setAttribute("role", "alert");
    item.dataset.state = "failed";
  }
  item.classList.remove("waiting");
}

function show_rotation(item, answer) {
  const sure = answer.confidence >= SURE;
  const turned = TURNED[answer.angle / 90];
  one(".verdict", item).replaceChildren(sign(answer.angle), sure ? turned : `Unsure: ${turned.toLowerCase()}?`);
  one(".bars", item).append(bar("confidence", answer.confidence));
  item.classList.toggle("unsure", !sure);
  item.dataset.angle = answer.angle;
  item.dataset.confidence = answer.confidence;
  item.dataset.confidenceBits = answer.confidence_bits;
  draw_pictures(item, answer, turned);
}

function show_class(item, answer) {
  const label = answer.labels[answer.best];
  one(".verdict", item).textContent = label;
  const order = [...answer.scores.keys()].sort((a, b) => answer.scores[b] - answer.scores[a]);
  one(".bars", item).append(...order.slice(0, 5).map((i) => bar(answer.labels[i], answer.scores[i])));
  item.dataset.label = label;
  item.dataset.score = answer.scores[answer.best];
  draw_pictures(item, answer, label);
}

// ---- Choosing and dropping ---------------------------------------------------------------------

function take_files(drop, take) {
  const input = one("input", drop);
  input.addEventListener("change", () => {
    take([...input.files]);
    input.value = "";
  });
  drop.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    if (!input.disabled) take([...event.dataTransfer.files]);
  });
}

// A picture that misses its place must not replace the page.
for (const name of ["dragover", "drop"])
  window.addEventListener(name, (event) => event.preventDefault());

take_files(one("#drop-rotation"), (files) => {
  const kind = one("input[name=kind]:checked").value;
  for (const file of files)
    add_answer(one("#answers-rotation"), file, "orient", { kind, room: room(400, 280) }, show_rotation);
});

take_files(one("#drop-classes"), (files) => {
  for (const file of files)
    add_answer(one("#answers-classes"), file, "classify", { room: room(400, 280) }, show_class);
});

// ---- Classes -----------------------------------------------------------------------------------

const groups = []; // {element, examples: [{embedding}]}

function add_group(name) {
  const element = copy_of("group"), group = { element, examples: [] };
  one(".label", element).value = name;
  one(".label", element).addEventListener("change", learn);
  one(".remove", element).addEventListener("click", () => {
    groups.splice(groups.indexOf(group), 1);
    element.remove();
    learn();
  });
  take_files(one(".drop", element), async (files) => {
    one(".wrong", element).textContent = "";
    await Promise.all(files.map((file) => add_example(group, file)));
    await learn();
  });
  groups.push(group);
  one("#groups").append(element);
  return group;
}

async function add_example(group, file) {
  try {
    const answer = await ask("embed", { file, room: room(72, 72) });
    const item = make("li"), canvas = make("canvas");
    canvas.setAttribute("role", "img");
    fill(canvas, answer.image, answer.name);
    const remove = make("button", { type: "button", textContent: "×", title: `Remove ${answer.name}` });
    remove.setAttribute("aria-label", remove.title);
    const example = { embedding: answer.embedding };
    remove.addEventListener("click", () => {
      group.examples.splice(group.examples.indexOf(example), 1);
      item.remove();
      learn();
    });
    item.append(canvas, remove);
    one(".thumbs", group.element).append(item);
    group.examples.push(example);
  } catch (problem) {
    one(".wrong", group.element).textContent = `${problem.message}.`;
  }
}

const label_of = (group, i) => one(".label", group.element).value.trim() || `class ${i + 1}`;

function may_classify(yes) {
  one("#files-classes").disabled = one("#save").disabled = !yes;
  one("#drop-classes").toggleAttribute("data-disabled", !yes);
}

async function learn() {
  const status = one("#learnt");
  const labels = groups.map(label_of);
  const missing = groups.length < 2 ? "Two classes or more are needed."
      : groups.some(({ examples }) => examples.length < 2) ? "Each class needs two pictures or more."
      : new Set(labels).size < labels.length ? "Each class needs a name of its own." : "";
  delete status.dataset.learnt;
  may_classify(missing === "");
  status.textContent = missing;
  if (missing) return;
  const rows = groups.flatMap(({ examples }) => examples);
  const width = rows[0].embedding.length;
  const embeddings = new Float32Array(rows.length * width);
  rows.forEach(({ embedding }, i) => embeddings.set(embedding, i * width));
  const classes = Int32Array.from(groups.flatMap(({ examples }, i) => examples.map(() => i)));
  try {
    const { accuracy, learning } = await ask("fit", { embeddings, classes, labels });
    status.textContent = `Learnt from ${rows.length} pictures of ${groups.length} classes in ` +
        `${learning.toFixed(0)} ms; ${(100 * accuracy).toFixed(0)} % right in cross-validation.`;
    status.dataset.learnt = rows.length;
  } catch (problem) {
    status.textContent = `${problem.message}.`;
    may_classify(false);
  }
}

one("#add-class").addEventListener("click", () => {
  const group = add_group(`class ${groups.length + 1}`);
  one(".label", group.element).select();
  learn();
});

one("#save").addEventListener("click", async () => {
  try {
    const { bytes } = await ask("save");
    const link = make("a", {
      href: URL.createObjectURL(new Blob([bytes])), download: "classes.safetensors",
    });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  } catch (problem) {
    one("#learnt").textContent = `${problem.message}.`;
  }
});

add_group("class 1");
add_group("class 2");

// ---- Tabs --------------------------------------------------------------------------------------

const tabs = [...document.querySelectorAll("[role=tab]")];

function choose(tab) {
  for (const other of tabs) {
    const chosen = other === tab;
    other.setAttribute("aria-selected", chosen);
    other.tabIndex = chosen ? 0 : -1;
    one(`#${other.getAttribute("aria-controls")}`).hidden = !chosen;
  }
}

tabs.forEach((tab, i) => {
  tab.addEventListener("click", () => choose(tab));
  tab.addEventListener("keydown", ({ key }) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[key];
    if (!step) return;
    const next = tabs[(i + step + tabs.length) % tabs.length];
    choose(next);
    next.focus();
  });
});

// ---- Beginning ---------------------------------------------------------------------------------

if (!("DecompressionStream" in window) || !("WebAssembly" in window)) {
  show_wrong("This browser is too old for this page: it needs Chrome 103, Firefox 113, Safari 16.4 or newer.");
} else {
  const parts = {};
  for (const part of document.querySelectorAll("script[data-part]"))
    parts[part.dataset.part] = { text: part.textContent, size: Number(part.dataset.size) };
  ask("begin", { parts }).catch((problem) => show_wrong(`${problem.message}.`));
}
