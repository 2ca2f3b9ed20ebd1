"""Templates of error lines, mined as they come, by Drain.

Source: He et al., "Drain: An Online Log Parsing Approach with Fixed Depth Tree", ICWS 2017; the
tree is that of the library drain3. Two things are ours: the class of an error is the first word of
its template, so that errors of two classes never share one, and the least recently seen template
is let go here, because the library's own cache keeps an order that it cannot write down.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from drain3.drain import Drain, LogCluster

SIMILAR: Final = 0.7
"""Share of equal words from which two lines are the same error. The paper's 0.5 is meant for lines
whose parameters are not masked; after masking what still differs is more often another error."""
WORDS: Final = 48
"""Words of a line that count: 300 characters of prose."""

_PARAMETER: Final = "<*>"
"""What the library puts where the lines of a template differ."""


class Templates:
    """The templates of one flow, each with a number that is never given twice.

    Examples
    --------
    >>> templates = Templates()
    >>> [templates.add("not_found", f"page {name} of the list is gone") for name in "ab"]
    [1, 1]
    >>> templates.add("auth", "page b of the list is gone"), templates.text(1)
    (2, 'page <*> of the list is gone')
    """

    def __init__(self) -> None:
        self._drain = _tree()
        self._forgotten = 0

    def add(self, kind: str, masked: str) -> int:
        """Return the number of the template that a line of one kind belongs to.

        ``kind`` must not contain a blank.
        """
        # The tree's own mark in a line would be like nothing, and make a template each time.
        words = masked.replace(_PARAMETER, "<_>").split(" ", WORDS)[:WORDS]
        cluster, _ = self._drain.add_log_message(" ".join([kind, *words]))
        number: int = cluster.cluster_id
        return number

    def text(self, number: int) -> str:
        """Return a template's words."""
        return " ".join(self._drain.id_to_cluster[number].log_template_tokens[1:])

    def forget(self, number: int) -> None:
        """Let a template go; the same line would make a new one."""
        del self._drain.id_to_cluster[number]
        self._forgotten += 1
        # The tree keeps its empty branches; rebuilt now and then, it stays small.
        if self._forgotten > 2 * len(self._drain.id_to_cluster):
            self.restore(self.state())

    def state(self) -> dict[str, Any]:
        """Everything there is to remember."""
        clusters = self._drain.id_to_cluster.values()
        return {
            "given": self._drain.clusters_counter,
            "templates": [[c.cluster_id, " ".join(c.log_template_tokens)] for c in clusters],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a state again."""
        self._drain, self._forgotten = _tree(), 0
        self._drain.clusters_counter = state["given"]
        self._plant((number, text.split(" ")) for number, text in state["templates"])

    def _plant(self, templates: Iterable[tuple[int, list[str]]]) -> None:
        """Put templates in the tree as they once came: by number, each below its first word."""
        for number, words in templates:
            cluster = LogCluster(words, number)
            self._drain.id_to_cluster[number] = cluster
            self._drain.add_seq_to_prefix_tree(self._drain.root_node, cluster)


def _tree() -> Drain:
    """Branch by number of words and by class alone, so that nothing depends on what is gone."""
    return Drain(depth=4, sim_th=SIMILAR, max_children=1_000_000, parametrize_numeric_tokens=False)
