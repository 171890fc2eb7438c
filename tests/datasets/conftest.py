"""Raw files for the sources: real samples where they are at hand, small stand-ins in the published layout elsewhere."""

import subprocess
import sys
import threading
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest

from altools import storage
from altools.data import prepare as preparation
from altools.data import prepared, sources
from tests.samples import SHARED


class Prepared:
    """A prepared dataset, read back."""

    def __init__(self, folder):
        self.folder = folder
        self.facts = storage.read_json(folder / "dataset.json")
        self.images = {split: np.array(prepared.pixels(folder, split)) for split in sources.SPLITS}
        self.index = {split: pd.read_parquet(folder / split / "index.parquet") for split in sources.SPLITS}

    def image(self, split, name):
        """Return the pixels and the class of one image by its publisher's name."""
        row = self.index[split].index[self.index[split]["id"] == name].item()
        return self.images[split][row], self.facts["classes"][self.index[split]["label"][row]]

    def bytes(self):
        return {path.relative_to(self.folder): path.read_bytes() for path in files_below(self.folder)}


def files_below(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def prepare(tmp_path):
    """Prepare a source into a folder of its own and read the result back."""

    def run(name, *, train_images=None, **options):
        source = sources.read(name, options)
        folder = tmp_path / "prepared" / name
        preparation.write(source, folder, train_images or len(source.train.ids), {"options": "test"})
        return Prepared(folder)

    return run


@pytest.fixture(scope="session")
def raw(tmp_path_factory):
    """Lay the real samples of a dataset out as its publishers do; skip where they are not at hand."""
    made = {}

    def layout(name):
        if not (SHARED / "make_raw.py").exists():
            pytest.skip("the real samples (../shared/data) are not at hand")
        if name not in made:
            folder = tmp_path_factory.mktemp(f"raw_{name}")
            subprocess.run([sys.executable, SHARED / "make_raw.py", name, SHARED, folder], check=True)
            made[name] = folder
        return made[name]

    return layout


@pytest.fixture(scope="session")
def materials():
    """The paper's published lists; skip where they are not at hand."""
    if not (SHARED / "materials").exists():
        pytest.skip("the paper's lists (../shared/data/materials) are not at hand")
    return SHARED / "materials"


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder; names in ``spoil`` are answered in the ways of bad servers."""

    spoil: ClassVar[dict] = {}
    asked: ClassVar[list] = []

    def do_GET(self):
        self.asked.append(self.path)
        kind = self.spoil.get(self.path)
        if kind == "error":
            self.send_error(503)
        elif kind == "error once":
            self.spoil[self.path] = None
            self.send_error(503)
        elif kind == "cut":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"short")
        elif kind == "redirect":
            self.send_response(302)
            self.send_header("Location", f"http://localhost:{self.server.server_port}/file.bin")
            self.end_headers()
        else:
            super().do_GET()

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server(tmp_path):
    """A web server on this machine that serves ``tmp_path/served``."""
    folder = tmp_path / "served"
    folder.mkdir()
    handler = type("Handler", (Quiet,), {"spoil": {}, "asked": []})
    listening = HTTPServer(("127.0.0.1", 0), partial(handler, directory=folder))
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    listening.folder, listening.spoil, listening.asked = folder, handler.spoil, handler.asked
    listening.address = f"http://127.0.0.1:{listening.server_port}"
    yield listening
    listening.shutdown()
    thread.join()
    listening.server_close()
