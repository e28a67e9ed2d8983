"""pytest-httpserver, which answers with the files of a folder: PORT FOLDER."""

import sys
import threading
from pathlib import Path

from pytest_httpserver import HTTPServer  # pyright: ignore[reportMissingImports]

server = HTTPServer(port=int(sys.argv[1]), threaded=True)
for name in ("operation", "model", "list", "generate"):
    body = (Path(sys.argv[2]) / name).read_bytes()
    server.expect_request(f"/{name}").respond_with_data(body, content_type="application/json")
server.start()
threading.Event().wait()
