"""Holds a folder of documents against the validators of their formats; prints one JSON object.

For each document: what its validator says, an empty list when it is content.
"""

import json
import pathlib
import sys

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document


def spdx(path):
    messages = validate_full_spdx_document(parse_file(str(path)), "SPDX-2.3")
    return [message.validation_message for message in messages]


def cyclonedx(path):
    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(path.read_text())
    return [str(error)] if error else []


def purls(path):
    faults = []
    for component in json.loads(path.read_text())["components"]:
        if "purl" not in component:
            continue
        read = PackageURL.from_string(component["purl"])
        if (read.type, read.name, read.version) != ("deb", component["name"], component["version"]):
            faults.append(component["purl"])
    return faults


folder = pathlib.Path(sys.argv[1])
print(json.dumps({
    "spdx": spdx(folder / "spdx.json"),
    "cyclonedx": cyclonedx(folder / "cyclonedx.json"),
    "purl": purls(folder / "cyclonedx.json"),
}))
