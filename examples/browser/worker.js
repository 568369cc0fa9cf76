"use strict";
// Computes, so that the page does not wait. It is asked by messages {id, work, ...}, which it answers
// in their order with {id, ...} or {id, failed: "one sentence"}.

const NETWORKS = { pages: 0, lines: 1, classes: 2 };
const MOST_BYTES = 448 * 2 ** 20; // of a picture's file; the decoder's limit, too
const MOST_PIXELS = 89478485;
const KEPT_BYTES = 160 * 2 ** 20; // memory beyond that is given back after a picture

let payload = null; // the parts of the page that are no text, decoded
let machine = null; // the instance of the module that computes, and what it has opened
let learnt = null; // {embeddings, classes, count, labels}: a new instance learns them again

class Failure extends Error {}

// ---- What is in the page -----------------------------------------------------------------------

// Seven bits a character, but for three that HTML would change: such a one begins a character of two
// bytes, which also holds the next seven bits.
const CHANGED = [0, 13, 60];

function bytes_of(text, size) {
  const bytes = new Uint8Array(size);
  let bits = 0, count = 0, at = 0;
  const put = (seven) => {
    bits = (bits << 7) | seven;
    count += 7;
    if (count < 8) return;
    count -= 8;
    bytes[at++] = bits >> count;
    bits &= (1 << count) - 1;
  };
  for (let i = 0; i < text.length; ++i) {
    const code = text.charCodeAt(i);
    if (code < 128) {
      put(code);
    } else {
      put(CHANGED[(code - 256) >> 7]);
      put((code - 256) & 127);
    }
  }
  return bytes;
}

async function inflated(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// Numbers of two bytes: all first bytes come first, which makes them shorter.
function interleaved(bytes) {
  const half = (bytes.length + 1) >> 1, result = new Uint8Array(bytes.length);
  for (let i = 0; i < bytes.length; ++i) result[i] = bytes[(i >> 1) + (i & 1) * half];
  return result;
}

async function begin({ parts }) {
  payload = {};
  for (const [name, { text, size }] of Object.entries(parts))
    payload[name] = await inflated(bytes_of(text, size));
  payload.module = await WebAssembly.compile(payload.module);
  for (const name of ["pages", "lines"]) payload[name] = interleaved(payload[name]);
  await ready_machine();
  return {};
}

// ---- The module --------------------------------------------------------------------------------

async function ready_machine() {
  if (machine) return;
  const imports = {};
  for (const { module, name } of WebAssembly.Module.imports(payload.module)) {
    imports[module] ??= {};
    imports[module][name] = () => { // files, which are not used, and the end of memory
      if (name !== "emscripten_notify_memory_growth") throw new WebAssembly.RuntimeError(name);
    };
  }
  const instance = await WebAssembly.instantiate(payload.module, imports);
  machine = { call: instance.exports, opened: new Set() };
  machine.call._initialize();
  if (learnt) learn();
}

const memory = () => machine.call.memory.buffer;

function with_bytes(bytes, visit) {
  const address = machine.call.reserve(bytes.byteLength || 1);
  if (!address) throw new WebAssembly.RuntimeError("memory");
  new Uint8Array(memory(), address, bytes.byteLength).set(
      new Uint8Array(bytes.buffer ?? bytes, bytes.byteOffset ?? 0, bytes.byteLength));
  try {
    return visit(address, bytes.byteLength);
  } finally {
    machine?.call.release(address);
  }
}

const with_text = (text, visit) => with_bytes(new TextEncoder().encode(text + "\0"), visit);

function must(result) {
  if (result) return result;
  const bytes = new Uint8Array(memory(), machine.call.message());
  throw new Failure(new TextDecoder().decode(bytes.slice(0, bytes.indexOf(0))));
}

function network_of(name) {
  const network = NETWORKS[name];
  if (name !== "classes" && !machine.opened.has(name)) {
    with_bytes(payload[name], (at, size) => must(machine.call.open_network(network, at, size)));
    machine.opened.add(name);
  }
  return network;
}

const copied = (Type, address, count) => new Type(memory(), address, count).slice();

/// The bits of numbers, the highest first: what two programs must agree on.
function hexadecimal(numbers) {
  const view = new DataView(numbers.buffer), size = numbers.BYTES_PER_ELEMENT;
  return Array.from(numbers, (_, i) => {
    const word = (at) => view.getUint32(at, true).toString(16).padStart(8, "0");
    return size === 8 ? word(8 * i + 4) + word(8 * i) : word(4 * i);
  }).join(" ");
}

// ---- Pictures ----------------------------------------------------------------------------------

function decode(bytes, name, on_contrast) {
  with_bytes(bytes, (file, size) => with_text(name,
      (at) => must(machine.call.open_picture(file, size, at, on_contrast))));
}

// What the module does not decode, the browser may; its pixels come as a PNG.
async function by_browser(file, name) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    return null;
  }
  if (bitmap.width * bitmap.height > MOST_PIXELS)
    throw new Failure(`${name}: it has ${bitmap.width}x${bitmap.height} pixels, more than the ` +
                      `${MOST_PIXELS} that are allowed`);
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
  bitmap.close();
  return await (await canvas.convertToBlob({ type: "image/png" })).arrayBuffer();
}

async function open(file, on_contrast) {
  const begun = performance.now();
  if (file.size > MOST_BYTES)
    throw new Failure(`${file.name}: has ${file.size >> 20} MB, more than the ` +
                      `${MOST_BYTES >> 20} that are allowed for a picture`);
  let bytes;
  try {
    bytes = await file.arrayBuffer();
  } catch {
    throw new Failure(`${file.name}: cannot be read; is it a folder, or has it been moved?`);
  }
  let foreign = null;
  if (with_bytes(bytes, (at, size) => machine.call.is_of_another_format(at, size)))
    foreign = await by_browser(file, file.name);
  decode(foreign ?? bytes, file.name, on_contrast);
  return {
    name: file.name,
    by_browser: foreign !== null,
    width: machine.call.picture_width(),
    height: machine.call.picture_height(),
    decoding: performance.now() - begun,
  };
}

function drawn(picture, room, draw) {
  const scale = Math.min(room.width / picture.width, room.height / picture.height);
  const width = Math.max(1, Math.round(picture.width * scale));
  const height = Math.max(1, Math.round(picture.height * scale));
  const pixels = must(draw(width, height));
  return { width, height, pixels: copied(Uint8ClampedArray, pixels, 4 * width * height) };
}

// A picture, and where it spoke for a class.
function shown(picture, room, network, class_id) {
  const image = drawn(picture, room, machine.call.draw_picture);
  const heat = drawn(picture, room, () => machine.call.draw_heat_map(network, class_id));
  return { image, heat };
}

// ---- What the page asks for --------------------------------------------------------------------

async function orient({ file, kind, room }) {
  const picture = await open(file, true);
  const network = network_of(kind);
  const begun = performance.now();
  const rotations = copied(Float64Array, machine.call.orient(network), 4);
  const reading = performance.now() - begun;
  const best = rotations.indexOf(Math.max(...rotations));
  const classes = machine.call.class_count(network);
  return {
    ...picture, kind, reading,
    angle: 90 * best,
    confidence: rotations[best],
    confidence_bits: hexadecimal(rotations.slice(best, best + 1)),
    logits_bits: hexadecimal(copied(Float32Array, must(machine.call.logits(network)), classes)),
    ...shown(picture, room, network, best * classes / 4),
  };
}

async function embed({ file, room }) {
  const picture = await open(file, false);
  network_of("pages");
  const begun = performance.now();
  const size = machine.call.embedding_size();
  const embedding = copied(Float32Array, must(machine.call.embedding()), size);
  const reading = performance.now() - begun;
  return { ...picture, reading, embedding,
           image: drawn(picture, room, machine.call.draw_picture) };
}

function learn() {
  network_of("pages");
  const { embeddings, classes, labels } = learnt;
  with_bytes(embeddings, (rows) => with_bytes(classes, (numbers) => must(
      machine.call.fit(rows, numbers, classes.length, labels.length))));
}

async function fit(examples) {
  const begun = performance.now();
  learnt = examples;
  learn();
  return { accuracy: machine.call.fit_accuracy(), learning: performance.now() - begun };
}

async function classify({ file, room }) {
  const picture = await open(file, false);
  const network = NETWORKS.classes, classes = learnt.labels.length;
  const begun = performance.now();
  const scores = copied(Float32Array, must(machine.call.probabilities(network)), classes);
  const reading = performance.now() - begun;
  const best = scores.indexOf(Math.max(...scores));
  return {
    ...picture, reading, scores, best,
    labels: learnt.labels,
    logits_bits: hexadecimal(copied(Float32Array, must(machine.call.logits(network)), classes)),
    ...shown(picture, room, network, best),
  };
}

async function save() {
  const file = with_text(learnt.labels.join("\0"), (at) => must(machine.call.save_classes(at)));
  return { bytes: copied(Uint8Array, file, machine.call.saved_size()) };
}

const WORKS = { begin, orient, embed, fit, classify, save };

async function answer({ id, work, ...request }) {
  try {
    if (work !== "begin") await ready_machine();
    const result = await WORKS[work](request);
    result.memory = memory().byteLength;
    if (result.memory > KEPT_BYTES) machine = null;
    postMessage({ id, ...result });
  } catch (problem) {
    if (!(problem instanceof Failure)) machine = null; // it stopped in the middle
    const name = request.file ? request.file.name : "this page";
    const failed = problem instanceof Failure ? problem.message
        : problem instanceof WebAssembly.RuntimeError || problem instanceof RangeError
          ? `${name}: there is not enough memory in this browser`
          : `${name}: ${problem.message}`;
    postMessage({ id, failed });
  }
}

let last = Promise.resolve();
onmessage = ({ data }) => {
  last = last.then(() => answer(data));
};
