"""`aiana model`: info and compile."""

from __future__ import annotations

import click
from msgspec.structs import asdict

from aiana.cli.groups import DefaultGroup
from aiana.cli.output import json_option, opened, print_json
from aiana.cli.terminal import Piece, say
from aiana.embeddings import model_info


@click.group(cls=DefaultGroup, default="info")
def model() -> None:
    """The embedding model, which finds things by meaning; alone it shows which.

    The default, all-MiniLM-L6-v2, reads English only. To find by meaning what is written in other
    languages, put this into config.toml in the data folder:

    \b
      embeddingModel = "intfloat/multilingual-e5-small"

    and then run `aiana model compile --download`.
    """


@model.command()
@json_option
def info(as_json: bool) -> None:
    """Show which model is used, where it is, and what is missing if it is not there.

    \b
    Examples:
      aiana model info
      AIANA_EMBEDDING_MODEL=~/models/mine aiana model info
    """
    with opened() as aiana:
        config = aiana.config
    facts = model_info(config.embedding_model, config.models_dir)
    if as_json:
        print_json(facts)
    else:
        for name, value in asdict(facts).items():
            if value is not None:
                say(Piece(f"{name.replace('_', ' '):<11}", "bold"), f" {value}")
    if facts.state == "unavailable":
        raise SystemExit(1)


@model.command("compile")
@click.option("--download", is_flag=True, help="Fetch the model from the Hugging Face hub.")
@click.option("--force", is_flag=True, help="Compile anew even if there is a sound one.")
def compile_(download: bool, force: bool) -> None:
    """Compile the model once, so that it is served without torch from then on.

    \b
    Examples:
      aiana model compile
      aiana model compile --download
    """
    from aiana.embeddings import compile_model  # brings asyncio, which `--help` does not need

    with opened() as aiana:
        config = aiana.config
    say(f"Compiling {config.embedding_model}, which takes some seconds...", err=True)
    source = compile_model(
        config.embedding_model, config.models_dir, download=download, force=force
    )
    size = sum(file.stat().st_size for file in source.folder.rglob("*") if file.is_file())
    say(f"Ready: {source.folder} ({size / 1e6:.0f} MB)")
