// Moves the view of `turned.py`: shows, of all pictures, the one where the two sliders stand.
for (const view of document.querySelectorAll(".facelm-turned")) {
  const pictures = [...view.querySelectorAll("img")], [yaw, distance] = view.querySelectorAll("input");
  const show = () => {
    const at = Number(yaw.value) * (Number(distance.max) + 1) + Number(distance.value);
    pictures.forEach((picture, k) => { picture.hidden = k !== at; });
    for (const slider of [yaw, distance]) {
      slider.setAttribute("aria-valuetext", slider.dataset.names.split(" ")[Number(slider.value)]);
    }
  };
  for (const slider of [yaw, distance]) slider.addEventListener("input", show);
  show();
}
