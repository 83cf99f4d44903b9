"""Containers that show something and refuse changes, which would have no effect on it."""


def _refuse(self, *_, **__):
    raise TypeError(
        f"expected no change of a read-only {type(self).__base__.__name__}, found one; {self._way}"
    )


class ReadOnlyDict(dict):
    """A dictionary that can be read, compared, copied and written as JSON."""

    _way = "dict(...) is a copy that can be changed"
    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self):
        return dict, (dict(self),)

    def __copy__(self):
        return dict(self)

    def __deepcopy__(self, memo):
        return changeable(self)


class ReadOnlyList(list):
    """A list that can be read, compared, copied and written as JSON."""

    _way = "assign another list"
    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse
    append = clear = extend = insert = pop = remove = reverse = sort = _refuse

    def __reduce__(self):
        return list, (list(self),)

    def __copy__(self):
        return list(self)

    def __deepcopy__(self, memo):
        return changeable(self)


def read_only(value):
    """`value` with its dictionaries and lists, nested ones as well, read-only."""
    if isinstance(value, dict):
        return ReadOnlyDict((key, read_only(item)) for key, item in value.items())
    if isinstance(value, list):
        return ReadOnlyList(map(read_only, value))
    return value


def changeable(value):
    """A copy of `value` of plain dictionaries and lists."""
    if isinstance(value, dict):
        return {key: changeable(item) for key, item in value.items()}
    if isinstance(value, list):
        return list(map(changeable, value))
    return value
