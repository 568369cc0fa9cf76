// ONNX Runtime as an engine for compare.py (what it says and hears: rounds.hpp). A third number in
// a round's line is the median time of a model that does nothing: what the way through JavaScript
// costs.
//
//   node onnxruntime.js FOLDER NETWORK THREADS      FOLDER: as peers_onnx wrote it
'use strict';
const fs = require('fs');
const readline = require('readline');
const { performance } = require('perf_hooks');
const ort = require('onnxruntime-node');

const [folder, network, threads] = process.argv.slice(2);
const options = {
  executionProviders: ['cpu'],
  executionMode: 'sequential',
  graphOptimizationLevel: 'all',
  intraOpNumThreads: Number(threads),
  interOpNumThreads: 1,
};

/// A function that runs the model on `values`, into tensors that are allocated once, and returns
/// the first of them.
async function load(path, values) {
  const session = await ort.InferenceSession.create(path, options);
  const input = new ort.Tensor('float32', values, session.inputMetadata[0].shape);
  const feeds = { [session.inputNames[0]]: input };
  const fetches = {};
  session.outputMetadata.forEach(({ shape }, i) => {
    const size = shape.reduce((a, b) => a * b, 1);
    fetches[session.outputNames[i]] = new ort.Tensor('float32', new Float32Array(size), shape);
  });
  return async () => (await session.run(feeds, fetches))[session.outputNames[0]].data;
}

async function timeRound(run) {
  let start = performance.now();
  for (let i = 0; i < 3 || performance.now() - start < 20; ++i) await run();
  const times = [];
  start = performance.now();
  while (times.length < 5 || performance.now() - start < 50) {
    const begin = process.hrtime.bigint();
    await run();
    times.push(Number(process.hrtime.bigint() - begin) / 1e9);
  }
  times.sort((a, b) => a - b);
  return [times[Math.floor(times.length / 2)], times[0]];
}

/// Reads and writes 64 MB for 100 ms, as rounds.hpp does.
const memory = new Float64Array((64 << 20) / 8).fill(1);
function workOnSomethingElse() {
  const start = performance.now();
  while (performance.now() - start < 100)
    for (let i = 0; i < memory.length; ++i) memory[i] = memory[i] * 0.5 + 1;
}

async function timeOf(run) {
  const begin = process.hrtime.bigint();
  await run();
  return Number(process.hrtime.bigint() - begin) / 1e9;
}

async function main() {
  const bytes = fs.readFileSync(`${folder}/${network}.f32`);
  const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  const run = await load(`${folder}/${network}.onnx`, values);
  const nothing = await load(`${folder}/nothing.onnx`, new Float32Array(1));
  let logits;
  const first = await timeOf(async () => { logits = Array.from(await run()); });
  console.log(logits.join(' '));
  for await (const what of readline.createInterface({ input: process.stdin })) {
    if (what === 'pause') {
      workOnSomethingElse();
      console.log(await timeOf(run));
    } else if (what === 'round') {
      const [overhead] = await timeRound(nothing);
      console.log([...(await timeRound(run)), overhead].join(' '));
    } else {
      console.log(first);
    }
  }
}
main();
