"""Whom `Benchmarks/run endtoend` compares with: pgai's vectorizer worker and the naive script, each as a process."""
import os, pathlib, shutil, subprocess, sys, urllib.parse

from harness import CACHE, Skipped, say

FOLDER = pathlib.Path(__file__).resolve().parent
VENV = CACHE / "peers/pgai"
DIMENSION = 384
# What backfilld makes of the same columns, and a chunk of one column is that column.
VECTORIZER = """SELECT ai.create_vectorizer('music_knowledge', loading => ai.loading_column('topic'),
    destination => ai.destination_column('embedding'), chunking => ai.chunking_none(),
    formatting => ai.formatting_python_template('$chunk $category $suggestion'), scheduling => ai.scheduling_none(),
    indexing => ai.indexing_none(), processing => ai.processing_default({processing}),
    embedding => ai.embedding_openai('stub', {dimension}, base_url => 'http://127.0.0.1:{port}/v1'))"""


def installed():
    """The peers' Python, made when it is not there, or for other versions."""
    wanted, stamp = (FOLDER / "pgai.txt").read_text(), VENV / "installed"
    if stamp.exists() and stamp.read_text() == wanted:
        return VENV / "bin"
    say(f"  pip: pgai, into {VENV}")
    shutil.rmtree(VENV, ignore_errors=True)
    done = subprocess.run([sys.executable, "-m", "venv", VENV], capture_output=True, text=True)
    if done.returncode == 0:
        done = subprocess.run([VENV / "bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                               "--requirement", FOLDER / "pgai.txt"], capture_output=True, text=True)
    if done.returncode:
        raise Skipped("pgai could not be installed: " + " ".join((done.stdout + done.stderr).split())[-300:])
    stamp.write_text(wanted)
    return VENV / "bin"


class Backfilld:
    """Ours, with settings besides the provider's address."""

    def __init__(self, name, bench, stub, settings):
        self.name, self.bench = name, bench
        self.settings = stub.settings(DIMENSION, settings)

    def setup(self):
        self.bench.backfilld("setup", settings=self.settings)

    def start(self):
        return self.bench.daemon(self.settings)


class Peer:
    """What the two others have in common: a command that runs until it is ended."""

    def __init__(self, name, bench, stub):
        self.name, self.bench, self.stub, self.tools = name, bench, stub, installed()

    def start(self):
        with open(self.bench.cluster.folder / "peer.log", "w") as log:
            process = subprocess.Popen(self.command, env=self.environment, stdout=log, stderr=log,
                                       cwd=self.bench.cluster.folder)
        self.bench.daemons.append(process)
        return process

    @property
    def environment(self):
        # Whatever its libraries would ask the internet for, they have it with them.
        return self.bench.cluster.environment | {
            "OPENAI_API_KEY": "none", "LITELLM_LOCAL_MODEL_COST_MAP": "True", "PYTHONDONTWRITEBYTECODE": "1",
            "NO_PROXY": "127.0.0.1"}


class Pgai(Peer):
    def __init__(self, name, bench, stub, processing="", arguments=()):
        super().__init__(name, bench, stub)
        cluster = bench.cluster
        self.processing = processing
        self.url = f"postgresql://postgres@/postgres?host={urllib.parse.quote(str(cluster.folder), '')}&port={cluster.port}"
        self.command = [self.tools / "pgai", "vectorizer", "worker", "-d", self.url, *arguments]

    def setup(self):
        self.bench.cluster.sql("DROP SCHEMA IF EXISTS ai CASCADE")
        done = subprocess.run([self.tools / "pgai", "install", "-d", self.url], env=self.environment,
                              capture_output=True, text=True)
        if done.returncode:
            raise Skipped(f"pgai install: {(done.stdout + done.stderr).strip()[-300:]}")
        self.bench.cluster.sql(VECTORIZER.format(
            processing=self.processing, dimension=DIMENSION, port=self.stub.port))


class Naive(Peer):
    def __init__(self, name, bench, stub):
        super().__init__(name, bench, stub)
        self.command = [self.tools / "python", FOLDER / "naive.py", bench.cluster.environment["DATABASE_URL"],
                        f"http://127.0.0.1:{stub.port}/v1"]

    def setup(self):
        pass
