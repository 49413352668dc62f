DROP SCHEMA IF EXISTS pending_index CASCADE;
CREATE SCHEMA pending_index;
CREATE EXTENSION IF NOT EXISTS vector;
CREATE TABLE pending_index.source (topic text, category text, suggestion jsonb);
CREATE TABLE pending_index.none (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    topic text NOT NULL,
    category text DEFAULT 'general',
    suggestion jsonb NOT NULL,
    confidence double precision DEFAULT 0.5,
    created_at timestamptz DEFAULT now(),
    updated_at timestamptz DEFAULT now(),
    embedding vector(384)
) WITH (autovacuum_enabled = off);
CREATE TABLE pending_index.key (LIKE pending_index.none INCLUDING ALL) WITH (autovacuum_enabled = off);
CREATE TABLE pending_index.constant (LIKE pending_index.none INCLUDING ALL) WITH (autovacuum_enabled = off);
CREATE INDEX key_pending ON pending_index.key (id) WHERE embedding IS NULL;
CREATE INDEX constant_pending ON pending_index.constant ((true)) WHERE embedding IS NULL;
