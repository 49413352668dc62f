import Backfill
import TestSupport
import Testing

/// A change of the schema under a daemon that is at work, and how it is taken back.
struct SchemaMove: Sendable, CustomTestStringConvertible {
    let name: String
    let away: String
    /// What the STATUS line says of it.
    let says: String
    let back: String
    var setsUpAgain = false
    /// SQL for rows that come meanwhile; nil where the table takes none.
    var meanwhile: String? = "INSERT INTO notes VALUES (-1, 'meanwhile')"
    var flavours = PostgresServer.Flavour.allCases

    var testDescription: String { name }

    /// The type that the lab's table has for its embeddings.
    static func type(_ flavour: PostgresServer.Flavour) -> String {
        flavour == .debian ? "real[]" : "vector(8)"
    }

    /// `{type}` stands for the embedding's type.
    func sql(_ text: String, _ flavour: PostgresServer.Flavour) -> String {
        text.split(separator: "{type}", omittingEmptySubsequences: false).joined(separator: Self.type(flavour))
    }

    /// A column that a trigger's condition is about can't be retyped, so whoever does that drops the triggers first.
    static let withoutTriggers = """
        DO $$ DECLARE name text; BEGIN
            FOR name IN SELECT tgname FROM pg_trigger WHERE tgrelid = 'notes'::regclass AND NOT tgisinternal LOOP
                EXECUTE format('DROP TRIGGER %I ON notes', name);
            END LOOP;
        END $$;
        """

    private static let anew = """
        CREATE TABLE notes (id bigint PRIMARY KEY, topic text, other integer DEFAULT 0, embedding {type});
        INSERT INTO notes SELECT i, 'anew ' || i FROM generate_series(1, 40) AS i;
        """

    static let all: [SchemaMove] = [
        SchemaMove(
            name: "the embedding column dropped", away: "ALTER TABLE notes DROP embedding CASCADE",
            says: "has no column \"embedding\"", back: "ALTER TABLE notes ADD embedding {type}", setsUpAgain: true,
            meanwhile: "INSERT INTO notes (id, topic) VALUES (-1, 'meanwhile')"),
        SchemaMove(
            name: "the embedding column renamed", away: "ALTER TABLE notes RENAME embedding TO vec",
            says: "has no column \"embedding\"", back: "ALTER TABLE notes RENAME vec TO embedding"),
        SchemaMove(
            name: "the embedding column of another length",
            away: withoutTriggers + "ALTER TABLE notes ALTER embedding TYPE vector(16) USING NULL",
            says: "holds vectors of 16 components",
            back: "ALTER TABLE notes ALTER embedding TYPE vector(8) USING NULL", setsUpAgain: true,
            flavours: [.pg18WithPgvector]),
        SchemaMove(
            name: "the embedding column of a type that holds no vector",
            away: withoutTriggers + "ALTER TABLE notes ALTER embedding TYPE double precision[]",
            says: "which holds no vector", back: "ALTER TABLE notes ALTER embedding TYPE real[]", setsUpAgain: true,
            flavours: [.debian]),
        SchemaMove(
            name: "the extension dropped and made anew", away: "DROP EXTENSION vector CASCADE",
            says: "has no column \"embedding\"",
            back: "CREATE EXTENSION vector; ALTER TABLE notes ADD embedding vector(8)", setsUpAgain: true,
            meanwhile: "INSERT INTO notes (id, topic) VALUES (-1, 'meanwhile')", flavours: [.pg18WithPgvector]),
        SchemaMove(
            name: "a text column dropped", away: "ALTER TABLE notes DROP topic CASCADE",
            says: "has no column \"topic\"", back: "ALTER TABLE notes ADD topic text", setsUpAgain: true,
            meanwhile: "INSERT INTO notes (id) VALUES (-1)"),
        SchemaMove(
            name: "a text column renamed", away: "ALTER TABLE notes RENAME topic TO title",
            says: "has no column \"topic\"", back: "ALTER TABLE notes RENAME title TO topic"),
        SchemaMove(
            name: "the key renamed", away: "ALTER TABLE notes RENAME id TO number", says: "has no column \"id\"",
            back: "ALTER TABLE notes RENAME number TO id"),
        SchemaMove(
            name: "the table renamed", away: "ALTER TABLE notes RENAME TO old", says: "there is no table public.notes",
            back: "ALTER TABLE old RENAME TO notes", meanwhile: "INSERT INTO old VALUES (-1, 'meanwhile')"),
        SchemaMove(
            name: "the table dropped", away: "DROP TABLE notes", says: "there is no table public.notes", back: anew,
            setsUpAgain: true, meanwhile: nil),
        SchemaMove(
            name: "the table made anew", away: "DROP TABLE notes;" + anew, says: "is not set up", back: "SELECT",
            setsUpAgain: true),
        SchemaMove(
            name: "the table made anew with keys of another type",
            away: "DROP TABLE notes",
            says: "there is no table public.notes",
            back: """
                CREATE TABLE notes (id uuid PRIMARY KEY, topic text, other integer DEFAULT 0, embedding {type});
                INSERT INTO notes SELECT md5(i::text)::uuid, 'anew ' || i FROM generate_series(1, 40) AS i;
                """, setsUpAgain: true, meanwhile: nil),
        SchemaMove(
            name: "the schema backfilld dropped", away: "DROP SCHEMA backfilld CASCADE", says: "is not set up",
            back: "SELECT", setsUpAgain: true),
    ]

    static let cases: [SchemaCase] = all.flatMap { move in
        move.flavours.flatMap { flavour in
            [1, 200].map { SchemaCase(move: move, flavour: flavour, rows: $0) }
        }
    }
}

/// A move on a server, with so many rows whose vectors are being made: one fails by other ways than many.
struct SchemaCase: Sendable, CustomTestStringConvertible {
    let move: SchemaMove
    let flavour: PostgresServer.Flavour
    let rows: Int

    var testDescription: String { "\(move.name), \(rows) under way, \(flavour)" }
}
