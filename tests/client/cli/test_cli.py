"""The subcommands work against the mock server, each test in its own world."""

from __future__ import annotations

import json
import re
from importlib.metadata import version
from pathlib import Path

import pytest
from click.testing import CliRunner

from tunedmodels._cli import main

from .conftest import BASE, Command

PAIRS = [("1", "2"), ("3", "4"), ("seven", "eight"), ("one", "two")]
CSV = "text_input,output\n" + "".join(f"{number},{following}\n" for number, following in PAIRS)
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d"


@pytest.fixture
def csv(tmp_path: Path) -> str:
    file = tmp_path / "numbers.csv"
    file.write_text(CSV, encoding="utf-8")
    return str(file)


@pytest.fixture
def counter(command: Command) -> str:
    """The name of a tuned model that is ready."""
    operation = command.client.tuned_models.create(
        training_data=PAIRS, base_model=BASE, tuned_model_id="counter", display_name="number generator", batch_size=2
    )
    return operation.result(timeout=30).name


def test_empty_list(command: Command) -> None:
    """An empty list is an empty array in JSON, and otherwise a sentence on stderr."""
    result = command("list")

    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "There are no tuned models.\n"
    assert command.json("list") == []


def test_list(command: Command, counter: str) -> None:
    """The table has a line for each model; JSON has the models as the API has them."""
    lines = command("list").stdout.splitlines()

    assert lines[0].split() == ["NAME", "DISPLAY", "NAME", "STATE", "TUNED", "FROM", "CREATED"]
    assert re.fullmatch(rf"{counter}  number generator  ACTIVE   models/{BASE}  {TIME}", lines[1])
    assert len(lines) == 2
    assert command.json("list") == [command.client.tuned_models.get(counter).to_json()]
    assert command.json("list", "--filter", "letters") == []


def test_show(command: Command, counter: str) -> None:
    """show prints a line for each member of a model, and the curve of its loss."""
    result = command("show", "counter", env={"COLUMNS": "80", "LINES": "24"})
    lines, _, curve = result.stdout.partition("\n\n")

    members = dict(re.split(r"  +", line) for line in lines.splitlines())
    assert (members["name"], members["state"], members["batch size"]) == (counter, "ACTIVE", "2")
    assert re.fullmatch(TIME, members["run complete"])
    assert "description" not in members
    assert curve.startswith("(mean loss) ^\n")
    assert "(step)" in curve
    assert max(map(len, curve.splitlines())) <= 80
    assert len(curve.splitlines()) <= 23
    assert command.json("show", counter) == command.client.tuned_models.get(counter).to_json()


def test_tune_prints_only_the_name(command: Command, csv: str) -> None:
    """stdout has only the model's name; stderr says how to watch the run."""
    result = command("tune", csv, "--base-model", BASE, "--display-name", "number generator", "--epochs", "2")

    assert result.exit_code == 0
    name = result.stdout.removesuffix("\n")
    (operation,) = command.client.operations.list(name)
    assert result.stderr == (
        f"The run has started; watch it with: tunedmodels watch {operation.name} --base-url {command.url}\n"
    )
    assert command.key not in result.stderr
    assert operation.result(timeout=30).tuning_task.hyperparameters.epoch_count == 2


def test_every_option_of_tune_is_sent(command: Command, tmp_path: Path) -> None:
    """The model has the value of every option."""
    file = tmp_path / "numbers.jsonl"
    file.write_text('{"in": "1", "out": "2"}\n{"in": "3", "out": "4"}\n', encoding="utf-8")
    options = "--id my-id --display-name d --description e --epochs 3 --batch-size 2 --learning-rate 0.5"
    options += " --temperature 0.25 --top-p 0.75 --top-k 7 --input-key in --output-key out"

    result = command("tune", str(file), "--base-model", BASE, *options.split(), "--watch", "--json")

    model = json.loads(result.stdout)
    assert model == command.client.tuned_models.get("my-id").to_json()
    assert (model["displayName"], model["description"]) == ("d", "e")
    assert (model["temperature"], model["topP"], model["topK"]) == (0.25, 0.75, 7)
    assert model["tuningTask"]["hyperparameters"] == {"epochCount": 3, "batchSize": 2, "learningRate": 0.5}


def test_tune_a_tuned_model_further(command: Command, counter: str, csv: str) -> None:
    """``--source-model`` takes a tuned model, and a multiplier takes the place of a rate."""
    options = ("--source-model", "counter", "--id", "more", "--learning-rate-multiplier", "2")
    assert command("tune", csv, *options).stdout == "tunedModels/more\n"

    model = command.client.tuned_models.get("more")
    assert model.source_model == counter
    assert model.tuning_task.hyperparameters.learning_rate == 0.002  # the service shows the resulting rate


def test_tune_with_json_prints_the_operation(command: Command, csv: str) -> None:
    """Without ``--watch`` tune prints the operation."""
    value = command.json("tune", csv, "--base-model", BASE, "--id", "my-id")

    assert value["name"].startswith("tunedModels/my-id/operations/")
    assert value["metadata"]["tunedModel"] == "tunedModels/my-id"


def test_duplicates_are_a_warning(command: Command, tmp_path: Path) -> None:
    """tune warns of duplicate examples in one line, without a place in the code, and starts the run."""
    file = tmp_path / "twice.csv"
    file.write_text("text_input,output\n1,2\n1,2\n", encoding="utf-8")
    result = command("tune", str(file), "--base-model", BASE, "--id", "twice")

    assert result.stdout == "tunedModels/twice\n"
    warning, start = result.stderr.splitlines()
    assert re.fullmatch(r"Warning: .*twice\.csv.* repeats an earlier example \(1 of 2 in all\)\.", warning)
    assert start.startswith("The run has started")


@pytest.mark.parametrize("by", ["operation", "model"])
def test_watch(command: Command, csv: str, by: str) -> None:
    """watch takes the name of the operation or of the model, and prints at most a line for each tenth of the run."""
    command("tune", csv, "--base-model", BASE, "--id", "slow", "--batch-size", "1", "--epochs", "10")
    (operation,) = command.client.operations.list("slow")

    result = command("watch", operation.name if by == "operation" else "slow", "--timeout", "30")

    assert (result.exit_code, result.stdout) == (0, "tunedModels/slow\n")
    lines = result.stderr.splitlines()
    progress = r"tunedModels/slow: step \d+ of 40 \((\d+) %\), epoch \d+, loss [\d.]+"
    assert all(re.fullmatch(progress, line) for line in lines)
    assert 1 <= len(lines) <= 11
    assert lines[-1].startswith("tunedModels/slow: step 40 of 40 (100 %), epoch 10")


def test_watch_as_json_lines(command: Command, csv: str) -> None:
    """Each line has the new snapshots; the last line is the model."""
    command("tune", csv, "--base-model", BASE, "--id", "slow", "--batch-size", "1")
    result = command("watch", "slow", "--json")

    *looks, model = map(json.loads, result.stdout.splitlines())
    assert model == command.client.tuned_models.get("slow").to_json()
    snapshots = [snapshot for look in looks for snapshot in look["snapshots"]]
    assert snapshots == model["tuningTask"]["snapshots"]
    assert looks[-1]["completedPercent"] == 100
    assert result.stderr == ""


def test_operations(command: Command, counter: str) -> None:
    """Operations are a table, or JSON as the API has it."""
    (operation,) = command.client.operations.list(counter)
    table = command("operations", "list").stdout.splitlines()

    assert table[0].split() == ["OPERATION", "STATE", "STEPS", "LOSS"]
    total = operation.metadata.total_steps
    assert re.fullmatch(rf"{operation.name}  done     {total} of {total}  +[\d.]+", table[1])
    value = command.json("operations", "get", operation.name)
    assert list(value) == ["name", "metadata", "done", "response"]
    assert value == operation.to_json()
    assert command.json("operations", "list", "counter") == [value]
    assert re.search(rf"^model +{counter}$", command("operations", "get", operation.name).stdout, re.MULTILINE)


@pytest.mark.parametrize("stream", [(), ("--stream",)])
def test_generate(command: Command, counter: str, stream: tuple[str, ...]) -> None:
    """stdout has the answer. The text can come from stdin, without the end of its last line."""
    assert command("generate", counter, "LXIII", *stream).stdout == "LXIV\n"
    assert command("generate", counter, "-", *stream, input="六\n").stdout == "七\n"
    assert command("generate", counter, "1", "--temperature", "0", "--max-output-tokens", "5", *stream).stdout == "2\n"


def test_generate_as_json(command: Command, counter: str) -> None:
    """JSON has the answer of the API, for a stream a line for each chunk; other scripts are readable in both."""
    whole = command("generate", counter, "六", "--json").stdout
    lines = command("generate", counter, "六", "--json", "--stream").stdout.splitlines()

    assert json.loads(whole)["candidates"][0]["content"]["parts"] == [{"text": "七"}]
    assert "七" in whole
    assert "".join(json.loads(line)["candidates"][0]["content"]["parts"][0]["text"] for line in lines) == "七"


def test_stdin_that_is_not_utf8(command: Command, counter: str) -> None:
    """Bytes that are not UTF-8 end the command with one sentence."""
    result = command("generate", counter, "-", input=b"\xff\xfe")

    assert result.exit_code == 1
    assert result.stderr.startswith("Error: stdin is not UTF-8 text: ")


def test_update(command: Command, counter: str) -> None:
    """update changes the members of its options, and shows the model after that."""
    result = command("update", counter, "--display-name", "counts", "--top-k", "3")
    assert re.search(r"^display name +counts$", result.stdout, re.MULTILINE)
    assert "(mean loss)" not in result.stdout

    value = command.json("update", counter, "--temperature", "0.5")
    assert (value["displayName"], value["topK"], value["temperature"]) == ("counts", 3, 0.5)


def test_delete(command: Command, counter: str, csv: str) -> None:
    """A missing model does not stop the deletion of the others, and the status is 1."""
    command("tune", csv, "--base-model", BASE, "--id", "another")
    result = command("delete", "another", "nobody", "counter", "--json")

    assert result.exit_code == 1
    assert json.loads(result.stdout) == [{"name": "tunedModels/another"}, {"name": counter}]
    assert result.stderr.splitlines() == [
        "tunedModels/another is deleted.",
        "Error: 404 NOT_FOUND: Tuned model tunedModels/nobody does not exist.",
        "tunedModels/counter is deleted.",
    ]
    assert command.json("list") == []


def test_invalid_name_deletes_nothing(command: Command, counter: str) -> None:
    """delete checks all names before it deletes the first model."""
    result = command("delete", counter, "models/x")

    assert result.exit_code == 2
    assert "'models/x' is a base model" in result.stderr
    assert [model["name"] for model in command.json("list")] == [counter]


def test_permissions(command: Command, counter: str) -> None:
    """Permissions can be created, listed, updated and deleted; the owner can change."""
    permission = command.json("permissions", "create", counter, "--role", "reader", "--user", "a@example.com")
    assert (permission["role"], permission["granteeType"], permission["emailAddress"]) == (
        "READER",
        "USER",
        "a@example.com",
    )
    name = permission["name"]

    command("permissions", "create", counter, "--role", "READER", "--everyone")
    table = command("permissions", "list", counter).stdout.splitlines()
    assert table[0].split() == ["PERMISSION", "ROLE", "GRANTEE", "EMAIL"]
    assert [line.split()[1:] for line in table[2:]] == [
        ["READER", "USER", "a@example.com"],
        ["READER", "EVERYONE", "-"],
    ]

    assert command.json("permissions", "update", name, "--role", "writer")["role"] == "WRITER"
    assert re.search(r"^role +WRITER$", command("permissions", "get", name).stdout, re.MULTILINE)

    transferred = command("transfer", counter, "a@example.com")
    assert transferred.stderr == f"{counter} belongs to a@example.com now.\n"
    roles = {item["emailAddress"]: item["role"] for item in command.json("permissions", "list", counter)[:2]}
    assert roles["a@example.com"] == "OWNER"


def test_permission_of_a_group_is_deleted(command: Command, counter: str) -> None:
    """A group can have a permission, which is missing after its deletion."""
    name = command.json("permissions", "create", counter, "--role", "writer", "--group", "g@example.com")["name"]

    assert command("permissions", "delete", name).stderr == f"{name} is deleted.\n"
    assert command("permissions", "get", name).exit_code == 1


def test_models(command: Command) -> None:
    """The table of base models says which can be tuned; ``--tunable`` shows only these."""
    table = command("models").stdout.splitlines()
    assert re.split(r"  +", table[0]) == ["NAME", "DISPLAY NAME", "INPUT TOKENS", "OUTPUT TOKENS", "TUNABLE"]
    tunable = [line.split()[0] for line in table[1:] if line.endswith("yes")]

    assert f"models/{BASE}" in tunable
    assert [model["name"] for model in command.json("models", "--tunable")] == tunable
    assert len(command.json("models")) == len(table) - 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["lsit"], "No such command 'lsit'. Did you mean 'list'?"),
        (
            ["tune", "x.csv", "--id", "a"],
            "Give --base-model, the base model to tune, or --source-model, a tuned",
        ),
        (["tune", "x.csv", "--base-model", "b", "--source-model", "c"], "Give --base-model"),
        (
            ["tune", "x.csv", "--base-model", "b", "--learning-rate", "1", "--learning-rate-multiplier", "1"],
            "Give --learning-rate or --learning-rate-multiplier",
        ),
        (["tune", "x.csv", "--base-model", "b", "--timeout", "5"], "--timeout limits the time of --watch, and needs"),
        (["watch", "x", "--timeout", "nan"], "'nan' is not a number of seconds."),
        (["watch", "x", "--timeout", "soon"], "'soon' is not a valid float"),
        (["update", "x"], "There is nothing to change; give at least one of --display-name, --description,"),
        (["permissions", "create", "x", "--role", "reader"], "Give one of --user, --group and --everyone."),
        (["permissions", "create", "x", "--role", "owner", "--everyone"], "'owner' is not one of"),
        (["permissions", "create", "x", "--role", "reader", "--everyone", "--user", "u"], "Give one of"),
        (
            ["permissions", "get", "x"],
            "A permission's name has the form tunedModels/{id}/permissions/{id}; 'x' does",
        ),
        (["operations", "get", "a/b"], "Error: A tuned model's name, unless it is the id alone, has the form"),
        (["show", "models/x"], "'models/x' is a base model, not a tuned model; to tune it, give it with --base-model."),
        (["delete"], "Missing argument"),
        (["list", "--base-url", ""], "The value is empty. Give a value, or leave out the option."),
        (["list", "--api-key", ""], "The value is empty."),
        (["list", "--base-url", "ftp://x"], "Error: --base-url: A base URL begins with http:// or https:// and names"),
        (["list", "--api-key", "ключ"], "Error: The API key is not valid. It must be one line of ASCII"),
        (["completion", "tcsh"], "'tcsh' is not one of 'bash', 'zsh', 'fish'"),
    ],
)
def test_bad_usage_has_status_2(words: list[str], message: str) -> None:
    """A sentence says what is wrong, and the command sends no request."""
    where = [] if "--base-url" in words or words[0] == "completion" else ["--base-url", "http://127.0.0.1:1"]
    key = [] if "--api-key" in words or words[0] == "completion" else ["--api-key", "test-key"]
    result = CliRunner().invoke(main, [*words, *where, *key], prog_name="tunedmodels")

    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""


def test_missing_model_has_status_1(command: Command) -> None:
    """A refusal of the service is one line, with status 1."""
    result = command("show", "nobody")

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "Error: 404 NOT_FOUND: Tuned model tunedModels/nobody does not exist.\n"


def test_missing_service_has_status_1() -> None:
    """A refused connection, or a missing file, is one line, with status 1."""
    where = ["--base-url", "http://127.0.0.1:1", "--api-key", "test-key"]
    result = CliRunner().invoke(main, ["tune", __file__, "--base-model", "b", "--id", "m", *where])
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)

    result = CliRunner().invoke(main, ["tune", "no-such.csv", "--base-model", "b", "--id", "m", *where])
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert re.match("Error: no-such.csv:? is not a readable file", result.stderr)


def test_version() -> None:
    """The version is the package's."""
    assert CliRunner().invoke(main, ["--version"], prog_name="tunedmodels").stdout == (
        f"tunedmodels, version {version('tunedmodels')}\n"
    )


def test_help_names_every_command() -> None:
    """The help of the group has every command, and the help of a command has the options of all commands."""
    text = CliRunner().invoke(main, ["-h"]).stdout
    names = "list show tune watch generate update transfer delete permissions operations models completion"
    assert re.findall(r"^  ([a-z]+)  ", text.partition("Commands:")[2], re.MULTILINE) == names.split()

    for words in (*([name] for name in names.split()[:8]), ["models"], ["operations", "get"], ["permissions", "get"]):
        text = CliRunner().invoke(main, [*words, "--help"]).stdout
        assert all(option in text for option in ("--json", "--base-url", "--api-key", "--quota-project"))
