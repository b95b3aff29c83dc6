"""The JSON Schema; `conftest.py` holds every document that the tests make against it."""

import csv
import json
from pathlib import Path

import jsonschema
import pytest
from commands_run import run_command

from lrfit.model.document_file import FORMAT
from lrfit.model.schema import document_schema

LAB = Path(__file__).parents[2] / "sample_data" / "lab.csv"


def schema_of(what):
    schema = json.loads(run_command("schema", what).out)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_the_command_prints_it():
    assert json.loads(run_command("schema").out) == json.loads(json.dumps(document_schema(FORMAT)))


@pytest.mark.parametrize("options", ["", "--l2 0.1", "--batch-size 4 --validation-fraction 0.2 --patience 3"])
def test_a_document_is_valid_and_without_a_field_or_with_another_type_it_is_not(options):
    document = json.loads(run_command("train", LAB, "-q", "--format", "json", *options.split()).out)
    validator = schema_of("model")
    validator.validate(document)
    for name in ("format", "weights", "intercept", "target"):
        assert not validator.is_valid({key: value for key, value in document.items() if key != name})
    assert not validator.is_valid({**document, "intercept": "0"})
    assert not validator.is_valid({**document, "training": {**document["training"], "stopped": "tired"}})
    assert validator.is_valid({**document, "later": 1})
    described = validator.schema["properties"]["data"]["anyOf"][0]["properties"]["r2"]["description"]
    assert described == "1 - loss / best_constant_loss; None where y is constant."


@pytest.mark.parametrize("options", ["", "--no-intercept", "--validation-fraction 0.3"])
def test_the_rows_of_a_history_are_valid(tmp_path, options):
    file = tmp_path / "h.csv"
    run_command("train", LAB, "--lr", "0.01", "-q", "--history", file, *options.split())
    validator = schema_of("history")
    with file.open(newline="") as lines:
        rows = [{key: json.loads(text) for key, text in row.items()} for row in csv.DictReader(lines)]
    assert len(rows) == 101
    for row in rows:
        validator.validate(row)
        assert set(row) <= {*validator.schema["properties"], "W[x]"}
    assert not validator.is_valid({"epoch": 1.5, "loss": 1, "excess": 1, "gradient_norm": 1})
