// The page: where the picture comes from, the box that can be moved, and what is drawn.
const LARGEST = 1600; // pixels: a larger photograph is made smaller
const {groups, samples} = JSON.parse(document.getElementById("facts").textContent);
const find = id => document.getElementById(id);
const [stage, canvas, status, save, film] = ["stage", "picture", "status", "save", "film"].map(find);
const context = canvas.getContext("2d"), store = document.createElement("canvas");
const pixels = store.getContext("2d", {willReadFrequently: true});
let picture = null, box = null, found = null, face = true, stream = null, busy = false, again = false;
let turn = Promise.resolve();

function draw() {
  const unit = Math.max(canvas.width, canvas.height) / 500;
  context.drawImage(store, 0, 0);
  context.lineWidth = 2 * unit;
  context.strokeStyle = context.fillStyle = "#fff";
  context.strokeRect(box.x - box.side / 2, box.y - box.side / 2, box.side, box.side);
  context.fillRect(box.x + box.side / 2 - 5 * unit, box.y + box.side / 2 - 5 * unit, 10 * unit, 10 * unit);
  const size = Math.max(1.2 * unit, box.side / 75);
  groups.forEach(([colour, first, end]) => found.points.slice(first, end).forEach(([x, y]) => {
    context.beginPath();
    context.arc(x, y, size, 0, 2 * Math.PI);
    Object.assign(context, {fillStyle: colour, strokeStyle: "#fff", lineWidth: size / 5});
    context.fill();
    context.stroke();
  }));
  stage.dataset.box = [box.x, box.y, box.side].join(" ");
}

function take(source, width, height) { // a picture, its pixels within LARGEST
  const scale = Math.min(1, LARGEST / Math.max(width, height));
  store.width = canvas.width = Math.max(1, Math.round(width * scale));
  store.height = canvas.height = Math.max(1, Math.round(height * scale));
  pixels.drawImage(source, 0, 0, store.width, store.height);
  picture = pixels.getImageData(0, 0, store.width, store.height);
}

// The face, if it is to be searched, and the points; one after the other, so that the last picture is shown last.
function look(search) {
  return turn = turn.then(() => lookNow(search));
}

async function lookNow(search) {
  const {align, detect} = await networks, started = performance.now();
  if (search) {
    const best = await detect(picture);
    face = Boolean(best);
    box = best || box || {x: picture.width / 2, y: picture.height / 2, side: Math.min(picture.width, picture.height) / 2};
  }
  found = await align(picture, box);
  found.milliseconds = performance.now() - started;
  draw();
}

function say() {
  const searched = face ? "" : "No face was found: move the box onto one. ";
  status.textContent = `${searched}${found.milliseconds.toFixed(0)} ms. SENet expects an error of ` +
    `${(100 * found.error).toFixed(1)} % of the distance between the outer eye corners.`;
  const lines = found.points.map(([x, y]) => `${(x + 1).toFixed(3)} ${(y + 1).toFixed(3)}`); // .pts counts from 1
  URL.revokeObjectURL(save.href);
  save.href = URL.createObjectURL(new Blob([["version: 1", "n_points: 68", "{", ...lines, "}", ""].join("\n")]));
  save.hidden = false;
}

async function show(source, width, height) {
  take(source, width, height);
  box = null;
  await look(true);
  say();
}

async function move(x, y, grow) { // by pixels, and by a factor; the newest place is looked at when the last is done
  const limit = (value, low, high) => Math.min(Math.max(value, low), high);
  box = {x: limit(box.x + x, 0, picture.width), y: limit(box.y + y, 0, picture.height),
    side: limit(box.side * grow, 16, 2 * Math.max(picture.width, picture.height))};
  face = true;
  again = true;
  if (busy) return;
  for (busy = true; again; ) {
    again = false;
    await look(false);
  }
  busy = false;
  say();
}

function stop() {
  stream?.getTracks().forEach(track => track.stop());
  stream = film.srcObject = null;
  find("webcam").textContent = "Use the webcam";
}

async function watch() { // the webcam, frame by frame; a reader of the screen hears of it once a second
  try {
    stream = await navigator.mediaDevices.getUserMedia({video: {facingMode: "user"}});
  } catch (error) {
    status.textContent = `The webcam cannot be used (${error.name}): choose a photograph instead.`;
    return;
  }
  film.srcObject = stream;
  await film.play();
  find("webcam").textContent = "Stop the webcam";
  for (let said = 0; stream; await new Promise(requestAnimationFrame)) {
    take(film, film.videoWidth, film.videoHeight);
    await look(true);
    if (performance.now() - said > 1000) {
      say();
      said = performance.now();
    }
  }
}

async function sample() {
  stop();
  const image = new Image();
  image.src = new URL(samples[find("sample").value], import.meta.url).href;
  await image.decode();
  await show(image, image.naturalWidth, image.naturalHeight);
}

async function photograph(file) {
  if (!file) return;
  stop();
  try {
    const image = await createImageBitmap(file);
    await show(image, image.width, image.height);
  } catch (error) {
    if (error.name !== "InvalidStateError") throw error;
    status.textContent = `${file.name} is not a picture that this browser can read.`;
  }
}

function place(event) { // of the pointer, in pixels of the picture
  const {left, top, width} = canvas.getBoundingClientRect(), scale = canvas.width / width;
  return [(event.clientX - left) * scale, (event.clientY - top) * scale, scale];
}

canvas.addEventListener("pointerdown", event => { // the corner resizes, the rest of the box moves, elsewhere it comes
  if (!found || stream) return;
  const [x, y, scale] = place(event), corner = [box.x + box.side / 2, box.y + box.side / 2];
  const resize = Math.hypot(x - corner[0], y - corner[1]) < Math.max(20 * scale, box.side / 10);
  const inside = Math.max(Math.abs(x - box.x), Math.abs(y - box.y)) < box.side / 2;
  let last = [x, y];
  if (!resize && !inside) move(x - box.x, y - box.y, 1);
  const drag = moved => {
    const [toX, toY] = place(moved);
    if (resize) move(0, 0, Math.max(toX - box.x, toY - box.y, 8) * 2 / box.side);
    else move(toX - last[0], toY - last[1], 1);
    last = [toX, toY];
  };
  canvas.setPointerCapture(event.pointerId);
  canvas.addEventListener("pointermove", drag);
  canvas.addEventListener("lostpointercapture", () => canvas.removeEventListener("pointermove", drag), {once: true});
});
stage.addEventListener("keydown", event => {
  const step = box?.side / 50, keys = {ArrowLeft: [-step, 0, 1], ArrowRight: [step, 0, 1], ArrowUp: [0, -step, 1],
    ArrowDown: [0, step, 1], "+": [0, 0, 1.05], "=": [0, 0, 1.05], "-": [0, 0, 1 / 1.05]};
  if (!found || stream || !keys[event.key] || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  move(...keys[event.key]);
});
find("sample").addEventListener("change", sample);
find("photograph").addEventListener("change", event => photograph(event.target.files[0]));
find("webcam").addEventListener("click", () => stream ? stop() : watch());

const networks = import("./align.js");
networks.then(sample, error => { status.textContent = `The networks cannot be loaded: ${error.message}`; });
