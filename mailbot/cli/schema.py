"""`mailbot schema`: the JSON Schema of the rules file, for editors."""

import argparse
import json

from mailbot.config.schema import schema


def arguments(parser: argparse.ArgumentParser) -> None:
    del parser      # the global ones are enough


def main(options: argparse.Namespace) -> int:
    del options
    print(json.dumps(schema(), indent=2, ensure_ascii=False))
    return 0
