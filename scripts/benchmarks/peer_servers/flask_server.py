"""A naive Flask app on the development server, which answers with the files of a folder: PORT FOLDER."""

import json
import logging
import sys
from pathlib import Path

from flask import Flask, Response, jsonify, request

app = Flask(__name__)
bodies = {
    name: json.loads((Path(sys.argv[2]) / name).read_bytes()) for name in ("operation", "model", "list", "generate")
}


@app.get("/")
def home() -> str:
    """Answer whoever waits for the server."""
    return "ready"


@app.get("/<name>")
def get(name: str) -> Response:
    """Return the body of that name."""
    return jsonify(bodies[name])


@app.post("/generate")
def generate() -> Response:
    """Read the prompt, and return the answer."""
    assert request.get_json()["contents"]
    return jsonify(bodies["generate"])


logging.getLogger("werkzeug").setLevel(logging.ERROR)
app.run(port=int(sys.argv[1]), threaded=True)
