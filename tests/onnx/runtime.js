// Runs the models of a folder in ONNX Runtime and compares their outputs with what is beside them.
//
//   node runtime.js FOLDER < lines of onnx_models
'use strict';
const fs = require('fs');
const ort = require('onnxruntime-node');

const TOLERANCE = 1e-4; // of an output's largest value
const IMAGES = 3;
const OPTIONS = { intraOpNumThreads: 1 }; // more of them spin while they wait
const [folder] = process.argv.slice(2);

function floats(path) {
  const bytes = fs.readFileSync(path);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

/// The largest difference over all outputs of all images, of the output's largest value.
async function difference(name, height, width) {
  const session = await ort.InferenceSession.create(`${folder}/${name}.onnx`, OPTIONS);
  const pictures = floats(`${folder}/${name}.x.f32`);
  const expected = floats(`${folder}/${name}.y.f32`);
  const size = pictures.length / IMAGES;
  const batch = session.inputMetadata[0].shape[0] === 1 ? 1 : IMAGES;
  let worst = 0, place = 0;
  const results = [];
  for (let first = 0; first < IMAGES; first += batch) {
    const data = pictures.slice(first * size, (first + batch) * size);
    const input = new ort.Tensor('float32', data, [batch, 3, height, width]);
    results.push(await session.run({ input }));
  }
  for (let image = 0; image < IMAGES; ++image) {
    for (const output of session.outputNames) {
      const values = results[Math.floor(image / batch)][output].data;
      const count = values.length / batch, begin = (image % batch) * count;
      let largest = 0, differs = 0;
      for (let i = 0; i < count; ++i, ++place) {
        largest = Math.max(largest, Math.abs(expected[place]));
        differs = Math.max(differs, Math.abs(expected[place] - values[begin + i]));
      }
      worst = Math.max(worst, differs / largest);
    }
  }
  if (place !== expected.length) throw new Error(`${name}: ${place} of ${expected.length} values`);
  return worst;
}

(async () => {
  for (const line of fs.readFileSync(0, 'utf8').trim().split('\n')) {
    const [name, height, width] = line.split(' ');
    const worst = await difference(name, Number(height), Number(width));
    console.log(`${name}: ${worst.toExponential(1)} of the largest`);
    if (!(worst <= TOLERANCE)) process.exitCode = 1;
  }
})();
