"""What `Benchmarks/run network` measures: four daemons, each in a network namespace of its own, one cut off and healed.

A fifth namespace has the server and a bridge. Nothing of this machine's own network is touched or reachable from there,
and what was made is taken away at the end, also after an error. Needs root.
"""
import contextlib, os, shutil, subprocess, time
from harness import Skipped, eventually

HUB = f"backfilld-{os.getpid()}-hub"
SETTINGS = {"BACKFILLD_LIMITS_ROWS_PER_SECOND": "250"}
DAEMONS = ("SELECT count(DISTINCT client_addr) FROM pg_stat_activity WHERE application_name = 'backfilld' "
           "AND client_addr IS NOT NULL")


def ip(*arguments):
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")


@contextlib.contextmanager
def namespaces(count):
    """The names of so many namespaces with the addresses 10.231.0.11 and so on, beside HUB with 10.231.0.1."""
    if os.geteuid() != 0 or not shutil.which("ip"):
        raise Skipped("network namespaces need root and the command ip (Debian package iproute2)")
    names = [f"backfilld-{os.getpid()}-{number}" for number in range(count)]
    made = []
    try:
        for name in (HUB, *names):
            try:
                ip("netns", "add", name)
            except RuntimeError as error:
                raise Skipped(f"no network namespace can be made here: {error}") from None
            made.append(name)
            ip("-n", name, "link", "set", "lo", "up")
        ip("-n", HUB, "link", "add", "bridge", "type", "bridge")
        ip("-n", HUB, "address", "add", "10.231.0.1/24", "dev", "bridge")
        ip("-n", HUB, "link", "set", "bridge", "up")
        for number, name in enumerate(names):
            ip("-n", HUB, "link", "add", f"to{number}", "type", "veth", "peer", "name", "net", "netns", name)
            ip("-n", HUB, "link", "set", f"to{number}", "master", "bridge", "up")
            ip("-n", name, "address", "add", f"10.231.0.{11 + number}/24", "dev", "net")
            ip("-n", name, "link", "set", "net", "up")
        yield names
    finally:
        for name in made:
            subprocess.run(["ip", "netns", "delete", name], capture_output=True)


def network(bench, rows=60_000, cut=3):
    """Four daemons, each in a network namespace and held to 250 rows/s: one is cut off without a word, and healed."""
    enter = lambda name: ["ip", "netns", "exec", name]
    with namespaces(4) as names, bench.beside(inside=enter(HUB), address="10.231.0.1") as beside:
        remote = SETTINGS | {"DATABASE_URL": f"host=10.231.0.1 port={beside.cluster.port} user=postgres dbname=postgres"}
        beside.table(0)
        beside.backfilld("setup")
        daemons = [beside.daemon(remote, inside=enter(name)) for name in names]
        with beside.cluster.session() as ask:
            sees = lambda: int(ask(DAEMONS))
            written = lambda: int(ask("SELECT count(*) FROM music_knowledge WHERE embedding IS NOT NULL"))

            def rate(seconds):
                begin, before = time.monotonic(), written()
                time.sleep(seconds)
                return (written() - before) / (time.monotonic() - begin)

            eventually(lambda: sees() == 4, 60, "all daemons are connected")
            beside.insert(rows)
            span = max(1, rows / 12000)
            time.sleep(2)
            together = rate(span)
            ip("-n", HUB, "link", "set", f"to{cut}", "down")
            begin = time.monotonic()
            three = rate(span)
            eventually(lambda: sees() == 3, 180, "the server notices that one is gone", 0.2)
            noticed = time.monotonic() - begin
            eventually(lambda: written() == rows, 60 + rows / 200, "the others embed all rows", 0.2)
            alone = time.monotonic() - begin
            ip("-n", HUB, "link", "set", f"to{cut}", "up")
            begin = time.monotonic()
            eventually(lambda: sees() == 4, 180, "the one that was cut off is back", 0.2)
            back = time.monotonic() - begin
            more = rows // 2
            beside.insert(more)
            time.sleep(1)
            healed = rate(span)
            eventually(lambda: written() == rows + more, 60 + rows / 200, "all rows are embedded", 0.2)
            for daemon in daemons:
                beside.end(daemon)
            # Counted by the server in full once their sessions have ended.
            updates = "SELECT n_tup_upd FROM pg_stat_user_tables WHERE relname = 'music_knowledge'"
            twice = eventually(lambda: max(0, int(ask(updates)) - rows - more + 1), 60, "all updates are counted") - 1
    return {
        "ratio: three to four, rows/s": round(three / together, 2),
        "ratio: healed to four before, rows/s": round(healed / together, 2),
        "rows": rows + more, "four daemons, rows/s": round(together), "one cut off, rows/s": round(three),
        "the server notices after, s": round(noticed, 1), "all embedded by the others after, s": round(alone, 1),
        "back after healing, s": round(back, 1), "healed, rows/s": round(healed), "rows lost": 0,
        "rows written twice": twice}
