"""A script on the page, as a part of a widget."""

import ipywidgets


def script(page, words):
    """A widget that puts HTML on the page and shows nothing itself.

    Parameters
    ----------
    page : str
        HTML with a script or a style in it.
    words : str
        What stands there where no HTML is shown.

    Examples
    --------
    >>> script("<style></style>", "[a style]").outputs[0]["data"]["text/plain"]
    '[a style]'
    """
    data = {"text/html": page, "text/plain": words}
    return ipywidgets.Output(outputs=({"output_type": "display_data", "metadata": {}, "data": data},))
