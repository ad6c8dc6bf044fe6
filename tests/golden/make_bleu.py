"""Writes bleu.json: sentences as sacrebleu tokenises them, and its corpus BLEU of made-up texts.

    pip install sacrebleu && python3 tests/golden/make_bleu.py
"""

import json
import pathlib
import random

from sacrebleu.metrics import BLEU
from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a

SENTENCES = [
    "ein hund läuft .",
    "ein Hund läuft.",
    'he said: "no, 3.5 of 1,000 (or 10-20) cost $5/kg!"',
    "a&quot;b&amp;c&lt;d&gt;e &apos;s",
    "e.g. this... ends, with .5 and 5. and ,7",
    "ends-\nhere\nand there",
    "it's a mother-in-law [x] {y} ^z_ `q` ~ @home #1 50% a*b+c=d; e?",
    "  spaces\tand\u00a0no-break\u3000wide\u2003em ",
    "größe „zitat“ – gedanken…strich, 日本語。 3,14 é.",
    "a <skipped> b",
    "..,,--",
    "2019-20 x-2 2-x",
    "",
]

PAIRS = [
    ("ein hund läuft durch das hohe gras .", "ein hund rennt durch hohes gras ."),
    ("zwei männer spielen fußball auf einem feld .", "zwei männer spielen auf einem feld fußball ."),
    ("eine frau , die ein buch liest .", "eine frau liest ein buch in der sonne ."),
    ("Das kostet 3.50 Euro, oder 1,000!", "Das kostet 3.50 Euro oder 1,000 !"),
    ("das das das das das das das", "das ist das haus"),
    ("", "nichts davon"),
    ("ganz anders", "gar nicht so"),
    ("ein hund", "ein hund"),
    ("ÄPFEL und Öl", "äpfel und öl"),
    ("ein junge springt in das wasser .", "ein junge springt in das wasser ."),
]


def case(name, pairs, lower):
    metric = BLEU(lowercase=lower)
    hypotheses = [hypothesis for hypothesis, _ in pairs]
    references = [reference for _, reference in pairs]
    found = metric.corpus_score(hypotheses, [references])
    return {
        "name": name,
        "lower": lower,
        "hypotheses": hypotheses,
        "references": references,
        "score": found.score,
        "precisions": found.precisions,
        "brevity_penalty": found.bp,
        "correct": found.counts,
        "total": found.totals,
        "words": found.sys_len,
        "reference_words": found.ref_len,
        "signature": str(metric.get_signature()),
    }


def made_up(seed, count):
    draw = random.Random(seed)
    words = "ein eine der hund mann läuft rot , . und im park \" ( 3.5 10-20 &amp; ü".split(" ")
    pairs = []
    for _ in range(count):
        reference = [draw.choice(words) for _ in range(draw.randint(1, 14))]
        hypothesis = [w if draw.random() < 0.8 else draw.choice(words) for w in reference]
        if draw.random() < 0.3:
            hypothesis = hypothesis[: draw.randint(0, len(hypothesis))]
        pairs.append((" ".join(hypothesis), " ".join(reference)))
    return pairs


def main():
    tokenise = Tokenizer13a()
    cases = [case("all", PAIRS, False), case("all, lower case", PAIRS, True)]
    cases += [case(f"pair {i}", [pair], False) for i, pair in enumerate(PAIRS)]
    cases += [case(f"made up {i}", made_up(i, 40), i % 2 == 1) for i in range(4)]
    file = pathlib.Path(__file__).with_name("bleu.json")
    content = {
        "tokens": [{"text": s, "words": tokenise(s.rstrip()).split()} for s in SENTENCES],
        "cases": cases,
    }
    file.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
