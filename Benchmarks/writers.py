"""What `Benchmarks/run tax` measures: what a set-up table costs those who insert into it."""
import contextlib, re, subprocess, time
from harness import summary

COLUMNS = """id uuid PRIMARY KEY DEFAULT gen_random_uuid(), topic text NOT NULL, category text DEFAULT 'general',
    suggestion jsonb NOT NULL, confidence float8, created_at timestamptz DEFAULT now(), embedding vector(384)"""
INSERT = """INSERT INTO {} (topic, category, suggestion) VALUES ('Reverb on drums', 'mixing',
    '{{"title": "Short room", "description": "A short room keeps the kick dry."}}');"""
# From the dearest to the cheapest. The trigger that does nothing is what any trigger costs at the least.
TABLES = {"set up": "music_knowledge", "empty trigger": "writers_trigger", "indexes": "writers_indexed",
          "bare": "writers_bare"}
# AdvisoryLock.polling, and the number of the only watch.
POLLING = "1650879595, 1"


class WritersTax:
    def __init__(self, bench, poller, rounds, seconds, rows):
        self.bench, self.cluster = bench, bench.cluster
        self.poller, self.rounds, self.seconds, self.rows = poller, rounds, seconds, rows

    def measure(self):
        self.prepare()
        results = {}
        with self.polling():
            for clients in (1, 8):
                for commit in ("on", "off"):
                    results |= self.singles(clients, commit)
            results |= self.bulk("INSERT … SELECT", lambda table: (
                f"INSERT INTO {table} (topic, category, suggestion) "
                "SELECT topic, category, suggestion FROM writers_source"))
            results |= self.bulk("COPY", lambda table: (
                f"COPY {table} (topic, category, suggestion) FROM '{self.cluster.folder}/writers.copy'"))
        return results

    def prepare(self):
        self.bench.table(0)
        self.bench.backfilld("setup")
        sql = self.cluster.sql
        for name in TABLES.values():
            if name != "music_knowledge":
                sql(f"DROP TABLE IF EXISTS {name}; CREATE TABLE {name} ({COLUMNS})")
        # Whatever index set-up made, under another name.
        for index in sql("SELECT indexdef FROM pg_indexes WHERE tablename = 'music_knowledge' "
                         "AND indexname LIKE 'backfilld%'").splitlines():
            for variant in ("indexes", "empty trigger"):
                sql(re.sub(r"INDEX \S+ ON \S+", f"INDEX ON {TABLES[variant]}", index))
        sql(f"""CREATE OR REPLACE FUNCTION writers_nothing() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN RETURN NULL; END'; CREATE TRIGGER nothing AFTER INSERT ON {TABLES["empty trigger"]}
            FOR EACH STATEMENT EXECUTE FUNCTION writers_nothing()""")
        sql(f"""DROP TABLE IF EXISTS writers_source; CREATE TABLE writers_source AS
            SELECT 'topic ' || n AS topic, 'mixing' AS category, jsonb_build_object('title', 'Suggestion ' || n,
                'description', repeat('cut the low mids by two decibels, ', 3) || n,
                'parameters', jsonb_build_object('gain', -2.5, 'q', 1.4)) AS suggestion
            FROM generate_series(1, {self.rows}) AS n""")
        sql(f"COPY writers_source TO '{self.cluster.folder}/writers.copy'")

    @contextlib.contextmanager
    def polling(self):
        """While it lasts somebody polls the table set up, or nobody does."""
        if self.poller == "nobody":
            yield
        elif self.poller == "lock":
            with subprocess.Popen(self.cluster.psql, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  text=True) as holder:
                holder.stdin.write(f"SELECT pg_advisory_lock({POLLING});\n")
                holder.stdin.flush()
                holder.stdout.readline()
                yield
                holder.stdin.close()
        else:
            limit = {} if self.poller == "full" else {"BACKFILLD_LIMITS_ROWS_PER_SECOND": "100"}
            daemon = self.bench.daemon(limit)
            # Sustained load: the first inserts, which notify, are not what is measured.
            self.pgbench("set up", 8, "off", 2)
            yield
            daemon.terminate()
            assert daemon.wait(30) == 0

    def pgbench(self, variant, clients, commit, seconds):
        script = self.cluster.folder / "insert.sql"
        script.write_text(INSERT.format(TABLES[variant]).replace("\n", " ") + "\n")
        done = subprocess.run(
            [str(self.cluster.bin / "pgbench"), *self.cluster.place, "-n", "-M", "prepared", "-c", str(clients),
             "-j", str(min(clients, 2)), "-T", str(seconds), "-f", str(script), "postgres"],
            env=self.cluster.environment | {"PGOPTIONS": f"-c synchronous_commit={commit}"}, check=True,
            capture_output=True, text=True)
        return float(re.search(r"tps = ([\d.]+)", done.stdout)[1])

    def interleaved(self, one):
        """A figure of each table, round by round, each round in another order. Short rounds: who else uses the machine
        then takes from all alike."""
        figures = {variant: [] for variant in TABLES}
        for turn in range(self.rounds):
            order = list(TABLES)
            for variant in order[turn % len(order):] + order[:turn % len(order)]:
                self.cluster.sql(f"TRUNCATE {TABLES[variant]}")
                self.cluster.sql("CHECKPOINT")
                figures[variant].append(one(variant))
        return figures

    def report(self, name, unit, figures):
        ratios = lambda a, b: summary([x / y for x, y in zip(figures[a], figures[b])])
        return {
            f"{name}: set up against the same indexes": ratios("set up", "indexes"),
            f"{name}: an empty trigger against the same indexes": ratios("empty trigger", "indexes"),
            f"{name}: the indexes against none": ratios("indexes", "bare"),
        } | {f"{name}: {variant}, {unit}": summary(values, 0) for variant, values in figures.items()}

    def singles(self, clients, commit):
        figures = self.interleaved(lambda variant: self.pgbench(variant, clients, commit, self.seconds))
        return self.report(f"{clients} client{'s' * (clients > 1)}, synchronous_commit {commit}", "TPS", figures)

    def bulk(self, name, statement):
        def rate(variant):
            begin = time.monotonic()
            self.cluster.sql(statement(TABLES[variant]))
            return self.rows / (time.monotonic() - begin)
        return self.report(f"{name} of {self.rows:,} rows", "rows/s", self.interleaved(rate))
