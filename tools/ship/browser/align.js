// Where the face of a picture is, and where its 68 points are: BlazeFace and SENet in ONNX Runtime Web. The
// steps and numbers are those of facelm_helpers: faces.crop, images.warp, detectors._blazeface, methods.senet.
import * as ort from "./ort.wasm.min.mjs";

const SIZE = 128; // pixels: side of what both networks see
const MARGIN = 1.5; // side of SENet's crop in sides of the box
const GRIDS = [[8, 2], [16, 6]]; // BlazeFace: stride in pixels, anchors on each position of that grid
const SURE = 0.5, SAME = 0.3; // score that a face must reach; overlap from which two boxes are one face

ort.env.wasm.numThreads = 1; // more need headers that a plain file server does not send
ort.env.wasm.wasmPaths = new URL("./", import.meta.url).href;
ort.env.logLevel = "error";
const open = name => ort.InferenceSession.create(new URL(name, import.meta.url).href);
const [senet, blazeface] = await Promise.all([open("senet.onnx"), open("blazeface.onnx")]);

// One axis of a warp: for each place of the result the two pixels between which it lies, and what each weighs.
// Outside the picture its mirror image continues or, for a letterbox, nothing.
function axis(middle, side, fine, length, mirrored) {
  const count = SIZE * fine, period = Math.max(2 * (length - 1), 1);
  const first = new Int32Array(count), second = new Int32Array(count), near = new Float64Array(count), far = new Float64Array(count);
  const mirror = i => {
    const k = ((i % period) + period) % period;
    return k < length ? k : period - k;
  };
  const weigh = (i, weight) => mirrored || (i >= 0 && i < length) ? weight / fine : 0;
  for (let k = 0; k < count; k++) {
    const at = middle + (k - (count - 1) / 2) * side / count, low = Math.floor(at);
    [first[k], second[k]] = [mirror(low), mirror(low + 1)];
    [near[k], far[k]] = [weigh(low, 1 - at + low), weigh(low + 1, at - low)];
  }
  return {first, second, near, far, count};
}

// The square of a picture round (x, y), (1, 128, 128, 3) in 0..255: bilinear; where it shrinks by more than two,
// at a multiple of the size and then averaged, so that no pixel is left out.
function square({data, width, height}, x, y, side, mirrored) {
  const shrink = side / SIZE, fine = shrink <= 2.001 ? 1 : Math.min(Math.ceil(shrink - 1e-3), 32);
  const across = axis(x, side, fine, width, mirrored), down = axis(y, side, fine, height, mirrored);
  const found = new Float32Array(SIZE * SIZE * 3);
  for (let j = 0; j < down.count; j++) for (let i = 0; i < across.count; i++) {
    const to = 3 * (SIZE * Math.floor(j / fine) + Math.floor(i / fine));
    const above = down.first[j] * width, below = down.second[j] * width;
    const a = 4 * (above + across.first[i]), b = 4 * (above + across.second[i]);
    const c = 4 * (below + across.first[i]), d = 4 * (below + across.second[i]);
    for (let k = 0; k < 3; k++) {
      found[to + k] += down.near[j] * (across.near[i] * data[a + k] + across.far[i] * data[b + k]) +
        down.far[j] * (across.near[i] * data[c + k] + across.far[i] * data[d + k]);
    }
  }
  return found.map(value => Math.round(value));
}

const run = async (network, input) =>
  network.run({[network.inputNames[0]]: new ort.Tensor("float32", input, [1, SIZE, SIZE, 3])});
for (const network of [senet, blazeface]) await run(network, new Float32Array(3 * SIZE ** 2)); // the first run is slow

const overlap = (a, b) => {
  const shared = [0, 1].map(k => Math.max(0, Math.min(a[k] + a[2] / 2, b[k] + b[2] / 2) - Math.max(a[k] - a[2] / 2, b[k] - b[2] / 2)));
  const area = shared[0] * shared[1];
  return area / (a[2] ** 2 + b[2] ** 2 - area);
};

// The surest face of a picture (ImageData): {x, y, side} of its square box in pixels, or null.
export async function detect(picture) {
  const {width, height} = picture, side = Math.max(width, height);
  const input = square(picture, (width - 1) / 2, (height - 1) / 2, side, false).map(value => value / 127.5 - 1);
  const {regressors, classificators} = await run(blazeface, input);
  const found = []; // x, y and side in shares of the square, score
  let k = 0;
  for (const [stride, anchors] of GRIDS) for (let cell = 0; cell < (SIZE / stride) ** 2; cell++) for (let a = 0; a < anchors; a++, k++) {
    const score = 1 / (1 + Math.exp(-classificators.data[k]));
    if (score < SURE) continue;
    const [dx, dy, w, h] = regressors.data.slice(16 * k, 16 * k + 4);
    const columns = SIZE / stride, centre = i => (i + 0.5) * stride;
    found.push([(dx + centre(cell % columns)) / SIZE, (dy + centre(Math.floor(cell / columns))) / SIZE,
      Math.max(w, h) / SIZE, score]);
  }
  if (!found.length) return null;
  found.sort((a, b) => b[3] - a[3]);
  const near = found.filter(one => one === found[0] || overlap(found[0], one) > SAME); // their weighted mean
  const total = near.reduce((sum, one) => sum + one[3], 0);
  const [x, y, length] = [0, 1, 2].map(c => near.reduce((sum, one) => sum + one[c] * one[3], 0) / total);
  return {x: x * side + (width - side) / 2, y: y * side + (height - side) / 2, side: length * side};
}

// The 68 points in a square box: {points: [[x, y], ...] in pixels of the picture, error: the NME that SENet expects}.
export async function align(picture, {x, y, side}) {
  const long = MARGIN * side;
  const found = await run(senet, square(picture, x, y, long, true).map(value => value / 255));
  const [numbers, score] = [...senet.outputNames].sort().map(name => found[name].data);
  const back = (value, middle) => middle + (value * SIZE - (SIZE - 1) / 2) * long / SIZE;
  const points = Array.from({length: 68}, (_, k) => [back(numbers[2 * k], x), back(numbers[2 * k + 1], y)]);
  return {points, error: Math.exp(-score[0])};
}
