"""Configuration files that belong together: tried by their program in a temporary place, then moved."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.server import files, record
from deploy.server.files import Owner
from deploy.server.steps import Step

Texts = Mapping[Path, str]
_ROOTS = Owner()
_TRIED: set[tuple[str, int]] = set()


@dataclass(frozen=True, slots=True)
class Group:
    """Files that are tried and moved together. `action` is owed where one of them changed (services.py)."""

    name: str
    texts: Callable[[], Texts]
    check: Callable[[Texts], None]
    action: str
    owner: Owner = _ROOTS

    def step(self) -> Step:
        """Have these files in place, and none that an earlier release had besides."""
        return Step(self.name, self.missing, self._make)

    def missing(self) -> str:
        """Return what is not yet so."""
        texts = self.texts()
        wrong = (files.differs(path, text, self.owner) for path, text in texts.items())
        return next((what for what in wrong if what), "") or ", ".join(
            map(str, self._obsolete(texts))
        )

    def _make(self) -> None:
        texts = self.texts()
        self.try_out(texts)
        record.owe(self.action)
        for path in self._obsolete(texts):
            path.unlink()
        for path, text in texts.items():
            record.replace_file(path)
            files.write(path, text, self.owner)
        record.note(
            groups={**record.read().get("groups", {}), self.name: [str(path) for path in texts]}
        )

    def try_out(self, texts: Texts) -> None:
        """Have the program try these files, unless it has done so in this run. Raises CommandFailed."""
        if self._key(texts) not in _TRIED:
            self.check(texts)
            _TRIED.add(self._key(texts))

    def untried(self) -> bool:
        """Tell whether these files are to be moved, and have not been tried."""
        return bool(self.missing()) and self._key(self.texts()) not in _TRIED

    def _key(self, texts: Texts) -> tuple[str, int]:
        return self.name, hash(tuple(sorted(texts.items())))

    def _obsolete(self, texts: Texts) -> list[Path]:
        noted = record.read().get("groups", {}).get(self.name, [])
        return [Path(each) for each in noted if Path(each) not in texts and Path(each).is_file()]


def tried_step(found: Sequence[Group]) -> Step:
    """Have all of these tried before `current` leads to a new release: one that breaks another program never serves."""

    def missing() -> str:
        return ", ".join(group.name for group in found if group.untried())

    def make() -> None:
        for group in found:
            if group.untried():
                group.try_out(group.texts())

    return Step("trial of the configuration", missing, make)
