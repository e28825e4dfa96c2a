"""What the picker says, as pieces of text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from textual.content import Content

from tsmon.tui.text.answers import answer_status
from tsmon.tui.text.tones import Span, Tone
from tsmon.units import ABSENT, confidence, milliseconds

if TYPE_CHECKING:
    from tsmon.load.answers import Answer
    from tsmon.load.results import Results
    from tsmon.payloads.payload import Payload
    from tsmon.tui.keymap.effective import Keymap
    from tsmon.tui.state.digits import Desk

FOLDER_WORDS = (
    "A folder of images or any other files, or one file: of text, a payload in each line. A digit "
    "before the suffix of an image, a folder's name or a file of labels is the label."
)
_VERDICTS = {True: (" ✓", Tone.GOOD), False: (" ✗", Tone.BAD), None: ("", Tone.PLAIN)}


def bar(desk: Desk, keys: Keymap, width: int) -> list[Span]:
    """The first line: the target, what is being sent, the marks, the folder; as much as fits."""
    none = keys.expand("no version selected, {picker.version} chooses one")
    target = f"to {desk.target}" if desk.target else none
    spans: list[Span] = [(" Picker  ", Tone.ACCENT), (target, Tone.PLAIN)]
    if work := desk.under_way:
        where = f" to {work.key}" if work.key != desk.target else ""
        stop = keys.expand("{picker.back} stops")
        spans.append((f"  sending {work.done}/{work.total}{where}, {stop}", Tone.ACCENT))
    if desk.marked:
        spans.append((f"  {len(desk.marked)} marked", Tone.ACCENT))
    if desk.folder:
        images = desk.folder.words
        spans.append((f"  {'/'.join(desk.folder.path.parts[-2:])}", Tone.MUTED))
        spans.append((f" · {images}", Tone.MUTED))
        source = desk.folder.labels_from
        spans.append((f" · labels from {source}" if source else " · no labels", Tone.MUTED))
    if words := str(desk.asking(desk.target)):
        spans.append((f"  {words}", Tone.WARNING))
    while len(spans) > 2 and sum(len(text) for text, _ in spans) > width:
        spans.pop()
    return spans


def score(results: Results, keys: Keymap) -> list[Span]:
    """The running accuracy of a version."""
    counts = results.score
    judged = counts.right + counts.wrong
    if not counts.sent:
        words = "{picker.send} sends the image, {picker.send-marked} the marked ones"
        return [(f"no answers yet: {keys.expand(words)}", Tone.MUTED)]
    spans: list[Span] = []
    if counts.accuracy is not None:
        tone = Tone.PLAIN if counts.wrong else Tone.GOOD
        spans.append((f"{counts.right}/{judged} correct, {confidence(counts.accuracy)}", tone))
    if counts.wrong:
        spans.append((f"  ✗ {counts.wrong} wrong", Tone.BAD))
    if counts.unlabelled:
        spans.append((f"  {counts.unlabelled} without a label", Tone.MUTED))
    if counts.unread:
        words = keys.expand("no class found in {n}, {picker.answer} says where it is")
        spans.append((f"  {words.replace('{n}', str(counts.unread))}", Tone.WARNING))
    if counts.failed:
        spans.append((f"  ! {counts.failed} failed", Tone.BAD))
    return spans


def caption(image: Payload, answer: Answer | None, *, marked: bool) -> list[Span]:
    """The line below a thumbnail: mark, label, the last answer."""
    spans: list[Span] = [
        ("■ " if marked else "  ", Tone.ACCENT),
        (image.label or ABSENT, Tone.PLAIN),
    ]
    if answer is None:
        return spans
    if answer.error:
        return [*spans, (" ! failed", Tone.BAD)]
    mark, tone = _VERDICTS[answer.correct]
    return [*spans, (f" → {answer.shown}", Tone.PLAIN), (mark, tone)]


def facts(
    image: Payload | None, answer: Answer | None, keys: Keymap, *, by_hand: bool
) -> list[Span]:
    """The line below the pictures: name, label, the last answer."""
    if image is None:
        return [(keys.expand("{grid.open} opens the folder"), Tone.MUTED)]
    spans: list[Span] = [
        (image.name, Tone.PLAIN),
        (f"  label {image.label or 'unknown'}{' by you' if by_hand else ''}", Tone.MUTED),
    ]
    if answer is None:
        return spans
    if answer.error:
        return [*spans, (f"\n! {answer_status(answer)}: {answer.error}", Tone.BAD)]
    mark, tone = _VERDICTS[answer.correct]
    return [
        *spans,
        (f"\npredicted {answer.shown}", Tone.PLAIN),
        (mark, tone),
        (f"  {confidence(answer.confidence)}  {milliseconds(answer.milliseconds)}", Tone.PLAIN),
    ]


def part_tabs(names: Mapping[str, str], current: str) -> Content:
    """The words for the parts where one is shown at a time; each can be clicked."""
    shown = [Content(" ")]
    for name, word in names.items():
        style = "$text-primary bold reverse" if name == current else "$foreground-muted"
        shown += [
            Content.styled(f" {word} ", f"{style} @click=screen.part('{name}')"),
            Content(" "),
        ]
    return Content("").join(shown).append(Content.styled(" tab", "$foreground-muted"))
