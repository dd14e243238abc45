"""A picture from the webcam, without any extension: a little page that hands a JPEG to a hidden text field.

The browser shows the camera's picture only to the page; one frame, taken when the reader presses the button,
travels to the kernel through an ipywidgets `Textarea`. Browsers give a page the camera only over https or
from this very machine (localhost), and only after asking.
"""

import base64
import binascii

LONGEST = 960  # pixels: the picture's longer side
PREFIX = "data:image/jpeg;base64,"

PAGE = """
<div id="IDENTITY" style="margin: 2px;">
<button type="button" class="jupyter-button" style="padding: 0 12px; cursor: pointer;">Use the webcam</button>
<span role="status" style="margin-left: 8px;"></span>
<video muted playsinline aria-label="what the webcam sees"
 style="display: none; max-width: 320px; margin-top: 6px; transform: scaleX(-1);"></video>
</div>
<script>
(() => {
  const part = document.getElementById("IDENTITY");
  if (!part) return;
  const [button, words, video] = ["button", "span", "video"].map(name => part.querySelector(name));
  const stop = () => {
    if (video.srcObject) video.srcObject.getTracks().forEach(track => track.stop());
    video.srcObject = null;
    video.style.display = "none";
    button.textContent = "Use the webcam";
  };
  const take = () => {
    const scale = Math.min(1, LONGEST / Math.max(video.videoWidth, video.videoHeight));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(video.videoWidth * scale);
    canvas.height = Math.round(video.videoHeight * scale);
    canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
    stop();
    const field = document.querySelector(".IDENTITY textarea");
    if (!field) { words.textContent = "Run the cell again: its other half is gone."; return; }
    field.value = canvas.toDataURL("image/jpeg", 0.92);
    ["input", "change"].forEach(kind => field.dispatchEvent(new Event(kind, {bubbles: true})));
    words.textContent = "";
  };
  const start = async () => {
    if (!navigator.mediaDevices || !navigator.mediaDevices.getUserMedia) {
      words.textContent = "This browser gives the page no camera (it wants https or localhost): " +
        "take a picture with another program and upload it.";
      return;
    }
    words.textContent = "Waiting for your permission ...";
    try {
      video.srcObject = await navigator.mediaDevices.getUserMedia(
        {video: {width: {ideal: 1280}, height: {ideal: 720}, facingMode: "user"}});
      await video.play();
      video.style.display = "block";
      button.textContent = "Take the picture";
      words.textContent = "Only your own notebook gets it.";
    } catch (error) {
      stop();
      words.textContent = error.name === "NotFoundError" ? "No camera was found: upload a picture instead."
        : "The camera stays off (" + error.name + "): allow it in the browser, or upload a picture.";
    }
  };
  button.addEventListener("click", () => video.srcObject ? take() : start());
})();
</script>
"""


def page(identity):
    """The HTML of the camera's button; it looks for its text field by the CSS class `identity`.

    >>> "getUserMedia" in page("camera-1")
    True
    """
    return PAGE.replace("IDENTITY", identity).replace("LONGEST", str(LONGEST))


def decode(text):
    """The bytes of the JPEG that the page has sent.

    Parameters
    ----------
    text : str
        A data address.

    Returns
    -------
    bytes

    Raises
    ------
    ValueError
        If it is anything else.

    Examples
    --------
    >>> decode("data:image/jpeg;base64,AAEC")
    b'\\x00\\x01\\x02'
    """
    try:
        if not text.startswith(PREFIX):
            raise ValueError
        return base64.b64decode(text[len(PREFIX) :], validate=True)
    except (ValueError, binascii.Error):
        raise ValueError("the webcam's picture arrived damaged: take it again") from None
