// Runs the models of a folder in ONNX Runtime and compares their outputs with what is beside them.
//
//   node runtime.js FOLDER < lines of onnx_models
'use strict';
const fs = require('fs');
const ort = require('onnxruntime-node');

const TOLERANCE = 1e-4; // of an output's largest value
// Of networks in bytes, whose steps are rounded otherwise: of the energy of the first output, in
// later ones differences have grown; and of the pictures at least. Random weights make classes that
// are nearly equal: they count as the same up to so many times what the differences are on average.
// With real weights (`classes`) pictures count if ours gives their class this probability, as it
// does to half of them at least.
const BYTE_TOLERANCE = 0.03, SAME_CLASS = 0.9, TIE = 4;
const SURE = 0.8, SAME_SURE_CLASS = 0.995;
const IMAGES = 3;
const OPTIONS = { intraOpNumThreads: 1 }; // more of them spin while they wait
const [folder] = process.argv.slice(2);

function floats(path) {
  const bytes = fs.readFileSync(path);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

/// The probability of the best class of logits.
function confidence(logits) {
  const most = Math.max(...logits);
  return 1 / logits.reduce((sum, value) => sum + Math.exp(value - most), 0);
}

const best = (values) => values.reduce((most, value, i) => (value > values[most] ? i : most), 0);

/// The largest difference over all outputs of all images, of the output's largest value; the energy
/// of the first output's differences, of its own energy; how many images have a class with a
/// probability of `sure`, and how many of these have the same one.
async function compare(name, height, width, images, tie, sure) {
  const session = await ort.InferenceSession.create(`${folder}/${name}.onnx`, OPTIONS);
  const pictures = floats(`${folder}/${name}.x.f32`);
  const expected = floats(`${folder}/${name}.y.f32`);
  const size = pictures.length / images;
  const batch = session.inputMetadata[0].shape[0] === 1 ? 1 : Math.min(images, IMAGES);
  let worst = 0, place = 0, same = 0, counted = 0, energy = 0, lost = 0;
  const results = [];
  for (let first = 0; first < images; first += batch) {
    const data = pictures.slice(first * size, (first + batch) * size);
    const input = new ort.Tensor('float32', data, [batch, 3, height, width]);
    results.push(await session.run({ input }));
  }
  for (let image = 0; image < images; ++image) {
    let agree = true, counts = true;
    for (const output of session.outputNames) {
      const values = results[Math.floor(image / batch)][output].data;
      const count = values.length / batch, begin = (image % batch) * count;
      let largest = 0, differs = 0, squares = 0;
      for (let i = 0; i < count; ++i, ++place) {
        if (output === session.outputNames[0]) {
          energy += expected[place] ** 2;
          lost += (expected[place] - values[begin + i]) ** 2;
        }
        largest = Math.max(largest, Math.abs(expected[place]));
        differs = Math.max(differs, Math.abs(expected[place] - values[begin + i]));
        squares += (expected[place] - values[begin + i]) ** 2;
      }
      worst = Math.max(worst, differs / largest);
      if (output === 'logits') {
        const ours = expected.slice(place - count, place);
        const theirs = best(values.slice(begin, begin + count));
        counts = confidence(ours) >= sure;
        agree = ours[best(ours)] - ours[theirs] <= tie * Math.sqrt(squares / count);
      }
    }
    counted += counts ? 1 : 0;
    same += counts && agree ? 1 : 0;
  }
  if (place !== expected.length) throw new Error(`${name}: ${place} of ${expected.length} values`);
  return { worst, lost: lost / energy, same, counted };
}

(async () => {
  for (const line of fs.readFileSync(0, 'utf8').trim().split('\n')) {
    const [name, height, width, bytes, classes] = line.split(' ');
    const images = bytes === undefined ? IMAGES : Number(bytes);
    const real = classes !== undefined;
    const [tie, sure, least] = real ? [0, SURE, SAME_SURE_CLASS] : [TIE, 0, SAME_CLASS];
    const { worst, lost, same, counted } =
      await compare(name, Number(height), Number(width), images, tie, sure);
    if (bytes === undefined) {
      console.log(`${name}: ${worst.toExponential(1)} of the largest`);
      if (!(worst <= TOLERANCE)) process.exitCode = 1;
    } else {
      console.log(`${name}: ${lost.toExponential(1)} of the energy, ${same} of ${counted} alike`);
      const good = same >= least * counted && counted >= images / 2;
      if (!(lost <= BYTE_TOLERANCE && good)) process.exitCode = 1;
    }
  }
})();
