"""Numbers as the tables print them."""


def percent(value, digits=1):
    """A fraction as it is printed; a dash for what was not measured.

    >>> percent(0.0684), percent(None)
    ('6.8 %', '-')
    """
    return "-" if value is None else f"{100 * value:.{digits}f} %"


def places(value, digits=3):
    """A number with so many decimals; a dash for what was not measured.

    >>> places(0.6271), places(None)
    ('0.627', '-')
    """
    return "-" if value is None else f"{value:.{digits}f}"
