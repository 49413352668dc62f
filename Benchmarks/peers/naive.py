"""The script that one writes first: look for rows without an embedding, ask the provider, one UPDATE a row.

    naive.py CONNINFO URL       until it is ended; the provider speaks OpenAI's language at URL/embeddings

It is meant well: rows are fetched a thousand at a time, since its table has no index on those that are pending, the
provider is asked for 50 texts at once over one connection that stays open, the UPDATE is prepared, and there is a
commit per request. It looks again after a second when there was nothing.
"""
import http.client, json, sys, time, urllib.parse

import psycopg

FETCHED, ASKED, PAUSE = 1000, 50, 1.0
LOOK = """SELECT id, concat_ws(' ', topic, category, suggestion::text) FROM music_knowledge
    WHERE embedding IS NULL LIMIT %s"""
WRITE = "UPDATE music_knowledge SET embedding = %s WHERE id = %s"


def embed(provider, path, texts):
    provider.request("POST", path + "/embeddings", json.dumps({"model": "stub", "input": texts}),
                     {"Content-Type": "application/json"})
    answer = provider.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{answer.status} {body[:100]}")
    return [json.dumps(item["embedding"]) for item in json.loads(body)["data"]]


def main():
    url = urllib.parse.urlsplit(sys.argv[2])
    provider = http.client.HTTPConnection(url.hostname, url.port)
    with psycopg.connect(sys.argv[1]) as database:
        while True:
            rows = database.execute(LOOK, (FETCHED,)).fetchall()
            for start in range(0, len(rows), ASKED):
                group = rows[start:start + ASKED]
                for (key, _), vector in zip(group, embed(provider, url.path, [text for _, text in group])):
                    database.execute(WRITE, (vector, key), prepare=True)
                database.commit()
            database.commit()
            if not rows:
                time.sleep(PAUSE)


main()
