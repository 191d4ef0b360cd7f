"""The tokenizer of all-MiniLM-L6-v2, made from its vocabulary."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer


def vocabulary() -> list[str]:
    """The pieces of BERT's uncased WordPiece, each at its number.

    `vocab.txt` is that of google-bert/bert-base-uncased (Apache-2.0).
    """
    return (Path(__file__).parent / "vocab.txt").read_text(encoding="utf-8").split("\n")


def uncased_tokenizer() -> Tokenizer:
    """BERT's uncased WordPiece tokenizer, as all-MiniLM-L6-v2 is published with."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers
    from tokenizers.processors import TemplateProcessing

    numbers = {word: number for number, word in enumerate(vocabulary()) if word}
    tokenizer = Tokenizer(models.WordPiece(numbers, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    special = [(word, numbers[word]) for word in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=special
    )
    tokenizer.add_special_tokens(
        [AddedToken(word, special=True) for word in ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")]
    )
    return tokenizer
