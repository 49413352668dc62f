-- music_knowledge: knowledge about music production, with a column for the embedding of each row.

CREATE EXTENSION IF NOT EXISTS vector;

CREATE TABLE music_knowledge (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    topic text NOT NULL,
    category text DEFAULT 'general',
    suggestion jsonb NOT NULL,
    confidence double precision,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    embedding vector(384)
);

CREATE FUNCTION touch_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    new.updated_at := now();
    RETURN new;
END;
$$;

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON music_knowledge
    FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

ALTER TABLE music_knowledge ENABLE ROW LEVEL SECURITY;

CREATE POLICY everybody_reads ON music_knowledge FOR SELECT USING (true);
