"""The three kinds of numbers: totals, distributions, levels. Counting costs microseconds, and never raises or waits.

The values of labels come from fixed lists, which stand where the number is defined; what is not in its list is counted
as "other". `CODE` is for names of our own code (routes, tasks): their form and their number are bounded.
"""

import bisect
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from prometheus_client import Metric
from prometheus_client.mmap_dict import mmap_key
from prometheus_client.samples import Sample
from prometheus_client.utils import floatToGoString

from mailboxes.services.metric_files import Store

Label = tuple[str, ...]
CODE: Label = ()
OTHER = "other"
MAX_NAMES = 400  # values of CODE in one process
_CODE = re.compile(r"[A-Za-z][\w.:-]{0,99}")

store = Store(None)
defined: dict[str, "Number"] = {}


class Number:
    """What all kinds share: a name by convention, what it says, and its labels with their values."""

    type = ""
    suffix = ""

    def __init__(self, name: str, help_text: str, **labels: Label) -> None:
        self.name, self.help, self.labels = name, help_text, labels
        self._names: set[str] = set()
        self._keys: dict[tuple[tuple[str, str], ...], Sequence[str]] = {}
        defined[name] = self

    def _keys_of(self, given: dict[str, str]) -> Sequence[str]:
        names = tuple(given.items())
        if found := self._keys.get(names):
            return found
        values = tuple(
            self._allowed(given.get(name, OTHER), allowed) for name, allowed in self.labels.items()
        )
        keys = self._make_keys(values)
        if OTHER not in values:  # of those there may be any number
            self._keys[names] = keys
        return keys

    def _allowed(self, value: str, allowed: Label) -> str:
        if allowed is not CODE:
            return value if value in allowed else OTHER
        if value in self._names:
            return value
        if len(self._names) >= MAX_NAMES or not _CODE.fullmatch(value):
            return OTHER
        self._names.add(value)
        return value

    def _make_keys(self, values: tuple[str, ...]) -> Sequence[str]:
        return [self._key(self.name + self.suffix, values)]

    def _key(self, name: str, values: Iterable[str], **more: str) -> str:
        names = [*self.labels, *more]
        return mmap_key(self.name, name, names, [*values, *more.values()], "")

    def combinations(self) -> Iterator[dict[str, str]]:
        """Every set of labels that is known beforehand, so that what never happened is shown as 0."""
        found: list[dict[str, str]] = [{}]
        for name, allowed in self.labels.items():
            found = [{**one, name: value} for one in found for value in allowed]
        yield from found


class Total(Number):
    """What happened since the instance started. The name has no _total here."""

    type, suffix = "counter", "_total"

    def add(self, amount: float = 1, **labels: str) -> None:
        """Count it."""
        if amount > 0:
            store.add("counter", ((self._keys_of(labels)[0], amount),))


class Distribution(Number):
    """Measurements in base units, by the buckets that they fall into."""

    type = "histogram"

    def __init__(
        self, name: str, help_text: str, buckets: Sequence[float], **labels: Label
    ) -> None:
        super().__init__(name, help_text, **labels)
        self.buckets = (*buckets, float("inf"))

    def observe(self, value: float, **labels: str) -> None:
        """Count a measurement."""
        total, *buckets = self._keys_of(labels)
        here = buckets[bisect.bisect_left(self.buckets, value)]
        store.add("histogram", ((here, 1), (total, value)))

    def _make_keys(self, values: tuple[str, ...]) -> Sequence[str]:
        bounds = [floatToGoString(bound) for bound in self.buckets]
        # All buckets at once, or what is shown would have holes.
        return [
            self._key(f"{self.name}_sum", values),
            *(self._key(f"{self.name}_bucket", values, le=bound) for bound in bounds),
        ]


class Level(Number):
    """How it is now. `mode` says what several processes make of it: livesum, livemostrecent, max."""

    type = "gauge"

    def __init__(self, name: str, help_text: str, mode: str, **labels: Label) -> None:
        super().__init__(name, help_text, **labels)
        self.mode = mode

    def set(self, value: float, **labels: str) -> None:
        """Say how it is in this process."""
        store.set(f"gauge_{self.mode}", self._keys_of(labels)[0], value)

    def add(self, amount: float, **labels: str) -> None:
        """One more of them in this process, or with -1 one less."""
        store.add(f"gauge_{self.mode}", ((self._keys_of(labels)[0], amount),))


def complete(read: Iterable[Metric]) -> list[Metric]:
    """Return what was read of files with what it means, and with 0 for what never happened."""
    found = {metric.name: metric for metric in read}
    return [_whole(number, found.get(number.name)) for number in defined.values()]


def _whole(number: Number, read: Metric | None) -> Metric:
    whole = Metric(number.name, number.help, number.type)
    whole.samples = list(read.samples) if read else []
    if isinstance(number, Distribution):
        whole.samples = _with_all_buckets(number, whole.samples)
    elif isinstance(number, Total):
        there = {frozenset(sample.labels.items()) for sample in whole.samples}
        for labels in number.combinations():
            if frozenset(labels.items()) not in there:
                whole.add_sample(f"{number.name}_total", labels, 0.0)
    elif isinstance(number, Level) and number.mode == "livesum" and not whole.samples:
        whole.add_sample(number.name, {}, 0.0)
    return whole


def _with_all_buckets(number: Distribution, samples: Iterable[Sample]) -> list[Sample]:
    """A bucket that nothing fell into is in no file: it has as many as the one below it."""
    sums: dict[frozenset[tuple[str, str]], float] = {
        frozenset(labels.items()): 0.0 for labels in number.combinations()
    }
    counts: dict[frozenset[tuple[str, str]], dict[str, float]] = defaultdict(dict)
    for sample in samples:
        labels = dict(sample.labels)
        bound = labels.pop("le", "")
        if bound:
            counts[frozenset(labels.items())][bound] = sample.value
        elif sample.name.endswith("_sum"):
            sums[frozenset(labels.items())] = sample.value
    whole = Metric(number.name, number.help, number.type)
    for key, total in sums.items():
        reached = 0.0
        for bound in map(floatToGoString, number.buckets):
            reached = counts[key].get(bound, reached)
            whole.add_sample(f"{number.name}_bucket", {**dict(key), "le": bound}, reached)
        whole.add_sample(f"{number.name}_count", dict(key), reached)
        whole.add_sample(f"{number.name}_sum", dict(key), total)
    return whole.samples
