"""What a notebook goes on with: the reader's answer where its check says Right, until then our own."""


def by_check(ours):
    """Make the ``ready`` of a notebook whose cells name the check.

    Parameters
    ----------
    ours : dict of check -> the course's own answer

    Returns
    -------
    function
        ``ready(answer, check, *given)``; what is given besides goes to the check.

    Examples
    --------
    >>> def even(answer):
    ...     return answer % 2 == 0
    >>> ready = by_check({even: 2})
    >>> ready(4, even), ready(5, even)
    (4, 2)
    """

    def ready(answer, check, *given):
        """The reader's answer where its check says Right, else the course's own."""
        return answer if check(answer, *given) else ours[check]

    return ready


def by_name(ours):
    """The same for functions that are called as their checks are: ``ready(answer, *given)``.

    >>> def one(answer):
    ...     return answer() == 1
    >>> check, own = one, lambda: 1
    >>> def one():
    ...     return ...
    >>> by_name({check: own})(one) is own
    True
    """
    checks, choose = {check.__name__: check for check in ours}, by_check(ours)

    def ready(answer, *given):
        """The reader's function as soon as the check of its name says Right, until then the course's own."""
        return choose(answer, checks[answer.__name__], *given)

    return ready
