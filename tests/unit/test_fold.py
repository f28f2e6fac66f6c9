"""The forms of characters where case is ignored."""

from __future__ import annotations

import pytest

from matcher.pattern.fold import variants


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        ("", ()),
        ("a1", (("a", "A"), ("1",))),
        ("Z", (("z", "Z"),)),
        ("ß", (("ß", "SS"),)),
        ("ẞ", (("ß", "ẞ"),)),
        ("İ", (("i̇", "İ"),)),
        ("ı", (("ı", "I"),)),
        ("ς", (("ς", "Σ"),)),
        ("Σ", (("σ", "Σ"),)),
        ("\u212a", (("k", "\u212a"),)),
        ("ﬁ", (("ﬁ", "FI"),)),
        ("ǅ", (("ǆ", "Ǆ"),)),
        ("𐐀😀", (("𐐀",), ("😀",))),
    ],
)
def test_forms(text: str, forms: tuple[tuple[str, ...], ...]) -> None:
    assert variants(text) == forms


def test_every_character_has_a_form_and_two_at_most() -> None:
    for code in range(0x110000):
        if not 0xD800 <= code <= 0xDFFF:
            (forms,) = variants(chr(code))
            assert 1 <= len(forms) <= 2
            assert len(set(forms)) == len(forms)
            assert all(1 <= len(form) <= 3 for form in forms)
