"""Why steps ran or were reused, for people to read."""

from collections.abc import Iterator, Sequence

from pipeyard._wire import DifferenceDocument, StepExplanation

LONGEST_DIFFERENCE = 80


class Explanation(list[StepExplanation]):
    """One document for each step; printing it shows sentences, and what had changed."""

    def __str__(self) -> str:
        return "\n".join(explanation_lines(self))

    __repr__ = __str__


def explanation_lines(explanations: Sequence[StepExplanation]) -> Iterator[str]:
    """Each step's sentence, and below it what had changed."""
    for item in explanations:
        word = "reused" if item.get("reused") else item["status"]
        yield f"{item['step']} ({word}): {item.get('sentence') or 'not decided yet.'}"
        for difference in item.get("differences") or ():
            yield f"  {_difference(difference)}"


def _difference(item: DifferenceDocument) -> str:
    name = f"{item['kind']} {item['name']}"
    before, after = item.get("before"), item.get("after")
    if before is None:
        return f"{name}: new" if after is None else f"{name}: new ({shortened(after, LONGEST_DIFFERENCE)})"
    if after is None:
        return f"{name}: gone (was {shortened(before, LONGEST_DIFFERENCE)})"
    return f"{name}: {shortened(before, LONGEST_DIFFERENCE)} → {shortened(after, LONGEST_DIFFERENCE)}"


def shortened(text: str, longest: int) -> str:
    """The beginning of a text that is too long for a line."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
